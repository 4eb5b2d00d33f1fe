//! Mounting, by descriptor (`fsopen`, `open_tree`, `move_mount`) and by path.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use nix::mount::{MntFlags, MsFlags};

use crate::error::{Result, c_string, check, named, quoted};
use crate::open::dir_name;

pub use libc::{
    MS_BIND, MS_NOATIME, MS_NODEV, MS_NODIRATIME, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_RDONLY,
    MS_REC, MS_RELATIME, MS_REMOUNT, MS_SHARED, MS_SLAVE, MS_STRICTATIME, MS_SYNCHRONOUS,
    MS_UNBINDABLE,
};

/// Attributes of one mount for [`set_attributes`] and [`filesystem`].
pub mod attribute {
    pub use libc::{
        MOUNT_ATTR_NOATIME as NOATIME, MOUNT_ATTR_NODEV as NODEV, MOUNT_ATTR_NOEXEC as NOEXEC,
        MOUNT_ATTR_NOSUID as NOSUID, MOUNT_ATTR_RDONLY as READ_ONLY,
    };
}

const OPEN_TREE_CLONE: libc::c_uint = 1;
const MOVE_MOUNT_F_EMPTY_PATH: libc::c_uint = 4;
const MOVE_MOUNT_T_SYMLINKS: libc::c_uint = 0x10;
const MOVE_MOUNT_T_EMPTY_PATH: libc::c_uint = 0x40;
const FSCONFIG_SET_FLAG: libc::c_uint = 0;
const FSCONFIG_SET_STRING: libc::c_uint = 1;
const FSCONFIG_CMD_CREATE: libc::c_uint = 6;

