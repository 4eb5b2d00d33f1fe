//! `bundle-group-differs`: the bundle directory does not belong to the target
//! group.
//!
//! ## Condition
//! suEXEC 18, exit status 120: "Is the target user/group the same as the
//! program's user/group?" (Apache HTTP Server manual, suEXEC security model).
//! One condition there, four facts here: group of the bundle directory and of
//! the init, users and groups.
//!
//! ## Why
//! A directory of another group is handed to a group that has nothing to do
//! with the start, as soon as its mode lets the group in.
//!
//! ## Denies
//! A bundle directory whose gid is not the target group's.
//!
//! ## Permits
//! A bundle directory whose gid is the target group's, whatever its uid and
//! mode.
//!
//! ## Limits
//! Platforms whose bundles belong to root cannot use this rule. Says nothing
//! about what the mode grants.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::shown;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "bundle-group-differs",
    class: Class::Selectable,
    conditions: &[18],
    needs: Needs::of(&[Fact::Bundle, Fact::TargetGroup]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let bundle = match evidence.bundle.seen() {
        Ok(bundle) => bundle,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let group = match evidence.target_group.seen() {
        Ok(group) => group,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let file = &bundle.file;
    if file.gid == group.id {
        return Verdict::Permit;
    }
    Verdict::deny(
        format_args!("{} with gid {}", shown(&file.name), group.id),
        format_args!("gid {}", file.gid),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn another_gid_is_denied_and_root_is_another() {
        for id in [0, 10002] {
            let denial = denied(&RULE, |e, _| of(&mut e.bundle).file.gid = id);
            assert_eq!(denial.observed, format!("gid {id}"));
        }
        denied(&RULE, |e, _| of(&mut e.target_group).id = 10002);
    }

    #[test]
    fn the_uid_does_not_matter() {
        permitted(&RULE, |e, _| of(&mut e.bundle).file.uid = 0);
    }
}
