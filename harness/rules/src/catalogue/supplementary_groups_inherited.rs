//! `supplementary-groups-inherited`: the launcher's supplementary groups are
//! not the target's.
//!
//! ## Condition
//! suEXEC 11, exit status 109 and 110: "Can the wrapper successfully become
//! the target user and group?" (Apache HTTP Server manual, suEXEC security
//! model). suEXEC calls `initgroups(3)` and reports a failure with 109.
//!
//! ## Why
//! Groups of the caller that stay open the caller's files, and root's, to the
//! init: a doas port forgot to set them (CVE-2019-15901), container engines
//! set them wrongly (CVE-2022-36109).
//!
//! ## Denies
//! Nothing: it sanitises. The supplementary groups are set to those of the
//! target when the ones held differ from them.
//!
//! ## Permits
//! Held groups that are, as a set, the groups that list the target user, and
//! the target group.
//!
//! ## Limits
//! The primary group of the user's entry counts only if it is the target
//! group, as with `initgroups(3)`. Groups that the configuration adds are
//! `supplementary-groups-not-of-user`.

use crate::evidence::Evidence;
use crate::ids::first_outside;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::verdict::{Sanitation, Verdict};

/// The rule.
pub static RULE: Rule = Rule {
    id: "supplementary-groups-inherited",
    class: Class::Act,
    conditions: &[11],
    needs: Needs::of(&[Fact::GroupsHeld, Fact::Membership]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let held = match evidence.groups_held.seen() {
        Ok(held) => held,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let membership = match evidence.membership.seen() {
        Ok(membership) => membership,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let (target, own) = (membership.target_group, &membership.member_of);
    let complete = held.contains(&target) && first_outside(own.iter().copied(), held).is_none();
    let others = held.iter().copied().filter(|gid| *gid != target);
    if complete && first_outside(others, own).is_none() {
        Verdict::Permit
    } else {
        Verdict::Sanitize(Sanitation::SetExactGroups)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{of, permitted, sanitized};

    #[test]
    fn a_group_too_many_or_one_too_few_is_sanitised() {
        let exact = Sanitation::SetExactGroups;
        sanitized(&RULE, exact, |e, _| of(&mut e.groups_held).push(0));
        sanitized(&RULE, exact, |e, _| of(&mut e.groups_held).clear());
        sanitized(&RULE, exact, |e, _| of(&mut e.groups_held).truncate(1));
        sanitized(&RULE, exact, |e, _| of(&mut e.groups_held)[0] = 10001);
    }

    #[test]
    fn order_and_repetition_do_not_matter() {
        permitted(&RULE, |e, _| {
            *of(&mut e.groups_held) = vec![10001, 10050, 10001]
        });
    }

    #[test]
    fn a_primary_group_other_than_the_target_group_is_not_expected() {
        sanitized(&RULE, Sanitation::SetExactGroups, |e, _| {
            of(&mut e.membership).primary = Some(10002);
            of(&mut e.groups_held).push(10002);
        });
    }
}
