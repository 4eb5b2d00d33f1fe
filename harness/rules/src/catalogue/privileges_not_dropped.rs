//! `privileges-not-dropped`: the process did not become the target user and
//! group for good.
//!
//! ## Condition
//! suEXEC 11, exit status 109 and 110: "Can the wrapper successfully become
//! the target user and group?" (Apache HTTP Server manual, suEXEC security
//! model).
//!
//! ## Why
//! The calls that drop privileges fail or half-succeed without a crash:
//! 4294967295 means "unchanged" (CVE-2019-14287), a limit on processes made
//! `setuid(2)` fail before Linux 3.1, and a saved id left behind gives root
//! back.
//!
//! ## Denies
//! A process of which any real, effective or saved id is not the wanted one, a
//! wanted id of 4294967295, and a process that could set its uid back to 0.
//!
//! ## Permits
//! All six ids as wanted and no way back. When uid 0 was wanted there is
//! nothing to go back to.
//!
//! ## Limits
//! Known only after the drop, so the rule is evaluated late. Supplementary
//! groups, capabilities and securebits are other facts. Whether uid 0 may be
//! wanted at all is `target-user-is-root`.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "privileges-not-dropped",
    class: Class::Act,
    conditions: &[11],
    needs: Needs::of(&[Fact::Dropped]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let dropped = match evidence.dropped.seen() {
        Ok(dropped) => dropped,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let (uid, gid) = (dropped.wanted_uid, dropped.wanted_gid);
    let complete = dropped.uids == [uid; 3] && dropped.gids == [gid; 3];
    let real = uid != u32::MAX && gid != u32::MAX;
    if complete && real && (dropped.irrevocable || uid == 0) {
        return Verdict::Permit;
    }
    Verdict::deny(
        format_args!(
            "uids {:?} and gids {:?} for good, none of them 4294967295",
            [uid; 3], [gid; 3]
        ),
        format_args!(
            "uids {:?}, gids {:?}, setting uid 0 again {}",
            dropped.uids,
            dropped.gids,
            if dropped.irrevocable {
                "refused"
            } else {
                "possible"
            },
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn any_single_id_that_was_not_changed_is_denied() {
        for index in 0..3 {
            denied(&RULE, |e, _| of(&mut e.dropped).uids[index] = 0);
            denied(&RULE, |e, _| of(&mut e.dropped).gids[index] = 0);
        }
    }

    #[test]
    fn a_way_back_to_root_is_denied() {
        let denial = denied(&RULE, |e, _| of(&mut e.dropped).irrevocable = false);
        assert!(denial.observed.ends_with("setting uid 0 again possible"));
    }

    #[test]
    fn the_id_that_means_unchanged_is_denied_even_if_it_seems_to_hold() {
        denied(&RULE, |e, _| {
            of(&mut e.dropped).uids = [u32::MAX; 3];
            of(&mut e.dropped).wanted_uid = u32::MAX;
        });
        denied(&RULE, |e, _| {
            of(&mut e.dropped).gids = [u32::MAX; 3];
            of(&mut e.dropped).wanted_gid = u32::MAX;
        });
    }

    #[test]
    fn a_wanted_root_has_nothing_to_go_back_to() {
        permitted(&RULE, |e, _| {
            of(&mut e.dropped).uids = [0; 3];
            of(&mut e.dropped).wanted_uid = 0;
            of(&mut e.dropped).irrevocable = false;
        });
    }

    #[test]
    fn the_rule_is_evaluated_late() {
        assert!(RULE.is_late());
    }
}
