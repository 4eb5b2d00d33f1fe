//! `environment-loads-code`: the caller's environment makes programs load code
//! or trust.
//!
//! ## Condition
//! None of suEXEC's: its list lets `SSL_CERT_FILE` pass by prefix and `TZ`
//! with any value, and it drops the rest silently.
//!
//! ## Why
//! Loaders, interpreters, shells and TLS libraries load from where a variable
//! says. A caller that can set one runs its code as the target user, and as
//! root in hooks (`LD_PRELOAD` in CVE-2025-23266, `GLIBC_TUNABLES` in
//! CVE-2023-4911).
//!
//! ## Denies
//! A variable of the caller whose name is in the policy's
//! `loading-environment`, with any value.
//!
//! ## Permits
//! Other names; entries without `=`, which no library reads; whatever the
//! configuration sets.
//!
//! ## Limits
//! A list of names is never complete.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::{quoted, split_entry};
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "environment-loads-code",
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
    let loading = environment
        .caller
        .iter()
        .filter_map(|entry| split_entry(entry))
        .find(|(name, _)| policy.is_loading_environment(name));
    match loading {
        Some((name, _)) => Verdict::deny(
            format_args!("no variable that makes programs load code"),
            format_args!("{}", quoted(name)),
        ),
        None => Verdict::Permit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn loading_variables_are_denied_by_name() {
        for entry in [
            "LD_PRELOAD=/x",
            "GLIBC_TUNABLES=",
            "SSL_CERT_FILE=/x",
            "BASH_FUNC_a%%=x",
        ] {
            let denial = denied(&RULE, |e, _| {
                of(&mut e.environment).caller.push(entry.into())
            });
            assert!(!denial.observed.contains("/x"), "{denial:?}");
        }
    }

    #[test]
    fn other_names_and_the_configurations_own_are_permitted() {
        for entry in ["LDFLAGS=x", "LD_PRELOAD", "XLD_PRELOAD=x", "=LD_PRELOAD"] {
            permitted(&RULE, |e, _| {
                of(&mut e.environment).caller.push(entry.into())
            });
        }
        permitted(&RULE, |e, _| {
            of(&mut e.environment).config.push(b"LD_PRELOAD=x".to_vec())
        });
    }
}
