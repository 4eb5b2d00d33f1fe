//! The arena's own cgroup, as root: what trials make lies beneath it, since
//! the arena's cgroup namespace begins there; and which device nodes they can
//! open is decided there, since root in an arena can make any.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::{UnlinkatFlags, unlinkat};
use sekisho_sys::arena_devices;

/// Beginning of the names of arenas' cgroups; the guard's pid follows.
const NAME: &str = "sekisho-arena-";

/// Most attempts to move into an own cgroup.
const MOST_TRIES: u32 = 10;

/// The arena's cgroup, seen from the cgroup above, which stays reachable when
/// the host's files no longer are.
#[derive(Debug)]
pub struct Group {
    above: OwnedFd,
    name: String,
    /// Why trials could open any device node that they make, if they could.
    pub without_filter: Option<String>,
}

impl Group {
    /// Makes it beneath the own cgroup and moves this process there. Removes
    /// those of arenas whose guard was killed.
    ///
    /// # Errors
    /// When there is no cgroup2 that this process may use.
    pub fn enter() -> Result<Self> {
        let above = own_directory()?;
        remove_orphans(&above);
        let mut tries = 1;
        loop {
            match Self::make(&above) {
                // A runner in another pid namespace sees no process of this
                // id, and may take a group that is still empty for an orphan.
                Err(error) if tries < MOST_TRIES && is_gone(&error) => tries += 1,
                made => return made,
            }
        }
    }

    fn make(above: &Path) -> Result<Self> {
        let pid = std::process::id();
        let name = format!("{NAME}{pid}");
        let own = above.join(&name);
        match fs::create_dir(&own) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            made => made,
        }
        .with_context(|| format!("cannot make {own:?}"))?;
        let directory = |path: &Path| {
            fs::OpenOptions::new()
                .read(true)
                .custom_flags(OFlag::O_DIRECTORY.bits())
                .open(path)
        };
        let group = Self {
            above: directory(above)?.into(),
            name,
            without_filter: arena_devices::restrict(
                directory(&own)
                    .with_context(|| format!("cannot open {own:?}"))?
                    .as_fd(),
            )
            .err()
            .map(|error| error.to_string()),
        };
        let moved = fs::write(own.join("cgroup.procs"), pid.to_string());
        moved.with_context(|| format!("cannot move to {own:?}"))?;
        Ok(group)
    }

    /// Moves this process back and removes the cgroup.
    ///
    /// # Errors
    /// When something is left in it.
    pub fn leave(&self) -> Result<()> {
        let processes = nix::fcntl::openat(
            &self.above,
            "cgroup.procs",
            OFlag::O_WRONLY | OFlag::O_CLOEXEC,
            nix::sys::stat::Mode::empty(),
        )?;
        // 0 stands for the writer, whatever its id is here.
        File::from(processes).write_all(b"0")?;
        match unlinkat(&self.above, self.name.as_str(), UnlinkatFlags::RemoveDir) {
            // A runner in another pid namespace may have removed it since the
            // line above emptied it.
            Err(Errno::ENOENT) => Ok(()),
            removed => removed.with_context(|| format!("cannot remove the cgroup {}", self.name)),
        }
    }
}

/// Removes the cgroups of guards that are no more. Those of others that were
/// just made have no process in them yet, so the kernel would not refuse.
fn remove_orphans(above: &Path) {
    for entry in fs::read_dir(above).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let guard = name.to_str().and_then(|name| name.strip_prefix(NAME));
        if guard.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            let _ = fs::remove_dir(entry.path());
        }
    }
}

fn is_gone(error: &anyhow::Error) -> bool {
    let cause = error.downcast_ref::<std::io::Error>();
    // Writing into the file of a removed cgroup is ENODEV.
    cause.is_some_and(|error| {
        error.kind() == ErrorKind::NotFound || error.raw_os_error() == Some(nix::libc::ENODEV)
    })
}

/// Where the own cgroup lies.
fn own_directory() -> Result<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo")?;
    let groups = fs::read_to_string("/proc/self/cgroup")?;
    find(&mounts, &groups).context("no cgroup2 is mounted")
}

fn find(mounts: &str, groups: &str) -> Option<PathBuf> {
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let mount = mounts.lines().find_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        let place = left.split(' ').nth(4)?;
        right.starts_with("cgroup2 ").then_some(place)
    })?;
    Some(Path::new(mount).join(own))
}

#[cfg(test)]
mod tests {
    use super::find;
    use std::path::Path;

    #[test]
    fn the_own_group_is_found_in_mixed_and_unified_layouts() {
        let mixed = "38 31 0:29 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n\
                     41 31 0:38 / /sys/fs/cgroup/unified rw shared:1 - cgroup2 cgroup2 rw\n";
        let found = find(mixed, "1:pids:/x\n0::/a/b\n");
        assert_eq!(
            found.as_deref(),
            Some(Path::new("/sys/fs/cgroup/unified/a/b"))
        );
        let unified = "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        let found = find(unified, "0::/\n");
        assert_eq!(found.as_deref(), Some(Path::new("/sys/fs/cgroup/")));
    }

    #[test]
    fn without_cgroup2_there_is_none() {
        let old = "38 31 0:29 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n";
        assert_eq!(find(old, "1:pids:/x\n"), None);
    }
}
