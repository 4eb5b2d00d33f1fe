//! What a trial did to its host: the mount table, the tree and the System V
//! objects of the trial's own namespaces, right before the launcher is started
//! and after everything has ended.
//!
//! Everything is read through descriptors that were opened before anything of
//! the trial ran: a trial that covers `/proc` or changes the root cannot blind
//! it. The tree is the upper layer of the trial's root, since only that can hold
//! changes.

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use anyhow::{Context, Result};
use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, openat, readlinkat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstatat, major, minor};
use sekisho_trial::{Change, Entry, EntryKind, HostChange};

/// The tables of System V objects, each with one line of heads.
const SYSTEM_V: [&str; 3] = [
    "/proc/sysvipc/msg",
    "/proc/sysvipc/sem",
    "/proc/sysvipc/shm",
];

/// Most changes that are told of one trial; more say the same.
const MOST_CHANGES: usize = 64;

/// What is looked through.
#[derive(Debug)]
pub struct Sight {
    mounts: File,
    system_v: Vec<(&'static str, File)>,
    upper: OwnedFd,
    /// Layers below the upper one, to tell what is new from what was changed.
    below: Vec<OwnedFd>,
}

/// The state at one moment.
#[derive(Debug, PartialEq, Eq)]
pub struct State {
    mounts: Vec<String>,
    system_v: Vec<Vec<u8>>,
    tree: BTreeMap<String, Entry>,
}

impl Sight {
    /// Opens the layers; before the trial's root is entered, from where they
    /// cannot be reached.
    ///
    /// # Errors
    /// As open(2).
    pub fn layers(upper: &str, below: &[&str]) -> Result<(OwnedFd, Vec<OwnedFd>)> {
        let directory = |path: &str| -> Result<OwnedFd> {
            let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
            open(path, flags, Mode::empty()).with_context(|| format!("open({path:?})"))
        };
        let below = below
            .iter()
            .map(|path| directory(path))
            .collect::<Result<_>>()?;
        Ok((directory(upper)?, below))
    }

    /// Opens the rest; in the trial's root, before anything runs there.
    ///
    /// # Errors
    /// When the trial's `/proc` cannot be read.
    pub fn new((upper, below): (OwnedFd, Vec<OwnedFd>)) -> Result<Self> {
        let system_v = SYSTEM_V
            .into_iter()
            // A kernel without them has no such objects either.
            .filter_map(|path| Some((path, File::open(path).ok()?)));
        Ok(Self {
            mounts: File::open("/proc/self/mountinfo").context("/proc/self/mountinfo")?,
            system_v: system_v.collect(),
            upper,
            below,
        })
    }

    /// Looks.
    ///
    /// # Errors
    /// When what was opened cannot be read.
    pub fn look(&mut self) -> Result<State> {
        let mounts = again(&mut self.mounts)?;
        let system_v = self.system_v.iter_mut().map(|(_, file)| again(file));
        let mut tree = BTreeMap::new();
        walk(self.upper.as_fd(), "", &mut tree)?;
        Ok(State {
            mounts: String::from_utf8_lossy(&mounts)
                .lines()
                .map(mount_line)
                .collect(),
            system_v: system_v.collect::<Result<_>>()?,
            tree,
        })
    }

    /// What is not as it was.
    #[must_use]
    pub fn changes(&self, before: &State, after: &State) -> Vec<HostChange> {
        let mut found = Vec::new();
        let added = less(&after.mounts, &before.mounts);
        found.extend(added.map(|line| HostChange::MountAdded(line.to_owned())));
        let removed = less(&before.mounts, &after.mounts);
        found.extend(removed.map(|line| HostChange::MountRemoved(line.to_owned())));
        let objects = before.system_v.iter().zip(&after.system_v);
        for ((path, _), (before, after)) in self.system_v.iter().zip(objects) {
            if before != after {
                found.push(HostChange::SystemV((*path).to_owned()));
            }
        }
        for (path, entry) in &after.tree {
            match before.tree.get(path) {
                Some(was) if was == entry => {}
                Some(_) => found.push(told(path, Change::Changed, entry)),
                None if entry.kind == EntryKind::Whiteout => {
                    found.push(told(path, Change::Removed, entry));
                }
                None if self.is_below(path) => found.push(told(path, Change::Changed, entry)),
                None => found.push(told(path, Change::Added, entry)),
            }
        }
        let gone = before
            .tree
            .iter()
            .filter(|(path, _)| !after.tree.contains_key(*path));
        found.extend(gone.map(|(path, entry)| told(path, Change::Removed, entry)));
        found.truncate(MOST_CHANGES);
        found
    }

