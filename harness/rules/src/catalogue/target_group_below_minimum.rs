//! `target-group-below-minimum`: the target gid is below the policy's minimum.
//!
//! ## Condition
//! suEXEC 10, exit status 108: "Is the target groupid ABOVE the minimum ID
//! number?" (Apache HTTP Server manual, suEXEC security model). A gid equal to
//! the minimum is allowed there as well.
//!
//! ## Why
//! Low gids open the host: `shadow` reads password hashes, `disk` reads every
//! file through the block device, `docker` starts anything.
//!
//! ## Denies
//! A target gid lower than the policy's `minimum-gid`, 0 included.
//!
//! ## Permits
//! The minimum and everything above.
//!
//! ## Limits
//! Says nothing about supplementary groups. On systems where tenants share the
//! group `users` (100), the policy's minimum has to be that low.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::quoted;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "target-group-below-minimum",
    class: Class::Selectable,
    conditions: &[10],
    needs: Needs::of(&[Fact::TargetGroup]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, policy: &Policy) -> Verdict {
    let group = match evidence.target_group.seen() {
        Ok(group) => group,
        Err(cause) => return Verdict::undetermined(cause),
    };
    if group.id < policy.minimum_gid {
        return Verdict::deny(
            format_args!("a target gid of at least {}", policy.minimum_gid),
            format_args!("{} is gid {}", quoted(&group.text), group.id),
        );
    }
    Verdict::Permit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn ids_below_the_minimum_are_denied_and_so_is_root() {
        for id in [0, 42, 999] {
            denied(&RULE, |e, _| of(&mut e.target_group).id = id);
        }
    }

    #[test]
    fn the_minimum_and_higher_ids_are_permitted() {
        for id in [1000, u32::MAX] {
            permitted(&RULE, |e, _| of(&mut e.target_group).id = id);
        }
    }
}
