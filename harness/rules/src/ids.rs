//! Looking ids up in lists of ids.

use alloc::vec::Vec;

use crate::order::sort_by_high_half;

/// Ids that each one is compared with, one by one. A longer list is sorted,
/// which allocates, or a large request would buy quadratic time.
const FEW: usize = 32;

/// The first of `ids` that is not in `list`.
pub(crate) fn first_outside(mut ids: impl Iterator<Item = u32>, list: &[u32]) -> Option<u32> {
    if list.len() <= FEW {
        return ids.find(|id| !list.contains(id));
    }
    let keys = ids.zip(0_u32..);
    let keys = keys.map(|(id, place)| u64::from(id) << 32 | u64::from(place));
    first_outside_many(keys.collect(), list)
}

/// Ids as the high halves of the keys, the low ones tell their places.
#[cold]
fn first_outside_many(mut ids: Vec<u64>, list: &[u32]) -> Option<u32> {
    let mut list: Vec<u64> = list.iter().map(|id| u64::from(*id) << 32).collect();
    sort_by_high_half(&mut list);
    sort_by_high_half(&mut ids);
    let mut known = list.iter().map(|key| key >> 32).peekable();
    let outside = ids.iter().filter(|key| {
        let id = **key >> 32;
        while known.next_if(|known| *known < id).is_some() {}
        known.peek() != Some(&id)
    });
    let first = outside.min_by_key(|key| **key as u32)?;
    Some((first >> 32) as u32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn long_and_short_lists_give_the_same_answer() {
        for size in [1, 10, 32, 33, 1000, 20_000] {
            let list: Vec<u32> = (0..size).rev().map(|id| id * 2).collect();
            let same = (0..size).map(|id| id * 2);
            assert_eq!(first_outside(same.clone(), &list), None, "{size}");
            let more = same.chain([5, 3]);
            assert_eq!(first_outside(more, &list), Some(5), "{size}");
        }
        assert_eq!(first_outside([].into_iter(), &[]), None);
        assert_eq!(first_outside([7].into_iter(), &[]), Some(7));
    }

    proptest! {
        #[test]
        fn it_is_the_first_that_the_list_does_not_contain(
            ids in proptest::collection::vec(0..80_u32, 0..80),
            list in proptest::collection::vec(prop_oneof![0..80_u32, any::<u32>()], 0..80),
        ) {
            let expected = ids.iter().copied().find(|id| !list.contains(id));
            prop_assert_eq!(first_outside(ids.iter().copied(), &list), expected);
        }
    }
}
