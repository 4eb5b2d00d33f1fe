//! What only the arena needs: processes in new namespaces, extended
//! attributes, the loopback interface, descriptor placement.
//!
//! The arena's worker is single-threaded, which [`SingleThread`] stands for:
//! only then is everything allowed after a fork.

use std::ffi::CStr;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use crate::errno::Errno;
use crate::error::{Error, Result, c_string, check_libc as check, quoted};
use crate::process::Ended;

pub use libc::{
    CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER,
    CLONE_NEWUTS,
};

/// Proof that the process had one thread when it was looked at. The worker
/// never starts another.
#[derive(Debug)]
pub struct SingleThread(());

/// Which side of a fork this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The new process.
    Child,
    /// The old one, with the new one's pid.
    Parent(i32),
}

/// The kernel's `struct clone_args`, up to `set_tid_size` (Linux 5.5).
#[repr(C)]
#[derive(Default)]
struct CloneArguments {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
}

impl SingleThread {
    /// Looks whether this process has one thread.
    ///
    /// # Errors
    /// EBUSY when it has more; else as stat(2) of `/proc/self/task`.
    pub fn check() -> Result<Self> {
        let task = crate::file::stat(b"/proc/self/task")?;
        // A directory has two links and one for each directory in it.
        if task.links == 3 {
            Ok(Self(()))
        } else {
            Err(Error::new("fork() with several threads", Errno::EBUSY))
        }
    }

    /// Forks into the namespaces of `flags` (`CLONE_NEW…`). `pid` asks for
    /// that process id in the caller's pid namespace.
    ///
    /// # Errors
    /// As clone3(2).
    pub fn fork(&self, flags: i32, pid: Option<i32>) -> Result<Side> {
        let tids = [pid.unwrap_or_default()];
        let arguments = CloneArguments {
            flags: u64::from(flags.cast_unsigned()),
            exit_signal: libc::SIGCHLD as u64,
            set_tid: pid.map_or(0, |_| tids.as_ptr() as u64),
            set_tid_size: u64::from(pid.is_some()),
            ..CloneArguments::default()
        };
        // SAFETY: without CLONE_VM the child has its own copy of memory and
        // goes on here like a child of fork(2); with one thread no lock is
        // held by anybody else. `arguments` and `tids` live over the call.
        let pid = unsafe {
            libc::syscall(
                libc::SYS_clone3,
                &raw const arguments,
                size_of::<CloneArguments>(),
            )
        };
        match check(pid, || format!("clone3({flags:#x})"))? {
            0 => Ok(Side::Child),
            pid => Ok(Side::Parent(pid as i32)),
        }
    }
}

/// Marks all descriptors from `first` on to be closed at exec.
///
/// # Errors
/// As close_range(2).
pub fn close_at_exec_from(first: RawFd) -> Result<()> {
    // SAFETY: with CLOSE_RANGE_CLOEXEC nothing is closed now.
    let done = unsafe {
        libc::syscall(
            libc::SYS_close_range,
            first,
            libc::c_uint::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        )
    };
    check(done, || format!("close_range({first}, CLOEXEC)")).map(drop)
}

/// A copy of the descriptor with at least this number, closed at exec.
///
/// # Errors
/// As fcntl(2) with F_DUPFD_CLOEXEC.
pub fn duplicate_above(fd: BorrowedFd<'_>, least: RawFd) -> Result<OwnedFd> {
    // SAFETY: F_DUPFD_CLOEXEC takes an integer and makes a new descriptor.
    let new = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_DUPFD_CLOEXEC, least) };
    let new = check(new.into(), || {
        format!("fcntl({}, F_DUPFD_CLOEXEC, {least})", fd.as_raw_fd())
    })?;
    // SAFETY: the call has just made it, nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(new as RawFd) })
}

/// Puts a copy of the descriptor at exactly this number, open over exec. What
/// was open there is closed: only for a process that is about to exec, after
/// its own descriptors were moved out of the way.
///
/// # Errors
/// As dup2(2).
pub fn place_at(fd: BorrowedFd<'_>, number: RawFd) -> Result<()> {
    // SAFETY: touches no memory; the caller keeps own descriptors elsewhere.
    let done = unsafe { libc::dup2(fd.as_raw_fd(), number) };
    check(done.into(), || {
        format!("dup2({}, {number})", fd.as_raw_fd())
    })
    .map(drop)
}

