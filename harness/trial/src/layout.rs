//! Files that the arena makes.

use sekisho_witness::Canary;
use serde::{Deserialize, Serialize};

/// Files of one case, in the order in which they are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// Everything of the world and of the case.
    pub files: Vec<PlannedFile>,
    /// Canaries that the sheet lists, beside what the arena adds itself
    /// (ports, processes).
    pub canaries: Vec<Canary>,
}

/// One file to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedFile {
    /// Absolute path on the arena's host; parents that are missing are made
    /// root-owned, 0755.
    pub path: String,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Permission bits including setuid, setgid and sticky.
    pub mode: u32,
    /// What it holds.
    pub content: Content,
    /// Extended attributes, set last.
    pub xattrs: Vec<(String, Vec<u8>)>,
}

impl PlannedFile {
    /// A file of root's, without extended attributes.
    #[must_use]
    pub fn of_root(path: impl Into<String>, mode: u32, content: Content) -> Self {
        Self {
            path: path.into(),
            uid: 0,
            gid: 0,
            mode,
            content,
            xattrs: Vec::new(),
        }
    }
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// The probe.
    Probe,
    /// The preload object.
    Preload,
    /// The trial's sheet, written anew for each trial with this place.
    Sheet {
        /// `host` or the path of the rootfs.
        place: String,
    },
    /// These bytes.
    Bytes(Vec<u8>),
    /// These bytes with `{nonce}` replaced, written anew for each trial.
    Template(Vec<u8>),
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink(String),
    /// A hard link to this path.
    Hardlink(String),
    /// A FIFO.
    Fifo,
    /// A device node.
    Device {
        /// Block rather than character.
        block: bool,
        /// Major number.
        major: u32,
        /// Minor number.
        minor: u32,
    },
}
