//! `no-new-privileges-missing`: the configuration does not ask for
//! no_new_privs.
//!
//! ## Condition
//! None of suEXEC's, which is older than the flag.
//!
//! ## Why
//! Without `no_new_privs` every setuid program and file capability in the
//! rootfs is a way back to the privileges that the launcher dropped
//! (`prctl(2)`, PR_SET_NO_NEW_PRIVS).
//!
//! ## Denies
//! A configuration in which `process.noNewPrivileges` is false or absent.
//!
//! ## Permits
//! A configuration that sets it.
//!
//! ## Limits
//! An init that needs `sudo`, `su` or `ping` with file capabilities cannot run
//! under this rule.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "no-new-privileges-missing",
    class: Class::Further,
    conditions: &[],
    needs: Needs::of(&[Fact::Requested]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let requested = match evidence.requested.seen() {
        Ok(requested) => requested,
        Err(cause) => return Verdict::undetermined(cause),
    };
    if requested.no_new_privileges {
        return Verdict::Permit;
    }
    Verdict::deny(
        format_args!("process.noNewPrivileges set to true"),
        format_args!("false or absent"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn a_configuration_without_the_flag_is_denied() {
        denied(&RULE, |e, _| of(&mut e.requested).no_new_privileges = false);
    }

    #[test]
    fn a_configuration_with_the_flag_is_permitted() {
        permitted(&RULE, |e, _| of(&mut e.requested).capabilities = u64::MAX);
    }
}
