//! `init-owner-differs`: the init does not belong to the target user.
//!
//! ## Condition
//! suEXEC 18, exit status 120: "Is the target user/group the same as the
//! program's user/group?" (Apache HTTP Server manual, suEXEC security model).
//! One condition there, four facts here: owner of the bundle directory and of
//! the init, users and groups.
//!
//! ## Why
//! suEXEC's idea of consent: a program runs as its owner, so that nobody's
//! program runs as somebody else.
//!
//! ## Denies
//! A init whose uid is not the target user's.
//!
//! ## Permits
//! A init whose uid is the target user's, whatever its gid and mode.
//!
//! ## Limits
//! Images whose programs belong to root, which is nearly all of them, cannot
//! run under this rule unless their files are shifted to the tenant.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::shown;
use crate::verdict::{Cause, Verdict};

/// The rule.
pub static RULE: Rule = Rule {
    id: "init-owner-differs",
    class: Class::Selectable,
    conditions: &[18],
    needs: Needs::of(&[Fact::Init, Fact::TargetUser]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let init = match evidence.init.seen() {
        Ok(init) => init,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let user = match evidence.target_user.seen() {
        Ok(user) => user,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let Some(file) = &init.file else {
        return Verdict::undetermined(Cause::Depends("the init"));
    };
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
    use crate::testing::{denied, init_file, of, permitted, undetermined};

    #[test]
    fn another_uid_is_denied_and_root_is_another() {
        for id in [0, 10002] {
            let denial = denied(&RULE, |e, _| init_file(e).uid = id);
            assert_eq!(denial.observed, format!("uid {id}"));
        }
        denied(&RULE, |e, _| of(&mut e.target_user).id = 10002);
    }

    #[test]
    fn the_gid_does_not_matter() {
        permitted(&RULE, |e, _| init_file(e).gid = 0);
    }

    #[test]
    fn a_missing_init_is_undetermined() {
        let cause = undetermined(&RULE, |e, _| of(&mut e.init).file = None);
        assert_eq!(cause, Cause::Depends("the init"));
    }
}
