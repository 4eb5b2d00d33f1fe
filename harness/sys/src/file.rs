//! Looking at files and making them.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::ffi::CStr;

use linux_raw_sys::general::{
    __NR_chdir, __NR_chroot, __NR_faccessat2, __NR_fchdir, __NR_fchmodat, __NR_fchownat,
    __NR_getcwd, __NR_getdents64, __NR_getxattr, __NR_getxattrat, __NR_mkdirat, __NR_mknodat,
    __NR_readlinkat, __NR_statx, __NR_symlinkat, __NR_umask, AT_EACCESS, AT_EMPTY_PATH,
    AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, STATX_MNT_ID, statx, xattr_args,
};

use crate::call::call;
use crate::errno::Errno;
use crate::error::{Error, Result, answer, c_string, check, quoted};
use crate::fd::{AsRawFd, RawFd};
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
    /// The mount that it was reached through (`STATX_MNT_ID`, Linux 5.8); 0 when
    /// the kernel does not tell.
    pub mount: u64,
}

impl Stat {
    /// Whether both are the same file.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        (self.dev, self.ino) == (other.dev, other.ino)
    }

    /// Whether both are the same file on the same mount, so that also what is
    /// above them is the same.
    #[must_use]
    pub fn is_same_place(&self, other: &Self) -> bool {
        self.is_same(other) && self.mount != 0 && self.mount == other.mount
    }

    /// Type bits, e.g. [`S_IFDIR`].
    #[must_use]
    pub fn kind(&self) -> u32 {
        self.mode & S_IFMT
    }
}

pub use linux_raw_sys::general::{
    S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK,
};

/// `fstat(2)`; works on `O_PATH` descriptors.
///
/// # Errors
/// As fstat(2).
pub fn fstat(fd: RawFd) -> Result<Stat> {
    stat_at(fd, b"", AT_EMPTY_PATH)
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
    stat_at(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW)
}

fn stat_at(dir: RawFd, path: &[u8], flags: u32) -> Result<Stat> {
    let name = c_string(path, "stat")?;
    // SAFETY: `statx` is plain numbers, for which zero is a value.
    let mut s: statx = unsafe { core::mem::zeroed() };
    // SAFETY: the call reads `name` and writes `s`, both live over it.
    let done = unsafe {
        call(
            __NR_statx,
            (
                dir,
                name.as_ptr(),
                flags,
                STATX_BASIC_STATS | STATX_MNT_ID,
                &raw mut s,
            ),
        )
    };
    check(done, || {
        format!("statx({}, {})", dir_name(dir), quoted(path))
    })?;
    Ok(Stat {
        dev: u64::from(s.stx_dev_major) << 32 | u64::from(s.stx_dev_minor),
        ino: s.stx_ino,
        mode: s.stx_mode.into(),
        links: s.stx_nlink.into(),
        uid: s.stx_uid,
        gid: s.stx_gid,
        size: s.stx_size.cast_signed(),
        mount: if s.stx_mask & STATX_MNT_ID == 0 {
            0
        } else {
            s.stx_mnt_id
        },
    })
}

/// May execute it, or search the directory (`access(2)`).
pub const X_OK: i32 = 1;
/// May write it.
pub const W_OK: i32 = 2;
/// May read it.
pub const R_OK: i32 = 4;
/// Is there.
pub const F_OK: i32 = 0;

/// Whether the process may access the file, judged by its effective ids
/// (`faccessat2` with `AT_EACCESS`). An empty path means the descriptor.
///
/// # Errors
/// As faccessat2(2), but EACCES is the answer `false`.
pub fn may_access(dir: RawFd, path: &[u8], mode: i32) -> Result<bool> {
    let name = c_string(path, "faccessat2")?;
    let empty = if path.is_empty() { AT_EMPTY_PATH } else { 0 };
    // SAFETY: `name` lives over the call, which only reads it.
    let done = unsafe {
        call(
            __NR_faccessat2,
            (dir, name.as_ptr(), mode, AT_EACCESS | empty),
        )
    };
    let text = || {
        format!(
            "faccessat2({}, {}, AT_EACCESS)",
            dir_name(dir),
            quoted(path)
        )
    };
    match check(done, text) {
        Ok(_) => Ok(true),
        Err(error) if error.errno == Errno::EACCES => Ok(false),
        Err(error) => Err(error),
    }
}

