//! `environment-has-duplicates`: the caller's environment names a variable
//! twice.
//!
//! ## Condition
//! None of suEXEC's: an entry that its list lets through passes as often as it
//! comes.
//!
//! ## Why
//! Of two entries with one name, C's `getenv(3)` finds the first and shells
//! keep the last: what was checked is not what is used. glibc's `unsetenv`
//! once removed only the first (CVE-2000-0824).
//!
//! ## Denies
//! Two entries of the caller with the same name, equal values or not.
//!
//! ## Permits
//! Names that differ, if only in case; a name that the configuration sets as
//! well.
//!
//! ## Limits
//! Entries without `=` have no name. For more than 64 entries the names are
//! sorted, which allocates even when it permits; the name told is then the
//! least of those that are there twice, else the first.

use alloc::vec::Vec;

use crate::evidence::Evidence;
use crate::order::sort_by_bytes;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::{quoted, split_entry};
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "environment-has-duplicates",
    class: Class::Further,
    conditions: &[],
    needs: Needs::of(&[Fact::Environment]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let environment = match evidence.environment.seen() {
        Ok(environment) => environment,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let twice = match environment.caller.as_slice() {
        few if few.len() <= FEW => twice_among_few(few),
        many => twice_among_many(many),
    };
    match twice {
        Some(name) => Verdict::deny(
            format_args!("each variable once"),
            format_args!("{} twice", quoted(name)),
        ),
        None => Verdict::Permit,
    }
}

/// Most entries for which it is bearable that each is compared with each, should
/// they be chosen for that; usually few are.
const FEW: usize = 64;

/// The first name that came before. Entries without a name are no names.
fn twice_among_few(entries: &[Vec<u8>]) -> Option<&[u8]> {
    // Places of names seen: a name in a free place is a new one.
    let mut taken = [0_u64; 4];
    for (index, entry) in entries.iter().enumerate() {
        let Some((name, place)) = name_and_place(entry) else {
            continue;
        };
        let (word, bit) = (&mut taken[place / 64], 1 << (place % 64));
        let new = *word & bit == 0;
        *word |= bit;
        if !new && names(&entries[..index]).any(|other| other == name) {
            return Some(name);
        }
    }
    None
}

/// The name of an entry and a number below 256 that depends on it alone.
fn name_and_place(entry: &[u8]) -> Option<(&[u8], usize)> {
    let mut place = 0_u32;
    for (index, byte) in entry.iter().enumerate() {
        if *byte == b'=' {
            return Some((&entry[..index], (place >> 24) as usize));
        }
        // A step of FNV-1a.
        place = (place ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    }
    None
}

/// The least name that is there twice. Pair by pair, a large environment would
/// buy quadratic time.
#[cold]
fn twice_among_many(entries: &[Vec<u8>]) -> Option<&[u8]> {
    let mut sorted: Vec<&[u8]> = names(entries).collect();
    sort_by_bytes(&mut sorted, |name, place| name.get(place).copied());
    let mut pairs = sorted.windows(2);
    pairs.find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}

fn names(entries: &[Vec<u8>]) -> impl Iterator<Item = &[u8]> {
    let names = entries.iter().filter_map(|entry| split_entry(entry));
    names.map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn the_same_name_twice_is_denied() {
        let denial = denied(&RULE, |e, _| {
            of(&mut e.environment)
                .caller
                .push(b"HTTP_HOST=other".to_vec());
        });
        assert_eq!(denial.observed, "\"HTTP_HOST\" twice");
        denied(&RULE, |e, _| {
            of(&mut e.environment).caller = vec![b"=a".to_vec(), b"=b".to_vec()];
        });
    }

    #[test]
    fn names_that_differ_are_permitted() {
        permitted(&RULE, |e, _| {
            let list = of(&mut e.environment);
            list.caller
                .extend([b"http_host=x".to_vec(), b"HTTP_HOS=x".to_vec()]);
            list.caller.extend([b"A".to_vec(), b"A".to_vec()]);
            list.config.push(b"HTTP_HOST=other".to_vec());
        });
    }

    #[test]
    fn many_entries_are_judged_as_few_are() {
        let many = |count: usize| -> Vec<Vec<u8>> {
            (0..count).map(|n| format!("N{n}=x").into_bytes()).collect()
        };
        for count in [FEW - 1, FEW, FEW + 1, 1000] {
            permitted(&RULE, |e, _| of(&mut e.environment).caller = many(count));
            denied(&RULE, |e, _| {
                of(&mut e.environment).caller = many(count);
                of(&mut e.environment).caller[count - 1] = b"N0=y".to_vec();
            });
        }
    }

    proptest! {
        #[test]
        fn what_is_twice_is_that_of_the_simple_definition(
            entries in proptest::collection::vec("[AB]{0,3}=?[AB=]{0,2}", 0..2 * FEW),
        ) {
            let entries: Vec<Vec<u8>> = entries.into_iter().map(String::into_bytes).collect();
            let all: Vec<&[u8]> = names(&entries).collect();
            let twice = |index: &usize| all[..*index].contains(&all[*index]);
            let twice: Vec<&[u8]> = (0..all.len()).filter(twice).map(|index| all[index]).collect();
            prop_assert_eq!(twice_among_few(&entries), twice.first().copied());
            prop_assert_eq!(twice_among_many(&entries), twice.iter().min().copied());
        }
    }
}
