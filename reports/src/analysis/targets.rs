//! Real launchers beside the reference launcher: the same attacks, and what
//! came of them.
//!
//! A real launcher has no rules to switch off, so that nothing is demonstrated
//! on it: its attacks are those that the reference launcher let through with no
//! rule on, in the same run and in whichever way to resolve. What a launcher
//! cannot express is counted apart.

use std::collections::BTreeMap;

use serde::Serialize;

use super::cells::{Cell, Cells, Effect};
use crate::read::{Kind, Run};

/// What came of the cases in each column.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Targets {
    /// The reference launcher under sets with names of their own, then real
    /// launchers.
    pub columns: Vec<Column>,
    /// Attacks that the reference launcher let through with no rule on.
    pub demonstrated: usize,
    /// Legitimate cases that work on it with no rule on.
    pub working: usize,
}

/// One launcher, under one rule set where it has such.
#[derive(Debug, Clone, Serialize)]
pub struct Column {
    /// Target, with its rule set unless that is its own.
    pub name: String,
    /// Target.
    pub target: String,
    /// Whether it is a real launcher.
    pub real: bool,
    /// Demonstrated attacks by family.
    pub families: BTreeMap<String, Counts>,
    /// Cases that work on the reference launcher.
    pub legitimate: Counts,
    /// Every attack that was seen to succeed, demonstrated or not.
    pub let_through: Vec<LetThrough>,
    /// Demonstrated attacks that were stopped.
    pub stopped: Vec<Stopped>,
    /// Legitimate cases that it does not start as they should be.
    pub broken: Vec<Told>,
    /// Cases in which it or the harness broke, or that took too long.
    pub failed: Vec<Told>,
}

/// Cases by what came of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Attacks refused.
    pub blocked: u32,
    /// Attacks started without effect.
    pub neutralised: u32,
    /// Attacks that got through.
    pub compromised: u32,
    /// Legitimate cases that work.
    pub works: u32,
    /// Legitimate cases that do not.
    pub broken: u32,
    /// Launcher or harness broke, or it took too long.
    pub failed: u32,
    /// A precondition is missing.
    pub skipped: u32,
    /// The launcher cannot express the request.
    pub not_applicable: u32,
    /// No trial.
    pub missing: u32,
    /// Of the stopped attacks, those whose twin is not started either.
    pub twin_too: u32,
}

/// An attack that was seen to succeed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LetThrough {
    /// Case.
    pub case: String,
    /// Attacker.
    pub attacker: String,
    /// Family.
    pub family: String,
    /// One line.
    pub title: String,
    /// Whether the reference launcher lets it through with no rule on.
    pub demonstrated: bool,
}

/// A demonstrated attack that was stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stopped {
    /// What is told of it.
    pub told: Told,
    /// What came of its twin; `None` when that has no trial.
    pub twin: Option<Effect>,
}

/// A case and what the launcher said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Case.
    pub case: String,
    /// What came of it.
    pub effect: Effect,
    /// Exit status of the launcher.
    pub exit_status: String,
    /// Its own words.
    pub reason: String,
}

impl Counts {
    fn add(&mut self, effect: Option<Effect>) {
        let count = match effect {
            None => &mut self.missing,
            Some(Effect::Blocked | Effect::Undetermined) => &mut self.blocked,
            Some(Effect::Neutralised) => &mut self.neutralised,
            Some(Effect::Compromised) => &mut self.compromised,
            Some(Effect::Works) => &mut self.works,
            Some(Effect::Broken) => &mut self.broken,
            Some(Effect::Failed | Effect::Timeout) => &mut self.failed,
            Some(Effect::Skipped | Effect::NotPerformable) => &mut self.skipped,
            Some(Effect::NotApplicable) => &mut self.not_applicable,
        };
        *count += 1;
    }

    /// Cases that ran, failures included.
    #[must_use]
    pub fn n(&self) -> u32 {
        self.stopped() + self.compromised + self.works + self.broken + self.failed
    }

    /// Attacks that were stopped, in whichever way.
    #[must_use]
    pub fn stopped(&self) -> u32 {
        self.blocked + self.neutralised
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.blocked += other.blocked;
        self.neutralised += other.neutralised;
        self.compromised += other.compromised;
        self.works += other.works;
        self.broken += other.broken;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.not_applicable += other.not_applicable;
        self.missing += other.missing;
        self.twin_too += other.twin_too;
    }
}

impl Column {
    /// All families together.
    #[must_use]
    pub fn attacks(&self) -> Counts {
        let mut sum = Counts::default();
        for counts in self.families.values() {
            sum += *counts;
        }
        sum
    }
}

/// Sets of the reference launcher that are shown beside real ones.
const SETS: [&str; 3] = ["none", "suexec", "all"];

/// The comparison; `None` when the run has no real launcher.
#[must_use]
pub fn compare(run: &Run, cells: &Cells) -> Option<Targets> {
    run.views.iter().find(|view| view.is_real())?;
    let by_name = Compared::of(run, cells);
    let mut columns = Vec::new();
    for (place, view) in run.views.iter().enumerate() {
        let sets: Vec<usize> = (0..run.sets.len())
            .filter(|set| cells.any(place, *set))
            .collect();
        for set in sets {
            let name = &run.sets[set];
            if view.is_real() {
                columns.push(by_name.column(place, set, view.target.clone()));
            } else if SETS.contains(&name.as_str()) {
                columns.push(by_name.column(place, set, format!("{} {name}", view.name())));
            }
        }
    }
    let rank = |column: &Column| {
        let set = SETS.iter().position(|set| column.name.ends_with(set));
        (column.real, column.name.contains("by-path"), set)
    };
    columns.sort_by_key(rank);
    let count = |kind| {
        let demonstrated = by_name.demonstrated.iter().zip(&run.cases);
        demonstrated
            .filter(|(demonstrated, case)| **demonstrated && case.kind == kind)
            .count()
    };
    Some(Targets {
        columns,
        demonstrated: count(Kind::Malicious),
        working: count(Kind::Legitimate),
    })
}