/// The value of an extended attribute; `None` when there is none or the
/// filesystem has no attributes. `O_PATH` descriptors, which fgetxattr(2)
/// refuses, are looked at through `/proc/self/fd` unless getxattrat(2) (Linux
/// 6.13) can: it reaches a directory (`directory`) through `.`.
///
/// # Errors
/// As getxattr(2).
pub fn attribute(fd: RawFd, directory: bool, name: &str) -> Result<Option<Vec<u8>>> {
    let path = if directory { c"." } else { c"" };
    let c_name = c_string(name.as_bytes(), "getxattrat")?;
    let mut value = [0_u8; USUAL_ATTRIBUTE];
    let arguments = xattr_args {
        value: value.as_mut_ptr() as u64,
        size: USUAL_ATTRIBUTE as u32,
        flags: 0,
    };
    // SAFETY: both strings and `arguments` live over the call, its size is
    // given; it writes at most `USUAL_ATTRIBUTE` bytes to `value`.
    let length = unsafe {
        call(
            __NR_getxattrat,
            (
                fd,
                path.as_ptr(),
                AT_EMPTY_PATH,
                c_name.as_ptr(),
                &raw const arguments,
                size_of::<xattr_args>(),
            ),
        )
    };
    match answer(length) {
        Ok(length) => return Ok(value.get(..length).map(<[u8]>::to_vec)),
        Err(Errno::ENODATA | Errno::EOPNOTSUPP) => return Ok(None),
        // An older kernel, a filter that knows no such call, a longer value:
        // the other way has the last word.
        Err(_) => {}
    }
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

/// Longer attributes are rare, in bytes.
const USUAL_ATTRIBUTE: usize = 256;

fn attribute_at(path: &CStr, name: &str, text: impl Fn() -> String) -> Result<Option<Vec<u8>>> {
    /// XATTR_SIZE_MAX: no attribute is longer.
    const MOST: usize = 65536;
    let c_name = c_string(name.as_bytes(), "getxattr")?;
    for room in [USUAL_ATTRIBUTE, MOST] {
        let mut value = vec![0_u8; room];
        // SAFETY: both strings live over the call; it writes at most `room`
        // bytes to `value`.
        let length = unsafe {
            call(
                __NR_getxattr,
                (path.as_ptr(), c_name.as_ptr(), value.as_mut_ptr(), room),
            )
        };
        match check(length, &text) {
            Ok(length) => {
                value.truncate(length);
                return Ok(Some(value));
            }
            Err(error) => match error.errno {
                Errno::ENODATA | Errno::EOPNOTSUPP => return Ok(None),
                Errno::ERANGE => {}
                _ => return Err(error),
            },
        }
    }
    Err(Error::new(text(), Errno::ERANGE))
}

/// What a symbolic link holds.
///
/// # Errors
/// As readlinkat(2).
pub fn read_link(dir: RawFd, path: &[u8]) -> Result<Vec<u8>> {
    let name = c_string(path, "readlinkat")?;
    // PATH_MAX: no link is longer.
    let mut target = vec![0_u8; 4096];
    // SAFETY: `name` lives over the call; it writes at most `target.len()`
    // bytes to `target`.
    let length = unsafe {
        call(
            __NR_readlinkat,
            (dir, name.as_ptr(), target.as_mut_ptr(), target.len()),
        )
    };
    let length = check(length, || {
        format!("readlinkat({}, {})", dir_name(dir), quoted(path))
    })?;
    target.truncate(length);
    Ok(target)
}

/// Makes a directory.
///
/// # Errors
/// As mkdirat(2).
pub fn make_directory(dir: RawFd, name: &[u8], mode: u32) -> Result<()> {
    let path = c_string(name, "mkdirat")?;
    // SAFETY: `path` lives over the call, which only reads it.
    let done = unsafe { call(__NR_mkdirat, (dir, path.as_ptr(), mode)) };
    check(done, || {
        format!("mkdirat({}, {})", dir_name(dir), quoted(name))
    })
    .map(drop)
}

/// Makes a device node, FIFO or regular file; `mode` holds the type.
///
/// # Errors
/// As mknodat(2); EINVAL for a device number that the kernel cannot take
/// (major above 12 bits, minor above 20).
pub fn make_node(dir: RawFd, name: &[u8], mode: u32, major: u32, minor: u32) -> Result<()> {
    let path = c_string(name, "mknodat")?;
    let text = || {
        format!(
            "mknodat({}, {}, {mode:o}, {major}:{minor})",
            dir_name(dir),
            quoted(name)
        )
    };
    if major > 0xfff || minor > 0xf_ffff {
        return Err(Error::new(text(), Errno::EINVAL));
    }
    // `new_encode_dev` of the kernel (include/linux/kdev_t.h).
    let device = minor & 0xff | major << 8 | (minor & !0xff) << 12;
    // SAFETY: `path` lives over the call, which only reads it.
    let done = unsafe { call(__NR_mknodat, (dir, path.as_ptr(), mode, device)) };
    check(done, text).map(drop)
}

/// Makes a symbolic link that holds `target`.
///
/// # Errors
/// As symlinkat(2).
pub fn make_link(target: &[u8], dir: RawFd, name: &[u8]) -> Result<()> {
    let (from, to) = (c_string(target, "symlinkat")?, c_string(name, "symlinkat")?);
    // SAFETY: both strings live over the call, which only reads them.
    let done = unsafe { call(__NR_symlinkat, (from.as_ptr(), dir, to.as_ptr())) };
    check(done, || {
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
    let done = unsafe { call(__NR_fchmodat, (dir, path.as_ptr(), mode)) };
    check(done, || {
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
    let done = unsafe {
        call(
            __NR_fchownat,
            (dir, path.as_ptr(), uid, gid, AT_SYMLINK_NOFOLLOW),
        )
    };
    check(done, || {
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
    let done = unsafe { call(__NR_chdir, (name.as_ptr(),)) };
    check(done, || format!("chdir({})", quoted(path))).map(drop)
}

/// Enters a directory by descriptor.
///
/// # Errors
/// As fchdir(2).
pub fn change_directory_to(fd: RawFd) -> Result<()> {
    // SAFETY: takes an integer only.
    let done = unsafe { call(__NR_fchdir, (fd,)) };
    check(done, || format!("fchdir({fd})")).map(drop)
}

/// The working directory, as the kernel names it: `(unreachable)` and a path
/// when it lies outside the root.
///
/// # Errors
/// As getcwd(2).
pub fn current_directory() -> Result<Vec<u8>> {
    // PATH_MAX: the kernel gives no longer one.
    let mut path = vec![0_u8; 4096];
    // SAFETY: writes at most `path.len()` bytes to `path`.
    let length = unsafe { call(__NR_getcwd, (path.as_mut_ptr(), path.len())) };
    let length = check(length, || "getcwd()".to_string())?;
    // The length counts the NUL at its end.
    path.truncate(length.saturating_sub(1));
    Ok(path)
}

/// Makes the directory the root of this process.
///
/// # Errors
/// As chroot(2).
pub fn change_root(path: &[u8]) -> Result<()> {
    let name = c_string(path, "chroot")?;
    // SAFETY: `name` lives over the call, which only reads it.
    let done = unsafe { call(__NR_chroot, (name.as_ptr(),)) };
    check(done, || format!("chroot({})", quoted(path))).map(drop)
}

/// Numbers of the open descriptors above 2, ascending; 0–2 must be open.
///
/// # Errors
/// As opening and reading `/proc/self/fd`.
pub fn open_descriptors() -> Result<Vec<RawFd>> {
    // Since Linux 6.2 the size is the number of open descriptors (proc(5)),
    // before it is 0.
    if stat(b"/proc/self/fd")?.size == 3 {
        return Ok(Vec::new());
    }
    let flags = crate::open::O_RDONLY | crate::open::O_DIRECTORY;
    let dir = crate::open::openat2(AT_FDCWD, b"/proc/self/fd", flags, 0)?;
    let own = dir.as_raw_fd();
    let mut numbers = Vec::new();
    // The kernel aligns entries to eight bytes.
    let mut buffer = [0_u64; 512];
    loop {
        let size = size_of_val(&buffer);
        // SAFETY: writes at most `size` bytes to `buffer`.
        let length = unsafe { call(__NR_getdents64, (own, buffer.as_mut_ptr(), size)) };
        let length = check(length, || "getdents64(/proc/self/fd)".to_string())?;
        if length == 0 {
            break;
        }
        let words = buffer.iter().flat_map(|word| word.to_ne_bytes());
        let bytes: Vec<u8> = words.take(length).collect();
        // `.` and `..` are no numbers.
        let found = names(&bytes).filter_map(|name| core::str::from_utf8(name).ok()?.parse().ok());
        numbers.extend(found.filter(|number: &RawFd| *number > 2 && *number != own));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Names in what getdents64(2) gave: after inode (8 bytes), offset (8), length
/// of the entry (2) and type (1), up to a NUL.
fn names(mut entries: &[u8]) -> impl Iterator<Item = &[u8]> {
    const NAME: usize = 19;
    core::iter::from_fn(move || {
        let length = entries.get(16..18)?;
        let length = usize::from(u16::from_ne_bytes([length[0], length[1]])).max(NAME);
        let name = entries.get(NAME..length)?;
        entries = &entries[length..];
        let end = name.iter().position(|byte| *byte == 0);
        Some(&name[..end.unwrap_or(name.len())])
    })
}

/// Sets the file mode creation mask and gives the former one.
pub fn set_umask(mask: u32) -> u32 {
    // SAFETY: umask cannot fail and takes an integer only.
    let former = unsafe { call(__NR_umask, (mask,)) };
    former as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_descriptors_are_those_of_proc() {
        let some = crate::open::openat2(AT_FDCWD, b"/", crate::open::O_PATH, 0).expect("open /");
        let numbers = open_descriptors().expect("a list");
        assert!(numbers.contains(&some.as_raw_fd()), "{numbers:?}");
        assert!(numbers.iter().all(|number| *number > 2));
        assert!(numbers.is_sorted());
    }

    #[test]
    fn cut_or_empty_entries_end_the_list() {
        assert_eq!(names(&[]).count(), 0);
        assert_eq!(names(&[0; 18]).count(), 0);
        let mut entry = [0_u8; 24];
        entry[16] = 24;
        entry[19] = b'7';
        let twice = [entry, entry].concat();
        let all: Vec<&[u8]> = names(&twice).collect();
        assert_eq!(all, [b"7", b"7"]);
        assert_eq!(names(&twice[..40]).count(), 1);
    }

    #[test]
    fn stat_and_attributes_agree_with_the_standard_library() {
        use std::os::unix::fs::MetadataExt;
        let known = std::fs::metadata("/etc/passwd").expect("/etc/passwd");
        let seen = stat(b"/etc/passwd").expect("stat");
        assert_eq!((seen.ino, seen.mode), (known.ino(), known.mode()));
        assert_eq!((seen.uid, seen.links), (known.uid(), known.nlink()));
        assert_eq!(attribute_by_path(b"/etc/passwd", "user.none"), Ok(None));
        let here = std::env::current_dir().expect("a directory");
        let here = here.into_os_string().into_encoded_bytes();
        assert_eq!(current_directory(), Ok(here));
    }

    #[test]
    fn a_device_number_that_does_not_fit_is_refused() {
        let error = make_node(AT_FDCWD, b"/nowhere/x", S_IFCHR, 0x1000, 0).unwrap_err();
        assert_eq!(error.errno, Errno::EINVAL);
        let error = make_node(AT_FDCWD, b"/nowhere/x", S_IFCHR, 1, 0x10_0000).unwrap_err();
        assert_eq!(error.errno, Errno::EINVAL);
    }
}
