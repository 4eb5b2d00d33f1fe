//! Mounting, by descriptor (`fsopen`, `open_tree`, `move_mount`) and by path.

use alloc::format;
use alloc::string::{String, ToString};

use linux_raw_sys::general::{
    __NR_fsconfig, __NR_fsmount, __NR_fsopen, __NR_mount, __NR_mount_setattr, __NR_move_mount,
    __NR_open_tree, __NR_pivot_root, __NR_umount2, AT_EMPTY_PATH, AT_RECURSIVE, FSMOUNT_CLOEXEC,
    FSOPEN_CLOEXEC, MNT_DETACH, MOVE_MOUNT_F_EMPTY_PATH, MOVE_MOUNT_T_EMPTY_PATH,
    MOVE_MOUNT_T_SYMLINKS, O_CLOEXEC, OPEN_TREE_CLONE, fsconfig_command, mount_attr,
};

use crate::call::call;
use crate::error::{Result, c_string, check, quoted};
use crate::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use crate::open::dir_name;

macro_rules! flags {
    ($($name:ident)*) => {
        $(
            #[doc = concat!("`", stringify!($name), "` of mount(2).")]
            pub const $name: u64 = linux_raw_sys::general::$name as u64;
        )*
    };
}

flags! {
    MS_BIND MS_NOATIME MS_NODEV MS_NODIRATIME MS_NOEXEC MS_NOSUID MS_PRIVATE MS_RDONLY MS_REC
    MS_RELATIME MS_REMOUNT MS_SHARED MS_SLAVE MS_STRICTATIME MS_SYNCHRONOUS MS_UNBINDABLE
}

/// Attributes of one mount for [`set_attributes`] and [`filesystem`].
pub mod attribute {
    use linux_raw_sys::general as kernel;

    /// No device node on it can be opened.
    pub const NODEV: u64 = kernel::MOUNT_ATTR_NODEV as u64;
    /// No program on it can be executed.
    pub const NOEXEC: u64 = kernel::MOUNT_ATTR_NOEXEC as u64;
    /// Setuid bits and file capabilities on it do not count.
    pub const NOSUID: u64 = kernel::MOUNT_ATTR_NOSUID as u64;
    /// Access times are not updated.
    pub const NOATIME: u64 = kernel::MOUNT_ATTR_NOATIME as u64;
    /// Nothing on it can be changed.
    pub const READ_ONLY: u64 = kernel::MOUNT_ATTR_RDONLY as u64;
}

