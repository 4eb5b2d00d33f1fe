//! `environment-too-many`: the caller's environment has more entries than the
//! policy allows.
//!
//! ## Condition
//! None of suEXEC's conditions: it keeps the first 254 variables and drops the
//! rest silently.
//!
//! ## Why
//! Environment and arguments share the new program's stack. So many that they
//! fill it have moved it into other memory (CVE-2017-1000365), and so many
//! that a list overflows are dropped from its end, where a later check would
//! have looked.
//!
//! ## Denies
//! More entries of the caller than the policy's `most-environment`.
//!
//! ## Permits
//! That many and fewer; whatever the configuration sets.
//!
//! ## Limits
//! Counts entries, well-formed or not. Their length is
//! `environment-entry-too-long`.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "environment-too-many",
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
    let count = environment.caller.len();
    if count > policy.most_environment {
        return Verdict::deny(
            format_args!("at most {} environment entries", policy.most_environment),
            format_args!("{count} entries"),
        );
    }
    Verdict::Permit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn one_entry_more_than_the_policy_allows_is_denied() {
        let denial = denied(&RULE, |e, _| {
            of(&mut e.environment).caller = vec![vec![]; 257]
        });
        assert_eq!(denial.observed, "257 entries");
    }

    #[test]
    fn the_bound_itself_is_permitted() {
        permitted(&RULE, |e, _| {
            of(&mut e.environment).caller = vec![vec![]; 256]
        });
        permitted(&RULE, |e, _| {
            of(&mut e.environment).config = vec![vec![]; 1000]
        });
    }
}
