//! The schema of result files: one type for each kind of line, one for
//! `run.json`. The lab writes them, reports read them, `docs/results.md` is
//! generated from them. Nothing here knows how results come about.
#![forbid(unsafe_code)]

mod document;
mod row;
pub mod rows;
pub mod run;
pub mod shard;
mod text;
pub mod words;

pub use document::{documented, update};
pub use row::{Column, Row, columns};
pub use rows::{
    ConditionRow, LatencyRow, MismatchRow, ProfileRow, ProfileTrialRow, ProfileVerdictRow, RuleRow,
    ScenarioRow, TrialKey, TrialRow, VerdictRow,
};
pub use run::{
    ArenaFacts, ConfigurationOptions, CorpusOptions, Expressed, PlanHashes, RunFile, RunOptions,
    TargetFacts,
};
pub use shard::Shard;
pub use text::{LONGEST_FIELD, one_line};
pub use words::{Attacker, Control, Gain, Kind, Outcome, Ownership, RefusalWord, Verdict};

/// Version of the schema. It changes whenever a file of an earlier version can no
/// longer be read as it was meant.
pub const SCHEMA: u32 = 3;
