//! Looking ids up in lists of ids.

use alloc::vec::Vec;

/// Most comparisons of one with each; for more the list is sorted, which
/// allocates, or a large request would buy quadratic time.
const PAIRWISE: usize = 4096;

/// The first of `ids` that is not in `list`.
pub(crate) fn first_outside(
    mut ids: impl Iterator<Item = u32> + Clone,
    list: &[u32],
) -> Option<u32> {
    if ids.clone().count().saturating_mul(list.len()) <= PAIRWISE {
        return ids.find(|id| !list.contains(id));
    }
    let mut sorted = Vec::from(list);
    sorted.sort_unstable();
    ids.find(|id| sorted.binary_search(id).is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_short_lists_give_the_same_answer() {
        for size in [1, 10, 64, 65, 1000, 20_000] {
            let list: Vec<u32> = (0..size).rev().map(|id| id * 2).collect();
            let same = (0..size).map(|id| id * 2);
            assert_eq!(first_outside(same.clone(), &list), None, "{size}");
            let more = same.chain([3, 5]);
            assert_eq!(first_outside(more, &list), Some(3), "{size}");
        }
        assert_eq!(first_outside([].into_iter(), &[]), None);
        assert_eq!(first_outside([7].into_iter(), &[]), Some(7));
    }
}
