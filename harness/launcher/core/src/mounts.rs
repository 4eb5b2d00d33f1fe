//! Mounts of a start: those of the configuration, `/proc`, `/dev`, masks.
//!
//! Everything is attached to a descriptor of its mount point. By descriptor
//! that is found inside the new root (`RESOLVE_IN_ROOT`), and a link in the
//! rootfs may lead about in the rootfs only; by path it is found from the
//! host's root, and a link leads where it says, as in old runtimes
//! (CVE-2021-30465).

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use sekisho_sys::fd::{AsRawFd, OwnedFd, RawFd};

use sekisho_sys::mount::attribute;
use sekisho_sys::{Errno, Error, Result, file, mount, open};

use crate::ahead::Ahead;
use crate::config::{Config, Mount};
use crate::resolve::{Rootfs, join};
use crate::stop::{Stop, step};

/// Where mount points are looked for.
pub enum Top {
    /// In this tree.
    Tree(RawFd),
    /// Beneath this path of the host.
    Path(Vec<u8>),
}

impl Top {
    /// Opens what is at a path of the init.
    pub fn open(&self, path: &[u8]) -> Result<OwnedFd> {
        match self {
            Self::Tree(tree) => open::openat2(*tree, path, open::O_PATH, open::RESOLVE_IN_ROOT),
            Self::Path(top) => {
                let path = [top, &b"/"[..], path].concat();
                open::openat2(open::AT_FDCWD, &path, open::O_PATH, 0)
            }
        }
    }

    /// Opens the place for a mount, or for a file that the launcher makes.
    ///
    /// SECURITY: the configuration, which is root's, may name a place on what it
    /// mounted before. A link in the rootfs, which is the tenant's, may not lead
    /// there: what is made at its end would be made on the host, in the source
    /// of a bind mount.
    fn open_point(&self, path: &[u8]) -> Result<OwnedFd> {
        let Self::Tree(tree) = self else {
            return self.open(path);
        };
        let strict = open::RESOLVE_IN_ROOT | open::RESOLVE_NO_SYMLINKS;
        match open::openat2(*tree, path, open::O_PATH, strict) {
            Err(error) if error.errno == Errno::ELOOP => {
                let inside = open::RESOLVE_IN_ROOT | open::RESOLVE_NO_XDEV;
                open::openat2(*tree, path, open::O_PATH, inside).map_err(|error| {
                    match error.errno {
                        Errno::EXDEV => Error::new(
                            "a link in the rootfs leads out of it, onto another mount",
                            Errno::EXDEV,
                        ),
                        _ => error,
                    }
                })
            }
            found => found,
        }
    }

    /// The same, made when missing: directories on the way, and a directory
    /// or an empty file at the end.
    pub fn open_or_make(&self, path: &[u8], directory: bool) -> Result<OwnedFd> {
        match self.open_point(path) {
            Err(error) if error.errno == Errno::ENOENT => {}
            found => return found,
        }
        let (parent, name) = split(path);
        if name.is_empty() {
            return Err(Error::new("mkdirat(\"\")", Errno::ENOENT));
        }
        let parent = self.open_or_make(parent, true)?;
        let made = if directory {
            file::make_directory(parent.as_raw_fd(), name, 0o755)
        } else {
            file::make_node(parent.as_raw_fd(), name, file::S_IFREG | 0o644, 0, 0)
        };
        match made {
            // A link that leads nowhere: no mount point.
            Err(error) if error.errno != Errno::EEXIST => Err(error),
            _ => self.open_point(path),
        }
    }

    /// A new filesystem at a path: by one mount(2) on the directory where that
    /// does the same as making and attaching it. There read-only is the
    /// filesystem as well, and commas separate options; and in a user namespace
    /// the directory may be one that cannot be entered.
    fn mount(
        &self,
        path: &[u8],
        kind: &str,
        source: &str,
        options: &[&str],
        attributes: u64,
    ) -> Result<()> {
        const FLAGS: [(u64, u64); 4] = [
            (attribute::NOSUID, mount::MS_NOSUID),
            (attribute::NODEV, mount::MS_NODEV),
            (attribute::NOEXEC, mount::MS_NOEXEC),
            (attribute::NOATIME, mount::MS_NOATIME),
        ];
        let point = self.open_or_make(path, true)?;
        let same = attributes & attribute::READ_ONLY == 0
            && options.iter().all(|option| !option.contains(','));
        if same && file::change_directory_to(point.as_raw_fd()).is_ok() {
            let flags = FLAGS.iter().filter(|(set, _)| attributes & set != 0);
            let flags = flags.fold(0, |all, (_, flag)| all | flag);
            return mount::mount(source.as_bytes(), b".", kind, flags, &options.join(","));
        }
        let tree = mount::filesystem(kind, source, options, attributes)?;
        mount::attach(tree.as_raw_fd(), point.as_raw_fd(), b"")
    }

