//! The Pareto front security × compatibility, and with cost as a third measure,
//! over *all* rule sets, exactly.
//!
//! Before the sweep over every set, rules are left out that no best set needs:
//! 1. a rule that stops no more and breaks no less than another (and costs no
//!    less, where cost counts) is never needed: put the other in its place;
//! 2. where cost does not count, a rule that breaks nothing is in every best
//!    set.
//!
//! Within a state of the sweep, a set that stops no more and breaks no less
//! than another one of the same state never becomes better than that: whatever
//! is added, both gain and lose the same.

use serde::Serialize;

use super::lattice::{Score, Scorer};
use super::sets::{self, Bits, members};
use super::sweep::{Algebra, Step, Weighed, sweep};

/// The front.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Front {
    /// Its points by rising breakage, then by falling number of attacks
    /// stopped. Without cost, each stops more than the one before.
    pub points: Vec<Point>,
    /// Rules that were left to choose from after reduction.
    pub rules_left: u32,
    /// States of the sweep.
    pub states: u64,
    /// Whether the sweep came to its end; else `points` is empty.
    pub exact: bool,
}

/// One point of the front.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Point {
    /// Stopped and broken.
    pub score: Score,
    /// What the rules of the set cost together, in the unit of the prices: least
    /// among the sets with that score. 0 where cost does not count.
    pub cost: u64,
    /// A rule set with that score and cost.
    #[serde(serialize_with = "sets::as_places")]
    pub set: Bits,
}

/// What each rule costs, by place; rules beyond its end cost nothing.
pub type Prices = [u64];

/// What the rules of a set cost together.
#[must_use]
pub fn price(set: Bits, prices: &Prices) -> u64 {
    members(set).filter_map(|rule| prices.get(rule)).sum()
}

/// The front security × compatibility over every subset of `universe`.
pub(super) fn front(scorer: &Scorer, universe: Bits) -> Front {
    let cases = scorer.weighed(universe);
    let union = |count: fn(&Weighed) -> u32| {
        let of = cases.iter().filter(|case| count(case) > 0);
        of.fold(0, |bits, case| bits | case.mask)
    };
    let (useful, harmful) = (union(|case| case.attacks), union(|case| case.legitimate));
    let free = useful & !harmful;
    let mut open = cases.clone();
    for case in &mut open {
        if case.mask & free != 0 {
            case.attacks = 0;
        }
    }
    let rules = undominated(&open, useful & harmful, |_, _| true);
    // Nothing costs anything: then cost never makes a set better.
    let points = Points { prices: &[] };
    let Some(swept) = sweep(&points, &within(&open, rules), rules) else {
        return Front::cut_off(rules);
    };
    let found = swept.value.into_iter().map(|point| {
        let set = scorer.trimmed(point.set | free);
        Point {
            score: scorer.score(set),
            cost: 0,
            set,
        }
    });
    let mut points: Vec<Point> = found.collect();
    points.sort_unstable_by_key(|point| point.score.broken);
    Front {
        points,
        rules_left: rules.count_ones(),
        states: swept.states,
        exact: true,
    }
}

/// The front security × compatibility × cost over every subset of `universe`:
/// for every score that is best at some cost, the least cost.
pub(super) fn front_with_cost(scorer: &Scorer, universe: Bits, prices: &Prices) -> Front {
    let cases = scorer.weighed(universe);
    let attacks = cases.iter().filter(|case| case.attacks > 0);
    let useful = attacks.fold(0, |bits, case| bits | case.mask);
    let at = |rule: usize| prices.get(rule).copied().unwrap_or(0);
    let rules = undominated(&cases, useful, |rule, other| at(other) <= at(rule));
    let cases = within(&cases, rules);
    let Some(swept) = sweep(&Points { prices }, &cases, rules) else {
        return Front::cut_off(rules);
    };
    let mut points = swept.value;
    points.sort_unstable_by_key(|point| (point.score.broken, u32::MAX - point.score.stopped));
    Front {
        points,
        rules_left: rules.count_ones(),
        states: swept.states,
        exact: true,
    }
}

impl Front {
    fn cut_off(rules: Bits) -> Self {
        Self {
            points: Vec::new(),
            rules_left: rules.count_ones(),
            states: 0,
            exact: false,
        }
    }
}

