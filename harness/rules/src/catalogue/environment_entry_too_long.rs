//! `environment-entry-too-long`: an entry of the caller's environment is longer
//! than the policy allows.
//!
//! ## Condition
//! None of suEXEC's.
//!
//! ## Why
//! Lengths that nobody tried are where parsers break: a long `GLIBC_TUNABLES`
//! overflowed a buffer of glibc's loader (CVE-2023-4911).
//!
//! ## Denies
//! An entry of the caller, name and value together, of more bytes than the
//! policy's `longest-environment`.
//!
//! ## Permits
//! Entries up to that length, the bound included; whatever the configuration
//! sets.
//!
//! ## Limits
//! Bounds each entry, not their sum, which the kernel bounds (`execve(2)`).

use alloc::vec::Vec;

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::{quoted, split_entry};
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "environment-entry-too-long",
    class: Class::Further,
    conditions: &[],
    needs: Needs::of(&[Fact::Environment]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, policy: &Policy) -> Verdict {
    let environment = match evidence.environment.seen() {
        Ok(environment) => environment,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let most = policy.longest_environment;
    let long = |entry: &&Vec<u8>| entry.len() > most;
    let Some(entry) = environment.caller.iter().find(long) else {
        return Verdict::Permit;
    };
    let required = format_args!("environment entries of at most {most} bytes");
    let length = entry.len();
    match split_entry(entry) {
        Some((name, _)) => {
            Verdict::deny(required, format_args!("{length} bytes in {}", quoted(name)))
        }
        None => Verdict::deny(
            required,
            format_args!("{length} bytes in an entry without a name"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn one_byte_more_than_the_policy_allows_is_denied() {
        let long = |length: usize| [b"A=".to_vec(), vec![b'x'; length - 2]].concat();
        let denial = denied(&RULE, |e, _| {
            of(&mut e.environment).caller.push(long(32769))
        });
        assert_eq!(denial.observed, "32769 bytes in \"A\"");
        denied(&RULE, |e, _| {
            of(&mut e.environment).caller.push(vec![b'x'; 32769])
        });
        permitted(&RULE, |e, _| {
            of(&mut e.environment).caller.push(long(32768))
        });
    }

    #[test]
    fn the_configurations_own_are_permitted() {
        permitted(&RULE, |e, _| {
            of(&mut e.environment).config.push(vec![b'x'; 40000])
        });
    }
}
