//! Processes: clone, exec, wait, namespaces, attributes.

use std::convert::Infallible;
use std::ffi::CString;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use crate::error::{Error, Result, c_string, check, named, quoted};

pub use libc::{
    CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER,
    CLONE_NEWUTS,
};

/// `CLONE_NEWTIME`, which `libc` does not name everywhere.
pub const CLONE_NEWTIME: i32 = 0x80;

/// A process made by [`clone3`], in the parent.
#[derive(Debug)]
pub struct Child {
    /// Process id in the parent's pid namespace.
    pub pid: i32,
    /// Descriptor of the process.
    pub fd: OwnedFd,
}

/// Makes a process in new namespaces: `None` in the child, which goes on with
/// a copy of the parent's memory as after fork(2).
///
/// The calling process must have one thread: in the child no other thread
/// exists that could release a lock (malloc's, stdio's) it held. The child
/// should end with exec or [`exit`], which run no exit handlers twice.
///
/// # Errors
/// As clone3(2).
pub fn clone3(namespaces: i32) -> Result<Option<Child>> {
    let mut pidfd: RawFd = -1;
    // SAFETY: an all-zero `clone_args` is a valid value.
    let mut arguments: libc::clone_args = unsafe { std::mem::zeroed() };
    // CLONE_NEWTIME lies in the byte that clone(2) used for the exit signal,
    // which clone3 has a field of its own for.
    arguments.flags = u64::from(namespaces.cast_unsigned()) | libc::CLONE_PIDFD as u64;
    arguments.pidfd = (&raw mut pidfd) as u64;
    arguments.exit_signal = libc::SIGCHLD as u64;
    // SAFETY: without CLONE_VM the child has its own copy of all memory and
    // goes on on the same stack addresses; `arguments` and `pidfd` live over
    // the call. The caller has one thread (see above).
    let pid = unsafe {
        libc::syscall(
            libc::SYS_clone3,
            &raw mut arguments,
            size_of::<libc::clone_args>(),
        )
    };
    match check(pid, || format!("clone3({})", namespace_names(namespaces)))? {
        0 => Ok(None),
        pid => Ok(Some(Child {
            pid: pid as i32,
            // SAFETY: the kernel stored a new descriptor there; nobody else
            // owns it.
            fd: unsafe { OwnedFd::from_raw_fd(pidfd) },
        })),
    }
}

/// A descriptor of a process.
///
/// # Errors
/// As pidfd_open(2).
pub fn pidfd_open(pid: i32) -> Result<OwnedFd> {
    // SAFETY: takes integers only.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let fd = check(fd, || format!("pidfd_open({pid})"))?;
    // SAFETY: the kernel just returned this descriptor; nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

/// Sends a signal to the process of a descriptor.
///
/// # Errors
/// As pidfd_send_signal(2).
pub fn pidfd_send_signal(fd: RawFd, signal: i32) -> Result<()> {
    let none = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: a null `siginfo_t` is allowed.
    let done = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, fd, signal, none, 0) };
    check(done, || format!("pidfd_send_signal({fd}, {signal})")).map(drop)
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It exited with this status.
    Status(i32),
    /// This signal killed it.
    Signal(i32),
}

/// Waits for the end of one child; `None` when it still runs and `block` is
/// false.
///
/// # Errors
/// As waitpid(2).
pub fn wait(pid: i32, block: bool) -> Result<Option<Ended>> {
    let flags = if block { 0 } else { libc::WNOHANG };
    loop {
        let mut status = 0;
        // SAFETY: `status` lives over the call, which writes it.
        let found = unsafe { libc::waitpid(pid, &raw mut status, flags) };
        if found < 0 && nix::errno::Errno::last() == nix::errno::Errno::EINTR {
            continue;
        }
        check(found.into(), || format!("waitpid({pid})"))?;
        return Ok(if found == 0 {
            None
        } else if libc::WIFSIGNALED(status) {
            Some(Ended::Signal(libc::WTERMSIG(status)))
        } else {
            Some(Ended::Status(libc::WEXITSTATUS(status)))
        });
    }
}

/// Waits until the descriptor can be read or this many milliseconds passed;
/// true when it can.
///
/// # Errors
/// As poll(2).
pub fn wait_readable(fd: RawFd, milliseconds: i32) -> Result<bool> {
    let mut entry = libc::pollfd {
        fd,
        events: libc::POLLIN,
        revents: 0,
    };
    loop {
        // SAFETY: one entry, which lives over the call.
        let ready = unsafe { libc::poll(&raw mut entry, 1, milliseconds) };
        if ready < 0 && nix::errno::Errno::last() == nix::errno::Errno::EINTR {
            continue;
        }
        return check(ready.into(), || format!("poll({fd})")).map(|ready| ready > 0);
    }
}

/// Ends the process at once, without exit handlers.
pub fn exit(status: i32) -> ! {
    // SAFETY: ends the process.
    unsafe { libc::_exit(status) }
}

/// Own process id.
#[must_use]
pub fn pid() -> i32 {
    nix::unistd::getpid().as_raw()
}

/// Parent's process id; 0 when it is in an outer pid namespace.
#[must_use]
pub fn parent() -> i32 {
    nix::unistd::getppid().as_raw()
}

