//! What principals do, each in a process with his own ids and without
//! capabilities (root's deeds keep them): the kernel judges every step.

use std::ffi::CString;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _, lchown};
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use nix::fcntl::{AT_FDCWD, OFlag, RenameFlags, renameat2};
use nix::sys::stat::{Mode, SFlag, makedev, mknod};
use nix::unistd::Gid;
use sekisho_sys::arena::Side;
use sekisho_trial::{Action, Content, Deed, Made, Step};

use crate::layer::{Fresh, Named, replaced};
use crate::program::take_credentials;
use crate::protocol::Trial;
use crate::root::with_fresh;
use crate::supervise::Place;

/// Does the deeds in order and gives those that failed, by number from 0, with
/// the reason. A deed that fails does not keep the next from being tried.
///
/// # Errors
/// When no process can be made for them.
pub fn perform(place: &Place, deeds: &[Deed], trial: &Trial) -> Result<Vec<(u32, String)>> {
    let mut failed = Vec::new();
    let mut number = 0;
    for run in deeds.chunk_by(|a, b| (a.uid, a.gid, &a.groups) == (b.uid, b.gid, &b.groups)) {
        for (at, why) in in_child(place, run, trial)? {
            failed.push((number + at, why));
        }
        number += u32::try_from(run.len())?;
    }
    Ok(failed)
}

/// A child for deeds of one principal, since a credential change cannot be
/// undone.
fn in_child(place: &Place, deeds: &[Deed], trial: &Trial) -> Result<Vec<(u32, String)>> {
    let (told, tell) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
    if place.single.fork(0, None)? == Side::Child {
        let failed = with_fresh(place, trial, |fresh| {
            let mut failed = Vec::new();
            let identity = deeds.first().map_or(Ok(()), identity);
            for (number, deed) in (0..).zip(deeds) {
                let done = match &identity {
                    Ok(()) => act(&deed.action, place.named, fresh),
                    Err(error) => Err(anyhow!("{error:#}")),
                };
                if let Err(error) = done {
                    failed.push((number, format!("{}: {error:#}", deed.action)));
                }
            }
            Ok(failed)
        });
        let failed = failed.map_err(|error| format!("{error:#}"));
        let done = crate::frame::write(&mut File::from(tell), &failed);
        sekisho_sys::process::exit(i32::from(done.is_err()));
    }
    drop(tell);
    let answer: Option<Result<_, String>> = crate::frame::read(&mut File::from(told))?;
    answer
        .context("the process of a principal died")?
        .map_err(|error| anyhow!("{error}"))
}

fn identity(deed: &Deed) -> Result<()> {
    let groups: Vec<_> = deed.groups.iter().map(|gid| Gid::from_raw(*gid)).collect();
    nix::sys::stat::umask(Mode::from_bits_truncate(0o022));
    match (deed.uid, deed.gid) {
        (0, 0) if groups.is_empty() => Ok(()),
        (uid, gid) => take_credentials(&groups, uid, gid),
    }
}

fn act(action: &Action, named: &Named, fresh: &Fresh<'_>) -> Result<()> {
    match action {
        Action::Make(made) => make(made, named, fresh),
        Action::Remove(path) => remove(path),
        Action::Step(step) => do_step(step),
    }
}

fn make(made: &Made, named: &Named, fresh: &Fresh<'_>) -> Result<()> {
    let path = Path::new(&made.path);
    if let (Some(_), Some(parent)) = (&made.content, path.parent()) {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(parent)
            .with_context(|| format!("mkdir({parent:?})"))?;
    }
    match &made.content {
        None => {}
        Some(Content::Directory) if path.is_dir() => {}
        Some(Content::Directory) => fs::create_dir(path).context("mkdir()")?,
        Some(Content::Symlink(to)) => {
            std::os::unix::fs::symlink(to, path).context("symlink()")?;
        }
        Some(Content::Hardlink(to)) => fs::hard_link(to, path).context("link()")?,
        Some(Content::Fifo) => nix::unistd::mkfifo(path, Mode::from_bits_truncate(0o644))?,
        Some(Content::Device {
            block,
            major,
            minor,
        }) => {
            let kind = match block {
                true => SFlag::S_IFBLK,
                false => SFlag::S_IFCHR,
            };
            let device = makedev((*major).into(), (*minor).into());
            mknod(path, kind, Mode::from_bits_truncate(0o600), device).context("mknod()")?;
        }
        Some(Content::Probe) => write(path, &named.probe)?,
        Some(Content::Preload) => write(path, &named.preload)?,
        Some(Content::Bytes(bytes)) => write(path, bytes)?,
        Some(Content::Template(bytes)) => write(path, &replaced(bytes, fresh.nonce))?,
        Some(Content::Sheet { place }) => write(path, &(fresh.sheet)(place))?,
    }
    // Owner first: changing it takes away setuid bits and file capabilities.
    if let Some((uid, gid)) = made.owner {
        lchown(path, Some(uid), Some(gid)).with_context(|| format!("lchown({uid}, {gid})"))?;
    }
    if let Some(mode) = made.mode {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
            .with_context(|| format!("chmod({mode:04o})"))?;
    }
    for (name, value) in &made.xattrs {
        let path = CString::new(made.path.as_str())?;
        sekisho_sys::arena::set_attribute(&path, name, value)?;
    }
    Ok(())
}

/// In place where there is a file: its owner and mode stay.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o644)
        .custom_flags(OFlag::O_NOFOLLOW.bits())
        .open(path)
        .context("open() for writing")?;
    Ok(file.write_all(bytes)?)
}

fn remove(path: &str) -> Result<()> {
    let found = fs::symlink_metadata(path).context("lstat()")?;
    match found.is_dir() {
        true => fs::remove_dir_all(path).context("remove the directory"),
        false => fs::remove_file(path).context("unlink()"),
    }
}

fn do_step(step: &Step) -> Result<()> {
    match step {
        Step::Exchange([one, other]) => rename(one, other, RenameFlags::RENAME_EXCHANGE),
        Step::Rename([from, to]) => rename(from, to, RenameFlags::empty()),
        Step::Symlink([to, at]) => Ok(std::os::unix::fs::symlink(to, at)?),
        Step::Remove(path) => remove(path),
        Step::Write([path, text]) => {
            let mut file = fs::OpenOptions::new()
                .write(true)
                .truncate(true)
                .open(path)?;
            Ok(file.write_all(text.as_bytes())?)
        }
    }
}

fn rename(from: &str, to: &str, flags: RenameFlags) -> Result<()> {
    let (from, to) = (CString::new(from)?, CString::new(to)?);
    renameat2(AT_FDCWD, from.as_c_str(), AT_FDCWD, to.as_c_str(), flags)
        .map_err(|errno| anyhow!("renameat2(): {errno:?}"))
}
