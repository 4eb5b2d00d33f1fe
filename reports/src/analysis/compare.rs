//! What changed between two runs.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::cells::{Cells, Effect, Tally};
use super::interval::Proportion;
use super::outcomes::is_named;
use super::view::View;
use crate::read::{Case, Kind, Run, Verdict};

/// The changes.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Comparison {
    /// Id of the earlier run.
    pub before: String,
    /// Id of the later run.
    pub after: String,
    /// Outcomes that both runs have.
    pub compared: u64,
    /// Outcomes that differ, or that another rule decided.
    pub changed: Vec<Change>,
    /// Outcomes that only the earlier run has.
    pub only_before: u64,
    /// Outcomes that only the later run has.
    pub only_after: u64,
    /// Verdicts that both runs have.
    pub verdicts_compared: u64,
    /// Verdicts that differ.
    pub verdicts: Vec<VerdictChange>,
    /// Rules, rule sets, cases and launchers that only one of the runs has.
    pub inventory: Vec<OnlyIn>,
    /// Block rates and breakage under rule sets with names that both runs have.
    pub rates: Vec<RateChange>,
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
    pub before: Decided,
    /// In the later run.
    pub after: Decided,
}

/// What came of a case, and the rule that decided.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Decided {
    /// What came of it.
    pub effect: Effect,
    /// The rule that decided; `None` when none is named.
    pub rule: Option<String>,
}

/// One verdict that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerdictChange {
    /// Rule.
    pub rule: String,
    /// Case.
    pub case: String,
    /// Resolution.
    pub resolution: String,
    /// In the earlier run.
    pub before: Verdict,
    /// In the later run.
    pub after: Verdict,
}

/// Something that only one of the runs has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OnlyIn {
    /// `rule`, `rule-set`, `case` or `view`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Whether the later run has it (then it was added), or the earlier one.
    pub added: bool,
}

/// A rate in both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RateChange {
    /// Target and resolution.
    pub view: String,
    /// Rule set.
    pub rule_set: String,
    /// Attacks (then it is a block rate) or legitimate cases (breakage).
    pub kind: Kind,
    /// In the earlier run.
    pub before: Proportion,
    /// In the later run.
    pub after: Proportion,
}

impl Comparison {
    /// Whether the runs say the same: nothing that both have differs, races
    /// aside, and neither has anything that the other lacks.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.changed.iter().all(|change| change.race)
            && self.verdicts.is_empty()
            && self.inventory.is_empty()
            && self.only_before + self.only_after == 0
    }
}

type Key = (String, String, String);

/// Compares what came of each case in each view under each rule set, what each
/// rule said about it, and what there was to compare.
#[must_use]
pub fn compare(before: &Run, after: &Run) -> Comparison {
    let mut comparison = Comparison {
        before: before.info.run.clone(),
        after: after.info.run.clone(),
        inventory: inventory(before, after),
        rates: rates(before, after),
        ..Comparison::default()
    };
    let (old, mut new) = (effects(before), effects(after));
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
    let (old, new) = (verdicts(before), verdicts(after));
    for ((rule, case, resolution), before) in old {
        let Some(after) = new.get(&(rule.clone(), case.clone(), resolution.clone())) else {
            continue;
        };
        comparison.verdicts_compared += 1;
        if before != *after {
            comparison.verdicts.push(VerdictChange {
                rule,
                case,
                resolution,
                before,
                after: *after,
            });
        }
    }
    comparison
}

fn effects(run: &Run) -> BTreeMap<Key, (Decided, bool)> {
    let cells = Cells::of(run);
    let mut effects = BTreeMap::new();
    for (view, about) in run.views.iter().enumerate() {
        for (set, set_name) in run.sets.iter().enumerate() {
            for (case, of) in run.cases.iter().enumerate() {
                if let Some(cell) = cells.get(view, set, case) {
                    let key = (of.name(), about.name(), set_name.clone());
                    let rule = run.trials[cell.trial].rule;
                    let decided = Decided {
                        effect: cell.effect,
                        rule: rule.map(|rule| run.rules[rule].rule.clone()),
                    };
                    effects.insert(key, (decided, of.race));
                }
            }
        }
    }
    effects
}

fn verdicts(run: &Run) -> BTreeMap<Key, Verdict> {
    let verdicts = run.verdicts.iter().map(|line| {
        let rule = run.rules[line.rule].rule.clone();
        let key = (rule, run.cases[line.case].name(), line.resolution.clone());
        (key, line.verdict)
    });
    verdicts.collect()
}

/// Names of one kind of thing in a run.
type NamesOf = fn(&Run) -> BTreeSet<String>;

fn inventory(before: &Run, after: &Run) -> Vec<OnlyIn> {
    let names: [(&'static str, NamesOf); 4] = [
        ("rule", |run| {
            run.rules.iter().map(|rule| rule.rule.clone()).collect()
        }),
        ("rule-set", |run| run.sets.iter().cloned().collect()),
        ("case", |run| run.cases.iter().map(Case::name).collect()),
        ("view", |run| {
            run.views.iter().map(|view| view.name()).collect()
        }),
    ];
    let mut inventory = Vec::new();
    for (kind, names) in names {
        let (old, new) = (names(before), names(after));
        let only = |one: &BTreeSet<String>, other: &BTreeSet<String>, added| {
            let only = one.difference(other).cloned();
            let only = only.map(|name| OnlyIn { kind, name, added });
            only.collect::<Vec<_>>()
        };
        inventory.extend(only(&old, &new, false));
        inventory.extend(only(&new, &old, true));
    }
    inventory
}

type Rates = BTreeMap<(String, String, Kind), Proportion>;

fn rates(before: &Run, after: &Run) -> Vec<RateChange> {
    let (old, new) = (rates_of(before), rates_of(after));
    let both = old.into_iter().filter_map(|(key, before)| {
        let after = *new.get(&key)?;
        let (view, rule_set, kind) = key;
        Some(RateChange {
            view,
            rule_set,
            kind,
            before,
            after,
        })
    });
    both.collect()
}

/// Rates under every set with a name but `none`, under which both are 0.
fn rates_of(run: &Run) -> Rates {
    let cells = Cells::of(run);
    let mut rates = Rates::new();
    for place in 0..run.views.len() {
        let view = View::of(run, &cells, place);
        let sets = run.sets.iter().enumerate();
        for (set, name) in sets.filter(|(_, name)| is_named(name) && *name != "none") {
            for kind in [Kind::Malicious, Kind::Legitimate] {
                let mut tally = Tally::default();
                for case in view.cases(|case| case.kind == kind) {
                    tally.add(view.effect(set, case));
                }
                let rate = match kind {
                    Kind::Malicious => tally.block_rate(),
                    Kind::Legitimate => tally.breakage(),
                };
                if rate.n > 0 {
                    let key = (run.views[place].name(), name.clone(), kind);
                    rates.insert(key, rate);
                }
            }
        }
    }
    rates
}
