//! What came of each case in each view under each rule set.
//!
//! The unit of every rate is the case, not the trial: repetitions of one case
//! are not independent of each other. A case counts by the worst of its
//! repetitions, so an attack that gets through once has got through.

use serde::Serialize;

use super::interval::Proportion;
use crate::read::{Outcome, Refusal, Run};

/// What came of a case; the worse comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// The attack's witness was seen.
    Compromised,
    /// The legitimate start was refused, or its witness was absent.
    Broken,
    /// Launcher or harness broke.
    Failed,
    /// Killed at the deadline.
    Timeout,
    /// A precondition is missing.
    Skipped,
    /// The target cannot express the request.
    NotApplicable,
    /// The kernel refused a step of the attacker, or a control showed the witness.
    NotPerformable,
    /// Started, the attack's effect absent.
    Neutralised,
    /// Refused because a rule could not observe its fact.
    Undetermined,
    /// Refused with a reason.
    Blocked,
    /// The legitimate witness was seen.
    Works,
}

impl Effect {
    fn of(outcome: Outcome, refusal: Option<Refusal>) -> Self {
        match outcome {
            Outcome::Blocked if refusal == Some(Refusal::Undetermined) => Self::Undetermined,
            Outcome::Blocked => Self::Blocked,
            Outcome::Neutralised => Self::Neutralised,
            Outcome::Compromised => Self::Compromised,
            Outcome::Works => Self::Works,
            Outcome::Broken => Self::Broken,
            Outcome::Failed => Self::Failed,
            Outcome::Timeout => Self::Timeout,
            Outcome::Skipped => Self::Skipped,
            Outcome::NotApplicable => Self::NotApplicable,
            Outcome::NotPerformable | Outcome::Absent | Outcome::Seen => Self::NotPerformable,
        }
    }

    /// Word for tables.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Compromised => "compromised",
            Self::Broken => "broken",
            Self::Failed => "failed",
            Self::Timeout => "timeout",
            Self::Skipped => "skipped",
            Self::NotApplicable => "not-applicable",
            Self::NotPerformable => "not-performable",
            Self::Neutralised => "neutralised",
            Self::Undetermined => "undetermined",
            Self::Blocked => "blocked",
            Self::Works => "works",
        }
    }

    /// For an attack: whether it was stopped; `None` when the trial does not
    /// tell (failed, timeout, skipped, not applicable). For legitimate use:
    /// whether it was broken.
    #[must_use]
    pub fn is_stop(self) -> Option<bool> {
        match self {
            Self::Blocked | Self::Undetermined | Self::Neutralised | Self::Broken => Some(true),
            Self::Compromised | Self::Works => Some(false),
            Self::Failed
            | Self::Timeout
            | Self::Skipped
            | Self::NotApplicable
            | Self::NotPerformable => None,
        }
    }
}

/// What came of one case, and the trial that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// The worst of the repetitions.
    pub effect: Effect,
    /// Place in [`Run::trials`] of the trial with that effect.
    pub trial: usize,
}

/// All cells of a run.
#[derive(Debug, Clone)]
pub struct Cells {
    sets: usize,
    cases: usize,
    cells: Vec<Option<Cell>>,
}

impl Cells {
    /// The cells of a run.
    #[must_use]
    pub fn of(run: &Run) -> Self {
        let (sets, cases) = (run.sets.len(), run.cases.len());
        let mut cells = vec![None; run.views.len() * sets * cases];
        for (place, trial) in run.trials.iter().enumerate() {
            let cell: &mut Option<Cell> =
                &mut cells[(trial.view * sets + trial.set) * cases + trial.case];
            let effect = Effect::of(trial.outcome, trial.refusal);
            if cell.is_none_or(|cell| effect < cell.effect) {
                *cell = Some(Cell {
                    effect,
                    trial: place,
                });
            }
        }
        Self { sets, cases, cells }
    }

    /// What came of a case; `None` when there is no trial of it.
    #[must_use]
    pub fn get(&self, view: usize, set: usize, case: usize) -> Option<Cell> {
        self.cells[(view * self.sets + set) * self.cases + case]
    }

    /// Whether the view has any trial under the set.
    #[must_use]
    pub fn any(&self, view: usize, set: usize) -> bool {
        let first = (view * self.sets + set) * self.cases;
        self.cells[first..first + self.cases]
            .iter()
            .any(Option::is_some)
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.blocked += other.blocked;
        self.undetermined += other.undetermined;
        self.neutralised += other.neutralised;
        self.compromised += other.compromised;
        self.works += other.works;
        self.broken += other.broken;
        self.failed += other.failed;
        self.timeout += other.timeout;
        self.skipped += other.skipped;
        self.missing += other.missing;
    }
}

/// What came of demonstrated cases of one kind under one rule set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Attacks refused with a reason.
    pub blocked: u32,
    /// Attacks refused because a rule could not observe its fact.
    pub undetermined: u32,
    /// Attacks that started without effect.
    pub neutralised: u32,
    /// Attacks that got through.
    pub compromised: u32,
    /// Legitimate cases that work.
    pub works: u32,
    /// Legitimate cases that break.
    pub broken: u32,
    /// Launcher or harness broke.
    pub failed: u32,
    /// Killed at the deadline.
    pub timeout: u32,
    /// Skipped or not applicable under this set; not in `n`.
    pub skipped: u32,
    /// No trial under this set; not in `n`.
    pub missing: u32,
}

impl Tally {
    /// Counts one case.
    pub fn add(&mut self, effect: Option<Effect>) {
        let count = match effect {
            None => &mut self.missing,
            Some(Effect::Blocked) => &mut self.blocked,
            Some(Effect::Undetermined) => &mut self.undetermined,
            Some(Effect::Neutralised) => &mut self.neutralised,
            Some(Effect::Compromised) => &mut self.compromised,
            Some(Effect::Works) => &mut self.works,
            Some(Effect::Broken) => &mut self.broken,
            Some(Effect::Failed) => &mut self.failed,
            Some(Effect::Timeout) => &mut self.timeout,
            Some(Effect::Skipped | Effect::NotApplicable | Effect::NotPerformable) => {
                &mut self.skipped
            }
        };
        *count += 1;
    }

    /// Cases that ran, failures and timeouts included: they count against the
    /// rules, never for them.
    #[must_use]
    pub fn n(&self) -> u32 {
        self.stopped() + self.compromised + self.works + self.broken + self.failed + self.timeout
    }

    /// Attacks that were stopped, in whichever way.
    #[must_use]
    pub fn stopped(&self) -> u32 {
        self.blocked + self.undetermined + self.neutralised
    }

    /// Block rate: stopped attacks among those that ran.
    #[must_use]
    pub fn block_rate(&self) -> Proportion {
        Proportion::new(self.stopped(), self.n())
    }

    /// Breakage: broken legitimate cases among those that ran.
    #[must_use]
    pub fn breakage(&self) -> Proportion {
        Proportion::new(self.broken, self.n())
    }
}
