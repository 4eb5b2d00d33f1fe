//! What changed between two runs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::cells::{Cells, Effect};
use crate::read::Run;

/// The changes.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Comparison {
    /// Outcomes that both runs have.
    pub compared: u64,
    /// Outcomes that differ.
    pub changed: Vec<Change>,
    /// Outcomes that only the earlier run has.
    pub only_before: u64,
    /// Outcomes that only the later run has.
    pub only_after: u64,
}

/// One outcome that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Case.
    pub case: String,
    /// Target and resolution.
    pub view: String,
    /// Rule set.
    pub rule_set: String,
    /// Whether the case is a race, whose outcome may vary.
    pub race: bool,
    /// In the earlier run.
    pub before: Effect,
    /// In the later run.
    pub after: Effect,
}

type Key = (String, String, String);

/// Compares what came of each case in each view under each rule set.
#[must_use]
pub fn compare(before: &Run, after: &Run) -> Comparison {
    let (old, mut new) = (effects(before), effects(after));
    let mut comparison = Comparison::default();
    for (key, (before, race)) in old {
        let Some((after, _)) = new.remove(&key) else {
            comparison.only_before += 1;
            continue;
        };
        comparison.compared += 1;
        if before != after {
            let (case, view, rule_set) = key;
            comparison.changed.push(Change {
                case,
                view,
                rule_set,
                race,
                before,
                after,
            });
        }
    }
    comparison.only_after = new.len() as u64;
    comparison
}

fn effects(run: &Run) -> BTreeMap<Key, (Effect, bool)> {
    let cells = Cells::of(run);
    let mut effects = BTreeMap::new();
    for (view, about) in run.views.iter().enumerate() {
        for (set, set_name) in run.sets.iter().enumerate() {
            for (case, of) in run.cases.iter().enumerate() {
                if let Some(cell) = cells.get(view, set, case) {
                    let key = (of.name(), about.name(), set_name.clone());
                    effects.insert(key, (cell.effect, of.race));
                }
            }
        }
    }
    effects
}
