//! The talk's problem classes against classes of rules: who helps against what.
//!
//! Problem 1 is escape, 2 reaching what lies outside, 3 overreach inside, 4 an
//! unintended start. Every attack of the corpus names the problem that its
//! witness shows.

use std::collections::BTreeMap;

use serde::Serialize;

use super::sets;
use super::view::View;

/// Demonstrated attacks of one problem class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// 1 to 4.
    pub problem: u8,
    /// Number of its demonstrated attacks.
    pub attacks: usize,
    /// Of these, attacks that suEXEC's rules together stop, from the masks.
    pub suexec: usize,
    /// Of these, attacks that all rules together stop, from the masks.
    pub all: usize,
    /// What the rules of each class stop, in order of their first rules.
    pub classes: Vec<ClassWorth>,
}

/// What the rules of one class stop together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClassWorth {
    /// Class: `fatal`, `selectable`, `deferred`, `act`, `further`.
    pub class: String,
    /// Attacks that some rule of the class stops alone, from the masks.
    pub stops: usize,
    /// Of these, attacks that no rule of another class stops.
    pub solely: usize,
}

/// Every problem class that has attacks in the corpus of the run; empty when
/// the view has no verdicts.
#[must_use]
pub fn of(view: &View<'_>) -> Vec<Problem> {
    let rules = &view.run.rules;
    if view.masks.iter().all(|mask| mask.evaluated == 0) {
        return Vec::new();
    }
    let mut classes: Vec<&str> = rules.iter().map(|rule| rule.class.as_str()).collect();
    let mut seen = Vec::new();
    classes.retain(|class| {
        let new = !seen.contains(class);
        seen.push(*class);
        new
    });
    let (all, suexec) = (sets::all(rules), sets::suexec(rules));
    let mut attacks: BTreeMap<u8, Vec<sets::Bits>> = view
        .run
        .cases
        .iter()
        .filter_map(|case| Some((case.problem?, Vec::new())))
        .collect();
    for case in view.attacks() {
        if let Some(problem) = view.run.cases[case].problem {
            let masks = attacks.entry(problem).or_default();
            masks.push(view.masks[case].stops());
        }
    }
    let counted = attacks.into_iter().map(|(problem, masks)| {
        let hit = |set: sets::Bits| masks.iter().filter(|mask| *mask & set != 0).count();
        let class = |class: &&str| {
            let set = sets::of(rules, |rule| rule.class == *class);
            let solely = masks.iter().filter(|mask| **mask != 0 && *mask & !set == 0);
            ClassWorth {
                class: (*class).to_owned(),
                stops: hit(set),
                solely: solely.count(),
            }
        };
        Problem {
            problem,
            attacks: masks.len(),
            suexec: hit(suexec),
            all: hit(all),
            classes: classes.iter().map(class).collect(),
        }
    });
    counted.collect()
}