fn within(cases: &[Weighed], rules: Bits) -> Vec<Weighed> {
    let cases = cases.iter().map(|case| Weighed {
        mask: case.mask & rules,
        ..*case
    });
    cases
        .filter(|case| case.mask != 0 && case.attacks + case.legitimate > 0)
        .collect()
}

/// Rules of `candidates` for which no other one stops at least as much, breaks
/// at most as much and `may` stand in their place; of equal ones the first.
fn undominated(cases: &[Weighed], candidates: Bits, may: impl Fn(usize, usize) -> bool) -> Bits {
    // As bits over cases, the columns of the rules.
    let words = cases.len().div_ceil(64);
    let column = |rule: usize, count: fn(&Weighed) -> u32| {
        let mut column = vec![0_u64; words];
        for (row, case) in cases.iter().enumerate() {
            if count(case) > 0 && case.mask >> rule & 1 == 1 {
                column[row / 64] |= 1 << (row % 64);
            }
        }
        column
    };
    let rules: Vec<_> = members(candidates)
        .map(|rule| {
            let stops = column(rule, |case| case.attacks);
            (rule, stops, column(rule, |case| case.legitimate))
        })
        .collect();
    let subset = |one: &[u64], of: &[u64]| one.iter().zip(of).all(|(one, of)| one & !of == 0);
    let kept = rules.iter().filter(|(rule, stops, breaks)| {
        stops.iter().any(|word| *word != 0)
            && !rules.iter().any(|(other, more, less)| {
                let as_good = subset(stops, more) && subset(less, breaks) && may(*rule, *other);
                // Of two that can stand for each other the first is kept.
                let mutual = subset(more, stops) && subset(breaks, less) && may(*other, *rule);
                other != rule && as_good && (!mutual || other < rule)
            })
    });
    kept.fold(0, |bits, (rule, ..)| bits | 1 << rule)
}

/// Keeps the best points of each state.
struct Points<'a> {
    prices: &'a Prices,
}

impl Points<'_> {
    /// Order of points within a value: those that stop more first. Adding the
    /// same to all keeps it.
    fn key(point: &Point) -> (u32, u32, u64, Bits) {
        let Score { stopped, broken } = point.score;
        (u32::MAX - stopped, broken, point.cost, point.set)
    }

    /// Of points in order, those that no other one is better than; of equal
    /// ones one.
    fn best(mut points: Vec<Point>) -> Vec<Point> {
        // At each place, the least cost of a point before that breaks at most so
        // many; those before stop at least as much.
        let mut least: Vec<u64> = Vec::new();
        points.retain(|point| {
            let broken = point.score.broken as usize;
            let cost = point.cost;
            if least.len() <= broken {
                let last = least.last().copied().unwrap_or(u64::MAX);
                least.resize(broken + 1, last);
            }
            if least[broken] <= cost {
                return false;
            }
            for known in least[broken..]
                .iter_mut()
                .take_while(|known| **known > cost)
            {
                *known = cost;
            }
            true
        });
        points
    }
}

