//! `hook-not-allowed`: the configuration asks for a hook that the policy does
//! not allow.
//!
//! ## Condition
//! None of suEXEC's, which runs one program only.
//!
//! ## Why
//! Hooks run on the host side, as root, before the init: whoever writes the
//! configuration runs any program as root. An environment that reaches an
//! allowed hook is enough (CVE-2025-23266).
//!
//! ## Denies
//! A hook whose program is not literally one of the policy's `hooks`.
//!
//! ## Permits
//! Listed programs; no hooks.
//!
//! ## Limits
//! Arguments and environment of a hook are not looked at, nor who may write
//! its program.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::shown;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "hook-not-allowed",
    class: Class::Further,
    conditions: &[],
    needs: Needs::of(&[Fact::Requested]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, policy: &Policy) -> Verdict {
    let requested = match evidence.requested.seen() {
        Ok(requested) => requested,
        Err(cause) => return Verdict::undetermined(cause),
    };
    match requested
        .hooks
        .iter()
        .find(|hook| !policy.hooks.contains(hook))
    {
        Some(hook) => Verdict::deny(
            format_args!("only hooks that the policy lists"),
            format_args!("{}", shown(hook)),
        ),
        None => Verdict::Permit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn an_unlisted_hook_is_denied_beside_a_listed_one() {
        let denial = denied(&RULE, |e, p| {
            p.hooks = vec!["/usr/bin/true".to_owned()];
            of(&mut e.requested).hooks = vec!["/usr/bin/true".into(), "/usr/bin/true2".into()];
        });
        assert_eq!(denial.observed, "/usr/bin/true2");
    }

    #[test]
    fn listed_hooks_are_permitted() {
        permitted(&RULE, |e, p| {
            p.hooks = vec!["/usr/bin/true".to_owned()];
            of(&mut e.requested).hooks = p.hooks.clone();
        });
    }
}
