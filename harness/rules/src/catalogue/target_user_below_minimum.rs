//! `target-user-below-minimum`: the target uid is below the policy's minimum.
//!
//! ## Condition
//! suEXEC 8, exit status 107: "Is the target userid ABOVE the minimum ID
//! number?" (Apache HTTP Server manual, suEXEC security model). A uid equal to
//! the minimum is allowed there as well.
//!
//! ## Why
//! Low ids belong to services of the host: an init that runs as one of them
//! reads the database's files, signals the daemons and is trusted where they
//! are.
//!
//! ## Denies
//! A target uid lower than the policy's `minimum-uid`, 0 included.
//!
//! ## Permits
//! The minimum and everything above, up to 4294967295.
//!
//! ## Limits
//! A number says nothing about who is behind it; high ids of system accounts
//! (`nobody`, dynamic users) pass.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::quoted;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "target-user-below-minimum",
    class: Class::Selectable,
    conditions: &[8],
    needs: Needs::of(&[Fact::TargetUser]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, policy: &Policy) -> Verdict {
    let user = match evidence.target_user.seen() {
        Ok(user) => user,
        Err(cause) => return Verdict::undetermined(cause),
    };
    if user.id < policy.minimum_uid {
        return Verdict::deny(
            format_args!("a target uid of at least {}", policy.minimum_uid),
            format_args!("{} is uid {}", quoted(&user.text), user.id),
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
        for id in [0, 33, 999] {
            denied(&RULE, |e, _| of(&mut e.target_user).id = id);
        }
    }

    #[test]
    fn the_minimum_and_higher_ids_are_permitted() {
        for id in [1000, u32::MAX] {
            permitted(&RULE, |e, _| of(&mut e.target_user).id = id);
        }
        permitted(&RULE, |e, p| {
            of(&mut e.target_user).id = 0;
            p.minimum_uid = 0;
        });
    }
}
