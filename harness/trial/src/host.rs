//! What a trial did to its host.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing on the host that is not as it was before the launcher was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum HostChange {
    /// A mount in the host's mount namespace: place, root, options, kind, source.
    MountAdded(String),
    /// A mount that is gone.
    MountRemoved(String),
    /// System V objects: the table of /proc that changed.
    SystemV(String),
    /// A name in the host's tree, and what is there now (of what was removed:
    /// what was there, as far as it is known).
    Tree(String, Change, Entry),
}

/// How a name changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// It is new.
    Added,
    /// It is something else, or has other content or attributes.
    Changed,
    /// It is gone.
    Removed,
}

/// What is at a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Permission bits.
    pub mode: u32,
    /// What kind of file it is.
    pub kind: EntryKind,
}

/// A kind of file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntryKind {
    /// A directory.
    Directory,
    /// A regular file.
    File {
        /// Bytes.
        size: u64,
        /// Time of the last change of its content, in nanoseconds.
        modified_ns: i64,
    },
    /// A symbolic link and where it leads.
    Link(String),
    /// A character device: major and minor number.
    CharacterDevice(u32, u32),
    /// A block device: major and minor number.
    BlockDevice(u32, u32),
    /// A FIFO.
    Fifo,
    /// A socket.
    Socket,
    /// The mark of an overlay that a name was removed.
    Whiteout,
}

impl HostChange {
    /// Whether the host's mount table changed: no start may do that.
    #[must_use]
    pub fn is_mount(&self) -> bool {
        matches!(self, Self::MountAdded(_) | Self::MountRemoved(_))
    }

    /// The place of a mount that was added.
    #[must_use]
    pub fn mounted_at(&self) -> Option<&str> {
        match self {
            Self::MountAdded(line) => line.split(' ').next(),
            _ => None,
        }
    }
}

impl fmt::Display for HostChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MountAdded(line) => write!(f, "mounted on the host: {line}"),
            Self::MountRemoved(line) => write!(f, "no longer mounted on the host: {line}"),
            Self::SystemV(table) => write!(f, "System V objects on the host: {table} changed"),
            Self::Tree(path, change, entry) => {
                let change = match change {
                    Change::Added => "new",
                    Change::Changed => "changed",
                    Change::Removed => "removed",
                };
                let (uid, gid, mode) = (entry.uid, entry.gid, entry.mode);
                write!(
                    f,
                    "{change}: {path} ({}, {uid}:{gid} {mode:04o})",
                    entry.kind
                )
            }
        }
    }
}

impl fmt::Display for EntryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory => f.write_str("directory"),
            Self::File { size, .. } => write!(f, "file of {size} bytes"),
            Self::Link(target) => write!(f, "link to {target}"),
            Self::CharacterDevice(major, minor) => write!(f, "character device {major}:{minor}"),
            Self::BlockDevice(major, minor) => write!(f, "block device {major}:{minor}"),
            Self::Fifo => f.write_str("FIFO"),
            Self::Socket => f.write_str("socket"),
            Self::Whiteout => f.write_str("mark of a removed name"),
        }
    }
}