impl Algebra for Points<'_> {
    type Value = Vec<Point>;

    fn size(&self, sets: &Vec<Point>) -> usize {
        sets.len()
    }

    fn empty(&self) -> Vec<Point> {
        vec![Point {
            score: Score {
                stopped: 0,
                broken: 0,
            },
            cost: 0,
            set: 0,
        }]
    }

    fn with(&self, sets: &Vec<Point>, step: Step) -> Vec<Point> {
        let price = self.prices.get(step.rule).copied().unwrap_or(0);
        let with = sets.iter().map(|point| Point {
            score: Score {
                stopped: point.score.stopped + step.stopped,
                broken: point.score.broken + step.broken,
            },
            cost: point.cost + price,
            set: point.set | 1 << step.rule,
        });
        with.collect()
    }

    fn merge(&self, one: Vec<Point>, other: Vec<Point>) -> Vec<Point> {
        let mut merged = Vec::with_capacity(one.len() + other.len());
        let mut other = other.into_iter().peekable();
        for point in one {
            let key = Self::key(&point);
            while let Some(before) = other.next_if(|other| Self::key(other) < key) {
                merged.push(before);
            }
            merged.push(point);
        }
        merged.extend(other);
        Self::best(merged)
    }

    fn product(&self, one: &Vec<Point>, other: &Vec<Point>) -> Vec<Point> {
        let sum = |a: &Point, b: &Point| Point {
            score: Score {
                stopped: a.score.stopped + b.score.stopped,
                broken: a.score.broken + b.score.broken,
            },
            cost: a.cost + b.cost,
            set: a.set | b.set,
        };
        let pairs = one
            .iter()
            .flat_map(|a| other.iter().map(move |b| sum(a, b)));
        let mut pairs: Vec<Point> = pairs.collect();
        pairs.sort_unstable_by_key(Self::key);
        Self::best(pairs)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::analysis::testing::masks;

    /// Every score with its least cost, then those that nothing is better than.
    fn brute_force(scorer: &Scorer, universe: Bits, prices: &Prices) -> Vec<(u32, u32, u64)> {
        let mut all: Vec<(u32, u32, u64)> = (0..=universe)
            .filter(|set| set & !universe == 0)
            .map(|set| {
                let score = scorer.score(set);
                (score.broken, score.stopped, price(set, prices))
            })
            .collect();
        all.sort_unstable();
        all.dedup();
        let better = |a: &(u32, u32, u64), b: &(u32, u32, u64)| {
            a != b && a.0 <= b.0 && a.1 >= b.1 && a.2 <= b.2
        };
        let kept = all
            .iter()
            .filter(|one| !all.iter().any(|other| better(other, one)));
        let mut kept: Vec<_> = kept.copied().collect();
        kept.sort_unstable_by_key(|(broken, stopped, _)| (*broken, u32::MAX - stopped));
        kept
    }

    fn points(front: &Front) -> Vec<(u32, u32, u64)> {
        let points = front.points.iter();
        points
            .map(|point| (point.score.broken, point.score.stopped, point.cost))
            .collect()
    }

    #[test]
    fn a_rule_that_breaks_nothing_is_in_every_point() {
        // Rule 0 stops two attacks for nothing, rule 1 one more for one case.
        let scorer = Scorer::new([0b01, 0b01, 0b10], [0b10]);
        let front = scorer.front(0b11);
        let points: Vec<_> = front
            .points
            .iter()
            .map(|point| (point.score.stopped, point.score.broken, point.set))
            .collect();
        assert_eq!(points, [(2, 0, 0b01), (3, 1, 0b11)]);
        assert!(front.exact);
    }

    #[test]
    fn without_attacks_the_front_is_the_empty_set() {
        let front = Scorer::new([], [0b1]).front(0b1);
        assert_eq!(front.points.len(), 1);
        assert_eq!(front.points[0].set, 0);
    }

    #[test]
    fn of_rules_that_do_the_same_the_cheaper_one_is_taken() {
        let scorer = Scorer::new([0b11], []);
        let front = scorer.front_with_cost(0b11, &[7, 3]);
        assert_eq!(points(&front), [(0, 1, 3), (0, 0, 0)]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn the_front_is_what_trying_every_set_finds(
            attacks in masks(8, 20),
            legitimate in masks(8, 14),
            universe in 0_u128..1 << 8,
        ) {
            let scorer = Scorer::new(attacks, legitimate);
            let front = scorer.front(universe);
            prop_assert!(front.exact);
            prop_assert_eq!(points(&front), brute_force(&scorer, universe, &[0; 8]));
            for point in &front.points {
                prop_assert_eq!(point.set & !universe, 0);
                prop_assert_eq!(scorer.score(point.set), point.score);
                prop_assert_eq!(scorer.trimmed(point.set), point.set);
            }
        }

        #[test]
        fn with_cost_too(
            attacks in masks(7, 16),
            legitimate in masks(7, 12),
            universe in 0_u128..1 << 7,
            prices in prop::collection::vec(0_u64..5, 7),
        ) {
            let scorer = Scorer::new(attacks, legitimate);
            let front = scorer.front_with_cost(universe, &prices);
            prop_assert_eq!(points(&front), brute_force(&scorer, universe, &prices));
            for point in &front.points {
                prop_assert_eq!(scorer.score(point.set), point.score);
                prop_assert_eq!(price(point.set, &prices), point.cost);
            }
        }
    }
}
