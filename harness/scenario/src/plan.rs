//! What the arena has to make and start: a case with every name resolved.
//! These types carry no scenario vocabulary, so the arena stays simple.

use serde::{Deserialize, Serialize};

/// Files of one case, in the order in which they are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// Everything of the world and of the case.
    pub files: Vec<PlannedFile>,
    /// Canaries that the sheet lists, beside what the arena adds itself
    /// (ports, processes).
    pub canaries: Vec<sekisho_witness::Canary>,
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

/// A process to be started in the arena.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// Path of the program on the arena's host.
    pub program: String,
    /// Argument vector, `argv[0]` included; may be empty.
    pub arguments: Vec<Vec<u8>>,
    /// Environment.
    pub environment: Vec<Vec<u8>>,
    /// Real, effective and saved uid.
    pub uid: u32,
    /// Real, effective and saved gid.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// Descriptors opened before credentials change.
    pub descriptors: Vec<crate::model::OpenFile>,
    /// Limits by name, soft and hard.
    pub limits: Vec<(String, u64, u64)>,
    /// umask.
    pub umask: u32,
    /// Blocked signal numbers.
    pub blocked: Vec<i32>,
    /// Ignored signal numbers.
    pub ignored: Vec<i32>,
    /// Working directory.
    pub working_directory: String,
    /// With a controlling terminal on descriptors 0–2.
    pub terminal: bool,
    /// Steps between check and use.
    pub between: Vec<crate::model::Step>,
    /// Credentials for those steps: uid and gid.
    pub between_as: (u32, u32),
}