/// Takes over a descriptor that was inherited, such as 0.
#[must_use]
pub fn inherited(number: RawFd) -> Option<OwnedFd> {
    // SAFETY: F_DUPFD_CLOEXEC of whatever number fails with EBADF or makes a
    // new descriptor, which is owned here.
    let new = unsafe { libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 3) };
    // SAFETY: as above.
    (new >= 0).then(|| unsafe { OwnedFd::from_raw_fd(new) })
}

/// Sets the interface `lo` of this network namespace up.
///
/// # Errors
/// As netdevice(7).
pub fn loopback_up() -> Result<()> {
    let call = |what: &str| format!("ioctl({what}, \"lo\")");
    // SAFETY: makes a descriptor, touches no memory.
    let socket = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) };
    let socket = check(socket.into(), || "socket(AF_INET)".to_owned())?;
    // SAFETY: just made, nobody else owns it.
    let socket = unsafe { OwnedFd::from_raw_fd(socket as RawFd) };
    // SAFETY: an all-zero `ifreq` is a valid value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = *from as libc::c_char;
    }
    // SAFETY: both calls read and write `request`, which lives over them.
    let done = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFFLAGS, &raw mut request) };
    check(done.into(), || call("SIOCGIFFLAGS"))?;
    // SAFETY: SIOCGIFFLAGS has filled in the flags.
    unsafe { request.ifr_ifru.ifru_flags |= libc::IFF_UP as libc::c_short };
    // SAFETY: as above.
    let done = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw mut request) };
    check(done.into(), || call("SIOCSIFFLAGS")).map(drop)
}

/// Sets an extended attribute, not following a link.
///
/// # Errors
/// As lsetxattr(2).
pub fn set_attribute(path: &CStr, name: &str, value: &[u8]) -> Result<()> {
    let name_c = c_string(name.as_bytes(), "lsetxattr")?;
    // SAFETY: both strings and `value` live over the call, which reads them.
    let done = unsafe {
        libc::lsetxattr(
            path.as_ptr(),
            name_c.as_ptr(),
            value.as_ptr().cast(),
            value.len(),
            0,
        )
    };
    check(done.into(), || {
        format!("lsetxattr({}, {name:?})", quoted(path.to_bytes()))
    })
    .map(drop)
}

/// All extended attributes of a file, not following a link.
///
/// # Errors
/// As llistxattr(2) and lgetxattr(2).
pub fn attributes(path: &CStr) -> Result<Vec<(String, Vec<u8>)>> {
    let mut names = [0_u8; 4096];
    // SAFETY: writes at most `names.len()` bytes to `names`.
    let length = unsafe { libc::llistxattr(path.as_ptr(), names.as_mut_ptr().cast(), names.len()) };
    let length = match check(length as libc::c_long, || {
        format!("llistxattr({})", quoted(path.to_bytes()))
    }) {
        Ok(length) => length as usize,
        Err(error) if error.errno == Errno::EOPNOTSUPP => 0,
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for name in names[..length].split(|byte| *byte == 0) {
        if name.is_empty() {
            continue;
        }
        let name_c = c_string(name, "lgetxattr")?;
        let mut value = vec![0_u8; 4096];
        // SAFETY: both strings live over the call; it writes at most
        // `value.len()` bytes to `value`.
        let length = unsafe {
            libc::lgetxattr(
                path.as_ptr(),
                name_c.as_ptr(),
                value.as_mut_ptr().cast(),
                value.len(),
            )
        };
        let length = check(length as libc::c_long, || {
            format!("lgetxattr({}, {})", quoted(path.to_bytes()), quoted(name))
        })?;
        value.truncate(length as usize);
        found.push((String::from_utf8_lossy(name).into_owned(), value));
    }
    Ok(found)
}

/// Waits for the end of any child and says which; `None` when all still run
/// and `block` is false.
///
/// # Errors
/// As waitpid(2); ECHILD when there is no child.
pub fn wait_any(block: bool) -> Result<Option<(i32, Ended)>> {
    let flags = if block { 0 } else { libc::WNOHANG };
    loop {
        let mut status = 0;
        // SAFETY: `status` lives over the call, which writes it.
        let pid = unsafe { libc::waitpid(-1, &raw mut status, flags) };
        if pid < 0 && Errno::last() == Errno::EINTR {
            continue;
        }
        check(pid.into(), || "waitpid(-1)".to_owned())?;
        return Ok(if pid == 0 {
            None
        } else if libc::WIFSIGNALED(status) {
            Some((pid, Ended::Signal(libc::WTERMSIG(status))))
        } else {
            Some((pid, Ended::Status(libc::WEXITSTATUS(status))))
        });
    }
}
