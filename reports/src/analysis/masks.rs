//! Which rules stop which case: one mask per case, from the verdicts.
//!
//! A rule that denies (or cannot observe its fact) refuses the request whatever
//! the other rules say. A rule that sanitises lets it start without something,
//! so whether that removes an attack's effect (or breaks a legitimate start) is
//! taken from the trial with that rule alone.

use serde::Serialize;

use super::cells::{Cells, Effect};
use super::sets::{self, Bits};
use crate::read::{Run, Verdict};

/// What the rules said and did about one case in one view.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Mask {
    /// Rules with a verdict.
    pub evaluated: Bits,
    /// Rules that deny.
    pub deny: Bits,
    /// Rules that could not observe their fact.
    pub undetermined: Bits,
    /// Rules that sanitise.
    pub sanitize: Bits,
    /// Rules whose trial alone stopped (or broke) the case although their
    /// verdict does not refuse; taken from the trial, so not predicted.
    pub learnt: Bits,
    /// Rules of which neither verdict nor trial tells what they do.
    pub unknown: Bits,
}

impl Mask {
    /// Rules that refuse.
    #[must_use]
    pub fn refuses(&self) -> Bits {
        self.deny | self.undetermined
    }

    /// Rules each of which alone stops the case by what it is for: not because it
    /// could not observe its fact.
    #[must_use]
    pub fn merits(&self) -> Bits {
        self.deny | self.learnt
    }

    /// Rules each of which alone stops (or breaks) the case.
    #[must_use]
    pub fn stops(&self) -> Bits {
        self.refuses() | self.learnt
    }
}

/// The masks of all cases in one view.
#[must_use]
pub fn of_view(run: &Run, cells: &Cells, view: usize) -> Vec<Mask> {
    let mut masks = vec![Mask::default(); run.cases.len()];
    let resolution = &run.views[view].resolution;
    for line in &run.verdicts {
        if line.resolution != *resolution {
            continue;
        }
        let (mask, bit) = (&mut masks[line.case], 1 << line.rule);
        mask.evaluated |= bit;
        match line.verdict {
            Verdict::Permit => {}
            Verdict::Deny => mask.deny |= bit,
            Verdict::Undetermined => mask.undetermined |= bit,
            Verdict::Sanitize => mask.sanitize |= bit,
        }
    }
    let alone = alone(run);
    let every = sets::all(&run.rules);
    for (case, mask) in masks.iter_mut().enumerate() {
        // What the verdict does not settle.
        let open = mask.sanitize | (every & !mask.evaluated);
        for rule in sets::members(open) {
            let cell = alone[rule].and_then(|set| cells.get(view, set, case));
            match cell.map(|cell| cell.effect).map(Effect::is_stop) {
                Some(Some(true)) => mask.learnt |= 1 << rule,
                Some(Some(false)) => {}
                Some(None) | None => mask.unknown |= 1 << rule,
            }
        }
    }
    masks
}

/// For each rule the place of a set that holds it alone, whatever its name.
fn alone(run: &Run) -> Vec<Option<usize>> {
    let held: Vec<_> = run.sets.iter().map(|set| sets::resolve(run, set)).collect();
    (0..run.rules.len())
        .map(|rule| held.iter().position(|set| *set == Some(1 << rule)))
        .collect()
}
