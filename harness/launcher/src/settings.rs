//! What an installed launcher is set to: fixed at build time or read from
//! files of root, never from the request.

use alloc::format;
use alloc::string::String;

use sekisho_sys::fd::{AsRawFd, OwnedFd};

use sekisho_rules::{Policy, RuleSet};
use sekisho_sys::{file, open};

/// How references are resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Resolution {
    /// Opened once; the descriptors are checked and used.
    #[default]
    ByDescriptor,
    /// Paths are checked, and used again later.
    ByPath,
}

impl Resolution {
    /// The word in `launcher.conf` and records.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ByDescriptor => "by-descriptor",
            Self::ByPath => "by-path",
        }
    }
}

/// Settings of a launcher.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Rules in force.
    pub rules: RuleSet,
    /// Values that rules compare with.
    pub policy: Policy,
    /// Whether the other rules are evaluated and recorded as well.
    pub observe_all: bool,
    /// How references are resolved.
    pub resolution: Resolution,
    /// File that records are appended to.
    pub record: Option<String>,
    /// Directory of the FIFOs `reached` and `go`.
    pub pause: Option<String>,
    /// Whether `--version --verbose` tells root and the allowed caller how
    /// the program was built.
    pub tells_build: bool,
}

/// Reads a file that only root can have written: it and every directory above
/// it belong to root and are not writable by group or others (a sticky
/// directory may be, since nobody else's entry can be replaced there).
///
/// `path` is absolute and without links. At most 64 KiB.
///
/// # Errors
/// One line: the object and the remedy.
pub fn read_trusted(path: &str) -> Result<String, String> {
    const LIMIT: usize = 64 * 1024;
    let strict = open::RESOLVE_NO_SYMLINKS | open::RESOLVE_NO_MAGICLINKS;
    let text =
        |error: sekisho_sys::Error| format!("{path}: {error}; it must be there, without links");
    let mut dir = open::openat2(open::AT_FDCWD, b"/", open::O_PATH, strict).map_err(text)?;
    trusted("/", &dir)?;
    let mut walked = String::new();
    let mut names = path.split('/').filter(|name| !name.is_empty()).peekable();
    while let Some(name) = names.next() {
        walked = format!("{walked}/{name}");
        let flags = if names.peek().is_some() {
            open::O_PATH | open::O_DIRECTORY
        } else {
            open::O_RDONLY | open::O_NONBLOCK
        };
        dir = open::openat2(dir.as_raw_fd(), name.as_bytes(), flags, strict).map_err(text)?;
        trusted(&walked, &dir)?;
    }
    let bytes = open::read_all(dir, LIMIT).map_err(text)?;
    String::from_utf8(bytes).map_err(|_| format!("{path}: not UTF-8; write plain text"))
}

fn trusted(path: &str, fd: &OwnedFd) -> Result<(), String> {
    let stat = file::fstat(fd.as_raw_fd()).map_err(|error| format!("{path}: {error}"))?;
    let sticky = stat.kind() == file::S_IFDIR && stat.mode & 0o1000 != 0;
    if stat.uid != 0 {
        return Err(format!(
            "{path}: owned by uid {}; give it to root",
            stat.uid
        ));
    }
    if stat.mode & 0o022 != 0 && !sticky {
        return Err(format!(
            "{path}: mode {:04o}; take writing from group and others",
            stat.mode & 0o7777
        ));
    }
    Ok(())
}
