//! `init-not-regular`: the init is not a regular file.
//!
//! ## Condition
//! suEXEC 15, exit status 117: "Does the target CGI/SSI program exist?"
//! (Apache HTTP Server manual, suEXEC security model). suEXEC refuses a
//! symbolic link there.
//!
//! ## Why
//! A link, a FIFO or a device stands for something else than it is, and what
//! it stands for can be changed by whoever owns it.
//!
//! ## Denies
//! An init that is a directory, a symbolic link that was not followed, a FIFO,
//! a socket or a device.
//!
//! ## Permits
//! A regular file.
//!
//! ## Limits
//! A link that the launcher followed on the way to a regular file does not
//! show here.

use crate::evidence::{Evidence, FileKind};
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::shown;
use crate::verdict::{Cause, Verdict};

/// The rule.
pub static RULE: Rule = Rule {
    id: "init-not-regular",
    class: Class::Fatal,
    conditions: &[15],
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
    let observed = match file.kind {
        FileKind::Regular => return Verdict::Permit,
        FileKind::Directory => "a directory",
        FileKind::Symlink => "a symbolic link",
        FileKind::Special => "a FIFO, socket or device",
    };
    Verdict::deny(
        format_args!("{} as a regular file", shown(&file.name)),
        format_args!("{observed}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, init_file, of, permitted, undetermined};

    #[test]
    fn every_other_type_is_denied() {
        for kind in [FileKind::Directory, FileKind::Symlink, FileKind::Special] {
            denied(&RULE, |e, _| init_file(e).kind = kind);
        }
    }

    #[test]
    fn a_regular_file_is_permitted_whatever_its_mode() {
        permitted(&RULE, |e, _| init_file(e).mode = 0);
    }

    #[test]
    fn a_missing_init_is_undetermined() {
        let cause = undetermined(&RULE, |e, _| of(&mut e.init).file = None);
        assert_eq!(cause, Cause::Depends("the init"));
    }
}
