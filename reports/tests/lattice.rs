//! What is said about every rule set, against looking at every rule set.

use std::collections::BTreeMap;

use sekisho_reports::analysis::lattice::{Score, Scorer};

const RULES: u32 = 20;
const SETS: usize = 1 << RULES;

/// Masks with entangled rules: some cases that few rules stop, some that many do.
fn masks(seed: u64, number: usize) -> Vec<u128> {
    let mut state = seed;
    let mut random = move |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut mask = || {
        let rules = if random(8) == 0 { 9 } else { random(4) };
        (0..rules).fold(0, |mask, _| mask | 1 << random(RULES.into()))
    };
    (0..number).map(|_| mask()).collect()
}

/// For every set, the number of masks that share a rule with it, by summing
/// over subsets: a mask is missed by a set if it lies within the complement.
fn hits(masks: &[u128]) -> Vec<u32> {
    let mut within = vec![0_u32; SETS];
    for mask in masks {
        within[usize::try_from(*mask).expect("few rules")] += 1;
    }
    for rule in 0..RULES {
        for set in 0..SETS {
            if set >> rule & 1 == 1 {
                within[set] += within[set ^ 1 << rule];
            }
        }
    }
    let all = u32::try_from(masks.len()).expect("few masks");
    (0..SETS).map(|set| all - within[SETS - 1 - set]).collect()
}

#[test]
fn front_and_numbers_are_those_of_a_million_sets_looked_at_one_by_one() {
    for seed in [1, 2, 3] {
        let (attacks, legitimate) = (masks(seed, 60), masks(seed + 100, 40));
        let (stopped, broken) = (hits(&attacks), hits(&legitimate));
        let mut counted: BTreeMap<(u32, u32), u128> = BTreeMap::new();
        let mut cheapest: BTreeMap<(u32, u32), u64> = BTreeMap::new();
        let prices: Vec<u64> = (0..RULES.into()).map(|rule| 3 + rule * 7 % 11).collect();
        for set in 0..SETS {
            let score = (broken[set], stopped[set]);
            *counted.entry(score).or_default() += 1;
            let price = (0..RULES as usize).filter(|rule| set >> rule & 1 == 1);
            let price: u64 = price.map(|rule| prices[rule]).sum();
            let known = cheapest.entry(score).or_insert(u64::MAX);
            *known = price.min(*known);
        }

        let scorer = Scorer::new(attacks, legitimate);
        let every = u128::try_from(SETS).expect("few sets") - 1;
        let distribution = scorer.distribution(every).expect("few states");
        let numbers: BTreeMap<(u32, u32), u128> = distribution
            .scores
            .iter()
            .map(|(score, sets)| ((score.broken, score.stopped), *sets))
            .collect();
        assert_eq!(numbers, counted, "seed {seed}");

        // From little breakage to much, whatever stops more than all before.
        let mut best: Vec<(u32, u32)> = Vec::new();
        for (broken, stopped) in counted.keys().copied() {
            let last = best.last().copied();
            if last.is_some_and(|last| last.0 == broken && last.1 < stopped) {
                best.pop();
            }
            if best.last().is_none_or(|last| last.1 < stopped) {
                best.push((broken, stopped));
            }
        }
        let front = scorer.front(every);
        let points = front.points.iter();
        let points: Vec<_> = points
            .map(|point| (point.score.broken, point.score.stopped))
            .collect();
        assert!(front.exact && front.points.len() > 5, "{front:?}");
        assert_eq!(points, best, "seed {seed}");

        let better = |one: (&(u32, u32), &u64), other: (&(u32, u32), &u64)| {
            let ((broken, stopped), cost) = one;
            one != other && *broken <= other.0.0 && *stopped >= other.0.1 && cost <= other.1
        };
        let expected: Vec<_> = cheapest
            .iter()
            .filter(|one| !cheapest.iter().any(|other| better(other, *one)))
            .map(|((broken, stopped), cost)| (*broken, *stopped, *cost))
            .collect();
        let front = scorer.front_with_cost(every, &prices);
        let points = front.points.iter();
        let mut points: Vec<_> = points
            .map(|point| (point.score.broken, point.score.stopped, point.cost))
            .collect();
        points.sort_unstable();
        assert_eq!(points, expected, "seed {seed}");
        for point in &front.points {
            let Score { stopped, broken } = scorer.score(point.set);
            assert_eq!((stopped, broken), (point.score.stopped, point.score.broken));
        }
    }
}
