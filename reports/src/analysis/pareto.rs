//! The Pareto front security × compatibility over *all* rule sets, exactly,
//! without looking at each of them.
//!
//! Why leaving sets out is safe, step by step:
//! 1. rules with the same effects stand for each other: one of them is kept;
//! 2. a rule that breaks nothing is in every best set;
//! 3. a rule that stops no more and breaks no less than another is never
//!    needed: put the other in its place;
//! 4. rules that share no case with each other, directly or through others,
//!    do not influence each other: their fronts are added point by point;
//! 5. within what is left, a branch is cut when a bound on what its rules can
//!    still reach lies behind points that were already found.

use std::collections::HashSet;

use serde::Serialize;

use super::lattice::{Score, Scorer};
use super::sets::{self, Bits, members};

/// Most steps of the search, well below a second. Fronts over 26 rules that all
/// depend on each other need a few thousand.
const MOST_STEPS: u64 = 100_000;

/// The front.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Front {
    /// Its points by rising breakage; each stops more than the one before.
    pub points: Vec<Point>,
    /// Rules that were left to choose from after reduction.
    pub rules_left: u32,
    /// Whether the search came to its end; else points may be missing.
    pub exact: bool,
}

/// One point of the front.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Point {
    /// Stopped and broken.
    pub score: Score,
    /// A rule set with that score, without rules that change nothing.
    #[serde(serialize_with = "sets::as_places")]
    pub set: Bits,
}

/// The front over every subset of `universe`.
pub(super) fn front(scorer: &Scorer, universe: Bits) -> Front {
    let attacks = within(&scorer.attacks.masks, universe);
    let legitimate = within(&scorer.legitimate.masks, universe);
    let costly = union(&legitimate);
    let free = union(&attacks) & !costly;
    let open: Vec<_> = attacks
        .into_iter()
        .filter(|(mask, _)| mask & free == 0)
        .collect();
    let rules = undominated(&open, &legitimate);
    let all: Bits = rules.iter().fold(0, |bits, rule| bits | 1 << rule);
    let mut steps = 0;
    let mut front = vec![Some((0, free))];
    for part in parts(&open, &legitimate, all) {
        let mut search = Search {
            attacks: within(&open, part),
            legitimate: within(&legitimate, part),
            best: Vec::new(),
            steps: 0,
        };
        search.step(0, part);
        steps += search.steps;
        front = add(&front, &search.best);
    }
    let mut points: Vec<Point> = Vec::new();
    for (_, set) in front.into_iter().flatten() {
        let set = scorer.trimmed(set);
        let score = scorer.score(set);
        if points
            .last()
            .is_none_or(|last| score.stopped > last.score.stopped)
        {
            points.push(Point { score, set });
        }
    }
    Front {
        points,
        rules_left: all.count_ones(),
        exact: steps <= MOST_STEPS,
    }
}

type Masks = Vec<(Bits, u32)>;

fn within(masks: &[(Bits, u32)], rules: Bits) -> Masks {
    masks
        .iter()
        .map(|(mask, count)| (mask & rules, *count))
        .filter(|(mask, _)| *mask != 0)
        .collect()
}

fn union(masks: &[(Bits, u32)]) -> Bits {
    masks.iter().fold(0, |bits, (mask, _)| bits | mask)
}

/// Rules that stop something and for which no other stops at least as much and
/// breaks at most as much; of equal ones the first.
fn undominated(attacks: &[(Bits, u32)], legitimate: &[(Bits, u32)]) -> Vec<usize> {
    let column = |masks: &[(Bits, u32)], rule: usize| -> HashSet<usize> {
        (0..masks.len())
            .filter(|row| masks[*row].0 >> rule & 1 == 1)
            .collect()
    };
    let rules: Vec<_> = members(union(attacks))
        .map(|rule| (rule, column(attacks, rule), column(legitimate, rule)))
        .collect();
    rules
        .iter()
        .filter(|(rule, stops, breaks)| {
            !rules.iter().any(|(other, others_stops, others_breaks)| {
                let at_least = stops.is_subset(others_stops) && others_breaks.is_subset(breaks);
                let equal = stops == others_stops && breaks == others_breaks;
                at_least && if equal { other < rule } else { other != rule }
            })
        })
        .map(|(rule, ..)| *rule)
        .collect()
}

