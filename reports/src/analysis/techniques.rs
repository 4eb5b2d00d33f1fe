//! Techniques: the unit of every rate about attacks. A technique is one gain and
//! one minimal fix; several cases may show it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::cells::Effect;
use super::interval::{Cluster, Proportion};
use super::sets::Bits;
use super::view::View;
use crate::read::{Attacker, Control, Gain, Outcome, Ownership, Run};

/// A technique with the demonstrated cases that show it.
#[derive(Debug, Clone, Serialize)]
pub struct Technique {
    /// Its name.
    pub name: String,
    /// What the attacker gains.
    pub gain: Gain,
    /// The minimal fix.
    pub fix: String,
    /// Family of its first case.
    pub family: String,
    /// Demonstrated cases, as places in [`Run::cases`].
    pub cases: Vec<usize>,
}

/// What a rule set does to a technique.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// At least one case gets through.
    Open,
    /// Every case is stopped.
    Closed,
    /// No case is seen to get through, and not every one is seen to be stopped.
    Unknown,
}

/// What the corpus of a run came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Attacks of the corpus.
    pub attacks: usize,
    /// Of these, staged: without a technique and controls, in no rate.
    pub staged: usize,
    /// The kernel refused a step of the attacker.
    pub not_performable: usize,
    /// A control showed the witness: an error of the corpus.
    pub control_shows_witness: usize,
    /// A control observed nothing.
    pub control_failed: usize,
    /// Not tried here: a precondition is missing.
    pub skipped: usize,
    /// The witness was not seen with no rule on.
    pub not_seen: usize,
    /// Witness seen with no rule on, and in no control.
    pub demonstrated: usize,
    /// Techniques of those.
    pub techniques: usize,
    /// Controls that ran.
    pub controls: usize,
    /// Of these, without the witness.
    pub absent: usize,
}

/// Techniques that a part of the attacks shows. Of one technique, cases of
/// different gains are told apart: a gain is part of what a technique is.
#[must_use]
pub fn of(view: &View<'_>, holds: impl Fn(&crate::read::Case) -> bool) -> Vec<Technique> {
    let mut found: BTreeMap<(String, Gain), Technique> = BTreeMap::new();
    for place in view.attacks() {
        let case = &view.run.cases[place];
        let (Some(name), Some(gain)) = (&case.technique, case.gain) else {
            continue;
        };
        if !holds(case) {
            continue;
        }
        found
            .entry((name.clone(), gain))
            .or_insert_with(|| Technique {
                name: name.clone(),
                gain,
                fix: case.fix.clone(),
                family: case.family.clone(),
                cases: Vec::new(),
            })
            .cases
            .push(place);
    }
    found.into_values().collect()
}

/// What a rule set that was tried does to a technique: the worst of its cases.
#[must_use]
pub fn state(view: &View<'_>, set: usize, technique: &Technique) -> State {
    let stopped = |case: &usize| {
        let cell = view.cell(set, *case)?;
        cell.effect.is_stop()
    };
    let cases: Vec<_> = technique.cases.iter().map(stopped).collect();
    match cases {
        cases if cases.contains(&Some(false)) => State::Open,
        cases if cases.contains(&None) => State::Unknown,
        _ => State::Closed,
    }
}

/// What any rule set does to a technique, from the verdicts.
#[must_use]
pub fn predicted(view: &View<'_>, set: Bits, technique: &Technique) -> State {
    let masks = technique.cases.iter().map(|case| &view.masks[*case]);
    let left: Vec<_> = masks.filter(|mask| mask.stops() & set == 0).collect();
    match left {
        left if left.is_empty() => State::Closed,
        left if left.iter().any(|mask| mask.unknown & set == 0) => State::Open,
        _ => State::Unknown,
    }
}

/// A case of a technique that keeps it open under a set.
#[must_use]
pub fn kept_open_by(view: &View<'_>, set: usize, technique: &Technique) -> Option<usize> {
    let mut cases = technique.cases.iter().copied();
    cases.find(|case| {
        let cell = view.cell(set, *case);
        cell.is_some_and(|cell| cell.effect == Effect::Compromised)
    })
}

