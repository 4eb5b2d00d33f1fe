//! Results over *every* rule set, exactly, without looking at each of them.
//!
//! Rules are decided one after the other. Two beginnings that leave the same
//! open cases hit have the same future, however they came there: they are one
//! state from then on (as nodes of a decision diagram are), and what is known
//! about their sets is merged. What is kept of the sets of a state is up to an
//! [`Algebra`]: the best points, or how many sets come to which score.
//!
//! Rules that share no case, directly or through others, are swept apart and
//! their results multiplied.

use std::collections::HashMap;

use super::order::{open_parts, order, parts};
use super::sets::Bits;

/// Cases with one mask.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weighed {
    /// Rules each of which alone stops (or breaks) them.
    pub mask: Bits,
    /// Attacks among them.
    pub attacks: u32,
    /// Legitimate cases among them.
    pub legitimate: u32,
}

/// One rule more, and what it changes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// The rule.
    pub rule: usize,
    /// Attacks stopped by it and not by the rules chosen before.
    pub stopped: u32,
    /// Legitimate cases broken by it and not by those.
    pub broken: u32,
}

/// What is kept about the sets of a state.
pub(super) trait Algebra {
    /// What is known about a collection of sets.
    type Value: Clone;
    /// About the empty set alone.
    fn empty(&self) -> Self::Value;
    /// About the same sets with one rule more.
    fn with(&self, sets: &Self::Value, step: Step) -> Self::Value;
    /// About two collections together; they share no set.
    fn merge(&self, one: Self::Value, other: Self::Value) -> Self::Value;
    /// About every union of a set of the one and a set of the other; they share
    /// no rule and no case.
    fn product(&self, one: &Self::Value, other: &Self::Value) -> Self::Value;
    /// How much is known: what a step over this state takes.
    fn size(&self, sets: &Self::Value) -> usize;
}

/// Result of a sweep.
#[derive(Debug, Clone)]
pub(super) struct Swept<V> {
    /// About every subset of the rules.
    pub value: V,
    /// States that there were, over all steps: the work it took.
    pub states: u64,
}

/// Hit or not, for each decided part of the open cases.
type State = [u64; 4];
const MOST_OPEN: usize = 256;

/// Most that states may know together: about a second's work. The whole corpus
/// (545 cases, 73 rules) needs half of it.
const MOST_KNOWN: usize = 20_000_000;
/// What a state takes beside what is known about it.
const STATE: usize = 64;

/// Sweeps every subset of `rules`; `None` when that would take too long.
pub(super) fn sweep<A: Algebra>(
    algebra: &A,
    cases: &[Weighed],
    rules: Bits,
) -> Option<Swept<A::Value>> {
    let mut swept = Swept {
        value: algebra.empty(),
        states: 0,
    };
    let mut known = 0;
    for part in parts(cases.iter().map(|case| case.mask), rules) {
        let value = sweep_part(algebra, cases, part, &mut swept.states, &mut known)?;
        swept.value = algebra.product(&swept.value, &value);
    }
    Some(swept)
}

/// What a rule adds in a state: a fixed part, and a part for every decided
/// part of open cases that is not hit yet.
struct Gain {
    base: Step,
    open: Vec<(usize, u32, u32)>,
}

impl Gain {
    fn of(rule: usize, cases: &[Weighed], decided: Bits, open: &[Bits]) -> Self {
        let mut gain = Self {
            base: Step {
                rule,
                stopped: 0,
                broken: 0,
            },
            open: Vec::new(),
        };
        for case in cases.iter().filter(|case| case.mask >> rule & 1 == 1) {
            match open.binary_search(&(case.mask & decided)) {
                Ok(place) => gain.open.push((place, case.attacks, case.legitimate)),
                Err(_) => {
                    gain.base.stopped += case.attacks;
                    gain.base.broken += case.legitimate;
                }
            }
        }
        gain
    }

    fn step(&self, state: &State) -> Step {
        let mut step = self.base;
        for (place, attacks, legitimate) in &self.open {
            if !is_hit(state, *place) {
                step.stopped += attacks;
                step.broken += legitimate;
            }
        }
        step
    }
}

fn is_hit(state: &State, place: usize) -> bool {
    state[place / 64] >> (place % 64) & 1 == 1
}

fn sweep_part<A: Algebra>(
    algebra: &A,
    cases: &[Weighed],
    part: Bits,
    states: &mut u64,
    known: &mut usize,
) -> Option<A::Value> {
    let cases: Vec<Weighed> = cases
        .iter()
        .map(|case| Weighed {
            mask: case.mask & part,
            ..*case
        })
        .filter(|case| case.mask != 0)
        .collect();
    let masks: Vec<Bits> = cases.iter().map(|case| case.mask).collect();
    let (mut decided, mut open, mut next_open) = (0, Vec::new(), Vec::new());
    let mut now: HashMap<State, A::Value> = HashMap::from([([0; 4], algebra.empty())]);
    for rule in order(&masks, part) {
        let gain = Gain::of(rule, &cases, decided, &open);
        let after = decided | 1 << rule;
        open_parts(&masks, after, &mut next_open);
        if next_open.len() > MOST_OPEN {
            return None;
        }
        // For every part that is open afterwards: which it was before, and
        // whether this rule is in it.
        let from: Vec<(Option<usize>, bool)> = next_open
            .iter()
            .map(|part| {
                (
                    open.binary_search(&(part & decided)).ok(),
                    part >> rule & 1 == 1,
                )
            })
            .collect();
        let carried = |state: &State, chosen: bool| {
            let mut next: State = [0; 4];
            for (place, (before, holds)) in from.iter().enumerate() {
                if before.is_some_and(|before| is_hit(state, before)) || (chosen && *holds) {
                    next[place / 64] |= 1 << (place % 64);
                }
            }
            next
        };
        let mut next: HashMap<State, A::Value> = HashMap::with_capacity(2 * now.len());
        let mut put = |state: State, value: A::Value| {
            let merged = match next.remove(&state) {
                Some(known) => algebra.merge(known, value),
                None => value,
            };
            next.insert(state, merged);
        };
        for (state, value) in now {
            put(
                carried(&state, true),
                algebra.with(&value, gain.step(&state)),
            );
            put(carried(&state, false), value);
        }
        *states += next.len() as u64;
        *known += STATE * next.len();
        *known += next
            .values()
            .map(|value| algebra.size(value))
            .sum::<usize>();
        if *known > MOST_KNOWN {
            return None;
        }
        now = next;
        decided = after;
        std::mem::swap(&mut open, &mut next_open);
    }
    // Nothing is open any more: one state is left.
    now.into_values().next()
}