    fn attach(&self, tree: &OwnedFd, path: &[u8], directory: bool) -> Result<()> {
        let point = self.open_or_make(path, directory)?;
        mount::attach(tree.as_raw_fd(), point.as_raw_fd(), b"")
    }
}

/// The directory part (`/` at the top) and the last name.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    let end = path
        .iter()
        .rposition(|byte| *byte != b'/')
        .map_or(0, |last| last + 1);
    let path = &path[..end];
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(0) | None => (b"/", path.strip_prefix(b"/").unwrap_or(path)),
        Some(at) => (&path[..at], &path[at + 1..]),
    }
}

/// Makes all mounts of the configuration, and `/proc` and `/dev` where they
/// belong to a start. `new_pids`: the init has a pid namespace of its own;
/// `ahead`: namespaces that it joins before the first mount that may show them.
pub fn make_all(
    top: &Top,
    config: &Config,
    rootfs: &mut Rootfs,
    bundle: &[u8],
    new_pids: bool,
    ahead: &mut Ahead,
) -> core::result::Result<(), Stop> {
    let failed = step("mounts");
    if new_pids && !config.mounts_at("proc", "/proc") {
        let attributes = attribute::NOSUID | attribute::NODEV | attribute::NOEXEC;
        match top.mount(b"/proc", "proc", "proc", &[], attributes) {
            // Without rights over the rootfs no mount point can be made, and
            // where parts of the host's /proc are hidden a user namespace may
            // not see a fresh one: the init goes without.
            Err(error) if matches!(error.errno, Errno::EPERM | Errno::EACCES | Errno::EROFS) => {}
            made => made.map_err(&failed)?,
        }
    }
    let mut own_dev = config.mounts_at("tmpfs", "/dev");
    if !own_dev && top.open(b"/dev/null").is_err() {
        let options = ["mode=755", "size=65536k"];
        let made = top.mount(b"/dev", "tmpfs", "tmpfs", &options, attribute::NOSUID);
        own_dev = made.is_ok();
    }
    for (index, mount) in config.mounts.iter().enumerate() {
        let copy = rootfs.binds.take(index);
        if copy.is_none() && !matches!(mount.kind.as_str(), "proc" | "tmpfs" | "devpts") {
            // May depend on the namespaces it is made in, as sysfs and mqueue do.
            ahead.join()?;
        }
        one(top, mount, copy, bundle)
            .map_err(|error| Stop::failed("mounts", format!("{}: {error}", mount.destination)))?;
        if mount.kind == "tmpfs" && mount.destination.trim_end_matches('/') == "/dev" {
            fill_dev(top).map_err(&failed)?;
        }
    }
    if own_dev && !config.mounts_at("tmpfs", "/dev") {
        fill_dev(top).map_err(&failed)?;
    }
    for device in &config.linux.devices {
        make_device(top, device).map_err(step("devices"))?;
    }
    Ok(())
}

fn one(top: &Top, wanted: &Mount, copy: Option<OwnedFd>, bundle: &[u8]) -> Result<()> {
    let attributes = wanted
        .options
        .iter()
        .fold(0, |set, option| set | attribute_of(option));
    let destination = wanted.destination.as_bytes();
    let kind = wanted.kind.as_str();
    if matches!(kind, "proc" | "tmpfs" | "mqueue") {
        let options = own_options(wanted);
        return top.mount(destination, kind, &wanted.source, &options, attributes);
    }
    let (tree, directory) = if wanted.is_bind() {
        let tree = match copy {
            Some(copy) => copy,
            None => {
                let source = join(bundle, wanted.source.as_bytes());
                mount::clone_tree(open::AT_FDCWD, &source, !wanted.has("bind"))?
            }
        };
        if attributes != 0 {
            mount::set_attributes(tree.as_raw_fd(), attributes, false)?;
        }
        let directory = file::fstat(tree.as_raw_fd())?.kind() == file::S_IFDIR;
        (tree, directory)
    } else {
        // The root of a filesystem is a directory.
        (filesystem(wanted, attributes)?, true)
    };
    top.attach(&tree, destination, directory)
}