/// Splits the rules into parts that share no case.
fn parts(attacks: &[(Bits, u32)], legitimate: &[(Bits, u32)], rules: Bits) -> Vec<Bits> {
    let mut parts: Vec<Bits> = members(rules).map(|rule| 1 << rule).collect();
    for (mask, _) in attacks.iter().chain(legitimate) {
        let (joined, apart): (Vec<Bits>, Vec<Bits>) =
            parts.into_iter().partition(|part| part & mask != 0);
        parts = apart;
        if !joined.is_empty() {
            parts.push(joined.iter().fold(0, |bits, part| bits | part));
        }
    }
    parts
}

/// Best known at each number of broken cases: number stopped and a set.
type Best = Vec<Option<(u32, Bits)>>;

fn offer(best: &mut Best, score: Score, set: Bits) {
    let place = score.broken as usize;
    if best.len() <= place {
        best.resize(place + 1, None);
    }
    if best[place].is_none_or(|(stopped, _)| stopped < score.stopped) {
        best[place] = Some((score.stopped, set));
    }
}

/// Every sum of a point of the one and a point of the other.
fn add(one: &Best, other: &Best) -> Best {
    let mut sum = Vec::new();
    for (a, left) in one.iter().enumerate() {
        for (b, right) in other.iter().enumerate() {
            if let (Some((stopped, set)), Some((more, with))) = (left, right) {
                let score = Score {
                    stopped: stopped + more,
                    broken: u32::try_from(a + b).unwrap_or(u32::MAX),
                };
                offer(&mut sum, score, set | with);
            }
        }
    }
    sum
}

struct Search {
    attacks: Masks,
    legitimate: Masks,
    best: Best,
    steps: u64,
}

impl Search {
    fn step(&mut self, mut chosen: Bits, mut rest: Bits) {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return;
        }
        loop {
            rest &= open(&self.attacks, chosen);
            let free = rest & !open(&self.legitimate, chosen);
            if free == 0 {
                break;
            }
            chosen |= free;
            rest &= !free;
        }
        let score = Score {
            stopped: hit(&self.attacks, chosen),
            broken: hit(&self.legitimate, chosen),
        };
        offer(&mut self.best, score, chosen);
        let worths = self.worths(chosen, rest);
        if let Some(first) = worths.first()
            && self.may_go_beyond(score, chosen | rest, &worths)
        {
            let rest = rest & !(1 << first.rule);
            self.step(chosen | 1 << first.rule, rest);
            self.step(chosen, rest);
        }
    }

    /// Gain and share of the cost of every remaining rule, the best first.
    fn worths(&self, chosen: Bits, rest: Bits) -> Vec<Worth> {
        let (mut gain, mut share) = ([0.0; 128], [0.0; 128]);
        for (mask, count) in &self.attacks {
            if mask & chosen == 0 {
                for rule in members(mask & rest) {
                    gain[rule] += f64::from(*count);
                }
            }
        }
        for (mask, count) in &self.legitimate {
            if mask & chosen == 0 {
                let among = f64::from((mask & rest).count_ones());
                for rule in members(mask & rest) {
                    share[rule] += f64::from(*count) / among;
                }
            }
        }
        let worth = |rule: usize| Worth {
            rule,
            gain: gain[rule],
            share: share[rule],
        };
        let mut worths: Vec<Worth> = members(rest).map(worth).collect();
        // Shares are above 0 here: rules without cost are chosen before.
        worths.sort_by(|a, b| (b.gain * a.share).total_cmp(&(a.gain * b.share)));
        worths
    }

    /// Whether choosing among the remaining rules may reach a point beyond the
    /// known ones. Gains of rules add up to at least what they stop together,
    /// their shares to at most what they break together (a case's weight is
    /// split among the rules that break it), so no choice is better than
    /// filling up a budget of broken cases with the best rules, the last one
    /// in part.
    fn may_go_beyond(&self, now: Score, every: Bits, worths: &[Worth]) -> bool {
        let most = hit(&self.attacks, every);
        let last = hit(&self.legitimate, every);
        let stopped = |best: &Option<(u32, Bits)>| best.map_or(0, |(stopped, _)| stopped);
        let mut known = self
            .best
            .iter()
            .take(now.broken as usize)
            .map(stopped)
            .max()
            .unwrap_or(0);
        let (mut next, mut full_gain, mut full_share) = (0, 0.0, 0.0);
        (now.broken..=last).any(|budget| {
            known = known.max(self.best.get(budget as usize).map_or(0, stopped));
            let room = f64::from(budget - now.broken);
            while next < worths.len() && full_share + worths[next].share <= room {
                full_gain += worths[next].gain;
                full_share += worths[next].share;
                next += 1;
            }
            let part = worths.get(next).map_or(0.0, |worth| {
                worth.gain * ((room - full_share) / worth.share).clamp(0.0, 1.0)
            });
            // The small addend is for rounding: cutting less is always safe.
            let reach = f64::from(now.stopped) + full_gain + part + 1e-6;
            most > known && reach >= f64::from(known + 1)
        })
    }
}

