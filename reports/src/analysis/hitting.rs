//! Smallest rule sets that stop every attack that any rule stops: the minimum
//! hitting sets of the attacks' masks, exactly.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::sets::{self, Bits, members};
use super::smallest;

/// Smallest sufficient sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Minimal {
    /// Number of rules in each of them.
    pub size: u32,
    /// The sets, in order; at most [`MOST_SETS`].
    #[serde(serialize_with = "sets::each_as_places")]
    pub sets: Vec<Bits>,
    /// Whether `sets` holds all of them.
    pub listed_all: bool,
    /// Number of all such sets; `None` when they could not be counted.
    #[serde(serialize_with = "as_text")]
    pub count: Option<u128>,
    /// Whether `size` is exact; else it is only an upper bound.
    pub exact: bool,
}

/// Numbers of sets can be above what readers in other languages can hold.
fn as_text<S: serde::Serializer>(count: &Option<u128>, serializer: S) -> Result<S::Ok, S::Error> {
    count.map(|count| count.to_string()).serialize(serializer)
}

/// Most sets that are listed.
pub const MOST_SETS: usize = 64;

/// Most steps of the search, a fraction of a second.
const MOST_STEPS: u64 = 2_000_000;

/// The smallest sets that share a rule with every mask. Masks that are empty
/// (no rule stops that attack) ask for nothing.
#[must_use]
pub fn minimal(masks: impl IntoIterator<Item = Bits>) -> Minimal {
    let masks = smallest_only(masks.into_iter().filter(|mask| *mask != 0).collect());
    let counted = smallest::count(&masks);
    let alike = merge_alike(&masks);
    let kept = alike.values().fold(0, |bits, class| bits | lowest(*class));
    let reduced: Vec<Bits> = masks.iter().map(|mask| mask & kept).collect();
    let mut search = Search {
        best: greedy(&reduced).count_ones(),
        found: BTreeSet::new(),
        more: false,
        steps: 0,
    };
    search.step(&reduced, 0, 0);
    let mut listed_all = !search.more;
    let sets = expand(&search.found, &alike, &mut listed_all);
    let searched = search.steps <= MOST_STEPS;
    let exact = searched || counted.is_some_and(|(size, _)| size == search.best);
    Minimal {
        size: search.best,
        sets,
        listed_all: listed_all && searched,
        count: counted.map(|(_, sets)| sets).filter(|_| exact),
        exact,
    }
}

/// Masks that contain no other mask: hitting those hits the others.
fn smallest_only(mut masks: Vec<Bits>) -> Vec<Bits> {
    masks.sort_unstable_by_key(|mask| (mask.count_ones(), *mask));
    masks.dedup();
    let mut kept: Vec<Bits> = Vec::new();
    for mask in masks {
        if !kept.iter().any(|smaller| smaller & mask == *smaller) {
            kept.push(mask);
        }
    }
    kept
}

/// Rules that are in exactly the same masks can stand for each other: classes
/// by the masks that they are in.
fn merge_alike(masks: &[Bits]) -> BTreeMap<Vec<usize>, Bits> {
    let every = masks.iter().fold(0, |bits, mask| bits | mask);
    let mut classes: BTreeMap<Vec<usize>, Bits> = BTreeMap::new();
    for rule in members(every) {
        let column = (0..masks.len())
            .filter(|mask| masks[*mask] >> rule & 1 == 1)
            .collect();
        *classes.entry(column).or_default() |= 1 << rule;
    }
    classes
}

/// A sufficient set, not always a smallest one: the bound to begin with.
fn greedy(masks: &[Bits]) -> Bits {
    let mut chosen = 0;
    loop {
        let open = || masks.iter().filter(|mask| *mask & chosen == 0);
        let candidates = open().fold(0, |bits, mask| bits | mask);
        let hits = |rule: usize| open().filter(|mask| *mask >> rule & 1 == 1).count();
        match members(candidates).max_by_key(|rule| hits(*rule)) {
            Some(rule) => chosen |= 1 << rule,
            None => return chosen,
        }
    }
}

struct Search {
    best: u32,
    found: BTreeSet<Bits>,
    more: bool,
    steps: u64,
}

