//! What an installed launcher is set to: fixed at build time or read from
//! files of root, never from the request.

use alloc::format;
use alloc::string::String;

use sekisho_sys::fd::{AsRawFd, OwnedFd, RawFd};

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
    /// Whether namespaces are made while the request is examined, not after it
    /// was permitted.
    pub ahead: bool,
    /// Whether the record tells where the time of a start went.
    pub phases: bool,
    /// Whether `--version --verbose` tells root and the allowed caller how
    /// the program was built.
    pub tells_build: bool,
}

/// Reads files of one directory that only root can have written: they and every
/// directory above them belong to root and are not writable by group or others
/// (a sticky directory may be, since nobody else's entry can be replaced
/// there).
///
/// `dir` is absolute and without links. At most 64 KiB each.
///
/// # Errors
/// One line: the object and the remedy.
pub fn read_trusted<const COUNT: usize>(
    dir: &str,
    names: [&str; COUNT],
) -> Result<[String; COUNT], String> {
    const LIMIT: usize = 64 * 1024;
    const STRICT: u64 = open::RESOLVE_NO_SYMLINKS | open::RESOLVE_NO_MAGICLINKS;
    let enter = |from: RawFd, name: &str, walked: &str, flags: i32| {
        let opened = open::openat2(from, name.as_bytes(), flags, STRICT)
            .map_err(|error| format!("{walked}: {error}; it must be there, without links"))?;
        trusted(walked, &opened).map(|()| opened)
    };
    let way = open::O_PATH | open::O_DIRECTORY;
    let mut fd = enter(open::AT_FDCWD, "/", "/", way)?;
    let mut walked = String::new();
    for name in dir.split('/').filter(|name| !name.is_empty()) {
        walked = format!("{walked}/{name}");
        fd = enter(fd.as_raw_fd(), name, &walked, way)?;
    }
    let mut texts = [const { String::new() }; COUNT];
    for (text, name) in texts.iter_mut().zip(names) {
        let path = format!("{walked}/{name}");
        let content = open::O_RDONLY | open::O_NONBLOCK;
        let file = enter(fd.as_raw_fd(), name, &path, content)?;
        let bytes = open::read_all(file, LIMIT)
            .map_err(|error| format!("{path}: {error}; make it a small file"))?;
        *text =
            String::from_utf8(bytes).map_err(|_| format!("{path}: not UTF-8; write plain text"))?;
    }
    Ok(texts)
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
