//! How many smallest sufficient sets there are, exactly, however many.

use super::sets::Bits;
use super::sweep::{Algebra, Step, Weighed, sweep};

/// Size and number of the smallest sets that share a rule with every mask
/// (empty ones ask for nothing); `None` when that would take too long.
pub(super) fn count(masks: &[Bits]) -> Option<(u32, u128)> {
    let mut masks: Vec<Bits> = masks.iter().copied().filter(|mask| *mask != 0).collect();
    masks.sort_unstable();
    masks.dedup();
    let every = masks.iter().fold(0, |bits, mask| bits | mask);
    let cases: Vec<Weighed> = masks
        .iter()
        .map(|mask| Weighed {
            mask: *mask,
            attacks: 1,
            legitimate: 0,
        })
        .collect();
    let swept = sweep(&Smallest, &cases, every)?;
    let most = swept.value.last().copied();
    most.map(|(_, size, sets)| (size, sets))
}

/// For every number of hit masks the least size and the number of such sets.
struct Smallest;

/// Hit masks, size, number of sets; sorted, each number of hit masks once.
type Sizes = Vec<(u32, u32, u128)>;

fn least(mut sizes: Sizes) -> Sizes {
    sizes.sort_unstable_by_key(|(hit, size, _)| (*hit, *size));
    let mut kept: Sizes = Vec::with_capacity(sizes.len());
    for (hit, size, sets) in sizes {
        match kept.last_mut() {
            Some(last) if last.0 == hit && last.1 == size => last.2 += sets,
            Some(last) if last.0 == hit => {}
            _ => kept.push((hit, size, sets)),
        }
    }
    kept
}

impl Algebra for Smallest {
    type Value = Sizes;

    fn size(&self, sets: &Sizes) -> usize {
        sets.len()
    }

    fn empty(&self) -> Sizes {
        vec![(0, 0, 1)]
    }

    fn with(&self, sets: &Sizes, step: Step) -> Sizes {
        let with = sets.iter();
        with.map(|(hit, size, sets)| (hit + step.stopped, size + 1, *sets))
            .collect()
    }

    fn merge(&self, mut one: Sizes, other: Sizes) -> Sizes {
        one.extend(other);
        least(one)
    }

    fn product(&self, one: &Sizes, other: &Sizes) -> Sizes {
        let pairs = one.iter().flat_map(|(hit, size, sets)| {
            let other = other.iter();
            other.map(move |(more, with, times)| (hit + more, size + with, sets * times))
        });
        least(pairs.collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::analysis::testing::masks;

    #[test]
    fn more_than_can_be_listed_are_counted() {
        let masks: Vec<Bits> = (0..25).map(|n| 0b11111 << (5 * n)).collect();
        assert_eq!(count(&masks), Some((25, 5_u128.pow(25))));
        assert_eq!(count(&[0]), Some((0, 1)));
    }

    proptest! {
        #[test]
        fn size_and_number_are_those_of_trying_every_set(masks in masks(9, 14)) {
            let hits = |set: &Bits| masks.iter().all(|mask| *mask == 0 || mask & set != 0);
            let sets: Vec<Bits> = (0..1 << 9).filter(hits).collect();
            let size = sets.iter().map(|set| set.count_ones()).min().expect("the set of all");
            let smallest = sets.iter().filter(|set| set.count_ones() == size);
            prop_assert_eq!(count(&masks), Some((size, smallest.count() as u128)));
        }
    }
}