/// What a remaining rule may add.
struct Worth {
    rule: usize,
    /// Attacks that it stops and the chosen rules do not.
    gain: f64,
    /// Its share of the legitimate cases that it breaks and they do not.
    share: f64,
}

/// Rules of the masks that the set does not hit.
fn open(masks: &[(Bits, u32)], set: Bits) -> Bits {
    masks
        .iter()
        .filter(|(mask, _)| mask & set == 0)
        .fold(0, |bits, (mask, _)| bits | mask)
}

fn hit(masks: &[(Bits, u32)], set: Bits) -> u32 {
    masks
        .iter()
        .map(|(mask, count)| if mask & set == 0 { 0 } else { *count })
        .sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn brute_force(scorer: &Scorer, universe: Bits) -> Vec<Score> {
        let mut scores: Vec<Score> = (0..=universe)
            .filter(|set| set & !universe == 0)
            .map(|set| scorer.score(set))
            .collect();
        scores.sort_unstable_by_key(|score| (score.broken, u32::MAX - score.stopped));
        let mut front: Vec<Score> = Vec::new();
        for score in scores {
            if front.last().is_none_or(|last| score.stopped > last.stopped) {
                front.push(score);
            }
        }
        front
    }

    fn scores(front: &Front) -> Vec<Score> {
        front.points.iter().map(|point| point.score).collect()
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

    fn masks(rules: u32, most: usize) -> impl Strategy<Value = Vec<Bits>> {
        // Ands make sparse masks, as real ones are.
        let mask = (0_u128..1 << rules, 0_u128..1 << rules, any::<bool>())
            .prop_map(|(a, b, sparse)| if sparse { a & b } else { a });
        prop::collection::vec(mask, 0..most)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn the_front_is_what_trying_every_set_finds(
            attacks in masks(8, 20),
            legitimate in masks(8, 14),
            universe in 0_u128..1 << 8,
        ) {
            let scorer = Scorer::new(attacks, legitimate);
            let front = scorer.front(universe);
            prop_assert!(front.exact);
            prop_assert_eq!(scores(&front), brute_force(&scorer, universe));
            for point in &front.points {
                prop_assert_eq!(point.set & !universe, 0);
                prop_assert_eq!(scorer.score(point.set), point.score);
                prop_assert_eq!(scorer.trimmed(point.set), point.set);
            }
        }
    }
}
