//! One target with one way to resolve: the ground that every number stands on.

use super::cells::{Cell, Cells, Effect};
use super::lattice::Scorer;
use super::masks::{self, Mask};
use super::sets::{self, Bits};
use crate::read::{Case, Outcome, Run};

/// A view with what is derived for each case.
#[derive(Debug)]
pub struct View<'a> {
    /// The run.
    pub run: &'a Run,
    /// All cells of the run.
    pub cells: &'a Cells,
    /// Place in [`Run::views`].
    pub place: usize,
    /// For each case, whether its witness was seen with the rules off and in none
    /// of its controls.
    pub demonstrated: Vec<bool>,
    /// For each case, what the rules do about it.
    pub masks: Vec<Mask>,
    /// Place of the rule set `none`, if the view has trials under it.
    pub none: Option<usize>,
}

/// For each case, whether every control of this view was observed and did not
/// show the witness. True of a case without controls.
fn controls_held(run: &Run, place: usize) -> Vec<bool> {
    let mut held = vec![true; run.cases.len()];
    for line in run.controls.iter().filter(|line| line.view == place) {
        held[line.case] &= line.outcome == Outcome::Absent;
    }
    held
}

impl<'a> View<'a> {
    /// The view at a place of [`Run::views`].
    #[must_use]
    pub fn of(run: &'a Run, cells: &'a Cells, place: usize) -> Self {
        let none = run
            .sets
            .iter()
            .position(|set| set == "none")
            .filter(|set| cells.any(place, *set));
        let held = controls_held(run, place);
        let demonstrated = (0..run.cases.len())
            .map(|case| {
                let cell = none.and_then(|set| cells.get(place, set, case));
                held[case]
                    && cell.is_some_and(|cell| {
                        cell.effect
                            == if run.cases[case].is_malicious() {
                                Effect::Compromised
                            } else {
                                Effect::Works
                            }
                    })
            })
            .collect();
        Self {
            run,
            cells,
            place,
            demonstrated,
            masks: masks::of_view(run, cells, place),
            none,
        }
    }

    /// Whether verdict or trial tells of every rule what it does to every
    /// demonstrated case.
    #[must_use]
    pub fn knows_all_effects(&self) -> bool {
        self.cases(|_| true)
            .all(|case| self.masks[case].unknown == 0)
    }

    /// Place of a rule set that has trials in this view.
    #[must_use]
    pub fn set(&self, name: &str) -> Option<usize> {
        self.run
            .sets
            .iter()
            .position(|set| set == name)
            .filter(|set| self.cells.any(self.place, *set))
    }

    /// What came of a case under a set of the run.
    #[must_use]
    pub fn cell(&self, set: usize, case: usize) -> Option<Cell> {
        self.cells.get(self.place, set, case)
    }

    /// What came of a case under a set of the run; where it was not started under a
    /// rule alone (a run starts a sample of these), what the rule's verdict says.
    #[must_use]
    pub fn effect(&self, set: usize, case: usize) -> Option<Effect> {
        let seen = self.cell(set, case).map(|cell| cell.effect);
        seen.or_else(|| self.predicted(sets::resolve(self.run, &self.run.sets[set])?, case))
    }

    /// What the verdicts say of a demonstrated case under one rule alone; `None`
    /// where they do not tell, or for other sets.
    fn predicted(&self, rule: Bits, case: usize) -> Option<Effect> {
        let mask = self.masks[case];
        if rule.count_ones() != 1 || mask.unknown & rule != 0 || !self.demonstrated[case] {
            return None;
        }
        Some(match self.run.cases[case].is_malicious() {
            true if mask.deny & rule != 0 => Effect::Blocked,
            true if mask.undetermined & rule != 0 => Effect::Undetermined,
            true if mask.learnt & rule != 0 => Effect::Neutralised,
            true => Effect::Compromised,
            false if mask.stops() & rule != 0 => Effect::Broken,
            false => Effect::Works,
        })
    }

    /// Demonstrated cases for which the predicate holds.
    pub fn cases<'b>(
        &'b self,
        holds: impl Fn(&Case) -> bool + 'b,
    ) -> impl Iterator<Item = usize> + 'b {
        (0..self.run.cases.len())
            .filter(move |case| self.demonstrated[*case] && holds(&self.run.cases[*case]))
    }

    /// Demonstrated attacks.
    pub fn attacks(&self) -> impl Iterator<Item = usize> + '_ {
        self.cases(Case::is_malicious)
    }

    /// Legitimate cases that work with the rules off.
    pub fn legitimate(&self) -> impl Iterator<Item = usize> + '_ {
        self.cases(|case| !case.is_malicious())
    }

    /// As [`Self::scorer`], but an attack that a rule refuses only because it
    /// could not observe its fact counts as stopped for nobody.
    #[must_use]
    pub fn merit_scorer(&self) -> Scorer {
        Scorer::new(
            self.attacks().map(|case| self.masks[case].merits()),
            self.legitimate().map(|case| self.masks[case].stops()),
        )
    }

    /// Scores rule sets from the masks of the demonstrated cases.
    #[must_use]
    pub fn scorer(&self) -> Scorer {
        self.scorer_of(|_| true)
    }

    /// As [`Self::scorer`], for the cases for which the predicate holds. Where
    /// it holds for no attack (or no legitimate case) it says nothing about
    /// them, and all of them count: an attacker is no attribute of a start.
    #[must_use]
    pub fn scorer_of(&self, holds: impl Fn(&Case) -> bool) -> Scorer {
        let part = |malicious: bool| {
            let all: Vec<usize> = self
                .cases(|case| case.is_malicious() == malicious)
                .collect();
            let own = all.iter().copied();
            let own: Vec<usize> = own.filter(|case| holds(&self.run.cases[*case])).collect();
            let counted = if own.is_empty() { all } else { own };
            counted.into_iter().map(|case| self.masks[case].stops())
        };
        Scorer::new(part(true), part(false))
    }
}
