//! Opening files: `openat2(2)` and what builds on it.

use std::io::Read;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;

use crate::error::{Error, Result, c_string, check, quoted};

pub use libc::{
    AT_FDCWD, O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_PATH, O_RDONLY,
    O_RDWR, O_WRONLY, RESOLVE_BENEATH, RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS,
    RESOLVE_NO_XDEV,
};

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
    // SAFETY: an all-zero `open_how` is a valid value.
    let mut how: libc::open_how = unsafe { std::mem::zeroed() };
    how.flags = u64::from((flags | libc::O_CLOEXEC).cast_unsigned());
    how.mode = if flags & libc::O_CREAT != 0 { 0o600 } else { 0 };
    how.resolve = resolve;
    let mut tries = 0;
    loop {
        // SAFETY: `name` and `how` live over the call, which only reads them;
        // the size is that of `how`.
        let fd = unsafe {
            libc::syscall(
                libc::SYS_openat2,
                dir,
                name.as_ptr(),
                &raw const how,
                size_of::<libc::open_how>(),
            )
        };
        tries += 1;
        let errno = Errno::last();
        if fd < 0 && (errno == Errno::EAGAIN && tries < RETRIES || errno == Errno::EINTR) {
            continue;
        }
        let fd = check(fd, || {
            format!(
                "openat2({}, {}, {})",
                dir_name(dir),
                quoted(path),
                resolve_name(resolve)
            )
        })?;
        // SAFETY: the kernel just returned this descriptor; nobody else owns it.
        return Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) });
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
    // SAFETY: fcntl with these arguments touches no memory of ours.
    let new = unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, least) };
    let new = check(new.into(), || {
        format!("fcntl({fd}, F_DUPFD_CLOEXEC, {least})")
    })?;
    // SAFETY: the kernel just returned this descriptor; nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(new as RawFd) })
}

/// Makes the number another name for the descriptor, not closed on exec.
///
/// # Errors
/// As dup2(2).
pub fn replace(fd: RawFd, number: RawFd) -> Result<()> {
    // SAFETY: touches no memory; the caller gives up what `number` was.
    let done = unsafe { libc::dup2(fd, number) };
    check(done.into(), || format!("dup2({fd}, {number})")).map(drop)
}

/// Whether the number is an open descriptor.
#[must_use]
pub fn is_open(fd: RawFd) -> bool {
    // SAFETY: fcntl with F_GETFD touches no memory of ours.
    unsafe { libc::fcntl(fd, libc::F_GETFD) >= 0 }
}

/// Whether the descriptor is closed on exec.
///
/// # Errors
/// As fcntl(2).
pub fn is_close_on_exec(fd: RawFd) -> Result<bool> {
    // SAFETY: fcntl with F_GETFD touches no memory of ours.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFD) };
    let flags = check(flags.into(), || format!("fcntl({fd}, F_GETFD)"))?;
    Ok(flags & libc::c_long::from(libc::FD_CLOEXEC) != 0)
}

/// Sets or clears close-on-exec.
///
/// # Errors
/// As fcntl(2).
pub fn set_close_on_exec(fd: RawFd, on: bool) -> Result<()> {
    let flags = if on { libc::FD_CLOEXEC } else { 0 };
    // SAFETY: fcntl with F_SETFD touches no memory of ours.
    let done = unsafe { libc::fcntl(fd, libc::F_SETFD, flags) };
    check(done.into(), || format!("fcntl({fd}, F_SETFD, {flags})")).map(drop)
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
            std::mem::forget(null);
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
    let flags = if on_exec {
        libc::CLOSE_RANGE_CLOEXEC
    } else {
        0
    };
    // SAFETY: touches no memory; callers own every descriptor they give up,
    // since `OwnedFd` ignores a close that fails.
    let done = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, flags) };
    check(done, || format!("close_range({first}, ~0, {flags})")).map(drop)
}

/// A pipe, both ends closed on exec: (read, write).
///
/// # Errors
/// As pipe2(2).
pub fn pipe() -> Result<(OwnedFd, OwnedFd)> {
    crate::error::named(nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC), || {
        "pipe2(O_CLOEXEC)".to_owned()
    })
}

/// Reads a whole file of at most `limit` bytes.
///
/// # Errors
/// EFBIG when there is more; else as read(2).
pub fn read_all(fd: OwnedFd, limit: usize) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    std::fs::File::from(fd)
        .take(most)
        .read_to_end(&mut content)
        .map_err(|error| Error::new("read", io_errno(&error)))?;
    if content.len() > limit {
        return Err(Error::new(
            format!("read: more than {limit} bytes"),
            Errno::EFBIG,
        ));
    }
    Ok(content)
}

/// Appends what one read(2) of at most 4 KiB gives; 0 at the end.
///
/// # Errors
/// As read(2).
pub fn read_some(fd: RawFd, buffer: &mut Vec<u8>) -> Result<usize> {
    let mut part = [0_u8; 4096];
    loop {
        // SAFETY: writes at most `part.len()` bytes to `part`, which lives
        // over the call.
        let length = unsafe { libc::read(fd, part.as_mut_ptr().cast(), part.len()) };
        if length < 0 && Errno::last() == Errno::EINTR {
            continue;
        }
        let length = check(length as libc::c_long, || format!("read({fd})"))?;
        let length = usize::try_from(length).unwrap_or_default();
        buffer.extend_from_slice(&part[..length]);
        return Ok(length);
    }
}

/// Writes all bytes.
///
/// # Errors
/// As write(2).
pub fn write_all(fd: BorrowedFd<'_>, mut bytes: &[u8]) -> Result<()> {
    while !bytes.is_empty() {
        match nix::unistd::write(fd, bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(Error::new(format!("write({})", fd.as_raw_fd()), errno)),
        }
    }
    Ok(())
}

fn io_errno(error: &std::io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}

pub(crate) fn dir_name(dir: RawFd) -> String {
    if dir == AT_FDCWD {
        "AT_FDCWD".to_owned()
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
        "0".to_owned()
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