/// Joins the namespace of a descriptor; `kind` is a `CLONE_NEW…` flag or 0.
///
/// # Errors
/// As setns(2).
pub fn setns(fd: RawFd, kind: i32) -> Result<()> {
    // SAFETY: takes integers only.
    let done = unsafe { libc::setns(fd, kind) };
    check(done.into(), || {
        format!("setns({fd}, {})", namespace_names(kind))
    })
    .map(drop)
}

/// Moves this process (for pid: its children) to new namespaces.
///
/// # Errors
/// As unshare(2).
pub fn unshare(namespaces: i32) -> Result<()> {
    // SAFETY: takes an integer; flags are namespaces only, so memory and
    // descriptors stay shared as they are.
    let done = unsafe { libc::unshare(namespaces) };
    check(done.into(), || {
        format!("unshare({})", namespace_names(namespaces))
    })
    .map(drop)
}

/// Executes the file of a descriptor; returns only on failure.
///
/// # Errors
/// As execveat(2); ENOENT for a `#!` script whose descriptor is closed on
/// exec.
pub fn execute_descriptor(
    fd: RawFd,
    argv: &[Vec<u8>],
    environment: &[Vec<u8>],
) -> Result<Infallible> {
    let (argv, environment) = (strings(argv)?, strings(environment)?);
    let (arguments, variables) = (pointers(&argv), pointers(&environment));
    // SAFETY: both arrays end with null and point to C strings that live over
    // the call; the path is an empty C string.
    let done = unsafe {
        libc::syscall(
            libc::SYS_execveat,
            fd,
            c"".as_ptr(),
            arguments.as_ptr(),
            variables.as_ptr(),
            libc::AT_EMPTY_PATH,
        )
    };
    check(done, || format!("execveat({fd}, \"\", AT_EMPTY_PATH)"))?;
    Err(Error::new("execveat", nix::errno::Errno::EIO))
}

/// Executes a path; returns only on failure.
///
/// # Errors
/// As execve(2).
pub fn execute(path: &[u8], argv: &[Vec<u8>], environment: &[Vec<u8>]) -> Result<Infallible> {
    let name = c_string(path, "execve")?;
    let (argv, environment) = (strings(argv)?, strings(environment)?);
    let (arguments, variables) = (pointers(&argv), pointers(&environment));
    // SAFETY: as in `execute_descriptor`.
    let done = unsafe { libc::execve(name.as_ptr(), arguments.as_ptr(), variables.as_ptr()) };
    check(done.into(), || format!("execve({})", quoted(path)))?;
    Err(Error::new("execve", nix::errno::Errno::EIO))
}

fn strings(list: &[Vec<u8>]) -> Result<Vec<CString>> {
    list.iter().map(|entry| c_string(entry, "execve")).collect()
}

fn pointers(list: &[CString]) -> Vec<*const libc::c_char> {
    let ends = std::iter::once(std::ptr::null());
    list.iter()
        .map(|entry| entry.as_ptr())
        .chain(ends)
        .collect()
}

/// `PR_SET_NO_NEW_PRIVS`.
///
/// # Errors
/// As prctl(2).
pub fn set_no_new_privileges() -> Result<()> {
    prctl(libc::PR_SET_NO_NEW_PRIVS, 1, "PR_SET_NO_NEW_PRIVS, 1")
}

/// Whether others with the same ids may trace this process and look into it.
///
/// # Errors
/// As prctl(2).
pub fn set_dumpable(on: bool) -> Result<()> {
    prctl(libc::PR_SET_DUMPABLE, on.into(), "PR_SET_DUMPABLE")
}

/// The signal that this process gets when its parent ends; 0 for none.
/// Changing credentials clears it.
///
/// # Errors
/// As prctl(2).
pub fn set_parent_death_signal(signal: i32) -> Result<()> {
    prctl(
        libc::PR_SET_PDEATHSIG,
        signal as libc::c_ulong,
        "PR_SET_PDEATHSIG",
    )
}

/// Makes this process the new parent of orphaned descendants.
///
/// # Errors
/// As prctl(2).
pub fn set_child_subreaper(on: bool) -> Result<()> {
    prctl(
        libc::PR_SET_CHILD_SUBREAPER,
        on.into(),
        "PR_SET_CHILD_SUBREAPER",
    )
}

fn prctl(option: i32, value: libc::c_ulong, text: &str) -> Result<()> {
    let zero: libc::c_ulong = 0;
    // SAFETY: the options used above take integers only.
    let done = unsafe { libc::prctl(option, value, zero, zero, zero) };
    check(done.into(), || format!("prctl({text})")).map(drop)
}

/// Sets the host name.
///
/// # Errors
/// As sethostname(2).
pub fn set_host_name(name: &str) -> Result<()> {
    named(nix::unistd::sethostname(name), || {
        format!("sethostname({name:?})")
    })
}

fn namespace_names(flags: i32) -> String {
    let names: Vec<&str> = [
        (CLONE_NEWUSER, "NEWUSER"),
        (CLONE_NEWNS, "NEWNS"),
        (CLONE_NEWPID, "NEWPID"),
        (CLONE_NEWIPC, "NEWIPC"),
        (CLONE_NEWUTS, "NEWUTS"),
        (CLONE_NEWNET, "NEWNET"),
        (CLONE_NEWCGROUP, "NEWCGROUP"),
        (CLONE_NEWTIME, "NEWTIME"),
    ]
    .iter()
    .filter(|(bit, _)| flags & bit != 0)
    .map(|(_, name)| *name)
    .collect();
    if names.is_empty() {
        "0".to_owned()
    } else {
        names.join("|")
    }
}
