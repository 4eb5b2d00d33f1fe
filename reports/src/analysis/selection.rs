//! The best rule sets for a part of the cases: those of one attacker, or of one
//! family. Which cases then count, [`View::scorer_of`] says.

use std::collections::BTreeSet;

use super::pareto::{Front, Prices};
use super::sets;
use super::view::View;
use crate::read::{Attacker, Case};

/// A part of the cases and the best rule sets for it.
#[derive(Debug, Clone)]
pub struct Selected {
    /// Only its attacks; `None` for all.
    pub attacker: Option<Attacker>,
    /// Only this family; `None` for all.
    pub family: Option<String>,
    /// Security × compatibility over all rules.
    pub front: Front,
    /// Over suEXEC's rules.
    pub front_suexec: Front,
    /// Security × compatibility × cost over all rules; `None` without prices.
    pub front_cost: Option<Front>,
}

/// All cases first, then each attacker, then each family that a demonstrated
/// case has.
#[must_use]
pub fn of(view: &View<'_>, prices: Option<&Prices>) -> Vec<Selected> {
    let attackers = Attacker::ALL.into_iter().filter(|attacker| {
        let mut own = view.cases(|case| case.attacker == Some(*attacker));
        own.next().is_some()
    });
    let families: BTreeSet<&str> = view
        .cases(|_| true)
        .map(|case| view.run.cases[case].family.as_str())
        .filter(|family| !family.is_empty())
        .collect();
    let parts = std::iter::once((None, None))
        .chain(attackers.map(|attacker| (Some(attacker), None)))
        .chain(families.into_iter().map(|family| (None, Some(family))));
    parts
        .map(|(attacker, family)| selected(view, attacker, family, prices))
        .collect()
}

fn selected(
    view: &View<'_>,
    attacker: Option<Attacker>,
    family: Option<&str>,
    prices: Option<&Prices>,
) -> Selected {
    let holds = |case: &Case| {
        attacker.is_none_or(|attacker| case.attacker == Some(attacker))
            && family.is_none_or(|family| case.family == family)
    };
    let scorer = view.scorer_of(holds);
    let rules = &view.run.rules;
    let every = sets::all(rules);
    Selected {
        attacker,
        family: family.map(str::to_owned),
        front: scorer.front(every),
        front_suexec: scorer.front(sets::suexec(rules)),
        front_cost: prices.map(|prices| scorer.front_with_cost(every, prices)),
    }
}
