//! Sorting in linear time, whoever chose what is sorted.
//!
//! A request chooses names and group ids. Comparing them pair by pair would buy
//! quadratic time, sorting them by comparisons more than linear time; a hash
//! table without a secret has keys that collide, and a rule knows no secret.

use alloc::vec;
use alloc::vec::Vec;

/// Parts of at most so many keys are sorted by comparisons: for so few they are
/// cheaper than counting every possible byte.
const FEW: usize = 64;

/// Sorts keys that are ordered by their bytes. `byte` is the one at a place, or
/// `None` behind the last one.
///
/// Each byte of a key is looked at a bounded number of times: the keys are parted
/// by their first byte, each part by its second, and so on.
pub(crate) fn sort_by_bytes<T: Copy + Ord>(keys: &mut [T], byte: impl Fn(T, usize) -> Option<u8>) {
    let mut parted = Vec::from(&*keys);
    let mut parts = vec![(0, keys.len(), 0)];
    while let Some((begin, end, depth)) = parts.pop() {
        let part = &mut keys[begin..end];
        if part.len() <= FEW {
            part.sort_unstable();
            continue;
        }
        let first = byte(part[0], depth);
        if part.iter().all(|key| byte(*key, depth) == first) {
            if first.is_some() {
                parts.push((begin, end, depth + 1));
            }
            continue;
        }
        // Keys that end here come first.
        let digit = |key| byte(key, depth).map_or(0, |byte| usize::from(byte) + 1);
        let mut counts = [0; 257];
        for key in &*part {
            counts[digit(*key)] += 1;
        }
        let mut place = begin;
        let mut places = [0; 257];
        for (digit, &count) in counts.iter().enumerate() {
            places[digit] = place;
            if digit > 0 && count > 1 {
                parts.push((place, place + count, depth + 1));
            }
            place += count;
        }
        for key in &*part {
            let place = &mut places[digit(*key)];
            parted[*place] = *key;
            *place += 1;
        }
        part.copy_from_slice(&parted[begin..end]);
    }
}

/// Sorts numbers by their high halves: by each of its bytes, the lowest first,
/// and those that agree on a byte stay in their order.
pub(crate) fn sort_by_high_half(keys: &mut Vec<u64>) {
    let differing = keys.iter().fold(0, |bits, key| bits | (key ^ keys[0]));
    let mut sorted = keys.clone();
    for shift in [32, 40, 48, 56] {
        let byte = |bits: u64| usize::from((bits >> shift) as u8);
        if byte(differing) == 0 {
            continue;
        }
        let mut places = [0; 256];
        keys.iter().for_each(|key| places[byte(*key)] += 1);
        let mut next = 0;
        for place in &mut places {
            next += core::mem::replace(place, next);
        }
        for key in &*keys {
            let place = &mut places[byte(*key)];
            sorted[*place] = *key;
            *place += 1;
        }
        core::mem::swap(keys, &mut sorted);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(mut keys: Vec<&[u8]>) {
        let mut expected = keys.clone();
        expected.sort_unstable();
        sort_by_bytes(&mut keys, |key, place| key.get(place).copied());
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

    proptest! {
        #[test]
        fn high_halves_are_in_the_order_of_comparisons(
            keys in proptest::collection::vec(
                prop_oneof![any::<u64>(), (0..300_u64).prop_map(|id| id << 32)],
                0..300,
            ),
        ) {
            let mut sorted = keys.clone();
            sort_by_high_half(&mut sorted);
            let mut expected = keys;
            expected.sort_by_key(|key| key >> 32);
            prop_assert_eq!(sorted, expected);
        }
    }
}
