//! `target-group-is-root`: the target group is the host's root group.
//!
//! ## Condition
//! suEXEC 9, exit status 108: "Is the target group NOT the superuser group?"
//! (Apache HTTP Server manual, suEXEC security model).
//!
//! ## Why
//! Files of the host that are kept from others are often readable or writable
//! for gid 0, and a process with it keeps that access whatever its uid is.
//!
//! ## Denies
//! A target group that resolves to gid 0, by whatever name or number.
//!
//! ## Permits
//! Every other gid; the root group *inside* a user namespace, since the target
//! group is a host id.
//!
//! ## Limits
//! Says nothing about supplementary groups.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::quoted;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "target-group-is-root",
    class: Class::Selectable,
    conditions: &[9],
    needs: Needs::of(&[Fact::TargetGroup]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let group = match evidence.target_group.seen() {
        Ok(group) => group,
        Err(cause) => return Verdict::undetermined(cause),
    };
    if group.id == 0 {
        return Verdict::deny(
            format_args!("a target gid other than 0"),
            format_args!("{} is gid 0", quoted(&group.text)),
        );
    }
    Verdict::Permit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn gid_0_is_denied_under_any_name() {
        let denial = denied(&RULE, |e, _| of(&mut e.target_group).id = 0);
        assert_eq!(denial.observed, "\"alice\" is gid 0");
    }

    #[test]
    fn any_other_gid_is_permitted() {
        permitted(&RULE, |e, _| of(&mut e.target_group).id = 1);
        permitted(&RULE, |e, _| of(&mut e.target_user).id = 0);
    }
}
