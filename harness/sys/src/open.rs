//! Opening files: `openat2(2)` and what builds on it.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use linux_raw_sys::general::{
    __NR_close_range, __NR_dup2, __NR_fcntl, __NR_openat2, __NR_pipe2, __NR_read, __NR_write,
    F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, FD_CLOEXEC, O_CLOEXEC, open_how,
};

use crate::call::call;
use crate::errno::Errno;
use crate::error::{Error, Result, answer, c_string, check, quoted};
use crate::fd::{AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};

pub use linux_raw_sys::general::AT_FDCWD;

macro_rules! flags {
    ($type:ty: $($name:ident)*) => {
        $(
            #[doc = concat!("`", stringify!($name), "` of openat2(2).")]
            pub const $name: $type = linux_raw_sys::general::$name as $type;
        )*
    };
}

flags! { i32:
    O_APPEND O_CREAT O_DIRECTORY O_EXCL O_NOCTTY O_NOFOLLOW O_NONBLOCK O_PATH O_RDONLY O_RDWR
    O_WRONLY
}
flags! { u64:
    RESOLVE_BENEATH RESOLVE_IN_ROOT RESOLVE_NO_MAGICLINKS RESOLVE_NO_SYMLINKS RESOLVE_NO_XDEV
}

/// How often a resolution that raced with a rename is repeated; openat2(2)
/// asks callers to retry on EAGAIN, and a bound keeps an attacker from
/// holding the launcher for ever.
const RETRIES: usize = 32;

/// Opens a path relative to a directory descriptor ([`AT_FDCWD`] for the
/// working directory). The descriptor is closed on exec.
///
/// # Errors
/// As openat2(2); EAGAIN only after 32 tries.
pub fn openat2(dir: RawFd, path: &[u8], flags: i32, resolve: u64) -> Result<OwnedFd> {
    let name = c_string(path, "openat2")?;
    let how = open_how {
        flags: u64::from(flags.cast_unsigned() | O_CLOEXEC),
        mode: if flags & O_CREAT == 0 { 0 } else { 0o600 },
        resolve,
    };
    let mut tries = 0;
    loop {
        // SAFETY: `name` and `how` live over the call, which only reads them;
        // the size is that of `how`.
        let fd = unsafe {
            call(
                __NR_openat2,
                (dir, name.as_ptr(), &raw const how, size_of::<open_how>()),
            )
        };
        tries += 1;
        match answer(fd) {
            // SAFETY: the kernel just returned this descriptor; nobody else
            // owns it.
            Ok(fd) => return Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) }),
            Err(Errno::EAGAIN) if tries < RETRIES => {}
            Err(Errno::EINTR) => {}
            Err(errno) => {
                let (dir, resolve) = (dir_name(dir), resolve_name(resolve));
                let text = format!("openat2({dir}, {}, {resolve})", quoted(path));
                return Err(Error::new(text, errno));
            }
        }
    }
}

/// Another descriptor for the same file, reopened through
/// `/proc/self/fd`, e.g. readable for one that was opened with `O_PATH`.
///
/// # Errors
/// As openat2(2); ENOENT without `/proc`.
pub fn reopen(fd: RawFd, flags: i32) -> Result<OwnedFd> {
    openat2(AT_FDCWD, format!("/proc/self/fd/{fd}").as_bytes(), flags, 0)
}

/// Duplicates a descriptor onto a number of at least `least`, closed on exec.
///
/// # Errors
/// As fcntl(2).
pub fn duplicate(fd: RawFd, least: RawFd) -> Result<OwnedFd> {
    let new = check(control(fd, F_DUPFD_CLOEXEC, least), || {
        format!("fcntl({fd}, F_DUPFD_CLOEXEC, {least})")
    })?;
    // SAFETY: the kernel just returned this descriptor; nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(new as RawFd) })
}

/// fcntl(2) with one of the commands used here.
fn control(fd: RawFd, command: u32, value: i32) -> isize {
    // SAFETY: these commands take integers only.
    unsafe { call(__NR_fcntl, (fd, command, value)) }
}

