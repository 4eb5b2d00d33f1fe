//! What the runner and an arena say to each other: frames of `postcard`, each
//! preceded by its length as four little-endian bytes.

use std::collections::BTreeMap;

use sekisho_scenario::plan::{Layout, PlannedFile, Start};
use serde::{Deserialize, Serialize};

/// From the runner to the arena.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Order {
    /// First: what the arena carries.
    Equip(Equipment),
    /// Builds the files of a case; replaces those of the case before.
    Prepare(Layout),
    /// Runs one trial on a fresh copy of the prepared files.
    Run(Box<Trial>),
    /// Ends the arena; it answers with its leftovers.
    Quit,
}

/// Programs that the arena carries.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Equipment {
    /// The probe.
    pub probe: Vec<u8>,
    /// The preload object.
    pub preload: Vec<u8>,
    /// Launchers and their files: made once, below every case.
    pub files: Vec<PlannedFile>,
}

/// One trial.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Trial {
    /// Value that only this trial has.
    pub nonce: String,
    /// Files of this trial only, such as the launcher's configuration.
    pub files: Vec<PlannedFile>,
    /// What to start.
    pub start: Start,
    /// Milliseconds until everything is killed.
    pub deadline_ms: u64,
    /// Paths to look at afterwards.
    pub observe: Vec<String>,
    /// Files to read afterwards.
    pub collect: Vec<String>,
    /// Directory with the FIFOs `reached` and `go`, when the start has steps
    /// between check and use.
    pub pause: Option<String>,
    /// Names of cgroups, beneath the arena's, that the launcher is known to
    /// leave behind: taken away where they are empty, and told as `cleared`.
    pub clear: Vec<String>,
}

/// From the arena to the runner.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Answer {
    /// To `Equip`.
    Equipped(Box<Conditions>),
    /// To `Prepare`: how long it took, in microseconds.
    Prepared(u64),
    /// To `Run`.
    Observed(Box<Observation>),
    /// To `Quit`: what was left behind; must be empty.
    Quitted(Vec<String>),
    /// The order could not be carried out; a fault of harness or host.
    Fault(String),
}

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

/// Most bytes kept of each output stream.
pub const MOST_OUTPUT: usize = 256 * 1024;
