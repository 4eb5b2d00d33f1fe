//! The arena's host: what every trial sees below its case.
//!
//! The worker's own root holds, side by side: `base` (the lowest layer),
//! `case` (the prepared case), `trees` (the host's `/usr` and what else is
//! not a link into it), `dev` (the host's nodes, when none can be made),
//! `proc`, `sys`, and `trial`, where a supervisor mounts its trial.

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::path::Path;

use anyhow::{Context, Result};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::stat::{Mode, SFlag, makedev, mknod};

/// Capabilities that no trial has, not even as root: they reach the machine
/// or the kernel rather than something that the arena owns. Numbers as in
/// capability(7).
pub const DROPPED: [(u32, &str); 14] = [
    (16, "CAP_SYS_MODULE"),
    (17, "CAP_SYS_RAWIO"),
    (20, "CAP_SYS_PACCT"),
    (22, "CAP_SYS_BOOT"),
    (25, "CAP_SYS_TIME"),
    (30, "CAP_AUDIT_CONTROL"),
    (32, "CAP_MAC_OVERRIDE"),
    (33, "CAP_MAC_ADMIN"),
    (34, "CAP_SYSLOG"),
    (35, "CAP_WAKE_ALARM"),
    (36, "CAP_BLOCK_SUSPEND"),
    (37, "CAP_AUDIT_READ"),
    (38, "CAP_PERFMON"),
    (39, "CAP_BPF"),
];

/// The lowest layer of every trial.
pub const BASE: &str = "/base";
/// Where prepared cases lie.
pub const CASES: &str = "/case";
/// Where a supervisor mounts its trial.
pub const TRIAL: &str = "/trial";
/// What is bound into every trial read-only.
pub const TREES: &str = "/trees";
/// The host's device nodes, when none can be made.
pub const NODES: &str = "/dev";

/// Most memory that equipment and one case take.
const BASE_SIZE: &str = "mode=0755,size=1g,nr_inodes=200k";

/// Character devices by name, major and minor number.
pub const DEVICES: [(&str, u32, u32); 6] = [
    ("null", 1, 3),
    ("zero", 1, 5),
    ("full", 1, 7),
    ("random", 1, 8),
    ("urandom", 1, 9),
    ("tty", 5, 0),
];

/// Top-level names that hold programs and libraries.
const PROGRAMS: [&str; 7] = ["usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32"];

/// Directories of the base beside those, with their modes.
const DIRECTORIES: [(&str, u32); 23] = [
    ("dev", 0o755),
    ("dev/pts", 0o755),
    ("dev/shm", 0o1777),
    ("etc", 0o755),
    ("home", 0o755),
    ("media", 0o755),
    ("mnt", 0o755),
    ("opt", 0o755),
    ("proc", 0o555),
    ("root", 0o700),
    ("run", 0o755),
    ("run/lock", 0o1777),
    ("srv", 0o755),
    ("sys", 0o555),
    ("tmp", 0o1777),
    ("var", 0o755),
    ("var/cache", 0o755),
    ("var/lib", 0o755),
    ("var/log", 0o755),
    ("var/spool", 0o755),
    ("var/tmp", 0o1777),
    ("var/www", 0o755),
    ("etc/ld.so.conf.d", 0o755),
];

/// Files of the host's `/etc` that programs of `/usr` need to start.
const COPIED: [&str; 5] = [
    "etc/ld.so.cache",
    "etc/ld.so.conf",
    "etc/ld.so.conf.d",
    "etc/alternatives",
    "etc/login.defs",
];

/// Files that hold nothing of the host.
const WRITTEN: [(&str, &str); 4] = [
    ("etc/hostname", "arena\n"),
    ("etc/hosts", "127.0.0.1 localhost\n127.0.1.1 arena\n"),
    (
        "etc/nsswitch.conf",
        "passwd: files\ngroup: files\nshadow: files\nhosts: files\n",
    ),
    ("etc/resolv.conf", ""),
];

