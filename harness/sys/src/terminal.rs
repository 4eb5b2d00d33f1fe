//! Sessions and terminals.

use alloc::string::ToString;

use linux_raw_sys::general::__NR_setsid;

use crate::call::call;
use crate::errno::Errno;
use crate::error::{Error, Result, check};
use crate::open;

#[cfg(feature = "std")]
pub use pair::{open_pair, take_as_controlling};

/// Starts a session of its own, without a controlling terminal.
///
/// # Errors
/// As setsid(2).
pub fn new_session() -> Result<()> {
    // SAFETY: takes nothing.
    check(unsafe { call(__NR_setsid, ()) }, || "setsid()".to_string()).map(drop)
}

/// Whether the process has a controlling terminal.
///
/// # Errors
/// As open(2) of `/dev/tty`, whose ENXIO means that there is none.
pub fn has_controlling_terminal() -> Result<bool> {
    let flags = open::O_RDONLY | open::O_NOCTTY | open::O_NONBLOCK;
    match open::openat2(open::AT_FDCWD, b"/dev/tty", flags, 0) {
        Ok(_) => Ok(true),
        Err(Error {
            errno: Errno::ENXIO,
            ..
        }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Terminals that the arena gives to what it starts.
#[cfg(feature = "std")]
mod pair {
    use std::os::fd::{AsRawFd, OwnedFd, RawFd};

    use crate::error::{Result, check_libc};
    use crate::{Errno, Error, open};

    /// Makes the terminal the controlling one of this session.
    ///
    /// # Errors
    /// As ioctl_tty(2).
    pub fn take_as_controlling(fd: RawFd) -> Result<()> {
        // SAFETY: TIOCSCTTY takes an integer, no pointer.
        let done = unsafe { libc::ioctl(fd, libc::TIOCSCTTY, 0) };
        check_libc(done.into(), || format!("ioctl({fd}, TIOCSCTTY)")).map(drop)
    }

    /// A new pseudo-terminal, both ends closed on exec: (controlling side, the
    /// side that a program gets).
    ///
    /// # Errors
    /// As openpty(3).
    pub fn open_pair() -> Result<(OwnedFd, OwnedFd)> {
        let pair = nix::pty::openpty(None, None)
            .map_err(|errno| Error::new("openpty()", Errno::from_raw(errno as i32)))?;
        open::set_close_on_exec(pair.master.as_raw_fd(), true)?;
        open::set_close_on_exec(pair.slave.as_raw_fd(), true)?;
        Ok((pair.master, pair.slave))
    }
}
