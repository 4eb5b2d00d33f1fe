//! Looking at files and making them.

use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use nix::errno::Errno;

use crate::error::{Error, Result, c_string, check, quoted};
use crate::open::{AT_FDCWD, dir_name};

/// What `stat` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// Device of the filesystem.
    pub dev: u64,
    /// Inode number.
    pub ino: u64,
    /// Type and permission bits.
    pub mode: u32,
    /// Number of hard links.
    pub links: u64,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Size in bytes.
    pub size: i64,
}

impl Stat {
    /// Whether both are the same file.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        (self.dev, self.ino) == (other.dev, other.ino)
    }

    /// Type bits, e.g. [`libc::S_IFDIR`].
    #[must_use]
    pub fn kind(&self) -> u32 {
        self.mode & libc::S_IFMT
    }
}

pub use libc::{S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK};

/// `fstat(2)`; works on `O_PATH` descriptors.
///
/// # Errors
/// As fstat(2).
pub fn fstat(fd: RawFd) -> Result<Stat> {
    stat_at(fd, b"", libc::AT_EMPTY_PATH)
}

/// `stat(2)` of a path, following links.
///
/// # Errors
/// As stat(2).
pub fn stat(path: &[u8]) -> Result<Stat> {
    stat_at(AT_FDCWD, path, 0)
}

/// `lstat(2)` of a path.
///
/// # Errors
/// As lstat(2).
pub fn lstat(path: &[u8]) -> Result<Stat> {
    stat_at(AT_FDCWD, path, libc::AT_SYMLINK_NOFOLLOW)
}

fn stat_at(dir: RawFd, path: &[u8], flags: i32) -> Result<Stat> {
    let name = c_string(path, "stat")?;
    // SAFETY: an all-zero `stat` is a valid value; the call writes at most
    // its size and reads `name`, which lives over the call.
    let (done, s) = unsafe {
        let mut s: libc::stat = std::mem::zeroed();
        (libc::fstatat(dir, name.as_ptr(), &raw mut s, flags), s)
    };
    check(done.into(), || {
        format!("fstatat({}, {})", dir_name(dir), quoted(path))
    })?;
    Ok(Stat {
        dev: s.st_dev,
        ino: s.st_ino,
        mode: s.st_mode,
        links: s.st_nlink,
        uid: s.st_uid,
        gid: s.st_gid,
        size: s.st_size,
    })
}

pub use libc::{F_OK, R_OK, W_OK, X_OK};

/// Whether the process may access the file, judged by its effective ids
/// (`faccessat2` with `AT_EACCESS`). An empty path means the descriptor.
///
/// # Errors
/// As faccessat2(2), but EACCES is the answer `false`.
pub fn may_access(dir: RawFd, path: &[u8], mode: i32) -> Result<bool> {
    let name = c_string(path, "faccessat2")?;
    let empty = if path.is_empty() {
        libc::AT_EMPTY_PATH
    } else {
        0
    };
    // SAFETY: `name` lives over the call, which only reads it.
    let done = unsafe {
        libc::syscall(
            libc::SYS_faccessat2,
            dir,
            name.as_ptr(),
            mode,
            libc::AT_EACCESS | empty,
        )
    };
    let call = || {
        format!(
            "faccessat2({}, {}, AT_EACCESS)",
            dir_name(dir),
            quoted(path)
        )
    };
    match check(done, call) {
        Ok(_) => Ok(true),
        Err(error) if error.errno == Errno::EACCES => Ok(false),
        Err(error) => Err(error),
    }
}

/// The value of an extended attribute; `None` when there is none or the
/// filesystem has no attributes. `O_PATH` descriptors, which fgetxattr(2)
/// refuses, are looked at through `/proc/self/fd`.
///
/// # Errors
/// As getxattr(2).
pub fn attribute(fd: RawFd, name: &str) -> Result<Option<Vec<u8>>> {
    let call = || format!("getxattr(/proc/self/fd/{fd}, {name:?})");
    let path = c_string(format!("/proc/self/fd/{fd}").as_bytes(), "getxattr")?;
    attribute_at(&path, name, call)
}

/// The same by path, following links.
///
/// # Errors
/// As getxattr(2).
pub fn attribute_by_path(path: &[u8], name: &str) -> Result<Option<Vec<u8>>> {
    let call = || format!("getxattr({}, {name:?})", quoted(path));
    attribute_at(&c_string(path, "getxattr")?, name, call)
}

