//! What the runner and an arena say to each other: frames of `postcard`, each
//! preceded by its length as four little-endian bytes.

use sekisho_trial::{Conditions, Deed, Layout, Observation, PlannedFile, Start};
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
    /// What is done before the start, in order.
    pub before: Vec<Deed>,
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
