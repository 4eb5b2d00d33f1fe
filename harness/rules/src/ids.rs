//! Looking ids up in lists of ids.

use alloc::vec::Vec;

use crate::order::sort_by_bytes;

/// Ids that each one is compared with, one by one. A longer list is sorted,
/// which allocates, or a large request would buy quadratic time.
const FEW: usize = 32;

/// The first of `ids` that is not in `list`.
pub(crate) fn first_outside(mut ids: impl Iterator<Item = u32>, list: &[u32]) -> Option<u32> {
    if list.len() <= FEW {
        return ids.find(|id| !list.contains(id));
    }
    first_outside_many(ids.enumerate().collect(), list)
}

#[cold]
fn first_outside_many(ids: Vec<(usize, u32)>, list: &[u32]) -> Option<u32> {
    let mut list: Vec<_> = list.iter().map(|id| id.to_be_bytes()).collect();
    sort_by_bytes(&mut list, |id| id);
    let ids = ids.into_iter().map(|(place, id)| (place, id.to_be_bytes()));
    let mut ids: Vec<_> = ids.collect();
    sort_by_bytes(&mut ids, |(_, id)| id);
    let mut list = list.into_iter().peekable();
    let outside = ids.into_iter().filter(|(_, id)| {
        while list.next_if(|known| known < id).is_some() {}
        list.peek() != Some(id)
    });
    let first = outside.min_by_key(|(place, _)| *place);
    first.map(|(_, id)| u32::from_be_bytes(id))
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
