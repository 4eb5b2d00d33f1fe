//! What rules and rule sets cost.

use std::collections::BTreeSet;

use serde::Serialize;

use super::Estimate;
use super::series::{Series, Table};

/// What every start does before evidence is gathered, a subject beside the sets.
pub const RESOLVING: &str = "resolve";

/// What one rule costs.
#[derive(Debug, Clone, Serialize)]
pub struct RuleCost {
    /// Its id.
    pub rule: String,
    /// A start with it alone, less one without rules in the same round (ns).
    pub alone: Option<Estimate>,
    /// A start with all rules, less one with all but it (ns).
    pub among_all: Option<Estimate>,
    /// Evaluating it on prepared evidence that it permits (ns).
    pub permit: Option<Estimate>,
    /// On evidence that it refuses (ns).
    pub refuse: Option<Estimate>,
    /// Gathering its evidence of a request that it permits (ns).
    pub gather_permit: Option<Estimate>,
    /// Of a request that it refuses (ns).
    pub gather_refuse: Option<Estimate>,
    /// System calls that it adds to a start.
    pub calls: Option<i64>,
}

/// What one rule set costs.
#[derive(Debug, Clone, Serialize)]
pub struct SetCost {
    /// Its name.
    pub set: String,
    /// A whole start (ns).
    pub start: Option<Estimate>,
    /// More than `none` in the same round (ns).
    pub more: Option<Estimate>,
    /// As a multiple of `none` in the same round.
    pub ratio: Option<Estimate>,
    /// Evaluating it on prepared evidence (ns).
    pub evaluate: Option<Estimate>,
    /// Gathering its evidence (ns).
    pub gather: Option<Estimate>,
    /// System calls of a start.
    pub calls: Option<u64>,
}

fn calls(table: &Table<'_>, subject: &str) -> Option<i64> {
    let series = table.find("system-calls", subject)?;
    series.values.first().map(|calls| *calls as i64)
}

pub(super) fn rules(table: &Table<'_>) -> Vec<RuleCost> {
    let mut seen = BTreeSet::new();
    let of_starts = table
        .order
        .iter()
        .filter_map(|key| key.1.strip_prefix("only:"));
    let names: Vec<&str> = of_starts.filter(|rule| seen.insert(*rule)).collect();
    let none = table.find("start", "none");
    let all = table.find("start", "all");
    let cost = |rule: &&str| {
        let only = format!("only:{rule}");
        let alone = table.find("start", &only);
        let less = table.find("start", &format!("all-less:{rule}"));
        let of = |bench, verdict| table.varied(bench, &only, verdict)?.estimate();
        let base = calls(table, "none");
        RuleCost {
            rule: (*rule).to_owned(),
            alone: alone.zip(none).and_then(|(alone, none)| alone.less(none)),
            among_all: all.zip(less).and_then(|(all, less)| all.less(less)),
            permit: of("evaluate", "permit"),
            refuse: of("evaluate", "refuse"),
            gather_permit: of("gather", "permit"),
            gather_refuse: of("gather", "refuse"),
            calls: calls(table, &only)
                .zip(base)
                .map(|(calls, base)| calls - base),
        }
    };
    names.iter().map(cost).collect()
}

pub(super) fn sets(table: &Table<'_>) -> Vec<SetCost> {
    let none = table.find("start", "none");
    let mut seen = BTreeSet::new();
    let names = ["start", "evaluate", "gather"]
        .iter()
        .flat_map(|bench| table.of_bench(bench))
        .map(|(key, _)| key.1)
        .filter(|name| !name.contains(':') && !name.starts_with("floor") && *name != RESOLVING)
        .filter(|name| seen.insert(*name));
    names
        .map(|name| {
            let start = table.find("start", name);
            let permitted = |bench| table.varied(bench, name, "permit")?.estimate();
            SetCost {
                set: name.to_owned(),
                start: start.and_then(Series::estimate),
                more: start.zip(none).and_then(|(start, none)| start.less(none)),
                ratio: start.zip(none).and_then(|(start, none)| start.over(none)),
                evaluate: permitted("evaluate"),
                gather: permitted("gather"),
                calls: calls(table, name).and_then(|calls| u64::try_from(calls).ok()),
            }
        })
        .collect()
}
