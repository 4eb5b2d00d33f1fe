//! Steps between a launcher's check and its use of what it checked.

use std::ffi::CString;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};

use anyhow::{Context, Result, anyhow};
use nix::fcntl::{AT_FDCWD, OFlag, RenameFlags, renameat2};
use nix::sys::stat::Mode;
use sekisho_sys::arena::{Side, SingleThread};
use sekisho_trial::Step;

use crate::program::take_credentials;

/// The two FIFOs of a pausing launcher.
#[derive(Debug)]
pub struct Pause {
    reached: File,
    go: File,
    over: bool,
}

impl Pause {
    /// Makes the FIFOs in a directory, which is made when it is missing.
    ///
    /// # Errors
    /// As mkfifo(3) and open(2).
    pub fn new(directory: &str) -> Result<Self> {
        fs::create_dir_all(directory)?;
        fs::set_permissions(directory, fs::Permissions::from_mode(0o755))?;
        // For reading and writing: so neither side waits for the other's open,
        // and no end of file is seen when the launcher closes its end.
        let fifo = |name: &str| -> Result<File> {
            let path = format!("{directory}/{name}");
            nix::unistd::mkfifo(path.as_str(), Mode::from_bits_truncate(0o600))
                .with_context(|| format!("mkfifo({path:?})"))?;
            Ok(fs::OpenOptions::new()
                .read(true)
                .write(true)
                .custom_flags(OFlag::O_NONBLOCK.bits())
                .open(&path)?)
        };
        Ok(Self {
            reached: fifo("reached")?,
            go: fifo("go")?,
            over: false,
        })
    }

    /// Readable when the launcher has paused.
    #[must_use]
    pub fn reached(&self) -> BorrowedFd<'_> {
        self.reached.as_fd()
    }

    /// Whether the launcher has paused and was let go.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Does the steps with the given uid and gid and lets the launcher go on;
    /// gives the steps that failed.
    ///
    /// # Errors
    /// When no process can be made for them.
    pub fn pass(
        &mut self,
        single: &SingleThread,
        steps: &[Step],
        (uid, gid): (u32, u32),
    ) -> Result<Vec<String>> {
        let mut byte = [0];
        if self.reached.read(&mut byte).unwrap_or_default() == 0 {
            return Ok(Vec::new());
        }
        self.over = true;
        let failed = if steps.is_empty() {
            Vec::new()
        } else {
            in_child(single, steps, uid, gid)?
        };
        self.go
            .write_all(b"g")
            .context("cannot let the launcher go on")?;
        Ok(failed)
    }
}

/// A child, since a credential change cannot be undone.
fn in_child(single: &SingleThread, steps: &[Step], uid: u32, gid: u32) -> Result<Vec<String>> {
    let (told, tell) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
    if single.fork(0, None)? == Side::Child {
        let failed = match take_credentials(&[], uid, gid) {
            Ok(()) => steps
                .iter()
                .filter_map(|step| Some(format!("{step:?}: {:#}", act(step).err()?)))
                .collect(),
            Err(error) => vec![format!("{error:#}")],
        };
        let done = crate::frame::write(&mut File::from(tell), &failed);
        sekisho_sys::process::exit(i32::from(done.is_err()));
    }
    drop(tell);
    Ok(crate::frame::read(&mut File::from(told))?
        .unwrap_or_else(|| vec!["the process for the steps died".to_owned()]))
}

fn act(step: &Step) -> Result<()> {
    match step {
        Step::Exchange([one, other]) => rename(one, other, RenameFlags::RENAME_EXCHANGE),
        Step::Rename([from, to]) => rename(from, to, RenameFlags::empty()),
        Step::Symlink([to, at]) => Ok(symlink(to, at)?),
        Step::Remove(path) if fs::symlink_metadata(path)?.is_dir() => Ok(fs::remove_dir(path)?),
        Step::Remove(path) => Ok(fs::remove_file(path)?),
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
