//! What each rule is worth: alone, in company, and at the margin.

use serde::Serialize;

use super::cells::Effect;
use super::lattice::Scorer;
use super::sets::{self, Bits};
use super::view::View;

/// One rule.
#[derive(Debug, Clone, Serialize)]
pub struct RuleWorth {
    /// Id.
    pub rule: String,
    /// Class.
    pub class: String,
    /// Numbers of suEXEC conditions.
    pub conditions: String,
    /// Whether the run has trials with this rule alone.
    pub tried_alone: bool,
    /// Demonstrated attacks that it stops alone: in real trials, or by its verdict
    /// where the run started only a sample of them.
    pub stops_alone: Vec<String>,
    /// Of these, the number that it refused only because it could not observe
    /// its fact.
    pub unseen_alone: usize,
    /// Legitimate cases that it breaks alone, likewise.
    pub breaks_alone: Vec<String>,
    /// Attacks that of all rules only this one stops.
    pub sole_of_all: Vec<String>,
    /// Attacks that of suEXEC's rules only this one stops.
    pub sole_of_suexec: Vec<String>,
    /// Rules each of which, in the place of this one, stops at least the same
    /// attacks and breaks at most the same cases, from the masks; empty for a
    /// rule that stops nothing.
    pub covered_by: Vec<String>,
    /// Attacks seen to get through in `suexec-less:<rule>` that `suexec` stops;
    /// `None` when that was not tried.
    pub let_through_without: Option<Vec<String>>,
    /// Added to no rule: stopped and broken.
    pub added_to_none: Margin,
    /// Taken from all: attacks no longer stopped, cases no longer broken.
    pub taken_from_all: Margin,
    /// Taken from suEXEC's; `None` for rules beyond suEXEC.
    pub taken_from_suexec: Option<Margin>,
}

/// What changes with one rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Margin {
    /// Attacks stopped with it and not without.
    pub attacks: u32,
    /// Legitimate cases broken with it and not without.
    pub broken: u32,
}

/// Every rule of the run.
#[must_use]
pub fn worth(view: &View<'_>, scorer: &Scorer) -> Vec<RuleWorth> {
    let rules = &view.run.rules;
    let (all, suexec) = (sets::all(rules), sets::suexec(rules));
    (0..rules.len())
        .map(|place| {
            let rule = &rules[place];
            let alone = view.set(&format!("only:{}", rule.rule));
            RuleWorth {
                rule: rule.rule.clone(),
                class: rule.class.clone(),
                conditions: rule.conditions.clone(),
                tried_alone: alone.is_some(),
                stops_alone: stopped(view, alone, view.attacks()),
                unseen_alone: unseen(view, alone),
                breaks_alone: stopped(view, alone, view.legitimate()),
                sole_of_all: sole(view, all, place),
                sole_of_suexec: sole(view, suexec, place),
                covered_by: covering(view, place),
                let_through_without: let_through(view, &rule.rule),
                added_to_none: margin(scorer, 1 << place, place),
                taken_from_all: margin(scorer, all, place),
                taken_from_suexec: rule.is_suexec().then(|| margin(scorer, suexec, place)),
            }
        })
        .collect()
}

/// What the rule adds to the rest of the set.
fn margin(scorer: &Scorer, set: Bits, rule: usize) -> Margin {
    Margin {
        attacks: scorer.attacks.hit_solely(set, rule),
        broken: scorer.legitimate.hit_solely(set, rule),
    }
}

fn stopped(view: &View<'_>, set: Option<usize>, cases: impl Iterator<Item = usize>) -> Vec<String> {
    let Some(set) = set else {
        return Vec::new();
    };
    cases
        .filter(|case| {
            let effect = view.effect(set, *case);
            effect.and_then(Effect::is_stop) == Some(true)
        })
        .map(|case| view.run.cases[case].name())
        .collect()
}

fn unseen(view: &View<'_>, alone: Option<usize>) -> usize {
    let Some(set) = alone else { return 0 };
    let effects = view.attacks().filter_map(|case| view.effect(set, case));
    effects
        .filter(|effect| *effect == Effect::Undetermined)
        .count()
}

fn sole(view: &View<'_>, set: Bits, rule: usize) -> Vec<String> {
    view.attacks()
        .filter(|case| view.masks[*case].stops() & set == 1 << rule)
        .map(|case| view.run.cases[case].name())
        .collect()
}

/// Rules that do at least as well as one that stops something.
fn covering(view: &View<'_>, rule: usize) -> Vec<String> {
    let holding = |held: bool, cases: &mut dyn Iterator<Item = usize>| {
        let masks = cases.map(|case| view.masks[case].stops());
        masks
            .filter(|mask| (mask >> rule & 1 == 1) == held)
            .collect::<Vec<Bits>>()
    };
    let stopped = holding(true, &mut view.attacks());
    if stopped.is_empty() {
        return Vec::new();
    }
    let all = sets::all(&view.run.rules);
    let stop_all = stopped.iter().fold(all, |bits, mask| bits & mask);
    let spared = holding(false, &mut view.legitimate());
    let break_more = spared.iter().fold(0, |bits, mask| bits | mask);
    sets::names(&view.run.rules, stop_all & !break_more & !(1 << rule))
}

fn let_through(view: &View<'_>, rule: &str) -> Option<Vec<String>> {
    let without = view.set(&format!("suexec-less:{rule}"))?;
    let with = view.set("suexec")?;
    let cases = view
        .attacks()
        .filter(|case| {
            let through = |set| {
                let cell = view.cell(set, *case);
                cell.is_some_and(|cell| cell.effect == Effect::Compromised)
            };
            through(without) && !through(with)
        })
        .map(|case| view.run.cases[case].name())
        .collect();
    Some(cases)
}
