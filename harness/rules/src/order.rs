//! Sorting in linear time, whoever chose what is sorted.
//!
//! A request chooses names and group ids. Comparing them pair by pair would buy
//! quadratic time, sorting them by comparisons more than linear time; a hash
//! table without a secret has keys that collide, and a rule knows no secret.

use alloc::vec;
use alloc::vec::Vec;

/// Parts of at most so many keys are sorted by comparisons.
const FEW: usize = 16;

/// Sorts by the bytes of the keys. Each byte of a key is looked at a bounded
/// number of times: the keys are parted by their first byte, each part by its
/// second, and so on. Equal keys stay in any order.
pub(crate) fn sort_by_bytes<T: Copy>(items: &mut [T], key: impl Fn(&T) -> &[u8]) {
    let mut parted = Vec::from(&*items);
    let mut parts = vec![(0, items.len(), 0)];
    while let Some((begin, end, depth)) = parts.pop() {
        let part = &mut items[begin..end];
        if part.len() <= FEW {
            part.sort_unstable_by(|one, other| key(one)[depth..].cmp(&key(other)[depth..]));
            continue;
        }
        // Keys that end here come first.
        let digit = |item: &T| {
            key(item)
                .get(depth)
                .map_or(0, |byte| usize::from(*byte) + 1)
        };
        let mut counts = [0; 257];
        for item in &*part {
            counts[digit(item)] += 1;
        }
        let mut next = begin;
        let mut places = counts.map(|count| {
            next += count;
            next - count
        });
        for (digit, (place, count)) in places.iter().zip(counts).enumerate() {
            if digit > 0 && count > 1 {
                parts.push((*place, place + count, depth + 1));
            }
        }
        if counts.contains(&part.len()) {
            continue;
        }
        for item in &*part {
            let place = &mut places[digit(item)];
            parted[*place] = *item;
            *place += 1;
        }
        part.copy_from_slice(&parted[begin..end]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(mut keys: Vec<&[u8]>) {
        let mut expected = keys.clone();
        expected.sort_unstable();
        sort_by_bytes(&mut keys, |key| key);
        assert_eq!(keys, expected);
    }

    #[test]
    fn long_common_beginnings_and_keys_within_keys_are_sorted() {
        let text = "a".repeat(3000);
        check(
            (0..text.len())
                .rev()
                .map(|end| &text.as_bytes()[..end])
                .collect(),
        );
        check(vec![text.as_bytes(); 300]);
        let numbers: Vec<String> = (0..3000).rev().map(|n| format!("{text}{n}")).collect();
        check(numbers.iter().map(String::as_bytes).collect());
    }

    proptest! {
        #[test]
        fn it_is_the_order_of_comparisons(
            keys in proptest::collection::vec(
                proptest::collection::vec(proptest::sample::select(&[0, 1, 97, 255][..]), 0..6),
                0..300,
            ),
        ) {
            check(keys.iter().map(Vec::as_slice).collect());
        }
    }
}
