//! `bundle-writable-by-others`: the bundle directory is writable by group or
//! others.
//!
//! ## Condition
//! suEXEC 14, exit status 116: "Is the directory NOT writable by anyone else?"
//! (Apache HTTP Server manual, suEXEC security model). The talk leaves it to
//! be studied, since directories of containers are often shared by a group on
//! purpose.
//!
//! ## Why
//! Whoever may write the directory may replace `config.json` and the rootfs in
//! it, even files that belong to somebody else.
//!
//! ## Denies
//! A bundle directory with the write bit of group or others, a sticky one too.
//!
//! ## Permits
//! A bundle directory that only its owner may write, whoever that is.
//!
//! ## Limits
//! Looks at mode bits: an ACL that grants writing to a named user is
//! `access-list-grants-write`. Refuses directories of a group in which a
//! tenant works together.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::shown;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "bundle-writable-by-others",
    class: Class::Deferred,
    conditions: &[14],
    needs: Needs::of(&[Fact::Bundle]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let bundle = match evidence.bundle.seen() {
        Ok(bundle) => bundle,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let file = &bundle.file;
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
            let denial = denied(&RULE, |e, _| of(&mut e.bundle).file.mode = mode);
            assert_eq!(denial.observed, format!("mode {mode:04o}"));
        }
    }

    #[test]
    fn every_mode_without_those_bits_is_permitted() {
        for mode in [0, 0o700, 0o755, 0o7755] {
            permitted(&RULE, |e, _| of(&mut e.bundle).file.mode = mode);
        }
    }
}
