//! `target-group-not-of-user`: the target user does not belong to the target
//! group.
//!
//! ## Condition
//! None of suEXEC's: it checks user and group each on its own and never the
//! pair (CVE-2007-1743).
//!
//! ## Why
//! A caller that may name any group beside any user makes one tenant's init a
//! member of another tenant's group, or of a group of the host.
//!
//! ## Denies
//! A target group that is neither the user's primary group nor one that lists
//! the user.
//!
//! ## Permits
//! The primary group and every group that lists the user.
//!
//! ## Limits
//! A user without an entry has no known groups: the verdict is undetermined.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::verdict::{Cause, Verdict};

/// The rule.
pub static RULE: Rule = Rule {
    id: "target-group-not-of-user",
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
    let Some(primary) = membership.primary else {
        return Verdict::undetermined(Cause::Depends("the target user's entry"));
    };
    let group = membership.target_group;
    if group == primary || membership.member_of.contains(&group) {
        return Verdict::Permit;
    }
    Verdict::deny(
        format_args!("a group that the target user belongs to"),
        format_args!("gid {group}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted, undetermined};

    #[test]
    fn a_group_of_somebody_else_is_denied() {
        let denial = denied(&RULE, |e, _| of(&mut e.membership).target_group = 10002);
        assert_eq!(denial.observed, "gid 10002");
    }

    #[test]
    fn a_group_asked_for_additionally_does_not_make_the_user_a_member() {
        denied(&RULE, |e, _| {
            of(&mut e.membership).target_group = 10002;
            of(&mut e.membership).additional.push(10002);
        });
    }

    #[test]
    fn primary_and_listed_groups_are_permitted() {
        permitted(&RULE, |_, _| ());
        permitted(&RULE, |e, _| of(&mut e.membership).target_group = 10050);
    }

    #[test]
    fn a_user_without_an_entry_is_undetermined() {
        let cause = undetermined(&RULE, |e, _| of(&mut e.membership).primary = None);
        assert_eq!(cause, Cause::Depends("the target user's entry"));
    }
}