/// Options that the filesystem itself understands.
fn own_options(wanted: &Mount) -> Vec<&str> {
    let options = wanted.options.iter().map(String::as_str);
    options
        .filter(|option| attribute_of(option) == 0 && !IGNORED.contains(option))
        .collect()
}

/// A new filesystem; where a user namespace may not have a fresh one, what
/// engines put in its place.
fn filesystem(wanted: &Mount, attributes: u64) -> Result<OwnedFd> {
    let options = own_options(wanted);
    let host = |path: &[u8]| -> Result<OwnedFd> {
        let copy = mount::clone_tree(open::AT_FDCWD, path, true)?;
        mount::set_attributes(copy.as_raw_fd(), attributes, true)?;
        Ok(copy)
    };
    // Not read-only: the mount point of the next one may have to be made in it.
    let empty = || {
        let attributes = attributes & !attribute::READ_ONLY;
        mount::filesystem("tmpfs", "tmpfs", &["mode=755"], attributes)
    };
    match wanted.kind.as_str() {
        "sysfs" => match mount::filesystem("sysfs", "sysfs", &options, attributes) {
            Err(error) if error.errno == Errno::EPERM => host(b"/sys").or_else(|_: Error| empty()),
            made => made,
        },
        // The host's hierarchies, limited by the cgroup namespace; nothing
        // where the host shows none.
        "cgroup" | "cgroup2" => host(b"/sys/fs/cgroup").or_else(|_: Error| empty()),
        "devpts" => match mount::filesystem("devpts", "devpts", &options, attributes) {
            // A gid that the user namespace does not map.
            Err(error) if error.errno == Errno::EINVAL => {
                let rest: Vec<&str> = options
                    .iter()
                    .copied()
                    .filter(|option| !option.starts_with("gid="))
                    .collect();
                mount::filesystem("devpts", "devpts", &rest, attributes)
            }
            made => made,
        },
        kind => mount::filesystem(kind, &wanted.source, &options, attributes),
    }
}

/// Options that say what is so anyway, or what a fresh mount does not need.
const IGNORED: [&str; 19] = [
    "rw",
    "suid",
    "dev",
    "exec",
    "bind",
    "rbind",
    "async",
    "defaults",
    "relatime",
    "strictatime",
    "diratime",
    "tmpcopyup",
    "private",
    "rprivate",
    "slave",
    "rslave",
    "shared",
    "rshared",
    "newinstance",
];

fn attribute_of(option: &str) -> u64 {
    match option {
        "ro" => attribute::READ_ONLY,
        "nosuid" => attribute::NOSUID,
        "nodev" => attribute::NODEV,
        "noexec" => attribute::NOEXEC,
        "noatime" => attribute::NOATIME,
        _ => 0,
    }
}

