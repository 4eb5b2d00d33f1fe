//! Attacks that were found in the wild: those that reproduce the mechanism of a CVE.
//!
//! Many attacks of the corpus were written because a rule was known; what
//! somebody else found is the fairer measure.

use serde::Serialize;

use super::cells::Tally;
use super::outcomes::is_named;
use super::view::View;

/// Attacks from the wild under one rule set with a name of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wild {
    /// Rule set.
    pub rule_set: String,
    /// What came of them.
    pub tally: Tally,
}

/// Demonstrated attacks that reproduce a CVE, by rule set in the order of
/// the run.
#[must_use]
pub fn of(view: &View<'_>) -> Vec<Wild> {
    let run = view.run;
    let sets = run.sets.iter().enumerate();
    let sets = sets.filter(|(set, name)| is_named(name) && view.cells.any(view.place, *set));
    let tally = |set: usize| {
        let mut tally = Tally::default();
        for case in view.cases(|case| case.is_malicious() && !case.reproduces.is_empty()) {
            tally.add(view.cell(set, case).map(|cell| cell.effect));
        }
        tally
    };
    sets.map(|(set, name)| Wild {
        rule_set: name.clone(),
        tally: tally(set),
    })
    .collect()
}