/// Makes the number another name for the descriptor, not closed on exec.
///
/// # Errors
/// As dup2(2).
pub fn replace(fd: RawFd, number: RawFd) -> Result<()> {
    // SAFETY: touches no memory; the caller gives up what `number` was.
    let done = unsafe { call(__NR_dup2, (fd, number)) };
    check(done, || format!("dup2({fd}, {number})")).map(drop)
}

/// Whether the number is an open descriptor.
#[must_use]
pub fn is_open(fd: RawFd) -> bool {
    control(fd, F_GETFD, 0) >= 0
}

/// Whether the descriptor is closed on exec.
///
/// # Errors
/// As fcntl(2).
pub fn is_close_on_exec(fd: RawFd) -> Result<bool> {
    let flags = check(control(fd, F_GETFD, 0), || format!("fcntl({fd}, F_GETFD)"))?;
    Ok(flags & FD_CLOEXEC as usize != 0)
}

/// Sets or clears close-on-exec.
///
/// # Errors
/// As fcntl(2).
pub fn set_close_on_exec(fd: RawFd, on: bool) -> Result<()> {
    let flags = if on { FD_CLOEXEC.cast_signed() } else { 0 };
    check(control(fd, F_SETFD, flags), || {
        format!("fcntl({fd}, F_SETFD, {flags})")
    })
    .map(drop)
}

/// Opens `/dev/null` on each of the descriptors 0–2 that is closed, so that
/// no file opened later can be taken for one of them.
///
/// # Errors
/// As openat2(2).
pub fn fill_standard_descriptors() -> Result<()> {
    for fd in 0..=2 {
        if !is_open(fd) {
            // The lowest free number is `fd`: all below it are open.
            let null = openat2(AT_FDCWD, b"/dev/null", O_RDWR, 0)?;
            set_close_on_exec(null.as_raw_fd(), false)?;
            let _ = null.into_raw_fd();
        }
    }
    Ok(())
}

/// Marks every descriptor from `first` on as closed on exec, or closes it at
/// once.
///
/// # Errors
/// As close_range(2).
pub fn close_range(first: u32, on_exec: bool) -> Result<()> {
    /// Mark, do not close (`linux/close_range.h`).
    const CLOSE_RANGE_CLOEXEC: u32 = 4;
    let flags = if on_exec { CLOSE_RANGE_CLOEXEC } else { 0 };
    // SAFETY: touches no memory; callers own every descriptor they give up,
    // since `OwnedFd` ignores a close that fails.
    let done = unsafe { call(__NR_close_range, (first, u32::MAX, flags)) };
    check(done, || format!("close_range({first}, ~0, {flags})")).map(drop)
}

/// A pipe, both ends closed on exec: (read, write).
///
/// # Errors
/// As pipe2(2).
pub fn pipe() -> Result<(OwnedFd, OwnedFd)> {
    let mut ends: [RawFd; 2] = [-1; 2];
    // SAFETY: the call writes two numbers to `ends`, which lives over it.
    let done = unsafe { call(__NR_pipe2, (ends.as_mut_ptr(), O_CLOEXEC)) };
    check(done, || "pipe2(O_CLOEXEC)".to_string())?;
    // SAFETY: the kernel just made both; nobody else owns them.
    let [read, write] = ends.map(|end| unsafe { OwnedFd::from_raw_fd(end) });
    Ok((read, write))
}

/// Reads a whole file of at most `limit` bytes.
///
/// # Errors
/// EFBIG when there is more; else as read(2).
pub fn read_all(fd: OwnedFd, limit: usize) -> Result<Vec<u8>> {
    read_rest(fd.as_raw_fd(), limit)
}

/// Reads from where the descriptor stands to the end, at most `limit` bytes.
///
/// # Errors
/// As [`read_all`].
pub fn read_rest(fd: RawFd, limit: usize) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    while content.len() <= limit {
        let room = (limit + 1 - content.len()).min(content.len().max(PART));
        if read_up_to(fd, &mut content, room)? == 0 {
            content.shrink_to_fit();
            return Ok(content);
        }
    }
    Err(Error::new(
        format!("read: more than {limit} bytes"),
        Errno::EFBIG,
    ))
}

/// Most that [`read_some`] reads at a time, in bytes.
const PART: usize = 4096;

