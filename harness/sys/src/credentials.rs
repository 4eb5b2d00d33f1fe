//! User and group ids, capabilities, securebits.
//!
//! The calls change the calling thread only, unlike libc's wrappers, which
//! change all of a process: for programs of one thread.

use alloc::format;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use linux_raw_sys::general::{
    __NR_capget, __NR_capset, __NR_getgroups, __NR_getresgid, __NR_getresuid, __NR_prctl,
    __NR_setfsgid, __NR_setfsuid, __NR_setgroups, __NR_setresgid, __NR_setresuid,
};
use linux_raw_sys::prctl::{
    PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, PR_CAP_AMBIENT_RAISE, PR_CAPBSET_DROP,
    PR_CAPBSET_READ, PR_SET_KEEPCAPS, PR_SET_SECUREBITS,
};

use crate::call::{Arguments, call};
use crate::errno::Errno;
use crate::error::{Error, Result, check};

/// Real, effective and saved uid.
#[must_use]
pub fn uids() -> [u32; 3] {
    three(__NR_getresuid)
}

/// Real, effective and saved gid.
#[must_use]
pub fn gids() -> [u32; 3] {
    three(__NR_getresgid)
}

/// What getresuid(2) or getresgid(2) says.
fn three(number: u32) -> [u32; 3] {
    let mut ids = [0_u32; 3];
    let [real, effective, saved] = ids.each_mut().map(core::ptr::from_mut);
    // SAFETY: both calls write to the three numbers, which live over them;
    // they fail only for bad addresses.
    unsafe { call(number, (real, effective, saved)) };
    ids
}

/// Sets real, effective and saved uid; `u32::MAX` leaves one as it is.
///
/// # Errors
/// As setresuid(2).
pub fn set_uids(real: u32, effective: u32, saved: u32) -> Result<()> {
    // SAFETY: touches no memory of ours.
    let done = unsafe { call(__NR_setresuid, (real, effective, saved)) };
    check(done, || format!("setresuid({real}, {effective}, {saved})")).map(drop)
}

/// Sets real, effective and saved gid; `u32::MAX` leaves one as it is.
///
/// # Errors
/// As setresgid(2).
pub fn set_gids(real: u32, effective: u32, saved: u32) -> Result<()> {
    // SAFETY: touches no memory of ours.
    let done = unsafe { call(__NR_setresgid, (real, effective, saved)) };
    check(done, || format!("setresgid({real}, {effective}, {saved})")).map(drop)
}

/// Sets the filesystem uid, by which the kernel judges access to files.
pub fn set_filesystem_uid(uid: u32) {
    // SAFETY: touches no memory; the answer is the former id, not an error.
    unsafe { call(__NR_setfsuid, (uid,)) };
}

/// Sets the filesystem gid.
pub fn set_filesystem_gid(gid: u32) {
    // SAFETY: as in `set_filesystem_uid`.
    unsafe { call(__NR_setfsgid, (gid,)) };
}

/// Supplementary groups.
///
/// # Errors
/// As getgroups(2).
pub fn groups() -> Result<Vec<u32>> {
    /// Hardly anybody has more.
    const USUAL: usize = 64;
    /// `NGROUPS_MAX` of `linux/limits.h`.
    const MOST: usize = 65536;
    for room in [USUAL, MOST] {
        let mut groups = vec![0_u32; room];
        // SAFETY: the call writes at most `room` numbers to `groups`.
        let count = unsafe { call(__NR_getgroups, (room, groups.as_mut_ptr())) };
        match check(count, || "getgroups()".to_string()) {
            // There are more.
            Err(error) if error.errno == Errno::EINVAL => {}
            Err(error) => return Err(error),
            Ok(count) => {
                groups.truncate(count);
                return Ok(groups);
            }
        }
    }
    Err(Error::new("getgroups()", Errno::EINVAL))
}

/// Sets the supplementary groups.
///
/// # Errors
/// As setgroups(2).
pub fn set_groups(groups: &[u32]) -> Result<()> {
    // SAFETY: the call reads as many numbers as it is told there are.
    let done = unsafe { call(__NR_setgroups, (groups.len(), groups.as_ptr())) };
    check(done, || format!("setgroups({groups:?})")).map(drop)
}

/// Capability sets, bit `n` for capability `n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Capabilities {
    /// In force.
    pub effective: u64,
    /// May be put in force.
    pub permitted: u64,
    /// Pass through exec of files that inherit.
    pub inheritable: u64,
}

#[repr(C)]
struct Header {
    version: u32,
    pid: i32,
}

#[repr(C)]
#[derive(Default, Clone, Copy)]
struct Data {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// `_LINUX_CAPABILITY_VERSION_3`: two words of 32 capabilities each.
const VERSION: u32 = 0x2008_0522;

/// Names of all capabilities by number, as in `linux/capability.h`.
pub const CAPABILITIES: [&str; 41] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
];

