//! `init-group-differs`: the init does not belong to the target group.
//!
//! ## Condition
//! suEXEC 18, exit status 120: "Is the target user/group the same as the
//! program's user/group?" (Apache HTTP Server manual, suEXEC security model).
//! One condition there, four facts here: group of the bundle directory and of
//! the init, users and groups.
//!
//! ## Why
//! suEXEC's idea of consent: a program runs as its owner and group, so that
//! nobody's program runs with somebody else's group.
//!
//! ## Denies
//! A init whose gid is not the target group's.
//!
//! ## Permits
//! A init whose gid is the target group's, whatever its uid and mode.
//!
//! ## Limits
//! Images whose programs belong to the root group cannot run under this rule
//! unless their files are shifted to the tenant.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::shown;
use crate::verdict::{Cause, Verdict};

/// The rule.
pub static RULE: Rule = Rule {
    id: "init-group-differs",
    class: Class::Selectable,
    conditions: &[18],
    needs: Needs::of(&[Fact::Init, Fact::TargetGroup]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let init = match evidence.init.seen() {
        Ok(init) => init,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let group = match evidence.target_group.seen() {
        Ok(group) => group,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let Some(file) = &init.file else {
        return Verdict::undetermined(Cause::Depends("the init"));
    };
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
    use crate::testing::{denied, init_file, of, permitted, undetermined};

    #[test]
    fn another_gid_is_denied_and_root_is_another() {
        for id in [0, 10002] {
            let denial = denied(&RULE, |e, _| init_file(e).gid = id);
            assert_eq!(denial.observed, format!("gid {id}"));
        }
        denied(&RULE, |e, _| of(&mut e.target_group).id = 10002);
    }

    #[test]
    fn the_uid_does_not_matter() {
        permitted(&RULE, |e, _| init_file(e).uid = 0);
    }

    #[test]
    fn a_missing_init_is_undetermined() {
        let cause = undetermined(&RULE, |e, _| of(&mut e.init).file = None);
        assert_eq!(cause, Cause::Depends("the init"));
    }
}