/// What OCI runtimes put into a fresh `/dev`.
fn fill_dev(top: &Top) -> Result<()> {
    const NODES: [(&str, u32, u32); 6] = [
        ("null", 1, 3),
        ("zero", 1, 5),
        ("full", 1, 7),
        ("random", 1, 8),
        ("urandom", 1, 9),
        ("tty", 5, 0),
    ];
    const LINKS: [(&str, &str); 5] = [
        ("/proc/self/fd", "fd"),
        ("/proc/self/fd/0", "stdin"),
        ("/proc/self/fd/1", "stdout"),
        ("/proc/self/fd/2", "stderr"),
        ("pts/ptmx", "ptmx"),
    ];
    let dev = top.open(b"/dev")?;
    // Modes are meant as they are, not less a mask.
    let mask = file::set_umask(0);
    let mut made = Ok(());
    for (name, major, minor) in NODES {
        made = made.and_then(|()| node(top, &dev, name.as_bytes(), major, minor));
    }
    file::set_umask(mask);
    made?;
    for (target, name) in LINKS {
        match file::make_link(target.as_bytes(), dev.as_raw_fd(), name.as_bytes()) {
            Err(error) if error.errno != Errno::EEXIST => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// A device node; where a user namespace may not make one, the host's node of
/// that name.
fn node(top: &Top, dev: &OwnedFd, name: &[u8], major: u32, minor: u32) -> Result<()> {
    match file::make_node(dev.as_raw_fd(), name, file::S_IFCHR | 0o666, major, minor) {
        Err(error) if error.errno == Errno::EEXIST => Ok(()),
        Err(error) if error.errno == Errno::EPERM => {
            let path = [b"/dev/", name].concat();
            let host = mount::clone_tree(open::AT_FDCWD, &path, false)?;
            top.attach(&host, &path, false)
        }
        made => made,
    }
}

fn make_device(top: &Top, device: &crate::config::Device) -> Result<()> {
    let kind = match device.kind.as_str() {
        "b" => file::S_IFBLK,
        "p" => file::S_IFIFO,
        _ => file::S_IFCHR,
    };
    let (parent, name) = split(device.path.as_bytes());
    let parent = top.open_or_make(parent, true)?;
    let mode = device.file_mode.unwrap_or(0o666) & 0o7777;
    match file::make_node(
        parent.as_raw_fd(),
        name,
        kind | mode,
        device.major,
        device.minor,
    ) {
        Err(error) if error.errno == Errno::EPERM => {
            let host = mount::clone_tree(open::AT_FDCWD, device.path.as_bytes(), false)?;
            return top.attach(&host, device.path.as_bytes(), false);
        }
        Err(error) if error.errno != Errno::EEXIST => return Err(error),
        _ => {}
    }
    file::change_owner(parent.as_raw_fd(), name, device.uid, device.gid)?;
    file::change_mode(parent.as_raw_fd(), name, mode)
}

/// Whether the configuration names paths to hide or write-protect: what is
/// there may depend on namespaces, as `/proc/sys/net` does.
pub fn masks_own_paths(config: &Config) -> bool {
    let named = |paths: &Option<Vec<String>>| paths.as_ref().is_some_and(|list| !list.is_empty());
    named(&config.linux.masked_paths) || named(&config.linux.readonly_paths)
}

/// Hides and write-protects what the configuration or, where it says nothing,
/// the list of OCI engines names. What is not there needs no hiding.
pub fn mask(top: &Top, config: &Config) -> Result<()> {
    const MASKED: [&str; 10] = [
        "/proc/acpi",
        "/proc/asound",
        "/proc/kcore",
        "/proc/keys",
        "/proc/latency_stats",
        "/proc/sched_debug",
        "/proc/scsi",
        "/proc/timer_list",
        "/proc/timer_stats",
        "/sys/firmware",
    ];
    const READ_ONLY: [&str; 5] = [
        "/proc/bus",
        "/proc/fs",
        "/proc/irq",
        "/proc/sys",
        "/proc/sysrq-trigger",
    ];
    let own = |list: &Option<Vec<String>>, usual: &[&str]| match list {
        Some(list) => list.clone(),
        None => usual.iter().map(|&path| path.to_owned()).collect(),
    };
    for path in own(&config.linux.masked_paths, &MASKED) {
        let Some(point) = there(top.open(path.as_bytes()))? else {
            continue;
        };
        let cover = if file::fstat(point.as_raw_fd())?.kind() == file::S_IFDIR {
            mount::filesystem(
                "tmpfs",
                "tmpfs",
                &["size=0", "mode=555"],
                attribute::READ_ONLY,
            )?
        } else {
            mount::clone_tree(open::AT_FDCWD, b"/dev/null", false)?
        };
        mount::attach(cover.as_raw_fd(), point.as_raw_fd(), b"")?;
    }
    for path in own(&config.linux.readonly_paths, &READ_ONLY) {
        if let Some(point) = there(top.open(path.as_bytes()))? {
            let copy = mount::clone_tree(point.as_raw_fd(), b"", true)?;
            mount::set_attributes(copy.as_raw_fd(), attribute::READ_ONLY, false)?;
            mount::attach(copy.as_raw_fd(), point.as_raw_fd(), b"")?;
        }
    }
    Ok(())
}

fn there(found: Result<OwnedFd>) -> Result<Option<OwnedFd>> {
    match found {
        Ok(fd) => Ok(Some(fd)),
        Err(error) if matches!(error.errno, Errno::ENOENT | Errno::ENOTDIR | Errno::EACCES) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_splits_into_directory_and_name() {
        let parts = |path: &'static str| {
            let (dir, name) = split(path.as_bytes());
            (
                String::from_utf8_lossy(dir).into_owned(),
                String::from_utf8_lossy(name).into_owned(),
            )
        };
        let pair = |dir: &str, name: &str| (dir.to_owned(), name.to_owned());
        assert_eq!(parts("/a/b/"), pair("/a", "b"));
        assert_eq!(parts("/a"), pair("/", "a"));
        assert_eq!(parts("a"), pair("/", "a"));
        assert_eq!(parts("/"), pair("/", ""));
    }
}