/// The capability sets of this process.
///
/// # Errors
/// As capget(2).
pub fn capabilities() -> Result<Capabilities> {
    let mut header = Header {
        version: VERSION,
        pid: 0,
    };
    let mut data = [Data::default(); 2];
    // SAFETY: header and two data words, as version 3 wants, live over the call.
    let done = unsafe { call(__NR_capget, (&raw mut header, data.as_mut_ptr())) };
    check(done, || "capget()".to_string())?;
    let join = |pick: fn(&Data) -> u32| u64::from(pick(&data[0])) | u64::from(pick(&data[1])) << 32;
    Ok(Capabilities {
        effective: join(|data| data.effective),
        permitted: join(|data| data.permitted),
        inheritable: join(|data| data.inheritable),
    })
}

/// Sets the capability sets of this process.
///
/// # Errors
/// As capset(2).
pub fn set_capabilities(sets: Capabilities) -> Result<()> {
    let mut header = Header {
        version: VERSION,
        pid: 0,
    };
    // Truncation takes the low word, the shift the high one.
    let word = |shift: u32| Data {
        effective: (sets.effective >> shift) as u32,
        permitted: (sets.permitted >> shift) as u32,
        inheritable: (sets.inheritable >> shift) as u32,
    };
    let data = [word(0), word(32)];
    // SAFETY: as in `capabilities`; the data are only read.
    let done = unsafe { call(__NR_capset, (&raw mut header, data.as_ptr())) };
    check(done, || format!("capset({sets:x?})")).map(drop)
}

/// Whether the capability is in the bounding set; false beyond the last one
/// that the kernel knows.
#[must_use]
pub fn is_bounded(capability: u32) -> bool {
    prctl((PR_CAPBSET_READ, capability)) == 1
}

/// Takes a capability out of the bounding set for ever.
///
/// # Errors
/// As prctl(2); EPERM without `CAP_SETPCAP`.
pub fn drop_from_bounding(capability: u32) -> Result<()> {
    check(prctl((PR_CAPBSET_DROP, capability)), || {
        format!("prctl(PR_CAPBSET_DROP, {capability})")
    })
    .map(drop)
}

/// Takes everything out of the bounding set that is not in `kept`.
///
/// # Errors
/// As [`drop_from_bounding`].
pub fn bound_to(kept: u64) -> Result<()> {
    for number in 0..u64::BITS {
        if kept >> number & 1 == 1 {
            continue;
        }
        match drop_from_bounding(number) {
            // The kernel knows no more: a newer one may have more than have
            // names here.
            Err(error) if error.errno == Errno::EINVAL => break,
            // Dropping takes a right that is not asked for where there is
            // nothing to be dropped.
            Err(error) if error.errno == Errno::EPERM && !is_bounded(number) => {}
            done => done?,
        }
    }
    Ok(())
}

/// Adds a capability to the ambient set.
///
/// # Errors
/// As prctl(2); EPERM when it is not permitted and inheritable.
pub fn raise_ambient(capability: u32) -> Result<()> {
    let done = prctl((PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability));
    check(done, || {
        format!("prctl(PR_CAP_AMBIENT_RAISE, {capability})")
    })
    .map(drop)
}

/// Empties the ambient set.
///
/// # Errors
/// As prctl(2).
pub fn clear_ambient() -> Result<()> {
    check(prctl((PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)), || {
        "prctl(PR_CAP_AMBIENT_CLEAR_ALL)".to_string()
    })
    .map(drop)
}

/// Whether permitted capabilities survive the next change of all uids from 0
/// to others; exec clears it.
///
/// # Errors
/// As prctl(2).
pub fn keep_capabilities(on: bool) -> Result<()> {
    check(prctl((PR_SET_KEEPCAPS, u32::from(on))), || {
        format!("prctl(PR_SET_KEEPCAPS, {on})")
    })
    .map(drop)
}

/// `PR_SET_SECUREBITS`.
///
/// # Errors
/// As prctl(2).
pub fn set_securebits(bits: u32) -> Result<()> {
    check(prctl((PR_SET_SECUREBITS, bits)), || {
        format!("prctl(PR_SET_SECUREBITS, {bits:#x})")
    })
    .map(drop)
}

/// prctl(2) with one of the options above; what is not given is 0, which some
/// of them insist on.
fn prctl(arguments: impl Arguments) -> isize {
    // SAFETY: these options take integers only.
    unsafe { call(__NR_prctl, arguments) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capability_names_have_the_kernels_numbers() {
        let number = |name| CAPABILITIES.iter().position(|known| *known == name);
        assert_eq!(number("CAP_SETUID"), Some(7));
        assert_eq!(number("CAP_SYS_ADMIN"), Some(21));
        assert_eq!(number("CAP_CHECKPOINT_RESTORE"), Some(40));
    }

    #[test]
    fn own_ids_and_capabilities_agree_with_proc() {
        let status = std::fs::read_to_string("/proc/thread-self/status").expect("status");
        let line = |key: &str| {
            let line = status
                .lines()
                .find(|line| line.starts_with(key))
                .expect("a line");
            line[key.len()..].trim().to_owned()
        };
        let ids = uids().map(|id| id.to_string()).join("\t");
        assert!(line("Uid:").starts_with(&ids));
        let sets = capabilities().expect("capget");
        assert_eq!(format!("{:016x}", sets.effective), line("CapEff:"));
        assert_eq!(format!("{:016x}", sets.permitted), line("CapPrm:"));
        assert_eq!(format!("{:016x}", sets.inheritable), line("CapInh:"));
        assert_eq!(set_capabilities(sets), Ok(()));
    }
}