fn attribute_at(
    path: &std::ffi::CStr,
    name: &str,
    call: impl Fn() -> String,
) -> Result<Option<Vec<u8>>> {
    let c_name = c_string(name.as_bytes(), "getxattr")?;
    // XATTR_SIZE_MAX: no attribute is longer.
    let mut value = vec![0_u8; 65536];
    // SAFETY: both strings live over the call; it writes at most
    // `value.len()` bytes to `value`.
    let length = unsafe {
        libc::getxattr(
            path.as_ptr(),
            c_name.as_ptr(),
            value.as_mut_ptr().cast(),
            value.len(),
        )
    };
    match check(length as libc::c_long, call) {
        Ok(length) => {
            value.truncate(usize::try_from(length).unwrap_or_default());
            Ok(Some(value))
        }
        Err(error) if matches!(error.errno, Errno::ENODATA | Errno::EOPNOTSUPP) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What a symbolic link holds.
///
/// # Errors
/// As readlinkat(2).
pub fn read_link(dir: RawFd, path: &[u8]) -> Result<Vec<u8>> {
    let name = c_string(path, "readlinkat")?;
    let mut target = vec![0_u8; 4096];
    // SAFETY: `name` lives over the call; it writes at most `target.len()`
    // bytes to `target`.
    let length =
        unsafe { libc::readlinkat(dir, name.as_ptr(), target.as_mut_ptr().cast(), target.len()) };
    let length = check(length as libc::c_long, || {
        format!("readlinkat({}, {})", dir_name(dir), quoted(path))
    })?;
    target.truncate(usize::try_from(length).unwrap_or_default());
    Ok(target)
}

/// Makes a directory.
///
/// # Errors
/// As mkdirat(2).
pub fn make_directory(dir: RawFd, name: &[u8], mode: u32) -> Result<()> {
    let path = c_string(name, "mkdirat")?;
    // SAFETY: `path` lives over the call, which only reads it.
    let done = unsafe { libc::mkdirat(dir, path.as_ptr(), mode) };
    check(done.into(), || {
        format!("mkdirat({}, {})", dir_name(dir), quoted(name))
    })
    .map(drop)
}

/// Makes a device node, FIFO or regular file; `mode` holds the type.
///
/// # Errors
/// As mknodat(2).
pub fn make_node(dir: RawFd, name: &[u8], mode: u32, major: u32, minor: u32) -> Result<()> {
    let path = c_string(name, "mknodat")?;
    let device = libc::makedev(major, minor);
    // SAFETY: `path` lives over the call, which only reads it.
    let done = unsafe { libc::mknodat(dir, path.as_ptr(), mode, device) };
    check(done.into(), || {
        format!(
            "mknodat({}, {}, {mode:o}, {major}:{minor})",
            dir_name(dir),
            quoted(name)
        )
    })
    .map(drop)
}

/// Makes a symbolic link that holds `target`.
///
/// # Errors
/// As symlinkat(2).
pub fn make_link(target: &[u8], dir: RawFd, name: &[u8]) -> Result<()> {
    let (from, to) = (c_string(target, "symlinkat")?, c_string(name, "symlinkat")?);
    // SAFETY: both strings live over the call, which only reads them.
    let done = unsafe { libc::symlinkat(from.as_ptr(), dir, to.as_ptr()) };
    check(done.into(), || {
        format!(
            "symlinkat({}, {}, {})",
            quoted(target),
            dir_name(dir),
            quoted(name)
        )
    })
    .map(drop)
}

/// Changes permission bits of what a name in a directory leads to.
///
/// # Errors
/// As fchmodat(2).
pub fn change_mode(dir: RawFd, name: &[u8], mode: u32) -> Result<()> {
    let path = c_string(name, "fchmodat")?;
    // SAFETY: `path` lives over the call, which only reads it.
    let done = unsafe { libc::fchmodat(dir, path.as_ptr(), mode, 0) };
    check(done.into(), || {
        format!("fchmodat({}, {}, {mode:o})", dir_name(dir), quoted(name))
    })
    .map(drop)
}

/// Changes owner and group of a name in a directory, not following a link.
///
/// # Errors
/// As fchownat(2).
pub fn change_owner(dir: RawFd, name: &[u8], uid: u32, gid: u32) -> Result<()> {
    let path = c_string(name, "fchownat")?;
    // SAFETY: `path` lives over the call, which only reads it.
    let done = unsafe { libc::fchownat(dir, path.as_ptr(), uid, gid, libc::AT_SYMLINK_NOFOLLOW) };
    check(done.into(), || {
        format!(
            "fchownat({}, {}, {uid}, {gid})",
            dir_name(dir),
            quoted(name)
        )
    })
    .map(drop)
}

/// Enters a directory by path.
///
/// # Errors
/// As chdir(2).
pub fn change_directory(path: &[u8]) -> Result<()> {
    let name = c_string(path, "chdir")?;
    // SAFETY: `name` lives over the call, which only reads it.
    let done = unsafe { libc::chdir(name.as_ptr()) };
    check(done.into(), || format!("chdir({})", quoted(path))).map(drop)
}

/// Enters a directory by descriptor.
///
/// # Errors
/// As fchdir(2).
pub fn change_directory_to(fd: RawFd) -> Result<()> {
    // SAFETY: touches no memory of ours.
    check(unsafe { libc::fchdir(fd) }.into(), || {
        format!("fchdir({fd})")
    })
    .map(drop)
}

/// Makes the directory the root of this process.
///
/// # Errors
/// As chroot(2).
pub fn change_root(path: &[u8]) -> Result<()> {
    let name = c_string(path, "chroot")?;
    // SAFETY: `name` lives over the call, which only reads it.
    let done = unsafe { libc::chroot(name.as_ptr()) };
    check(done.into(), || format!("chroot({})", quoted(path))).map(drop)
}

/// Numbers of the open descriptors above 2, ascending.
///
/// # Errors
/// As opening and reading `/proc/self/fd`.
pub fn open_descriptors() -> Result<Vec<RawFd>> {
    let call = || "getdents64(/proc/self/fd)".to_owned();
    let dir: OwnedFd = crate::open::openat2(
        AT_FDCWD,
        b"/proc/self/fd",
        crate::open::O_RDONLY | crate::open::O_DIRECTORY,
        0,
    )?;
    let own = dir.as_raw_fd();
    let mut dir = nix::dir::Dir::from_fd(dir).map_err(|errno| Error::new(call(), errno))?;
    let mut numbers = Vec::new();
    for entry in dir.iter() {
        let entry = entry.map_err(|errno| Error::new(call(), errno))?;
        // `.` and `..` are no numbers.
        let number = entry.file_name().to_string_lossy().parse::<RawFd>();
        numbers.extend(number.ok().filter(|number| *number > 2 && *number != own));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Sets the file mode creation mask and gives the former one.
pub fn set_umask(mask: u32) -> u32 {
    // SAFETY: umask cannot fail and touches no memory.
    unsafe { libc::umask(mask) }
}