    /// Whether a lower layer has something at this path.
    fn is_below(&self, path: &str) -> bool {
        let relative = path.trim_start_matches('/');
        self.below
            .iter()
            .any(|layer| fstatat(layer, relative, AtFlags::AT_SYMLINK_NOFOLLOW).is_ok())
    }
}

fn told(path: &str, change: Change, entry: &Entry) -> HostChange {
    HostChange::Tree(path.to_owned(), change, entry.clone())
}

/// Reads a file of /proc from its beginning.
fn again(file: &mut File) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A line of mountinfo (proc_pid_mountinfo(5)) without numbers and peer groups:
/// place, root of the filesystem, options, kind, source.
fn mount_line(line: &str) -> String {
    let (mount, filesystem) = line.split_once(" - ").unwrap_or((line, ""));
    let fields: Vec<_> = mount.split(' ').collect();
    let field = |at: usize| fields.get(at).copied().unwrap_or_default();
    format!("{} {} {} {filesystem}", field(4), field(3), field(5))
}

/// Lines of the first list that the second has not, as often as they are missing.
fn less<'a>(list: &'a [String], from: &'a [String]) -> impl Iterator<Item = &'a str> {
    let mut left: BTreeMap<&str, usize> = BTreeMap::new();
    for line in from {
        *left.entry(line).or_default() += 1;
    }
    let lines = list.iter().map(String::as_str);
    lines.filter(move |line| match left.get_mut(line) {
        Some(n) if *n > 0 => {
            *n -= 1;
            false
        }
        _ => true,
    })
}

/// Every entry beneath a directory, by path from `/`.
fn walk(directory: BorrowedFd<'_>, above: &str, tree: &mut BTreeMap<String, Entry>) -> Result<()> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW;
    let opened = openat(directory, c".", flags, Mode::empty())?;
    let mut listed = Dir::from_fd(opened)?;
    let names: Vec<_> = listed
        .iter()
        .filter_map(|entry| Some(entry.ok()?.file_name().to_owned()))
        .filter(|name| !matches!(name.to_bytes(), b"." | b".."))
        .collect();
    for name in names {
        let path = format!("{above}/{}", name.to_string_lossy());
        let stat = match fstatat(&listed, name.as_c_str(), AtFlags::AT_SYMLINK_NOFOLLOW) {
            Err(Errno::ENOENT) => continue,
            stat => stat?,
        };
        let entry = entry(&listed, &name, &stat);
        let is_directory = entry.kind == EntryKind::Directory;
        tree.insert(path.clone(), entry);
        if is_directory {
            let inside = openat(&listed, name.as_c_str(), flags, Mode::empty())?;
            walk(inside.as_fd(), &path, tree)?;
        }
    }
    Ok(())
}

fn entry(directory: &Dir, name: &CStr, stat: &FileStat) -> Entry {
    let format = SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits());
    let device = (
        u32::try_from(major(stat.st_rdev)).unwrap_or_default(),
        u32::try_from(minor(stat.st_rdev)).unwrap_or_default(),
    );
    let kind = match format {
        SFlag::S_IFDIR => EntryKind::Directory,
        SFlag::S_IFLNK => {
            let target = readlinkat(directory, name).unwrap_or_default();
            EntryKind::Link(target.to_string_lossy().into_owned())
        }
        // How an overlay says that a name was removed.
        SFlag::S_IFCHR if device == (0, 0) => EntryKind::Whiteout,
        SFlag::S_IFCHR => EntryKind::CharacterDevice(device.0, device.1),
        SFlag::S_IFBLK => EntryKind::BlockDevice(device.0, device.1),
        SFlag::S_IFIFO => EntryKind::Fifo,
        SFlag::S_IFSOCK => EntryKind::Socket,
        _ => EntryKind::File {
            size: u64::try_from(stat.st_size).unwrap_or_default(),
            modified_ns: stat
                .st_mtime
                .saturating_mul(1_000_000_000)
                .saturating_add(stat.st_mtime_nsec),
        },
    };
    Entry {
        uid: stat.st_uid,
        gid: stat.st_gid,
        mode: stat.st_mode & 0o7777,
        kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_mount_table_keeps_what_does_not_change_by_itself() {
        let line = "36 35 98:0 /mnt1 /mnt2 rw,noatime shared:7 master:1 - ext3 /dev/root rw";
        assert_eq!(mount_line(line), "/mnt2 /mnt1 rw,noatime ext3 /dev/root rw");
        let other = line.replace("36 35", "40 41").replace("shared:7 ", "");
        assert_eq!(mount_line(&other), mount_line(line));
    }

    #[test]
    fn lines_are_told_as_often_as_they_are_missing() {
        let list = |words: &[&str]| {
            words
                .iter()
                .map(|word| (*word).to_owned())
                .collect::<Vec<_>>()
        };
        let (one, other) = (list(&["a", "b", "b"]), list(&["b"]));
        assert_eq!(less(&one, &other).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(less(&other, &one).count(), 0);
    }

    #[test]
    fn every_kind_of_change_of_a_tree_is_seen() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        for name in ["upper", "upper/d", "below"] {
            std::fs::create_dir(at(name)).unwrap();
        }
        for name in ["upper/d/old", "upper/gone", "below/lower"] {
            std::fs::write(at(name), "x").unwrap();
        }
        let path = |name: &str| at(name).to_str().unwrap().to_owned();
        let layers = Sight::layers(&path("upper"), &[&path("below")]).unwrap();
        let mut sight = Sight::new(layers).unwrap();
        let before = sight.look().unwrap();
        let same = sight.look().unwrap();
        assert_eq!(sight.changes(&before, &same), []);
        std::fs::write(at("upper/d/old"), "longer").unwrap();
        std::fs::remove_file(at("upper/gone")).unwrap();
        symlink("/etc", at("upper/link")).unwrap();
        std::fs::write(at("upper/lower"), "x").unwrap();
        std::fs::set_permissions(at("upper/d"), std::fs::Permissions::from_mode(0o700)).unwrap();
        let after = sight.look().unwrap();
        let told: Vec<_> = sight
            .changes(&before, &after)
            .into_iter()
            .map(|change| match change {
                HostChange::Tree(path, change, _) => (path, change),
                other => panic!("{other:?}"),
            })
            .collect();
        let expected = [
            ("/d", Change::Changed),
            ("/d/old", Change::Changed),
            ("/link", Change::Added),
            ("/lower", Change::Changed),
            ("/gone", Change::Removed),
        ];
        assert_eq!(
            told,
            expected.map(|(path, change)| (path.to_owned(), change))
        );
    }
}
