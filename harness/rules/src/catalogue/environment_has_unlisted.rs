//! `environment-has-unlisted`: the caller's environment holds a variable that
//! the policy does not list; refused, not cleaned.
//!
//! ## Condition
//! suEXEC 19, exit status 123 and 124: "Can we successfully clean the process
//! environment to ensure safe operations?" (Apache HTTP Server manual, suEXEC
//! security model). suEXEC cleans silently (`environment-not-allowed`); this
//! is the refusing reading of the same condition, stricter than the original
//! and therefore not part of the rule set `suexec`.
//!
//! ## Why
//! A variable that should not be there is a sign of a caller that passes on
//! what a client sent. Dropping it hides that, refusing makes it known.
//!
//! ## Denies
//! A caller's environment with an entry that is not `NAME=value` with a
//! listed name.
//!
//! ## Permits
//! A caller's environment in which every name is listed; `PATH`, whose value
//! is the fact of `path-differs-from-policy`; whatever the configuration
//! (`process.env`) sets.
//!
//! ## Limits
//! Names, not values. An ordinary process environment (`HOME`, `LANG`,
//! `SHELL`) is refused: callers have to build a clean one.

use alloc::vec::Vec;

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::{quoted, split_entry};
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "environment-has-unlisted",
    class: Class::Further,
    conditions: &[19],
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
    let listed = |entry: &Vec<u8>| match split_entry(entry) {
        Some((name, _)) => policy.passes_environment(name),
        None => false,
    };
    match environment.caller.iter().find(|entry| !listed(entry)) {
        Some(entry) => {
            // The name only: a value may be a secret.
            let name = split_entry(entry).map_or(entry.as_slice(), |(name, _)| name);
            Verdict::deny(
                format_args!("only variables that the policy lists"),
                format_args!("{}", quoted(name)),
            )
        }
        None => Verdict::Permit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn an_unlisted_variable_is_denied_by_name_and_without_its_value() {
        for entry in [
            "LD_PRELOAD=/x",
            "HTTP_PROXY=/x",
            "HOME=/x",
            "=/x",
            "HTTP_HOST",
        ] {
            let denial = denied(&RULE, |e, _| {
                of(&mut e.environment).caller.push(entry.into())
            });
            assert!(!denial.observed.contains("/x"), "{denial:?}");
        }
    }

    #[test]
    fn listed_variables_and_the_configurations_own_are_permitted() {
        permitted(&RULE, |e, _| of(&mut e.environment).caller.clear());
        permitted(&RULE, |e, _| {
            of(&mut e.environment).caller.push(b"PATH=/x".to_vec());
        });
        permitted(&RULE, |e, _| {
            of(&mut e.environment).config.push(b"LD_PRELOAD=x".to_vec())
        });
    }
}