/// The arena's host once it is built.
#[derive(Debug, Default)]
pub struct Host {
    /// Made in a user namespace rather than by root.
    pub user_namespace: bool,
    /// The root of the cgroup namespace is the arena's alone.
    pub own_group: bool,
    /// Names in [`TREES`], bound to the same names of a trial's root.
    pub trees: Vec<String>,
    /// Paths over which something is mounted in a trial.
    pub closed: Vec<String>,
    /// What could not be had, by name, for the arena's facts.
    pub missing: Vec<(String, String)>,
}

impl Host {
    /// Builds it and makes it the root of this process, whose mount
    /// namespace must be its own.
    ///
    /// # Errors
    /// With the step that failed.
    pub fn build(&mut self) -> Result<()> {
        self.closed = vec!["/proc".to_owned(), "/sys".to_owned()];
        mount_at(None, "/", None, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None)?;
        // Any directory of the host serves as the place of the new root.
        let root = Path::new("/tmp");
        mount_at(
            Some("arena"),
            "/tmp",
            Some("tmpfs"),
            MsFlags::empty(),
            Some(BASE_SIZE),
        )?;
        for name in [
            "base", "case", "trial", "trees", "dev", "proc", "sys", "old", "empty",
        ] {
            fs::create_dir(root.join(name))?;
        }
        self.carry_programs(root)?;
        self.fill_base(root)?;
        self.carry_devices(root)?;
        mount_at(
            Some("proc"),
            "/tmp/proc",
            Some("proc"),
            MsFlags::empty(),
            None,
        )
        .context(
            "an arena needs a whole /proc; inside a container start it with an unmasked one",
        )?;
        self.carry_sys();
        nix::unistd::pivot_root("/tmp", "/tmp/old").context("pivot_root(\"/tmp\")")?;
        nix::unistd::chdir("/")?;
        umount2("/old", MntFlags::MNT_DETACH).context("umount2(\"/old\", MNT_DETACH)")?;
        fs::remove_dir("/old")?;
        Ok(())
    }

    /// `/usr` and whatever else holds programs. As root, a bind mount could
    /// be made writable again by a trial that becomes root; an overlay
    /// without an upper layer cannot, and what lies beneath is out of reach.
    fn carry_programs(&mut self, root: &Path) -> Result<()> {
        for name in PROGRAMS {
            let there = Path::new("/").join(name);
            let Ok(found) = fs::symlink_metadata(&there) else {
                continue;
            };
            let in_base = root.join("base").join(name);
            if found.is_symlink() {
                symlink(fs::read_link(&there)?, in_base)?;
                continue;
            }
            fs::create_dir(in_base)?;
            let tree = root.join("trees").join(name);
            fs::create_dir(&tree)?;
            let tree = tree.display().to_string();
            if self.user_namespace {
                let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
                mount_at(there.to_str(), &tree, None, flags, None)?;
                make_read_only(&tree)?;
            } else {
                let layers = format!("lowerdir=/{name}:/tmp/empty");
                mount_at(
                    Some("overlay"),
                    &tree,
                    Some("overlay"),
                    MsFlags::MS_RDONLY,
                    Some(&layers),
                )?;
            }
            self.trees.push(name.to_owned());
            self.closed.push(format!("/{name}"));
        }
        Ok(())
    }

    fn fill_base(&mut self, root: &Path) -> Result<()> {
        let base = root.join("base");
        for (name, mode) in DIRECTORIES {
            let path = base.join(name);
            fs::create_dir(&path).with_context(|| format!("mkdir({name:?})"))?;
            fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
        }
        symlink("/run", base.join("var/run"))?;
        symlink("/run/lock", base.join("var/lock"))?;
        symlink("/proc/self/mounts", base.join("etc/mtab"))?;
        for name in COPIED {
            let from = Path::new("/").join(name);
            if let Err(error) = copy(&from, &base.join(name)) {
                self.missing
                    .push((from.display().to_string(), error.to_string()));
            }
        }
        for (name, text) in WRITTEN {
            fs::write(base.join(name), text)?;
        }
        Ok(())
    }

