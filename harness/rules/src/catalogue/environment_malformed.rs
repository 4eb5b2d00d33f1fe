//! `environment-malformed`: the caller's environment holds an entry that is not
//! NAME=value.
//!
//! ## Condition
//! None of suEXEC's: its list compares beginnings of entries.
//!
//! ## Why
//! `execve(2)` takes any strings. Programs that look for `=` and do not find
//! it read on or take the whole entry for a name, each in its own way.
//!
//! ## Denies
//! An entry of the caller without `=`, or with nothing before it.
//!
//! ## Permits
//! Entries with a name and a value, the empty value too; whatever the
//! configuration sets.
//!
//! ## Limits
//! Names that no shell can spell (`a.b=c`) are well-formed.

use alloc::vec::Vec;

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::split_entry;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "environment-malformed",
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
    let malformed = |entry: &&Vec<u8>| match split_entry(entry) {
        Some((name, _)) => name.is_empty(),
        None => true,
    };
    match environment.caller.iter().find(malformed) {
        Some(entry) if entry.contains(&b'=') => Verdict::deny(
            format_args!("entries of the form NAME=value"),
            format_args!("an entry with an empty name"),
        ),
        Some(entry) => Verdict::deny(
            format_args!("entries of the form NAME=value"),
            format_args!("an entry of {} bytes without `=`", entry.len()),
        ),
        None => Verdict::Permit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn entries_without_a_name_or_an_equals_sign_are_denied() {
        for entry in ["", "A", "=", "=x", "=x=y"] {
            denied(&RULE, |e, _| {
                of(&mut e.environment).caller.push(entry.into())
            });
        }
    }

    #[test]
    fn names_with_values_are_permitted() {
        for entry in ["A=", "A==", "a.b=c", " =x"] {
            permitted(&RULE, |e, _| {
                of(&mut e.environment).caller.push(entry.into())
            });
        }
        permitted(&RULE, |e, _| {
            of(&mut e.environment).config.push(b"A".to_vec())
        });
    }
}