fn descriptor(value: isize, text: impl FnOnce() -> String) -> Result<OwnedFd> {
    let fd = check(value, text)?;
    // SAFETY: called only with what a system call just returned as a new
    // descriptor; nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

/// A detached, private copy of the mount at a path (empty: the descriptor
/// itself), with the mounts beneath when `recursive`.
///
/// SECURITY: a copy of a shared mount joins its peer group
/// (mount_namespaces(7)): what is mounted on it later would be mounted on the
/// original, too, in every mount namespace that shares it. It is made private
/// before anybody can use it.
///
/// # Errors
/// As open_tree(2) and mount_setattr(2).
pub fn clone_tree(dir: RawFd, path: &[u8], recursive: bool) -> Result<OwnedFd> {
    let name = c_string(path, "open_tree")?;
    let mut flags = OPEN_TREE_CLONE | O_CLOEXEC;
    if recursive {
        flags |= AT_RECURSIVE;
    }
    if path.is_empty() {
        flags |= AT_EMPTY_PATH;
    }
    // SAFETY: `name` lives over the call, which only reads it.
    let fd = unsafe { call(__NR_open_tree, (dir, name.as_ptr(), flags)) };
    let copy = descriptor(fd, || {
        format!(
            "open_tree({}, {}, OPEN_TREE_CLONE)",
            dir_name(dir),
            quoted(path)
        )
    })?;
    set_propagation(copy.as_raw_fd(), MS_PRIVATE, true)?;
    Ok(copy)
}

/// A detached mount of a new filesystem. Options are `key=value` or `key`.
///
/// # Errors
/// As fsopen(2), fsconfig(2), fsmount(2).
pub fn filesystem(kind: &str, source: &str, options: &[&str], attributes: u64) -> Result<OwnedFd> {
    let kind_name = c_string(kind.as_bytes(), "fsopen")?;
    // SAFETY: the name lives over the call, which only reads it.
    let context = unsafe { call(__NR_fsopen, (kind_name.as_ptr(), FSOPEN_CLOEXEC)) };
    let context = descriptor(context, || format!("fsopen({kind:?})"))?;
    let source = Some(("source", Some(source))).filter(|_| !source.is_empty());
    let pairs = options.iter().map(|option| match option.split_once('=') {
        Some((key, value)) => (key, Some(value)),
        None => (*option, None),
    });
    for (key, value) in source.into_iter().chain(pairs) {
        configure(&context, kind, key, value)?;
    }
    let create = fsconfig_command::FSCONFIG_CMD_CREATE as u32;
    // SAFETY: this command takes neither key nor value.
    let done = unsafe {
        call(
            __NR_fsconfig,
            (context.as_raw_fd(), create, 0_usize, 0_usize, 0),
        )
    };
    check(done, || format!("fsconfig({kind}, CMD_CREATE)"))?;
    // SAFETY: takes integers only.
    let fd = unsafe {
        call(
            __NR_fsmount,
            (context.as_raw_fd(), FSMOUNT_CLOEXEC, attributes),
        )
    };
    descriptor(fd, || format!("fsmount({kind})"))
}

/// Sets one option of a filesystem that is being made.
fn configure(context: &OwnedFd, kind: &str, key: &str, value: Option<&str>) -> Result<()> {
    let name = c_string(key.as_bytes(), "fsconfig")?;
    let text = value
        .map(|value| c_string(value.as_bytes(), "fsconfig"))
        .transpose()?;
    let (command, pointer) = match &text {
        Some(text) => (fsconfig_command::FSCONFIG_SET_STRING, text.as_ptr()),
        None => (fsconfig_command::FSCONFIG_SET_FLAG, core::ptr::null()),
    };
    // SAFETY: the strings live over the call, which only reads them; a flag
    // takes a null value.
    let done = unsafe {
        call(
            __NR_fsconfig,
            (
                context.as_raw_fd(),
                command as u32,
                name.as_ptr(),
                pointer,
                0,
            ),
        )
    };
    check(done, || format!("fsconfig({kind}, {key:?}, {value:?})")).map(drop)
}

/// Attaches a detached mount at a path (empty: the descriptor itself); a link
/// at its end is followed, as by mount(2).
///
/// # Errors
/// As move_mount(2).
pub fn attach(tree: RawFd, dir: RawFd, path: &[u8]) -> Result<()> {
    let name = c_string(path, "move_mount")?;
    let flags = if path.is_empty() {
        MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH
    } else {
        MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS
    };
    // SAFETY: both paths are C strings that live over the call.
    let done = unsafe {
        call(
            __NR_move_mount,
            (tree, c"".as_ptr(), dir, name.as_ptr(), flags),
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
    let attributes = mount_attr {
        attr_set: set,
        attr_clr: 0,
        propagation,
        userns_fd: 0,
    };
    let flags = AT_EMPTY_PATH | if recursive { AT_RECURSIVE } else { 0 };
    // SAFETY: the path is an empty C string, `attributes` lives over the call
    // and its size is given.
    let done = unsafe {
        call(
            __NR_mount_setattr,
            (
                fd,
                c"".as_ptr(),
                flags,
                &raw const attributes,
                size_of::<mount_attr>(),
            ),
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
    let unless_empty = |bytes: &[u8]| {
        Some(bytes)
            .filter(|bytes| !bytes.is_empty())
            .map(|bytes| c_string(bytes, "mount"))
            .transpose()
    };
    let (from, to) = (unless_empty(source)?, c_string(target, "mount")?);
    let (kind_name, options) = (
        unless_empty(kind.as_bytes())?,
        unless_empty(data.as_bytes())?,
    );
    let [from, kind_name, options] = [&from, &kind_name, &options].map(|text| {
        text.as_ref()
            .map_or(core::ptr::null(), |text| text.as_ptr())
    });
    // SAFETY: each pointer is null, as the call allows, or to a C string that
    // lives over the call, which only reads it.
    let done = unsafe { call(__NR_mount, (from, to.as_ptr(), kind_name, flags, options)) };
    check(done, || {
        format!(
            "mount({}, {}, {kind:?}, {flags:#x})",
            quoted(source),
            quoted(target)
        )
    })
    .map(drop)
}

/// Detaches the mount at a path, and what is beneath.
///
/// # Errors
/// As umount2(2).
pub fn detach(path: &[u8]) -> Result<()> {
    let name = c_string(path, "umount2")?;
    // SAFETY: `name` lives over the call, which only reads it.
    let done = unsafe { call(__NR_umount2, (name.as_ptr(), MNT_DETACH)) };
    check(done, || format!("umount2({}, MNT_DETACH)", quoted(path))).map(drop)
}

/// Makes the current directory the root mount and stacks the former root on
/// it (`pivot_root(".", ".")`); [`detach`] of `.` then removes the former.
///
/// # Errors
/// As pivot_root(2).
pub fn pivot_here() -> Result<()> {
    // SAFETY: both are C strings that live for ever.
    let done = unsafe { call(__NR_pivot_root, (c".".as_ptr(), c".".as_ptr())) };
    check(done, || "pivot_root(\".\", \".\")".to_string()).map(drop)
}
