//! `rootfs-writable-by-others`: the root filesystem is writable by group or
//! others.
//!
//! ## Condition
//! suEXEC 14, exit status 116: "Is the directory NOT writable by anyone else?"
//! (Apache HTTP Server manual, suEXEC security model). The talk leaves it to
//! be studied, since directories of containers are often shared by a group on
//! purpose.
//!
//! ## Why
//! Whoever may write the top of the rootfs may replace `/bin`, `/lib` or
//! `/etc` in it, and with them what the init runs and believes.
//!
//! ## Denies
//! A root filesystem with the write bit of group or others, a sticky one too.
//!
//! ## Permits
//! A root filesystem that only its owner may write, whoever that is.
//!
//! ## Limits
//! Looks at the top directory only, and at mode bits: deeper directories and
//! ACLs are not looked at.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::shown;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "rootfs-writable-by-others",
    class: Class::Deferred,
    conditions: &[14],
    needs: Needs::of(&[Fact::Rootfs]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let rootfs = match evidence.rootfs.seen() {
        Ok(rootfs) => rootfs,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let file = &rootfs.file;
    if file.is_writable_by_others() {
        return Verdict::deny(
            format_args!("{} writable by its owner only", shown(&file.name)),
            format_args!("mode {:04o}", file.mode),
        );
    }
    Verdict::Permit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn writing_by_group_or_others_is_denied() {
        for mode in [0o775, 0o757, 0o1777, 0o020] {
            let denial = denied(&RULE, |e, _| of(&mut e.rootfs).file.mode = mode);
            assert_eq!(denial.observed, format!("mode {mode:04o}"));
        }
    }

    #[test]
    fn every_mode_without_those_bits_is_permitted() {
        for mode in [0, 0o700, 0o755, 0o7755] {
            permitted(&RULE, |e, _| of(&mut e.rootfs).file.mode = mode);
        }
    }
}
