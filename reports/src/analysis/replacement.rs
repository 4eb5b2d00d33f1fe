//! What could stand in the place of a condition that does not carry over: other
//! rules that stop what only it stops.

use serde::Serialize;

use super::lattice::Scorer;
use super::sets::{self, Bits, members};
use super::view::View;

/// A rule of class `deferred`, and the best set of other rules in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replacement {
    /// The deferred rule.
    pub rule: String,
    /// Attacks that suEXEC's rules less all deferred ones let through and this
    /// rule stops.
    pub attacks: u32,
    /// Working cases that this rule breaks beyond those rules.
    pub broken: u32,
    /// Rules beyond suEXEC that stop as many of these attacks as any of them
    /// do, with least breakage beyond suEXEC's other rules; of several such sets
    /// the one that is found first.
    pub by: Vec<String>,
    /// Of the attacks, those that these rules stop.
    pub by_attacks: u32,
    /// Working cases that these rules break beyond suEXEC's other rules.
    pub by_broken: u32,
}

/// One entry for each deferred rule that stops something the others do not.
#[must_use]
pub fn of(view: &View<'_>) -> Vec<Replacement> {
    let rules = &view.run.rules;
    let deferred = sets::of(rules, |rule| rule.class == "deferred");
    let suexec = sets::suexec(rules);
    let (kept, further) = (suexec & !deferred, sets::all(rules) & !suexec);
    let open = |cases: &mut dyn Iterator<Item = usize>| -> Vec<Bits> {
        let masks = cases.map(|case| view.masks[case].stops());
        masks.filter(|mask| mask & kept == 0).collect()
    };
    let attacks = open(&mut view.attacks());
    let legitimate = open(&mut view.legitimate());
    let replace = |rule: usize| {
        let stopped: Vec<Bits> = attacks
            .iter()
            .copied()
            .filter(|mask| mask >> rule & 1 == 1)
            .collect();
        let number = u32::try_from(stopped.len()).unwrap_or(u32::MAX);
        let scorer = Scorer::new(stopped, legitimate.iter().copied());
        let front = scorer.front(further);
        // The last point stops most; of those that stop most it breaks least.
        let best = front.points.last()?;
        Some(Replacement {
            rule: rules[rule].rule.clone(),
            attacks: number,
            broken: scorer.score(1 << rule).broken,
            by: sets::names(rules, best.set),
            by_attacks: best.score.stopped,
            by_broken: best.score.broken,
        })
    };
    members(deferred)
        .filter_map(replace)
        .filter(|found| found.attacks > 0)
        .collect()
}