    fn carry_devices(&mut self, root: &Path) -> Result<()> {
        let dev = root.join("base/dev");
        for (name, major, minor) in DEVICES {
            let node = dev.join(name);
            if self.user_namespace {
                fs::write(&node, "")?;
                let place = root.join("dev").join(name);
                fs::write(&place, "")?;
                let from = Path::new("/dev").join(name);
                let flags = MsFlags::MS_BIND;
                mount_at(
                    from.to_str(),
                    &place.display().to_string(),
                    None,
                    flags,
                    None,
                )?;
            } else {
                mknod(
                    &node,
                    SFlag::S_IFCHR,
                    Mode::from_bits_truncate(0o666),
                    makedev(major.into(), minor.into()),
                )
                .with_context(|| format!("mknod(\"/dev/{name}\")"))?;
            }
        }
        symlink("pts/ptmx", dev.join("ptmx"))?;
        symlink("/proc/self/fd", dev.join("fd"))?;
        for (number, name) in ["stdin", "stdout", "stderr"].iter().enumerate() {
            symlink(format!("/proc/self/fd/{number}"), dev.join(name))?;
        }
        Ok(())
    }

    /// A fresh sysfs if possible, since it belongs to the arena's network
    /// namespace; and cgroup2, which container runtimes look for, unless root
    /// could change cgroups there that are not the arena's.
    fn carry_sys(&mut self) {
        let read_only = MsFlags::MS_RDONLY | MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
        let sys = mount_at(Some("sysfs"), "/tmp/sys", Some("sysfs"), read_only, None);
        let group = sys.and_then(|()| {
            if !self.user_namespace && !self.own_group {
                return Ok(());
            }
            let place = "/tmp/sys/fs/cgroup";
            mount_at(
                Some("cgroup2"),
                place,
                Some("cgroup2"),
                MsFlags::empty(),
                None,
            )
        });
        if let Err(error) = group {
            self.missing.push(("/sys".to_owned(), format!("{error:#}")));
        }
    }
}

/// mount(2) with an error that names the call.
///
/// # Errors
/// As mount(2).
pub fn mount_at(
    source: Option<&str>,
    target: &str,
    kind: Option<&str>,
    flags: MsFlags,
    data: Option<&str>,
) -> Result<()> {
    mount(source, target, kind, flags, data).map_err(|errno| {
        anyhow::anyhow!(
            "mount({:?}, {target:?}, {:?}, {flags:?}): {errno:?}",
            source.unwrap_or_default(),
            kind.unwrap_or_default()
        )
    })
}

/// Makes a bind mount read-only; flags that are locked stay as they are.
fn make_read_only(target: &str) -> Result<()> {
    let have = nix::sys::statvfs::statvfs(target)?.flags();
    let mut flags = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
    for (found, keep) in [
        (nix::sys::statvfs::FsFlags::ST_NOSUID, MsFlags::MS_NOSUID),
        (nix::sys::statvfs::FsFlags::ST_NODEV, MsFlags::MS_NODEV),
        (nix::sys::statvfs::FsFlags::ST_NOEXEC, MsFlags::MS_NOEXEC),
        (nix::sys::statvfs::FsFlags::ST_NOATIME, MsFlags::MS_NOATIME),
        (
            nix::sys::statvfs::FsFlags::ST_RELATIME,
            MsFlags::MS_RELATIME,
        ),
    ] {
        if have.contains(found) {
            flags |= keep;
        }
    }
    mount_at(None, target, None, flags, None)
}

/// Copies a file, a link or a directory with what is in it.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    let found = fs::symlink_metadata(from)?;
    if found.is_symlink() {
        symlink(fs::read_link(from)?, to)
    } else if found.is_dir() {
        if !to.exists() {
            fs::create_dir(to)?;
        }
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        Ok(())
    } else if found.file_type().is_fifo() || found.file_type().is_socket() {
        Ok(())
    } else {
        fs::write(to, fs::read(from)?)
    }
}
