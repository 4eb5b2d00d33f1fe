//! `supplementary-groups-not-of-user`: the configuration adds a group that the
//! target user does not belong to.
//!
//! ## Condition
//! None of suEXEC's: its groups come from the group database only.
//!
//! ## Why
//! `process.user.additionalGids` is a list of host groups in the
//! configuration: whoever writes it can add `shadow`, `disk` or another
//! tenant's group.
//!
//! ## Denies
//! An additional group that is neither the user's primary group, nor one that
//! lists the user, nor the target group.
//!
//! ## Permits
//! Additional groups that the user belongs to; none at all; repetitions.
//!
//! ## Limits
//! A user without an entry has no known groups: with additional groups the
//! verdict is undetermined. Groups that the launcher's process already holds
//! are `supplementary-groups-inherited`.

use crate::evidence::Evidence;
use crate::ids::first_outside;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::verdict::{Cause, Verdict};

/// The rule.
pub static RULE: Rule = Rule {
    id: "supplementary-groups-not-of-user",
    class: Class::Further,
    conditions: &[],
    needs: Needs::of(&[Fact::Membership]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let membership = match evidence.membership.seen() {
        Ok(membership) => membership,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let (target, primary) = (membership.target_group, membership.primary);
    let others = membership.additional.iter().copied();
    let others = others.filter(|gid| *gid != target && Some(*gid) != primary);
    let foreign = first_outside(others, &membership.member_of);
    match (foreign, membership.primary) {
        (None, _) => Verdict::Permit,
        (Some(_), None) => Verdict::undetermined(Cause::Depends("the target user's entry")),
        (Some(gid), Some(_)) => Verdict::deny(
            format_args!("additional groups of the target user"),
            format_args!("gid {gid}"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted, undetermined};

    #[test]
    fn a_foreign_group_is_denied() {
        let denial = denied(&RULE, |e, _| of(&mut e.membership).additional.push(42));
        assert_eq!(denial.observed, "gid 42");
    }

    #[test]
    fn groups_of_the_user_are_permitted() {
        permitted(&RULE, |e, _| of(&mut e.membership).additional.clear());
        permitted(&RULE, |e, _| {
            of(&mut e.membership).additional = vec![10001, 10050, 10001]
        });
        permitted(&RULE, |e, _| {
            of(&mut e.membership).target_group = 7;
            of(&mut e.membership).additional = vec![7];
        });
    }

    #[test]
    fn a_user_without_an_entry_is_undetermined_only_if_it_matters() {
        undetermined(&RULE, |e, _| {
            of(&mut e.membership).primary = None;
            of(&mut e.membership).additional.push(42);
        });
        permitted(&RULE, |e, _| {
            of(&mut e.membership).primary = None;
            of(&mut e.membership).additional.clear();
        });
    }
}
