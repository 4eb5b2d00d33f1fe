//! Sessions and terminals.

use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use nix::errno::Errno;

use crate::error::{Error, Result, check, named};
use crate::open;

/// Starts a session of its own, without a controlling terminal.
///
/// # Errors
/// As setsid(2).
pub fn new_session() -> Result<()> {
    named(nix::unistd::setsid(), || "setsid()".to_owned()).map(drop)
}

/// Whether the process has a controlling terminal.
///
/// # Errors
/// As open(2) of `/dev/tty`, whose ENXIO means that there is none.
pub fn has_controlling_terminal() -> Result<bool> {
    let flags = open::O_RDONLY | libc::O_NOCTTY | open::O_NONBLOCK;
    match open::openat2(open::AT_FDCWD, b"/dev/tty", flags, 0) {
        Ok(_) => Ok(true),
        Err(Error {
            errno: Errno::ENXIO,
            ..
        }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Makes the terminal the controlling one of this session.
///
/// # Errors
/// As ioctl_tty(2).
pub fn take_as_controlling(fd: RawFd) -> Result<()> {
    // SAFETY: TIOCSCTTY takes an integer, no pointer.
    let done = unsafe { libc::ioctl(fd, libc::TIOCSCTTY, 0) };
    check(done.into(), || format!("ioctl({fd}, TIOCSCTTY)")).map(drop)
}

/// A new pseudo-terminal, both ends closed on exec: (controlling side, the
/// side that a program gets).
///
/// # Errors
/// As openpty(3).
pub fn open_pair() -> Result<(OwnedFd, OwnedFd)> {
    let pair = named(nix::pty::openpty(None, None), || "openpty()".to_owned())?;
    open::set_close_on_exec(pair.master.as_raw_fd(), true)?;
    open::set_close_on_exec(pair.slave.as_raw_fd(), true)?;
    Ok((pair.master, pair.slave))
}
