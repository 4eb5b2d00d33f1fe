//! Cold and warm caches: the same start from files on a disk, read from memory
//! or not.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
use nix::mount::{MsFlags, mount};
use sekisho_benches::rounds;
use sekisho_benches::stage;
use sekisho_benches::subjects::{floor, launcher};
use sekisho_benches::world::FIVE;

use super::Bench;

pub fn run(bench: &mut Bench<'_>) -> Result<()> {
    let Some(scratch) = stage::scratch() else {
        bench.about.skip("caches", "", "no scratch directory");
        return Ok(());
    };
    // /srv is a tmpfs, which is never cold: go on with a copy on a disk.
    fs::create_dir_all(&scratch).with_context(|| format!("mkdir {}", scratch.display()))?;
    // Setuid programs lie in it: for root only.
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    fs::set_permissions(&scratch, mode).context("chmod the scratch directory")?;
    let copy = scratch.join("srv");
    let copied = Command::new("cp").args(["-a", "/srv"]).arg(&copy).status();
    ensure!(copied.context("run cp")?.success(), "cp -a /srv failed");
    let none = None::<&str>;
    mount(Some(&copy), "/srv", none, MsFlags::MS_BIND, none).context("bind /srv")?;
    println!("starts with cold and warm caches");
    let drop_caches = bench.options.drop_caches;
    bench.about.method(
        "caches",
        match drop_caches {
            true => "cold: page, dentry and inode caches of the machine dropped before",
            false => {
                "cold: pages of launcher, bundle and init dropped with posix_fadvise(2); \
                      names and inodes stay cached"
            }
        },
    );
    let mut subjects = Vec::new();
    for cold in [false, true] {
        for mut subject in [
            floor(&FIVE)?,
            launcher("none", "none", &FIVE)?,
            launcher("all", "all", &FIVE)?,
        ] {
            subject.varied = (
                "cache".to_owned(),
                if cold { "cold" } else { "warm" }.to_owned(),
            );
            let mut before = subject.before;
            subject.before = Box::new(move || {
                before()?;
                match (cold, drop_caches) {
                    (false, _) => Ok(()),
                    (true, false) => evict(Path::new("/srv")),
                    (true, true) => drop_all(),
                }
            });
            subjects.push(subject);
        }
    }
    let method = bench.method("caches", (5, 30), 50, 5);
    rounds::take(
        "caches",
        &mut subjects,
        method,
        &mut bench.random,
        &bench.watchdog,
        bench.sheet,
    )
}

/// Drops the pages of every file beneath a directory.
fn evict(directory: &Path) -> Result<()> {
    for entry in fs::read_dir(directory)?.flatten() {
        let kind = entry.file_type()?;
        if kind.is_dir() {
            evict(&entry.path())?;
        } else if kind.is_file() {
            let file = File::open(entry.path())?;
            file.sync_all()?;
            posix_fadvise(&file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED)?;
        }
    }
    Ok(())
}

fn drop_all() -> Result<()> {
    nix::unistd::sync();
    fs::write("/proc/sys/vm/drop_caches", "3").context("drop caches")
}
