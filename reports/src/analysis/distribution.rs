//! How many of all rule sets come to which score, exactly.

use serde::Serialize;

use super::lattice::{Score, Scorer};
use super::sets::Bits;
use super::sweep::{Algebra, Step, sweep};

/// Number of rule sets by score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Distribution {
    /// Rules that sets were chosen from.
    pub rules: u32,
    /// Every score that some set has, with the number of its sets, in order of
    /// the scores. The numbers add up to 2^`rules`; serialised as text, since
    /// they can be far above what readers in other languages can hold.
    #[serde(serialize_with = "as_text")]
    pub scores: Vec<(Score, u128)>,
    /// States of the sweep.
    pub states: u64,
}

fn as_text<S: serde::Serializer>(
    scores: &[(Score, u128)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(scores.iter().map(|(score, sets)| (score, sets.to_string())))
}

impl Distribution {
    /// Number of all rule sets.
    #[must_use]
    pub fn sets(&self) -> u128 {
        1 << self.rules
    }

    /// Number of sets with a score for which the predicate holds.
    #[must_use]
    pub fn count(&self, holds: impl Fn(Score) -> bool) -> u128 {
        let held = self.scores.iter().filter(|(score, _)| holds(*score));
        held.map(|(_, sets)| sets).sum()
    }

    /// Number of sets that are better than a score: they stop at least as much
    /// and break at most as much, and differ.
    #[must_use]
    pub fn better_than(&self, score: Score) -> u128 {
        self.count(|other| {
            other.stopped >= score.stopped && other.broken <= score.broken && other != score
        })
    }
}

/// The distribution over every subset of `universe`; `None` when there are
/// 2^128 of them, or too many states.
pub(super) fn distribution(scorer: &Scorer, universe: Bits) -> Option<Distribution> {
    if universe == Bits::MAX {
        return None;
    }
    let swept = sweep(&Counts, &scorer.weighed(universe), universe)?;
    let scores = swept.value.into_iter();
    let mut scores: Vec<_> = scores
        .map(|((stopped, broken), sets)| (Score { stopped, broken }, sets))
        .collect();
    scores.sort_unstable();
    Some(Distribution {
        rules: universe.count_ones(),
        scores,
        states: swept.states,
    })
}

/// Numbers of sets by score.
struct Counts;

/// Sorted by score, each score once.
type Numbers = Vec<((u32, u32), u128)>;

fn shifted(sets: &Numbers, (stopped, broken): (u32, u32), times: u128) -> Numbers {
    let shifted = sets
        .iter()
        .map(|((s, b), n)| ((s + stopped, b + broken), n * times));
    shifted.collect()
}

impl Algebra for Counts {
    type Value = Numbers;

    fn size(&self, sets: &Numbers) -> usize {
        sets.len()
    }

    fn empty(&self) -> Numbers {
        vec![((0, 0), 1)]
    }

    fn with(&self, sets: &Numbers, step: Step) -> Numbers {
        shifted(sets, (step.stopped, step.broken), 1)
    }

    fn merge(&self, one: Numbers, other: Numbers) -> Numbers {
        let mut merged: Numbers = Vec::with_capacity(one.len() + other.len());
        let (mut one, mut other) = (one.into_iter().peekable(), other.into_iter().peekable());
        loop {
            let next = match (one.peek(), other.peek()) {
                (Some(a), Some(b)) if b.0 < a.0 => other.next(),
                (Some(_), _) => one.next(),
                (None, _) => other.next(),
            };
            match (next, merged.last_mut()) {
                (Some((score, n)), Some((last, sum))) if *last == score => *sum += n,
                (Some(next), _) => merged.push(next),
                (None, _) => return merged,
            }
        }
    }

    fn product(&self, one: &Numbers, other: &Numbers) -> Numbers {
        let (many, few) = if one.len() < other.len() {
            (other, one)
        } else {
            (one, other)
        };
        let parts = few.iter().map(|(by, times)| shifted(many, *by, *times));
        parts.fold(Vec::new(), |sum, part| self.merge(sum, part))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::analysis::testing::masks;

    #[test]
    fn a_rule_in_no_mask_doubles_every_number() {
        let scorer = Scorer::new([0b01, 0b01], [0b01]);
        let found = distribution(&scorer, 0b11).expect("few states");
        let score = |stopped, broken| Score { stopped, broken };
        assert_eq!(found.scores, [(score(0, 0), 2), (score(2, 1), 2)]);
        assert_eq!(found.sets(), 4);
        assert_eq!(found.better_than(score(1, 1)), 2);
        assert_eq!(found.better_than(score(2, 1)), 0);
    }

    #[test]
    fn a_hundred_rules_are_counted() {
        let scorer = Scorer::new((0..100).map(|rule| 1 << rule), []);
        let found = distribution(&scorer, (1 << 100) - 1).expect("few states");
        assert_eq!(found.count(|_| true), 1 << 100);
        assert_eq!(found.count(|score| score.stopped == 1), 100);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn numbers_are_those_of_counting_every_set(
            attacks in masks(9, 20),
            legitimate in masks(9, 14),
            universe in 0_u128..1 << 9,
        ) {
            let scorer = Scorer::new(attacks, legitimate);
            let mut counted: BTreeMap<Score, u128> = BTreeMap::new();
            for set in (0..=universe).filter(|set| set & !universe == 0) {
                *counted.entry(scorer.score(set)).or_default() += 1;
            }
            let found = distribution(&scorer, universe).expect("few states");
            prop_assert_eq!(found.scores, counted.into_iter().collect::<Vec<_>>());
        }
    }
}
