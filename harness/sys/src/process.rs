//! Processes: exec, wait, namespaces, attributes.

use alloc::ffi::CString;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::convert::Infallible;
use core::ffi::c_char;

use linux_raw_sys::general::{
    __NR_execve, __NR_execveat, __NR_exit_group, __NR_getpid, __NR_getppid, __NR_pidfd_open,
    __NR_pidfd_send_signal, __NR_ppoll, __NR_prctl, __NR_sethostname, __NR_setns, __NR_unshare,
    __NR_wait4, __WALL, AT_EMPTY_PATH, POLLIN, WNOHANG, pollfd,
};
use linux_raw_sys::prctl::{
    PR_SET_CHILD_SUBREAPER, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_SET_PDEATHSIG,
};

use crate::call::call;
use crate::errno::Errno;
use crate::error::{Error, Result, answer, c_string, check, quoted};
use crate::fd::{FromRawFd, OwnedFd, RawFd};

macro_rules! namespaces {
    ($($name:ident)*) => {
        $(
            #[doc = concat!("`", stringify!($name), "` of clone(2).")]
            pub const $name: i32 = linux_raw_sys::general::$name as i32;
        )*
    };
}

namespaces! {
    CLONE_NEWCGROUP CLONE_NEWIPC CLONE_NEWNET CLONE_NEWNS CLONE_NEWPID CLONE_NEWTIME CLONE_NEWUSER
    CLONE_NEWUTS
}

