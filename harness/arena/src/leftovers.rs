//! What a trial can leave behind although its processes and its root are
//! gone: what the kernel keeps for the arena, or for the whole machine.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::Result;
use nix::sys::statvfs::statvfs;

use crate::host::{BASE, TRIAL};

/// Settings of the machine that a trial's root could have written, and whose
/// change would reach beyond the arena.
const SETTINGS: [&str; 10] = [
    "fs/protected_hardlinks",
    "fs/protected_symlinks",
    "fs/suid_dumpable",
    "kernel/core_pattern",
    "kernel/kptr_restrict",
    "kernel/modprobe",
    "kernel/panic",
    "kernel/sysrq",
    "kernel/yama/ptrace_scope",
    "vm/overcommit_memory",
];

/// Where the arena's own cgroup is the root.
const GROUPS: &str = "/sys/fs/cgroup";

/// Cheap marks of the state that every trial must leave as it found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    mounts: Vec<u8>,
    sockets: usize,
    interfaces: usize,
    groups: Option<u64>,
    blocks_and_files: (u64, u64),
    settings: Vec<Option<Vec<u8>>>,
}

impl Marks {
    /// Reads them; cgroups only where those beneath the arena's are all its
    /// own (`own_group`): others come and go as other processes please.
    ///
    /// # Errors
    /// When the worker's own `/proc` cannot be read.
    pub fn read(own_group: bool) -> Result<Self> {
        let space = statvfs("/")?;
        Ok(Self {
            mounts: fs::read("/proc/self/mountinfo")?,
            sockets: lines("/proc/net/unix"),
            interfaces: lines("/proc/net/dev"),
            // A directory has two links and one for each directory in it.
            groups: match own_group {
                true => Some(fs::metadata(GROUPS)?.nlink()),
                false => None,
            },
            blocks_and_files: (space.blocks_free(), space.files_free()),
            settings: SETTINGS
                .iter()
                .map(|name| fs::read(Path::new("/proc/sys").join(name)).ok())
                .collect(),
        })
    }

    /// What differs from these marks now, in words.
    #[must_use]
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let mut found = Vec::new();
        if self.mounts != now.mounts {
            found.push("the worker's mounts changed".to_owned());
        }
        if self.sockets != now.sockets {
            let (before, after) = (self.sockets, now.sockets);
            found.push(format!("unix sockets: {before} before, {after} after"));
        }
        if self.interfaces != now.interfaces {
            let (before, after) = (self.interfaces, now.interfaces);
            found.push(format!(
                "network interfaces: {before} before, {after} after"
            ));
        }
        if let (Some(before), Some(after)) = (self.groups, now.groups)
            && before != after
        {
            found.push(format!("cgroups: {before} before, {after} after"));
        }
        if self.blocks_and_files != now.blocks_and_files {
            found.push("files of the arena's base or case changed".to_owned());
        }
        for (name, (before, after)) in SETTINGS.iter().zip(self.settings.iter().zip(&now.settings))
        {
            if before != after {
                found.push(format!("/proc/sys/{name} changed"));
            }
        }
        found
    }

    /// Puts back what can be put back.
    pub fn restore(&self, now: &Self) {
        for (name, (before, after)) in SETTINGS.iter().zip(self.settings.iter().zip(&now.settings))
        {
            if let (Some(before), true) = (before, before != after) {
                // Not being able to is a leftover at the end of the arena.
                let _ = fs::write(Path::new("/proc/sys").join(name), before);
            }
        }
        if self.groups != now.groups {
            remove_groups(Path::new(GROUPS));
        }
    }
}

/// Takes away those of the named cgroups beneath the arena's that are there and
/// empty; gives their names.
#[must_use]
pub fn clear_groups(names: &[String]) -> Vec<String> {
    let removed = |name: &&String| {
        let plain = !name.is_empty() && !name.contains('/') && !name.starts_with("..");
        plain && fs::remove_dir(Path::new(GROUPS).join(name)).is_ok()
    };
    names.iter().filter(removed).cloned().collect()
}

fn lines(path: &str) -> usize {
    fs::read(path).map_or(0, |text| text.iter().filter(|byte| **byte == b'\n').count())
}

fn remove_groups(above: &Path) {
    for entry in fs::read_dir(above).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_groups(&entry.path());
            // Still counted afterwards when it cannot be removed.
            let _ = fs::remove_dir(entry.path());
        }
    }
}

/// Everything in the base by path, with what changes when it is changed.
pub type Inventory = BTreeMap<String, (u32, u32, u32, u64, i64, i64)>;

/// Takes the inventory of the base.
#[must_use]
pub fn inventory() -> Inventory {
    fn walk(path: &Path, all: &mut Inventory) {
        let Ok(found) = fs::symlink_metadata(path) else {
            return;
        };
        all.insert(
            path.display().to_string(),
            (
                found.mode(),
                found.uid(),
                found.gid(),
                found.size(),
                found.ctime(),
                found.ctime_nsec(),
            ),
        );
        if found.is_dir() {
            for entry in fs::read_dir(path).into_iter().flatten().flatten() {
                walk(&entry.path(), all);
            }
        }
    }
    let mut all = Inventory::new();
    walk(Path::new(BASE), &mut all);
    all
}

/// The thorough look at the end of an arena.
#[must_use]
pub fn thorough(base: &Inventory) -> Vec<String> {
    let mut found = Vec::new();
    let now = inventory();
    let changed = base
        .iter()
        .filter(|(path, was)| now.get(*path) != Some(was))
        .map(|(path, _)| path);
    let added = now.keys().filter(|path| !base.contains_key(*path));
    for path in changed.chain(added) {
        found.push(format!("changed in the arena's base: {path}"));
    }
    let processes = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| *pid != 1);
    found.extend(processes.map(|pid| format!("process {pid} still runs in the arena")));
    if fs::read_dir(TRIAL).is_ok_and(|mut entries| entries.next().is_some()) {
        found.push(format!("{TRIAL} of the arena is not empty"));
    }
    found
}
