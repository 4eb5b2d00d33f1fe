//! What a part of a run tells of its end.

use std::collections::BTreeMap;

/// How a run ended.
#[derive(Debug, Default)]
pub struct Ended {
    /// Trials that this process did.
    pub done: usize,
    /// What was left behind, each once.
    pub leftovers: Vec<String>,
    /// Known remains of launchers that were cleared away, and how often.
    pub cleared: BTreeMap<String, u64>,
    /// Signal that ended it early.
    pub signal: Option<i32>,
    /// Trials per second.
    pub rate: f64,
}
