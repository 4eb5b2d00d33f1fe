//! What the arena saw.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::host::HostChange;

/// Most bytes kept of each output stream.
pub const MOST_OUTPUT: usize = 256 * 1024;

/// What the host decides for the arena.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Conditions {
    /// `root` or `user-namespace`.
    pub mode: String,
    /// Effective capabilities of the arena's root, by name.
    pub capabilities: Vec<String>,
    /// Sysctls and other facts, by name.
    pub facts: BTreeMap<String, String>,
    /// For each precondition (kebab-case name) the reason why it does not
    /// hold; empty text when it holds.
    pub preconditions: BTreeMap<String, String>,
}

/// How the started process ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// Exit status.
    Exited(i32),
    /// Signal number.
    Signalled(i32),
    /// Killed at the deadline.
    Timeout,
    /// Could not be started at all (strace-like error text).
    NotStarted(String),
}

/// What was observed of one trial.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Observation {
    /// How the launcher ended.
    pub end: End,
    /// Standard output, at most [`MOST_OUTPUT`] bytes.
    pub stdout: Vec<u8>,
    /// Standard error, at most [`MOST_OUTPUT`] bytes.
    pub stderr: Vec<u8>,
    /// More was written than kept.
    pub truncated: bool,
    /// The `observe` paths in order; `None` when there is nothing.
    pub observed: Vec<Option<Seen>>,
    /// The `collect` files in order; `None` when there is nothing.
    pub collected: Vec<Option<Vec<u8>>>,
    /// What the trial left behind outside its namespaces; must be empty.
    pub leftovers: Vec<String>,
    /// The `clear` cgroups that were there, empty, and were taken away.
    pub cleared: Vec<String>,
    /// What is not as before on the trial's host: its mount table, its tree, its
    /// System V objects.
    pub host_changes: Vec<HostChange>,
    /// Processes that were still there when the launcher had ended, and were
    /// killed.
    pub survivors: u32,
    /// What could not be done before the start: its number in the order, from 0,
    /// and why.
    pub not_done: Vec<(u32, String)>,
    /// Steps between check and use that failed, and why.
    pub steps_failed: Vec<String>,
    /// From spawn of the launcher to its end, in microseconds.
    pub duration_us: u64,
    /// The whole trial including set-up and clearing away, in microseconds.
    pub total_us: u64,
}

/// What lies at an observed path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// `st_mode`.
    pub mode: u32,
    /// First 64 KiB of a regular file.
    pub content: Vec<u8>,
}
