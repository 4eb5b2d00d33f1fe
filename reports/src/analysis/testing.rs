//! What the tests of several parts need.

use proptest::prelude::*;

use super::sets::Bits;

/// Masks over so many rules; ands make sparse ones, as real ones are.
pub(super) fn masks(rules: u32, most: usize) -> impl Strategy<Value = Vec<Bits>> {
    let mask = (0_u128..1 << rules, 0_u128..1 << rules, any::<bool>())
        .prop_map(|(a, b, sparse)| if sparse { a & b } else { a });
    prop::collection::vec(mask, 0..most)
}
