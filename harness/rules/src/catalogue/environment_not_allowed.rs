//! `environment-not-allowed`: the caller's environment holds variables that the
//! policy does not list.
//!
//! ## Condition
//! suEXEC 19: "Can we successfully clean the process environment to ensure
//! safe operations?" (Apache HTTP Server manual, suEXEC security model): only
//! variables of a fixed list pass, the rest vanish silently.
//!
//! ## Why
//! Whoever controls the caller's environment controls how the init's loader,
//! interpreter and libraries behave.
//!
//! ## Denies
//! Nothing: it sanitises. Variables of the *caller* that the policy does not
//! list do not reach the init.
//!
//! ## Permits
//! A caller's environment in which every name is listed; `PATH`, whose value
//! is the fact of `path-differs-from-policy`; whatever the configuration
//! (`process.env`) sets, which is the bundle owner's word and not the
//! caller's.
//!
//! ## Limits
//! Names, not values: `TZ` and `SSL_CERT_FILE` pass suEXEC's list with any
//! value.

use alloc::vec::Vec;

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::split_entry;
use crate::verdict::{Sanitation, Verdict};

/// The rule.
pub static RULE: Rule = Rule {
    id: "environment-not-allowed",
    class: Class::Selectable,
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
    if environment.caller.iter().all(listed) {
        Verdict::Permit
    } else {
        Verdict::Sanitize(Sanitation::DropUnlistedEnvironment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{Environment, Gathered};

    fn verdict(caller: &[&str], config: &[&str]) -> Verdict {
        let bytes = |list: &[&str]| list.iter().map(|e| e.as_bytes().to_vec()).collect();
        let evidence = Evidence {
            environment: Gathered::Seen(Environment {
                caller: bytes(caller),
                config: bytes(config),
            }),
            ..Evidence::default()
        };
        evaluate(&evidence, &Policy::default())
    }

    #[test]
    fn one_unlisted_variable_makes_it_clean_the_environment() {
        let clean = Verdict::Sanitize(Sanitation::DropUnlistedEnvironment);
        assert_eq!(verdict(&["HTTP_HOST=a", "LD_PRELOAD=/x"], &[]), clean);
        assert_eq!(verdict(&["HTTP_PROXY=http://a"], &[]), clean);
        assert_eq!(verdict(&["HTTP_HOST"], &[]), clean);
    }

    #[test]
    fn listed_variables_and_the_configurations_own_pass() {
        assert_eq!(verdict(&[], &[]), Verdict::Permit);
        let permit = verdict(&["HTTP_HOST=a", "TZ=UTC", "PATH=/x"], &["DATABASE_URL=x"]);
        assert_eq!(permit, Verdict::Permit);
    }
}