/// Appends what one read(2) of at most 4 KiB gives; 0 at the end.
///
/// # Errors
/// As read(2).
pub fn read_some(fd: RawFd, buffer: &mut Vec<u8>) -> Result<usize> {
    read_up_to(fd, buffer, PART)
}

/// Appends what one read(2) of at most so many bytes gives; 0 at the end.
///
/// # Errors
/// As read(2).
pub fn read_up_to(fd: RawFd, buffer: &mut Vec<u8>, most: usize) -> Result<usize> {
    buffer.reserve(most);
    loop {
        let room = buffer.spare_capacity_mut();
        // SAFETY: writes at most `most` bytes to the room after the content,
        // which has at least that size.
        let length = unsafe { call(__NR_read, (fd, room.as_mut_ptr(), most)) };
        match answer(length) {
            Ok(length) => {
                // SAFETY: the kernel has just written so many bytes there,
                // and they are within the capacity.
                unsafe { buffer.set_len(buffer.len() + length.min(most)) };
                return Ok(length);
            }
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(Error::new(format!("read({fd})"), errno)),
        }
    }
}

/// Writes all bytes.
///
/// # Errors
/// As write(2).
pub fn write_all(fd: BorrowedFd<'_>, bytes: &[u8]) -> Result<()> {
    write_all_to(fd.as_raw_fd(), bytes)
}

/// Writes all bytes to a descriptor by its number, such as 2.
///
/// # Errors
/// As write(2); EBADF when it is not open.
pub fn write_all_to(fd: RawFd, mut bytes: &[u8]) -> Result<()> {
    while !bytes.is_empty() {
        // SAFETY: the call reads at most so many bytes from `bytes`.
        let written = unsafe { call(__NR_write, (fd, bytes.as_ptr(), bytes.len())) };
        match answer(written) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(Error::new(format!("write({fd})"), errno)),
        }
    }
    Ok(())
}

pub(crate) fn dir_name(dir: RawFd) -> String {
    if dir == AT_FDCWD {
        "AT_FDCWD".to_string()
    } else {
        dir.to_string()
    }
}

fn resolve_name(resolve: u64) -> String {
    let names: Vec<&str> = [
        (RESOLVE_BENEATH, "BENEATH"),
        (RESOLVE_IN_ROOT, "IN_ROOT"),
        (RESOLVE_NO_MAGICLINKS, "NO_MAGICLINKS"),
        (RESOLVE_NO_SYMLINKS, "NO_SYMLINKS"),
        (RESOLVE_NO_XDEV, "NO_XDEV"),
    ]
    .iter()
    .filter(|(bit, _)| resolve & bit != 0)
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
    fn a_failure_reads_like_strace() {
        let error = openat2(AT_FDCWD, b"/no/such", O_PATH, RESOLVE_NO_SYMLINKS).unwrap_err();
        assert_eq!(
            error.to_string(),
            "openat2(AT_FDCWD, \"/no/such\", NO_SYMLINKS): ENOENT"
        );
        assert_eq!(
            openat2(AT_FDCWD, b"a\0b", O_PATH, 0).unwrap_err().errno,
            Errno::EINVAL
        );
    }

    #[test]
    fn resolve_flags_are_the_kernels() {
        let slash = openat2(AT_FDCWD, b"/", O_PATH, 0).expect("open /");
        let out = openat2(slash.as_raw_fd(), b"/etc", O_PATH, RESOLVE_BENEATH);
        assert_eq!(out.unwrap_err().errno, Errno::EXDEV);
        let magic = openat2(AT_FDCWD, b"/proc/self/cwd", O_PATH, RESOLVE_NO_MAGICLINKS);
        assert_eq!(magic.unwrap_err().errno, Errno::ELOOP);
    }

    #[test]
    fn reading_stops_at_the_limit() {
        let open = || openat2(AT_FDCWD, b"/dev/zero", O_RDONLY, 0).expect("open /dev/zero");
        assert_eq!(read_all(open(), 10).unwrap_err().errno, Errno::EFBIG);
        let null = openat2(AT_FDCWD, b"/dev/null", O_RDONLY, 0).expect("open /dev/null");
        assert_eq!(read_all(null, 0), Ok(Vec::new()));
    }
}