/// Closed techniques; those that are unknown count as open.
#[must_use]
pub fn closed(states: &[State], seed: u64) -> Proportion {
    let cluster = |state: &State| Cluster {
        hits: u32::from(*state == State::Closed),
        n: 1,
    };
    Proportion::clustered(&states.iter().map(cluster).collect::<Vec<_>>(), seed)
}

/// Stopped cases, in clusters of techniques.
#[must_use]
pub fn stopped_cases(
    view: &View<'_>,
    set: usize,
    techniques: &[Technique],
    seed: u64,
) -> Proportion {
    let cluster = |technique: &Technique| {
        let effects = technique
            .cases
            .iter()
            .filter_map(|case| view.cell(set, *case));
        let stops: Vec<_> = effects.filter_map(|cell| cell.effect.is_stop()).collect();
        Cluster {
            hits: stops.iter().map(|stop| u32::from(*stop)).sum(),
            n: stops.len() as u32,
        }
    };
    Proportion::clustered(&techniques.iter().map(cluster).collect::<Vec<_>>(), seed)
}

/// What became of every attack of the corpus in this view.
#[must_use]
pub fn counts(view: &View<'_>) -> Counts {
    let run = view.run;
    let mut counts = Counts {
        techniques: of(view, |_| true).len(),
        ..Counts::default()
    };
    let controls = run.controls.iter().filter(|line| line.view == view.place);
    for line in controls {
        counts.controls += 1;
        counts.absent += usize::from(line.outcome == Outcome::Absent);
    }
    for (place, case) in run.cases.iter().enumerate() {
        if !case.is_malicious() {
            continue;
        }
        counts.attacks += 1;
        let count = match fate(view, place) {
            Fate::Staged => &mut counts.staged,
            Fate::NotPerformable => &mut counts.not_performable,
            Fate::ControlShowsWitness => &mut counts.control_shows_witness,
            Fate::ControlFailed => &mut counts.control_failed,
            Fate::Skipped => &mut counts.skipped,
            Fate::NotSeen => &mut counts.not_seen,
            Fate::Demonstrated => &mut counts.demonstrated,
        };
        *count += 1;
    }
    counts
}

/// What became of one attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// Without a technique.
    Staged,
    /// The kernel refused a step.
    NotPerformable,
    /// An error of the corpus.
    ControlShowsWitness,
    /// A control says nothing.
    ControlFailed,
    /// No trial, or a precondition is missing.
    Skipped,
    /// The witness was not seen.
    NotSeen,
    /// In the rates.
    Demonstrated,
}

/// What became of an attack in this view.
#[must_use]
pub fn fate(view: &View<'_>, case: usize) -> Fate {
    if view.run.cases[case].technique.is_none() {
        return Fate::Staged;
    }
    let effect = view.none.and_then(|none| view.cell(none, case));
    let outcomes = controls_of(view.run, view.place, case);
    match effect.map(|cell| cell.effect) {
        None | Some(Effect::Skipped | Effect::NotApplicable) => Fate::Skipped,
        Some(Effect::NotPerformable) => Fate::NotPerformable,
        Some(_)
            if outcomes
                .iter()
                .any(|(_, outcome)| *outcome == Outcome::Seen) =>
        {
            Fate::ControlShowsWitness
        }
        Some(_)
            if outcomes
                .iter()
                .any(|(_, outcome)| *outcome != Outcome::Absent) =>
        {
            Fate::ControlFailed
        }
        Some(Effect::Compromised) => Fate::Demonstrated,
        Some(_) => Fate::NotSeen,
    }
}

fn controls_of(run: &Run, view: usize, case: usize) -> Vec<(Control, Outcome)> {
    let lines = run.controls.iter();
    lines
        .filter(|line| line.view == view && line.case == case)
        .map(|line| (line.control, line.outcome))
        .collect()
}

/// Parts of the attacks that rates are given for: all, each attacker, each
/// ownership.
#[must_use]
pub fn parts() -> Vec<(Option<Attacker>, Option<Ownership>)> {
    let attackers = Attacker::ALL.into_iter().map(|one| (Some(one), None));
    let ownerships = Ownership::ALL.into_iter().map(|one| (None, Some(one)));
    std::iter::once((None, None))
        .chain(attackers)
        .chain(ownerships)
        .collect()
}
