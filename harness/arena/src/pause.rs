//! The pause between a launcher's check and its use of what it checked.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};

use anyhow::{Context, Result};
use nix::fcntl::OFlag;
use nix::sys::stat::Mode;

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

    /// Takes the launcher's word that it has paused; whether there was one.
    pub fn is_reached(&mut self) -> bool {
        self.reached.read(&mut [0]).unwrap_or_default() > 0
    }

    /// Lets the launcher go on.
    ///
    /// # Errors
    /// As write(2).
    pub fn let_go(&mut self) -> Result<()> {
        self.over = true;
        self.go
            .write_all(b"g")
            .context("cannot let the launcher go on")
    }
}