/// A descriptor of a process.
///
/// # Errors
/// As pidfd_open(2).
pub fn pidfd_open(pid: i32) -> Result<OwnedFd> {
    // SAFETY: takes integers only.
    let fd = unsafe { call(__NR_pidfd_open, (pid, 0)) };
    let fd = check(fd, || format!("pidfd_open({pid})"))?;
    // SAFETY: the kernel just returned this descriptor; nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

/// Sends a signal to the process of a descriptor.
///
/// # Errors
/// As pidfd_send_signal(2).
pub fn pidfd_send_signal(fd: RawFd, signal: i32) -> Result<()> {
    // SAFETY: a null `siginfo_t` is allowed.
    let done = unsafe { call(__NR_pidfd_send_signal, (fd, signal, 0_usize, 0)) };
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

impl Ended {
    /// From the word that wait4(2) fills in for a process that ended: the low
    /// seven bits are the signal, the second byte is the status.
    fn from_word(word: i32) -> Self {
        match word & 0x7f {
            0 => Self::Status(word >> 8 & 0xff),
            signal => Self::Signal(signal),
        }
    }
}

/// Waits for the end of one child; `None` when it still runs and `block` is
/// false.
///
/// # Errors
/// As waitpid(2).
pub fn wait(pid: i32, block: bool) -> Result<Option<Ended>> {
    // Also for those that signal nothing when they end.
    let flags = __WALL | if block { 0 } else { WNOHANG };
    loop {
        let mut word = 0_i32;
        // SAFETY: `word` lives over the call, which writes it; a null place
        // for resource usage is allowed.
        let found = unsafe { call(__NR_wait4, (pid, &raw mut word, flags, 0_usize)) };
        match answer(found) {
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(Error::new(format!("waitpid({pid})"), errno)),
            Ok(0) => return Ok(None),
            Ok(_) => return Ok(Some(Ended::from_word(word))),
        }
    }
}

/// Waits until the descriptor can be read or this many milliseconds passed
/// (for ever when negative); true when it can.
///
/// # Errors
/// As poll(2).
pub fn wait_readable(fd: RawFd, milliseconds: i32) -> Result<bool> {
    let mut entry = pollfd {
        fd,
        events: POLLIN as i16,
        revents: 0,
    };
    // Seconds and nanoseconds. The kernel writes back what is left, so that an
    // interruption does not prolong the wait.
    let mut time = [
        i64::from(milliseconds / 1000),
        i64::from(milliseconds % 1000) * 1_000_000,
    ];
    let timeout = if milliseconds < 0 {
        core::ptr::null_mut()
    } else {
        time.as_mut_ptr()
    };
    loop {
        // SAFETY: one entry and, unless null, two words of time, which live
        // over the call; a null signal set is allowed.
        let ready = unsafe { call(__NR_ppoll, (&raw mut entry, 1, timeout, 0_usize, 0)) };
        match answer(ready) {
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(Error::new(format!("poll({fd})"), errno)),
            Ok(ready) => return Ok(ready > 0),
        }
    }
}

/// Ends the process at once, without exit handlers.
pub fn exit(status: i32) -> ! {
    loop {
        // SAFETY: ends the process; takes an integer.
        unsafe { call(__NR_exit_group, (status,)) };
    }
}

/// Own process id.
#[must_use]
pub fn pid() -> i32 {
    // SAFETY: takes nothing and cannot fail.
    unsafe { call(__NR_getpid, ()) as i32 }
}

/// Parent's process id; 0 when it is in an outer pid namespace.
#[must_use]
pub fn parent() -> i32 {
    // SAFETY: as in `pid`.
    unsafe { call(__NR_getppid, ()) as i32 }
}

/// Joins the namespace of a descriptor; `kind` is a `CLONE_NEW…` flag or 0.
///
/// # Errors
/// As setns(2).
pub fn setns(fd: RawFd, kind: i32) -> Result<()> {
    // SAFETY: takes integers only.
    let done = unsafe { call(__NR_setns, (fd, kind)) };
    check(done, || format!("setns({fd}, {})", namespace_names(kind))).map(drop)
}

/// Moves this process (for pid: its children) to new namespaces.
///
/// # Errors
/// As unshare(2).
pub fn unshare(namespaces: i32) -> Result<()> {
    // SAFETY: takes an integer; flags are namespaces only, so memory and
    // descriptors stay shared as they are.
    let done = unsafe { call(__NR_unshare, (namespaces,)) };
    check(done, || format!("unshare({})", namespace_names(namespaces))).map(drop)
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
        call(
            __NR_execveat,
            (
                fd,
                c"".as_ptr(),
                arguments.as_ptr(),
                variables.as_ptr(),
                AT_EMPTY_PATH,
            ),
        )
    };
    check(done, || format!("execveat({fd}, \"\", AT_EMPTY_PATH)"))?;
    Err(Error::new("execveat", Errno::EIO))
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
    let done = unsafe {
        call(
            __NR_execve,
            (name.as_ptr(), arguments.as_ptr(), variables.as_ptr()),
        )
    };
    check(done, || format!("execve({})", quoted(path)))?;
    Err(Error::new("execve", Errno::EIO))
}

fn strings(list: &[Vec<u8>]) -> Result<Vec<CString>> {
    list.iter().map(|entry| c_string(entry, "execve")).collect()
}

fn pointers(list: &[CString]) -> Vec<*const c_char> {
    let ends = core::iter::once(core::ptr::null());
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
    prctl(PR_SET_NO_NEW_PRIVS, 1, "PR_SET_NO_NEW_PRIVS, 1")
}

/// Whether others with the same ids may trace this process and look into it.
///
/// # Errors
/// As prctl(2).
pub fn set_dumpable(on: bool) -> Result<()> {
    prctl(PR_SET_DUMPABLE, on.into(), "PR_SET_DUMPABLE")
}

/// The signal that this process gets when its parent ends; 0 for none.
/// Changing credentials clears it.
///
/// # Errors
/// As prctl(2).
pub fn set_parent_death_signal(signal: i32) -> Result<()> {
    prctl(PR_SET_PDEATHSIG, signal.cast_unsigned(), "PR_SET_PDEATHSIG")
}

/// Makes this process the new parent of orphaned descendants.
///
/// # Errors
/// As prctl(2).
pub fn set_child_subreaper(on: bool) -> Result<()> {
    prctl(PR_SET_CHILD_SUBREAPER, on.into(), "PR_SET_CHILD_SUBREAPER")
}

fn prctl(option: u32, value: u32, text: &str) -> Result<()> {
    // SAFETY: the options used above take integers only.
    let done = unsafe { call(__NR_prctl, (option, value)) };
    check(done, || format!("prctl({text})")).map(drop)
}

/// Sets the host name.
///
/// # Errors
/// As sethostname(2).
pub fn set_host_name(name: &str) -> Result<()> {
    // SAFETY: the call reads as many bytes of the name as it is told.
    let done = unsafe { call(__NR_sethostname, (name.as_ptr(), name.len())) };
    check(done, || format!("sethostname({name:?})")).map(drop)
}

pub(crate) fn namespace_names(flags: i32) -> String {
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
        "0".to_string()
    } else {
        names.join("|")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_word_is_read_as_libc_reads_it() {
        for word in [0, 7 << 8, 255 << 8, 9, 15, 11 | 0x80] {
            let expected = if libc::WIFSIGNALED(word) {
                Ended::Signal(libc::WTERMSIG(word))
            } else {
                Ended::Status(libc::WEXITSTATUS(word))
            };
            assert_eq!(Ended::from_word(word), expected, "{word:#x}");
        }
    }

    #[test]
    fn namespaces_are_those_of_libc() {
        let own = [CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET];
        let known = [
            libc::CLONE_NEWNS,
            libc::CLONE_NEWUSER,
            libc::CLONE_NEWPID,
            libc::CLONE_NEWNET,
        ];
        assert_eq!(own, known);
    }

    #[test]
    fn waiting_ends_in_time_or_with_something_to_read() {
        let (read, write) = crate::open::pipe().expect("a pipe");
        use crate::fd::AsRawFd;
        assert_eq!(wait_readable(read.as_raw_fd(), 10), Ok(false));
        drop(write);
        assert_eq!(wait_readable(read.as_raw_fd(), -1), Ok(true));
    }
}
