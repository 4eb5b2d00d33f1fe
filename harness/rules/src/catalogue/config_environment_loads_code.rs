//! `config-environment-loads-code`: the configuration's environment makes
//! programs load code or trust.
//!
//! ## Condition
//! None of suEXEC's, which has no configuration.
//!
//! ## Why
//! `process.env` reaches hooks of the platform, which run as root on the host
//! side, in launchers that hand it to them (CVE-2025-23266).
//!
//! ## Denies
//! A variable of `process.env` whose name is in the policy's
//! `loading-environment`, with any value.
//!
//! ## Permits
//! Other names; entries without `=`; whatever the caller sets.
//!
//! ## Limits
//! Many images set such variables for themselves and on purpose (`PYTHONPATH`,
//! `NODE_OPTIONS`, `SSL_CERT_FILE`) and cannot run under this rule. A list of
//! names is never complete.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::{quoted, split_entry};
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config-environment-loads-code",
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
        .config
        .iter()
        .filter_map(|entry| split_entry(entry))
        .find(|(name, _)| policy.is_loading_environment(name));
    match loading {
        Some((name, _)) => Verdict::deny(
            format_args!("no variable in process.env that makes programs load code"),
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
    fn loading_variables_of_the_configuration_are_denied_by_name() {
        for entry in ["LD_PRELOAD=/x", "PYTHONPATH=/x"] {
            let denial = denied(&RULE, |e, _| {
                of(&mut e.environment).config.push(entry.into())
            });
            assert!(!denial.observed.contains("/x"), "{denial:?}");
        }
    }

    #[test]
    fn other_names_and_the_callers_own_are_permitted() {
        permitted(&RULE, |e, _| {
            of(&mut e.environment).config.push(b"LDFLAGS=x".to_vec())
        });
        permitted(&RULE, |e, _| {
            of(&mut e.environment).caller.push(b"LD_PRELOAD=x".to_vec())
        });
    }
}