struct Compared<'a> {
    run: &'a Run,
    cells: &'a Cells,
    /// For each case, whether its witness was seen on the reference launcher.
    demonstrated: Vec<bool>,
    /// Place of each case by `scenario/case`.
    places: BTreeMap<String, usize>,
}

impl<'a> Compared<'a> {
    fn of(run: &'a Run, cells: &'a Cells) -> Self {
        let none = run.sets.iter().position(|set| set == "none");
        let references = || {
            let views = run.views.iter().enumerate();
            views.filter(|(_, view)| !view.is_real()).map(|(at, _)| at)
        };
        let seen = |case: usize| {
            let wanted = match run.cases[case].is_malicious() {
                true => Effect::Compromised,
                false => Effect::Works,
            };
            none.is_some_and(|none| {
                references()
                    .any(|view| cells.get(view, none, case).map(|cell| cell.effect) == Some(wanted))
            })
        };
        let names = run.cases.iter().enumerate();
        Self {
            run,
            cells,
            demonstrated: (0..run.cases.len()).map(seen).collect(),
            places: names
                .map(|(place, case)| (format!("{}/{}", case.scenario, case.case), place))
                .collect(),
        }
    }

    fn column(&self, view: usize, set: usize, name: String) -> Column {
        let about = &self.run.views[view];
        let mut column = Column {
            name,
            target: about.target.clone(),
            real: about.is_real(),
            families: BTreeMap::new(),
            legitimate: Counts::default(),
            let_through: Vec::new(),
            stopped: Vec::new(),
            broken: Vec::new(),
            failed: Vec::new(),
        };
        for case in 0..self.run.cases.len() {
            let cell = self.cells.get(view, set, case);
            self.count(&mut column, case, cell, |case| {
                self.cells.get(view, set, case)
            });
        }
        column
    }

    fn count(
        &self,
        column: &mut Column,
        case: usize,
        cell: Option<Cell>,
        other: impl Fn(usize) -> Option<Cell>,
    ) {
        let about = &self.run.cases[case];
        let effect = cell.map(|cell| cell.effect);
        let demonstrated = self.demonstrated[case];
        if let (Some(cell), Some(Effect::Failed | Effect::Timeout)) = (cell, effect) {
            column.failed.push(self.told(case, cell));
        }
        if !about.is_malicious() {
            if demonstrated {
                column.legitimate.add(effect);
                if let (Some(cell), Some(Effect::Broken)) = (cell, effect) {
                    column.broken.push(self.told(case, cell));
                }
            }
            return;
        }
        if effect == Some(Effect::Compromised) {
            column.let_through.push(LetThrough {
                case: about.name(),
                attacker: about
                    .attacker
                    .map_or("", |attacker| attacker.word())
                    .to_owned(),
                family: about.family.clone(),
                title: about.title.clone(),
                demonstrated,
            });
        }
        if !demonstrated {
            return;
        }
        let counts = column.families.entry(about.family.clone()).or_default();
        counts.add(effect);
        let (Some(cell), Some(true)) = (cell, effect.and_then(Effect::is_stop)) else {
            return;
        };
        let twin = about.twin.as_deref().unwrap_or_default();
        let twin = self.places.get(&twin_name(twin));
        let twin = twin.and_then(|twin| other(*twin)).map(|cell| cell.effect);
        counts.twin_too += u32::from(twin == Some(Effect::Broken));
        column.stopped.push(Stopped {
            told: self.told(case, cell),
            twin,
        });
    }

    fn told(&self, case: usize, cell: Cell) -> Told {
        let trial = &self.run.trials[cell.trial];
        Told {
            case: self.run.cases[case].name(),
            effect: cell.effect,
            exit_status: trial.exit_status.clone(),
            reason: trial.reason.clone(),
        }
    }
}

/// The twin's name as that of a case.
fn twin_name(twin: &str) -> String {
    match twin.is_empty() || twin.contains('/') {
        true => twin.to_owned(),
        false => format!("{twin}/default"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undetermined_counts_as_blocked_and_nothing_is_lost() {
        let mut counts = Counts::default();
        let all = [
            Effect::Compromised,
            Effect::Broken,
            Effect::Failed,
            Effect::Timeout,
            Effect::Skipped,
            Effect::NotApplicable,
            Effect::Neutralised,
            Effect::Undetermined,
            Effect::Blocked,
            Effect::Works,
        ];
        for effect in all {
            counts.add(Some(effect));
        }
        counts.add(None);
        assert_eq!((counts.blocked, counts.failed), (2, 2));
        assert_eq!(counts.n(), 8);
        assert_eq!(
            counts.n() + counts.skipped + counts.not_applicable + counts.missing,
            11
        );
    }

    #[test]
    fn a_twin_without_case_is_the_default_one() {
        assert_eq!(twin_name("a"), "a/default");
        assert_eq!(twin_name("a/b"), "a/b");
        assert_eq!(twin_name(""), "");
    }
}
