//! Base, bundle and configuration.

use alloc::format;
use alloc::vec::Vec;

use sekisho_sys::fd::{AsRawFd, OwnedFd};

use sekisho_rules::Policy;
use sekisho_rules::evidence::Links;
use sekisho_sys::{Errno, Error, Result, file, open};

use super::{Located, join, open_noting_links};
use crate::access::{self, Viewer};
use crate::config::{self, Config};
use crate::settings::Resolution;
use crate::stop::Stop;

/// A bundle with its configuration.
#[derive(Debug)]
pub struct Bundle {
    /// The reference.
    pub text: Vec<u8>,
    /// The directory that bundles must lie in.
    pub base: OwnedFd,
    /// The bundle directory.
    pub place: Located,
    /// Links on the way to it, where they are known already.
    pub links: Option<Links>,
    /// `config.json`.
    pub config_file: Located,
    /// Links on the way to that.
    pub config_links: Option<Links>,
    /// What it says.
    pub config: Config,
}

impl Bundle {
    /// Opens base and bundle and reads the configuration. What is wrong with
    /// a file is told in detail only when the caller could look at it too.
    pub fn open(
        reference: Option<&[u8]>,
        policy: &Policy,
        resolution: Resolution,
        caller: &Viewer,
    ) -> core::result::Result<Self, Stop> {
        let directory = open::O_PATH | open::O_DIRECTORY;
        let base = open::openat2(open::AT_FDCWD, policy.base.as_bytes(), directory, 0).map_err(
            |error| Stop::Misconfigured(format!("base: {error}; make it or change the policy")),
        )?;
        let path = match reference {
            Some(reference) => join(policy.base.as_bytes(), reference),
            // Outside the root, or gone: it has no name.
            None => file::current_directory()
                .ok()
                .filter(|path| path.starts_with(b"/"))
                .unwrap_or_default(),
        };
        let (dir, name) = match reference {
            Some(reference) => (base.as_raw_fd(), reference),
            None => (open::AT_FDCWD, &b"."[..]),
        };
        let config_path = join(&path, b"config.json");
        let (place, links, config_file, config_links) = match resolution {
            Resolution::ByDescriptor => {
                let (fd, links) = open_noting_links(dir, name, directory, 0)
                    .map_err(|error| unusable("bundle", &error, &path, caller))?;
                let (found, config_links) =
                    open_noting_links(fd.as_raw_fd(), b"config.json", open::O_PATH, 0)
                        .map_err(|error| unusable("config.json", &error, &config_path, caller))?;
                let config = regular(&found)
                    .map_err(|error| unusable("config.json", &error, &config_path, caller))?;
                (Some(fd), Some(links), Some(config), Some(config_links))
            }
            Resolution::ByPath => (None, None, None, None),
        };
        let mut bundle = Self {
            text: reference.unwrap_or(b".").to_vec(),
            base,
            place: Located::new(path, place, true),
            links,
            config_file: Located::new(config_path, config_file, true),
            config_links,
            config: Config::default(),
        };
        bundle.read_config(caller)?;
        Ok(bundle)
    }

    /// Reads the configuration (again: by path that may be another one).
    pub fn read_config(&mut self, caller: &Viewer) -> core::result::Result<(), Stop> {
        let path = &self.config_file.path;
        let text = self
            .config_file
            .content(config::LIMIT)
            .map_err(|error| unusable("config.json", &error, path, caller))?;
        self.config = Config::parse(&text).map_err(|error| {
            let told = may_read(path, caller);
            let detail = if told {
                error.as_str()
            } else {
                "details withheld"
            };
            Stop::Unusable(format!(
                "config.json: {detail}; write an OCI runtime configuration"
            ))
        })?;
        Ok(())
    }
}

impl Located {
    /// What is read from the readable descriptor that is held, once, or from
    /// one opened by path now.
    fn content(&self, limit: usize) -> Result<Vec<u8>> {
        match &self.fd {
            Some(fd) => open::read_rest(fd.as_raw_fd(), limit),
            None => {
                let found = open::openat2(open::AT_FDCWD, &self.path, open::O_PATH, 0)?;
                open::read_rest(regular(&found)?.as_raw_fd(), limit)
            }
        }
    }
}

/// The file, readable. Opening is not harmless for everything that has a name: a
/// FIFO is emptied, a tape wound, a watchdog set. So nothing is opened for reading
/// before it is known to be a regular file.
fn regular(found: &OwnedFd) -> Result<OwnedFd> {
    let fd = found.as_raw_fd();
    match file::fstat(fd)?.kind() {
        file::S_IFREG => open::reopen(fd, open::O_RDONLY | open::O_NONBLOCK | open::O_NOCTTY),
        // What read(2) says of one.
        file::S_IFDIR => Err(Error::new("a directory", Errno::EISDIR)),
        _ => Err(Error::new("no regular file", Errno::EINVAL)),
    }
}

/// Whether the caller itself could read the file.
fn may_read(path: &[u8], caller: &Viewer) -> bool {
    let flags = open::O_RDONLY | open::O_NONBLOCK;
    let read = access::with(caller, || {
        open::openat2(open::AT_FDCWD, path, flags, 0).is_ok()
    });
    read.unwrap_or(false)
}

/// The error as it is when the caller would have got the very same one.
fn unusable(what: &str, error: &Error, path: &[u8], caller: &Viewer) -> Stop {
    let own = access::with(caller, || {
        open::openat2(open::AT_FDCWD, path, open::O_PATH, 0)
    });
    let same = match own {
        Ok(Err(own)) => own.errno == error.errno,
        Ok(Ok(_)) => true,
        Err(_) => false,
    };
    Stop::Unusable(if same {
        format!("{what}: {error}")
    } else {
        format!("{what}: cannot be opened, details withheld")
    })
}
