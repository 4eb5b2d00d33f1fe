//! `environment-has-duplicates`
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
//! Entries without `=` have no name. Up to 64 entries are compared pair by
//! pair; for more their names are sorted, which allocates even when it
//! permits.

use alloc::format;
use alloc::vec::Vec;

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::{quoted, split_entry};
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "environment-has-duplicates",
    summary: "the caller's environment names a variable twice",
    class: Class::Further,
    conditions: &[],
    needs: Needs::of(&[Fact::Environment]),
    since: "0.1.0",
    source: include_str!("environment_has_duplicates.rs"),
    evaluate,
};

fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let environment = match evidence.environment.seen() {
        Ok(environment) => environment,
        Err(cause) => return Verdict::Undetermined(cause),
    };
    let names = || {
        environment
            .caller
            .iter()
            .filter_map(|entry| split_entry(entry))
            .map(|(name, _)| name)
    };
    let twice = if environment.caller.len() <= PAIRWISE {
        names()
            .enumerate()
            .find(|(index, name)| names().take(*index).any(|other| other == *name))
            .map(|(_, name)| name)
    } else {
        // Pair by pair, a large environment would buy quadratic time.
        let mut sorted: Vec<&[u8]> = names().collect();
        sorted.sort_unstable();
        sorted
            .windows(2)
            .find(|pair| pair[0] == pair[1])
            .map(|pair| pair[0])
    };
    match twice {
        Some(name) => Verdict::deny("each variable once", format!("{} twice", quoted(name))),
        None => Verdict::Permit,
    }
}

/// Most entries that are compared pair by pair.
const PAIRWISE: usize = 64;

#[cfg(test)]
mod tests {
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
        for count in [PAIRWISE - 1, PAIRWISE, PAIRWISE + 1, 1000] {
            permitted(&RULE, |e, _| of(&mut e.environment).caller = many(count));
            denied(&RULE, |e, _| {
                of(&mut e.environment).caller = many(count);
                of(&mut e.environment).caller[count - 1] = b"N0=y".to_vec();
            });
        }
    }
}
