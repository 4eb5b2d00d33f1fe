//! `bundle-owner-differs`: the bundle directory does not belong to the target
//! user.
//!
//! ## Condition
//! suEXEC 18, exit status 120: "Is the target user/group the same as the
//! program's user/group?" (Apache HTTP Server manual, suEXEC security model).
//! One condition there, four facts here: owner of the bundle directory and of
//! the init, users and groups.
//!
//! ## Why
//! An owner can change the directory at any time, mode or not. If the owner is
//! not the user whom the init runs as, one user decides what another one runs.
//!
//! ## Denies
//! A bundle directory whose uid is not the target user's.
//!
//! ## Permits
//! A bundle directory whose uid is the target user's, whatever its gid and
//! mode.
//!
//! ## Limits
//! Platforms whose bundles belong to root, so that tenants cannot change them,
//! cannot use this rule.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::shown;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "bundle-owner-differs",
    class: Class::Selectable,
    conditions: &[18],
    needs: Needs::of(&[Fact::Bundle, Fact::TargetUser]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let bundle = match evidence.bundle.seen() {
        Ok(bundle) => bundle,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let user = match evidence.target_user.seen() {
        Ok(user) => user,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let file = &bundle.file;
    if file.uid == user.id {
        return Verdict::Permit;
    }
    Verdict::deny(
        format_args!("{} with uid {}", shown(&file.name), user.id),
        format_args!("uid {}", file.uid),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn another_uid_is_denied_and_root_is_another() {
        for id in [0, 10002] {
            let denial = denied(&RULE, |e, _| of(&mut e.bundle).file.uid = id);
            assert_eq!(denial.observed, format!("uid {id}"));
        }
        denied(&RULE, |e, _| of(&mut e.target_user).id = 10002);
    }

    #[test]
    fn the_gid_does_not_matter() {
        permitted(&RULE, |e, _| of(&mut e.bundle).file.gid = 0);
    }
}