impl Search {
    /// Tries every rule of the open mask with the fewest rules left; rules
    /// tried before are `barred` in later branches, so no set comes twice.
    fn step(&mut self, masks: &[Bits], chosen: Bits, barred: Bits) {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return;
        }
        let open: Vec<Bits> = masks
            .iter()
            .filter(|mask| *mask & chosen == 0)
            .map(|mask| mask & !barred)
            .collect();
        let Some(branch) = open.iter().min_by_key(|mask| mask.count_ones()) else {
            self.take(chosen);
            return;
        };
        if chosen.count_ones() + disjoint(&open) > self.best {
            return;
        }
        let mut barred = barred;
        for rule in members(*branch) {
            self.step(masks, chosen | 1 << rule, barred);
            barred |= 1 << rule;
        }
    }

    fn take(&mut self, chosen: Bits) {
        let size = chosen.count_ones();
        if size > self.best {
            return;
        }
        if size < self.best {
            self.best = size;
            self.found.clear();
            self.more = false;
        }
        if self.found.len() < MOST_SETS {
            self.found.insert(chosen);
        } else {
            self.more = true;
        }
    }
}

/// Number of masks, chosen greedily, that share no rule: each needs a rule of
/// its own, so no smaller set hits them all.
fn disjoint(masks: &[Bits]) -> u32 {
    let mut sorted: Vec<Bits> = masks.to_vec();
    sorted.sort_unstable_by_key(|mask| mask.count_ones());
    let (mut used, mut count) = (0, 0);
    for mask in sorted {
        if mask & used == 0 {
            used |= mask;
            count += 1;
        }
    }
    count
}

fn lowest(set: Bits) -> Bits {
    set & set.wrapping_neg()
}

/// Puts every rule of a class in the place of its representative.
fn expand(
    found: &BTreeSet<Bits>,
    alike: &BTreeMap<Vec<usize>, Bits>,
    listed_all: &mut bool,
) -> Vec<Bits> {
    let mut sets = BTreeSet::new();
    for set in found {
        let mut partial = vec![0];
        for class in alike.values().filter(|class| set & lowest(**class) != 0) {
            partial = partial
                .iter()
                .flat_map(|set| members(*class).map(move |rule| set | 1 << rule))
                .collect();
            if partial.len() > MOST_SETS {
                partial.truncate(MOST_SETS);
                *listed_all = false;
            }
        }
        sets.extend(partial);
    }
    if sets.len() > MOST_SETS {
        *listed_all = false;
    }
    sets.into_iter().take(MOST_SETS).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn brute_force(masks: &[Bits], rules: u32) -> (u32, Vec<Bits>) {
        let hits = |set: Bits| masks.iter().all(|mask| *mask == 0 || mask & set != 0);
        let sets: Vec<Bits> = (0..1 << rules).filter(|set| hits(*set)).collect();
        let size = sets.iter().map(|set| set.count_ones()).min().unwrap_or(0);
        let smallest = sets
            .into_iter()
            .filter(|set| set.count_ones() == size)
            .collect();
        (size, smallest)
    }

    #[test]
    fn a_triangle_needs_two_rules_in_three_ways() {
        let minimal = minimal([0b011, 0b110, 0b101]);
        assert_eq!(minimal.size, 2);
        assert_eq!(minimal.sets, [0b011, 0b101, 0b110]);
        assert!(minimal.exact && minimal.listed_all);
    }

    #[test]
    fn nothing_to_stop_needs_no_rule() {
        let minimal = minimal([0, 0]);
        assert_eq!((minimal.size, minimal.sets), (0, vec![0]));
    }

    #[test]
    fn more_sets_than_can_be_listed_are_said_to_be_more() {
        let minimal = minimal([0b1111 << 100, 0b1111, 0b1111 << 50, 0b1111 << 20]);
        assert_eq!(minimal.size, 4);
        assert_eq!(minimal.sets.len(), MOST_SETS);
        assert!(minimal.exact && !minimal.listed_all);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn the_search_finds_what_trying_everything_finds(
            masks in prop::collection::vec(0_u128..1 << 9, 0..14)
        ) {
            let (size, mut sets) = brute_force(&masks, 9);
            let minimal = minimal(masks);
            prop_assert_eq!(minimal.size, size);
            prop_assert!(minimal.exact);
            prop_assert_eq!(minimal.count, Some(sets.len() as u128));
            if minimal.listed_all {
                sets.sort_unstable();
                prop_assert_eq!(minimal.sets, sets);
            } else {
                prop_assert!(sets.len() > MOST_SETS);
                prop_assert!(minimal.sets.iter().all(|set| sets.contains(set)));
            }
        }
    }
}
