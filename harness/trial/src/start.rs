//! What the arena starts, and what is done beside it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::deed::Deed;

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
    pub descriptors: Vec<OpenFile>,
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
    /// What is done between check and use.
    pub between: Vec<Deed>,
}

/// An open descriptor, opened by root before the caller's credentials are
/// taken on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct OpenFile {
    /// Number, above 2.
    pub number: i32,
    /// Path on the arena's host.
    pub path: String,
    /// `read`, `write`, `read-write` or `path`; `read`.
    #[serde(default)]
    pub access: Access,
}

/// How a descriptor is opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// `O_RDONLY`.
    #[default]
    Read,
    /// `O_WRONLY`.
    Write,
    /// `O_RDWR`.
    ReadWrite,
    /// `O_PATH`.
    Path,
}

/// One thing a neighbour does, with its own credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Step {
    /// Exchanges two names (`RENAME_EXCHANGE`).
    Exchange([String; 2]),
    /// Renames the first to the second.
    Rename([String; 2]),
    /// Makes a symbolic link to the first at the second.
    Symlink([String; 2]),
    /// Removes a file, or a directory with what is in it.
    Remove(String),
    /// Replaces the content of a file.
    Write([String; 2]),
}
