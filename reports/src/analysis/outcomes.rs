//! Outcome counts by rule set, kind, attacker and family.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::cells::Tally;
use super::view::View;
use crate::read::{Attacker, Kind, Outcome, Run};

/// What a count is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Group {
    /// Kind of its cases.
    pub kind: Kind,
    /// Attacker; `None` for legitimate cases.
    pub attacker: Option<Attacker>,
    /// Family.
    pub family: String,
}

/// Counts of one view.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Outcomes {
    /// For each rule set that was tried, in the order of the run: its name,
    /// and the counts of each group.
    #[serde(serialize_with = "as_lists")]
    pub sets: Vec<(String, BTreeMap<Group, Tally>)>,
}

/// Groups are no keys of JSON: lists of pairs instead.
fn as_lists<S: Serializer>(
    sets: &[(String, BTreeMap<Group, Tally>)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let pairs = |groups: &BTreeMap<Group, Tally>| {
        let pairs = groups.iter().map(|(group, tally)| (group.clone(), *tally));
        pairs.collect::<Vec<_>>()
    };
    serializer.collect_seq(sets.iter().map(|(set, groups)| (set, pairs(groups))))
}

impl Outcomes {
    /// Counts demonstrated cases.
    #[must_use]
    pub fn of(view: &View<'_>) -> Self {
        let run = view.run;
        let tried = (0..run.sets.len()).filter(|set| view.cells.any(view.place, *set));
        let sets = tried
            .map(|set| {
                let mut groups: BTreeMap<Group, Tally> = BTreeMap::new();
                for case in view.cases(|_| true) {
                    let about = &run.cases[case];
                    let group = Group {
                        kind: about.kind,
                        attacker: about.attacker,
                        family: about.family.clone(),
                    };
                    groups.entry(group).or_default().add(view.effect(set, case));
                }
                (run.sets[set].clone(), groups)
            })
            .collect();
        Self { sets }
    }

    /// Sum over the groups for which the predicate holds; `None` when the set
    /// was not tried.
    #[must_use]
    pub fn tally(&self, set: &str, holds: impl Fn(&Group) -> bool) -> Option<Tally> {
        let (_, groups) = self.sets.iter().find(|(name, _)| name == set)?;
        let mut sum = Tally::default();
        for (_, tally) in groups.iter().filter(|(group, _)| holds(group)) {
            sum += *tally;
        }
        Some(sum)
    }

    /// Rule sets with names of their own: neither one rule alone, nor a set
    /// less one rule, nor a random one; `none` first.
    #[must_use]
    pub fn named(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .sets
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| is_named(name))
            .collect();
        names.sort_by_key(|name| *name != "none");
        names
    }

    /// Families that have demonstrated cases of a kind.
    #[must_use]
    pub fn families(&self, kind: Kind) -> Vec<&str> {
        let mut families: Vec<&str> = self
            .sets
            .iter()
            .flat_map(|(_, groups)| groups.keys())
            .filter(|group| group.kind == kind)
            .map(|group| group.family.as_str())
            .collect();
        families.sort_unstable();
        families.dedup();
        families
    }
}

/// Whether a rule set has a name of its own.
#[must_use]
pub fn is_named(set: &str) -> bool {
    !(set.starts_with("only:") || set.starts_with("random:") || set.contains("-less:"))
}

/// Trials of a run by outcome, in the order of the schema.
#[must_use]
pub fn by_outcome(run: &Run) -> Vec<(&'static str, u64)> {
    [
        Outcome::Blocked,
        Outcome::Neutralised,
        Outcome::Compromised,
        Outcome::Works,
        Outcome::Broken,
        Outcome::Failed,
        Outcome::Timeout,
        Outcome::Skipped,
        Outcome::NotApplicable,
    ]
    .map(|outcome| {
        let count = run.trials.iter().filter(|trial| trial.outcome == outcome);
        (outcome.word(), count.count() as u64)
    })
    .to_vec()
}