fn descriptor(value: libc::c_long, call: impl FnOnce() -> String) -> Result<OwnedFd> {
    let fd = check(value, call)?;
    // SAFETY: called only with what a system call just returned as a new
    // descriptor; nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

/// A detached copy of the mount at a path (empty: the descriptor itself),
/// with the mounts beneath when `recursive`.
///
/// # Errors
/// As open_tree(2).
pub fn clone_tree(dir: RawFd, path: &[u8], recursive: bool) -> Result<OwnedFd> {
    let name = c_string(path, "open_tree")?;
    let mut flags = OPEN_TREE_CLONE | libc::O_CLOEXEC.cast_unsigned();
    if recursive {
        flags |= libc::AT_RECURSIVE.cast_unsigned();
    }
    if path.is_empty() {
        flags |= libc::AT_EMPTY_PATH.cast_unsigned();
    }
    // SAFETY: `name` lives over the call, which only reads it.
    let fd = unsafe { libc::syscall(libc::SYS_open_tree, dir, name.as_ptr(), flags) };
    descriptor(fd, || {
        format!(
            "open_tree({}, {}, OPEN_TREE_CLONE)",
            dir_name(dir),
            quoted(path)
        )
    })
}

/// A detached mount of a new filesystem. Options are `key=value` or `key`.
///
/// # Errors
/// As fsopen(2), fsconfig(2), fsmount(2).
pub fn filesystem(kind: &str, source: &str, options: &[&str], attributes: u64) -> Result<OwnedFd> {
    let kind_name = c_string(kind.as_bytes(), "fsopen")?;
    // SAFETY: the name lives over the call; FSOPEN_CLOEXEC is 1.
    let context = unsafe { libc::syscall(libc::SYS_fsopen, kind_name.as_ptr(), 1) };
    let context = descriptor(context, || format!("fsopen({kind:?})"))?;
    let source = Some(("source", source)).filter(|(_, source)| !source.is_empty());
    let pairs = options.iter().map(|option| match option.split_once('=') {
        Some((key, value)) => (key, Some(value)),
        None => (*option, None),
    });
    for (key, value) in source
        .map(|(key, value)| (key, Some(value)))
        .into_iter()
        .chain(pairs)
    {
        let text = || format!("fsconfig({kind}, {key:?}, {value:?})");
        let key_name = c_string(key.as_bytes(), "fsconfig")?;
        let value_name = value
            .map(|value| c_string(value.as_bytes(), "fsconfig"))
            .transpose()?;
        let command = if value.is_some() {
            FSCONFIG_SET_STRING
        } else {
            FSCONFIG_SET_FLAG
        };
        let value_pointer = value_name
            .as_ref()
            .map_or(std::ptr::null(), |value| value.as_ptr());
        // SAFETY: the strings live over the call, which only reads them; a
        // flag takes a null value.
        let done = unsafe {
            libc::syscall(
                libc::SYS_fsconfig,
                context.as_raw_fd(),
                command,
                key_name.as_ptr(),
                value_pointer,
                0,
            )
        };
        check(done, text)?;
    }
    let none = std::ptr::null::<libc::c_char>();
    // SAFETY: this command takes neither key nor value.
    let done = unsafe {
        libc::syscall(
            libc::SYS_fsconfig,
            context.as_raw_fd(),
            FSCONFIG_CMD_CREATE,
            none,
            none,
            0,
        )
    };
    check(done, || format!("fsconfig({kind}, CMD_CREATE)"))?;
    // SAFETY: takes integers only; FSMOUNT_CLOEXEC is 1.
    let fd = unsafe {
        libc::syscall(
            libc::SYS_fsmount,
            context.as_raw_fd(),
            1,
            attributes as libc::c_uint,
        )
    };
    descriptor(fd, || format!("fsmount({kind})"))
}

/// Attaches a detached mount at a path (empty: the descriptor itself); a link
/// at its end is followed, as by mount(2).
///
/// # Errors
/// As move_mount(2).
pub fn attach(tree: RawFd, dir: RawFd, path: &[u8]) -> Result<()> {
    let name = c_string(path, "move_mount")?;
    let to_empty = if path.is_empty() {
        MOVE_MOUNT_T_EMPTY_PATH
    } else {
        MOVE_MOUNT_T_SYMLINKS
    };
    // SAFETY: both paths are C strings that live over the call.
    let done = unsafe {
        libc::syscall(
            libc::SYS_move_mount,
            tree,
            c"".as_ptr(),
            dir,
            name.as_ptr(),
            MOVE_MOUNT_F_EMPTY_PATH | to_empty,
        )
    };
    check(done, || {
        format!("move_mount({tree}, {}, {})", dir_name(dir), quoted(path))
    })
    .map(drop)
}

/// Sets attributes of the mount of a descriptor, and of those beneath when
/// `recursive`.
///
/// # Errors
/// As mount_setattr(2).
pub fn set_attributes(fd: RawFd, set: u64, recursive: bool) -> Result<()> {
    change_attributes(fd, set, 0, recursive)
}

/// Sets the propagation (`MS_PRIVATE` …) of the mount of a descriptor.
///
/// # Errors
/// As mount_setattr(2).
pub fn set_propagation(fd: RawFd, propagation: u64, recursive: bool) -> Result<()> {
    change_attributes(fd, 0, propagation, recursive)
}

fn change_attributes(fd: RawFd, set: u64, propagation: u64, recursive: bool) -> Result<()> {
    // SAFETY: an all-zero `mount_attr` is a valid value.
    let mut attributes: libc::mount_attr = unsafe { std::mem::zeroed() };
    attributes.attr_set = set;
    attributes.propagation = propagation;
    let mut flags = libc::AT_EMPTY_PATH;
    if recursive {
        flags |= libc::AT_RECURSIVE;
    }
    // SAFETY: the path is an empty C string, `attributes` lives over the call
    // and its size is given.
    let done = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            fd,
            c"".as_ptr(),
            flags,
            &raw const attributes,
            size_of::<libc::mount_attr>(),
        )
    };
    check(done, || {
        format!("mount_setattr({fd}, set={set:#x}, propagation={propagation:#x})")
    })
    .map(drop)
}

/// `mount(2)` by paths, following links; empty texts are passed as null.
///
/// # Errors
/// As mount(2).
pub fn mount(source: &[u8], target: &[u8], kind: &str, flags: u64, data: &str) -> Result<()> {
    fn unless_empty(bytes: &[u8]) -> Option<&[u8]> {
        Some(bytes).filter(|bytes| !bytes.is_empty())
    }
    let bits = MsFlags::from_bits_retain(flags);
    let done = nix::mount::mount(
        unless_empty(source),
        target,
        unless_empty(kind.as_bytes()),
        bits,
        unless_empty(data.as_bytes()),
    );
    named(done, || {
        format!(
            "mount({}, {}, {kind:?}, {flags:#x})",
            quoted(source),
            quoted(target)
        )
    })
}

/// Detaches the mount at a path, and what is beneath.
///
/// # Errors
/// As umount2(2).
pub fn detach(path: &[u8]) -> Result<()> {
    let done = nix::mount::umount2(path, MntFlags::MNT_DETACH);
    named(done, || format!("umount2({}, MNT_DETACH)", quoted(path)))
}

/// Makes the current directory the root mount and stacks the former root on
/// it (`pivot_root(".", ".")`); [`detach`] of `.` then removes the former.
///
/// # Errors
/// As pivot_root(2).
pub fn pivot_here() -> Result<()> {
    named(nix::unistd::pivot_root(".", "."), || {
        "pivot_root(\".\", \".\")".to_owned()
    })
}
