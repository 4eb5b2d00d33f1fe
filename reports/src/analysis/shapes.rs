//! Distinct shapes of real configurations: of one project, configurations that
//! the same rules refuse are one.

use std::collections::{BTreeMap, BTreeSet};

use super::sets::Bits;
use crate::read::{Outcome, Run, Verdict};

/// The policy that an operator of the configuration's own world would write.
const OWN_POLICY: &str = "tuned";

/// One shape of one project.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shape {
    /// The project: the repository that the configuration comes from.
    pub project: String,
    /// Rules that refuse it.
    pub refused_by: Bits,
}

/// The distinct shapes per project of the configurations that start with no rule
/// in force, under their world's own policy; under the only one there is
/// otherwise.
#[must_use]
pub fn of(run: &Run) -> Vec<Shape> {
    let profiles = &run.profiles;
    let policy = profiles.policies.iter().position(|name| name == OWN_POLICY);
    let policy = policy.unwrap_or(0);
    let none = profiles.sets.iter().position(|set| set == "none");
    let works: BTreeSet<usize> = profiles
        .trials
        .iter()
        .filter(|trial| Some(trial.set) == none && trial.policy == policy)
        .filter(|trial| trial.outcome == Outcome::Works)
        .map(|trial| trial.shape)
        .collect();
    let mut refused: BTreeMap<usize, Bits> = BTreeMap::new();
    for line in profiles
        .verdicts
        .iter()
        .filter(|line| line.policy == policy)
    {
        if matches!(line.verdict, Verdict::Deny | Verdict::Undetermined) {
            *refused.entry(line.shape).or_default() |= 1 << line.rule;
        }
    }
    let shapes: BTreeSet<Shape> = profiles
        .configurations
        .iter()
        .filter(|one| works.contains(&one.shape))
        .map(|one| Shape {
            project: project(&one.source),
            refused_by: refused.get(&one.shape).copied().unwrap_or_default(),
        })
        .collect();
    shapes.into_iter().collect()
}

/// The repository of a source: its first word.
fn project(source: &str) -> String {
    let word = source.split_whitespace().next();
    word.unwrap_or_default().to_owned()
}
