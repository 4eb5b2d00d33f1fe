//! What principals do in a trial: before the request, or between a launcher's
//! check and its use. The arena carries out each deed with the ids of who does
//! it, so the kernel decides what he may.

use serde::{Deserialize, Serialize};

use crate::layout::Content;
use crate::start::Step;

/// One thing that a principal does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// Real, effective and saved uid.
    pub uid: u32,
    /// Real, effective and saved gid.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// What is done.
    pub action: Action,
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Makes or changes a file.
    Make(Made),
    /// Removes a file, or a directory with what is in it.
    Remove(String),
    /// One of the steps that scenarios name.
    Step(Step),
}

/// A file that a principal makes or changes. What is `None` stays as it is, or
/// becomes what the kernel gives to whoever makes a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// Absolute path on the arena's host; directories that are missing above it
    /// are made by the same principal, 0755.
    pub path: String,
    /// What it is to hold. A regular file that is there is written in place.
    pub content: Option<Content>,
    /// Owner and group, by lchown(2).
    pub owner: Option<(u32, u32)>,
    /// Permission bits, by chmod(2).
    pub mode: Option<u32>,
    /// Extended attributes, set last.
    pub xattrs: Vec<(String, Vec<u8>)>,
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Remove(path) => write!(f, "remove {path}"),
            Self::Step(step) => write!(f, "{step:?}"),
            Self::Make(made) => {
                let content = match &made.content {
                    None => "change",
                    Some(Content::Directory) => "make the directory",
                    Some(Content::Symlink(to)) => return write!(f, "link {} to {to}", made.path),
                    Some(Content::Hardlink(to)) => {
                        return write!(f, "link {} to the file {to}", made.path);
                    }
                    Some(Content::Fifo) => "make the FIFO",
                    Some(Content::Device { .. }) => "make the device node",
                    Some(_) => "write",
                };
                write!(f, "{content} {}", made.path)?;
                if let Some((uid, gid)) = made.owner {
                    write!(f, ", owner {uid}:{gid}")?;
                }
                if let Some(mode) = made.mode {
                    write!(f, ", mode {mode:04o}")?;
                }
                for (name, _) in &made.xattrs {
                    write!(f, ", {name}")?;
                }
                Ok(())
            }
        }
    }
}
