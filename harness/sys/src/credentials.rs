//! User and group ids, capabilities, securebits.
//!
//! The calls change the calling thread only in the kernel; glibc's wrappers
//! are used where they exist. The launcher has one thread.

use crate::error::{Result, check, named};

/// Real, effective and saved uid.
#[must_use]
pub fn uids() -> [u32; 3] {
    let mut ids = [0; 3];
    let [real, effective, saved] = &mut ids;
    // SAFETY: the call writes to the three numbers, which live over it; it
    // fails only for bad addresses.
    unsafe { libc::getresuid(real, effective, saved) };
    ids
}

/// Real, effective and saved gid.
#[must_use]
pub fn gids() -> [u32; 3] {
    let mut ids = [0; 3];
    let [real, effective, saved] = &mut ids;
    // SAFETY: as in `uids`.
    unsafe { libc::getresgid(real, effective, saved) };
    ids
}

/// Sets real, effective and saved uid; `u32::MAX` leaves one as it is.
///
/// # Errors
/// As setresuid(2).
pub fn set_uids(real: u32, effective: u32, saved: u32) -> Result<()> {
    // SAFETY: touches no memory of ours.
    let done = unsafe { libc::setresuid(real, effective, saved) };
    check(done.into(), || {
        format!("setresuid({real}, {effective}, {saved})")
    })
    .map(drop)
}

/// Sets real, effective and saved gid; `u32::MAX` leaves one as it is.
///
/// # Errors
/// As setresgid(2).
pub fn set_gids(real: u32, effective: u32, saved: u32) -> Result<()> {
    // SAFETY: touches no memory of ours.
    let done = unsafe { libc::setresgid(real, effective, saved) };
    check(done.into(), || {
        format!("setresgid({real}, {effective}, {saved})")
    })
    .map(drop)
}

/// Sets the filesystem uid, by which the kernel judges access to files.
pub fn set_filesystem_uid(uid: u32) {
    // SAFETY: touches no memory; the answer is the former id, not an error.
    unsafe { libc::setfsuid(uid) };
}

/// Sets the filesystem gid.
pub fn set_filesystem_gid(gid: u32) {
    // SAFETY: as in `set_filesystem_uid`.
    unsafe { libc::setfsgid(gid) };
}

/// Supplementary groups.
///
/// # Errors
/// As getgroups(2).
pub fn groups() -> Result<Vec<u32>> {
    let groups = named(nix::unistd::getgroups(), || "getgroups()".to_owned())?;
    Ok(groups.iter().map(|gid| gid.as_raw()).collect())
}

/// Sets the supplementary groups.
///
/// # Errors
/// As setgroups(2).
pub fn set_groups(groups: &[u32]) -> Result<()> {
    let gids: Vec<_> = groups
        .iter()
        .copied()
        .map(nix::unistd::Gid::from_raw)
        .collect();
    named(nix::unistd::setgroups(&gids), || {
        format!("setgroups({groups:?})")
    })
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
    let done = unsafe {
        libc::syscall(
            libc::SYS_capget,
            &raw mut header,
            (&raw mut data).cast::<Data>(),
        )
    };
    check(done, || "capget()".to_owned())?;
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
    let done = unsafe {
        libc::syscall(
            libc::SYS_capset,
            &raw mut header,
            (&raw const data).cast::<Data>(),
        )
    };
    check(done, || format!("capset({sets:x?})")).map(drop)
}

/// Whether the capability is in the bounding set; false beyond the last one
/// that the kernel knows.
#[must_use]
pub fn is_bounded(capability: u32) -> bool {
    // SAFETY: takes integers only.
    unsafe { libc::prctl(libc::PR_CAPBSET_READ, libc::c_ulong::from(capability)) == 1 }
}

/// Takes a capability out of the bounding set for ever.
///
/// # Errors
/// As prctl(2); EPERM without `CAP_SETPCAP`.
pub fn drop_from_bounding(capability: u32) -> Result<()> {
    // SAFETY: takes integers only.
    let done = unsafe { libc::prctl(libc::PR_CAPBSET_DROP, libc::c_ulong::from(capability)) };
    check(done.into(), || {
        format!("prctl(PR_CAPBSET_DROP, {capability})")
    })
    .map(drop)
}

/// Adds a capability to the ambient set.
///
/// # Errors
/// As prctl(2); EPERM when it is not permitted and inheritable.
pub fn raise_ambient(capability: u32) -> Result<()> {
    // SAFETY: takes integers only.
    let done = unsafe {
        libc::prctl(
            libc::PR_CAP_AMBIENT,
            libc::PR_CAP_AMBIENT_RAISE as libc::c_ulong,
            libc::c_ulong::from(capability),
            0 as libc::c_ulong,
            0 as libc::c_ulong,
        )
    };
    check(done.into(), || {
        format!("prctl(PR_CAP_AMBIENT_RAISE, {capability})")
    })
    .map(drop)
}

/// Empties the ambient set.
///
/// # Errors
/// As prctl(2).
pub fn clear_ambient() -> Result<()> {
    let zero: libc::c_ulong = 0;
    let clear = libc::PR_CAP_AMBIENT_CLEAR_ALL as libc::c_ulong;
    // SAFETY: takes integers only.
    let done = unsafe { libc::prctl(libc::PR_CAP_AMBIENT, clear, zero, zero, zero) };
    check(done.into(), || "prctl(PR_CAP_AMBIENT_CLEAR_ALL)".to_owned()).map(drop)
}

/// Whether permitted capabilities survive the next change of all uids from 0
/// to others; exec clears it.
///
/// # Errors
/// As prctl(2).
pub fn keep_capabilities(on: bool) -> Result<()> {
    // SAFETY: takes integers only.
    let done = unsafe { libc::prctl(libc::PR_SET_KEEPCAPS, libc::c_ulong::from(on)) };
    check(done.into(), || format!("prctl(PR_SET_KEEPCAPS, {on})")).map(drop)
}

/// `PR_SET_SECUREBITS`.
///
/// # Errors
/// As prctl(2).
pub fn set_securebits(bits: u32) -> Result<()> {
    // SAFETY: takes integers only.
    let done = unsafe { libc::prctl(libc::PR_SET_SECUREBITS, libc::c_ulong::from(bits)) };
    check(done.into(), || {
        format!("prctl(PR_SET_SECUREBITS, {bits:#x})")
    })
    .map(drop)
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
