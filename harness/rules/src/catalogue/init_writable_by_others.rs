//! `init-writable-by-others`: the init is writable by group or others.
//!
//! ## Condition
//! suEXEC 16, exit status 118: "Is the target CGI/SSI program NOT writable by
//! anyone else?" (Apache HTTP Server manual, suEXEC security model).
//!
//! ## Why
//! Whoever may write the init decides what runs as the target user.
//!
//! ## Denies
//! An init with the write bit of group or others.
//!
//! ## Permits
//! An init that only its owner may write, whoever that is.
//!
//! ## Limits
//! Looks at mode bits of the file itself: its directory, its interpreter, its
//! libraries and ACLs are other facts.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::shown;
use crate::verdict::{Cause, Verdict};

/// The rule.
pub static RULE: Rule = Rule {
    id: "init-writable-by-others",
    class: Class::Selectable,
    conditions: &[16],
    needs: Needs::of(&[Fact::Init]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let init = match evidence.init.seen() {
        Ok(init) => init,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let Some(file) = &init.file else {
        return Verdict::undetermined(Cause::Depends("the init"));
    };
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
    use crate::testing::{denied, init_file, of, permitted, undetermined};

    #[test]
    fn writing_by_group_or_others_is_denied() {
        for mode in [0o775, 0o757, 0o777, 0o020] {
            let denial = denied(&RULE, |e, _| init_file(e).mode = mode);
            assert_eq!(denial.observed, format!("mode {mode:04o}"));
        }
    }

    #[test]
    fn every_mode_without_those_bits_is_permitted() {
        for mode in [0, 0o700, 0o755, 0o7755] {
            permitted(&RULE, |e, _| init_file(e).mode = mode);
        }
    }

    #[test]
    fn a_missing_init_is_undetermined() {
        let cause = undetermined(&RULE, |e, _| of(&mut e.init).file = None);
        assert_eq!(cause, Cause::Depends("the init"));
    }
}
