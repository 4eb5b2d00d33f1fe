//! `init-missing`: there is no init at the place that the request names.
//!
//! ## Condition
//! suEXEC 15, exit status 117: "Does the target CGI/SSI program exist?"
//! (Apache HTTP Server manual, suEXEC security model).
//!
//! ## Why
//! A launcher that finds out only at `execve(2)` has made mounts, run hooks
//! and dropped privileges for nothing, and what is missing now may be put
//! there by somebody else in between.
//!
//! ## Denies
//! An init reference that leads to nothing inside the rootfs.
//!
//! ## Permits
//! Anything that exists there, of whatever type and mode.
//!
//! ## Limits
//! Says what was there when it was looked up.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::quoted;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "init-missing",
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
    if init.file.is_none() {
        return Verdict::deny(
            format_args!("an existing init"),
            format_args!("nothing at {}", quoted(&init.text)),
        );
    }
    Verdict::Permit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::FileKind;
    use crate::testing::{denied, init_file, of, permitted};

    #[test]
    fn a_missing_init_is_denied() {
        let denial = denied(&RULE, |e, _| of(&mut e.init).file = None);
        assert_eq!(denial.observed, "nothing at \"/bin/app\"");
    }

    #[test]
    fn an_existing_init_is_permitted_even_when_it_cannot_run() {
        permitted(&RULE, |e, _| {
            init_file(e).kind = FileKind::Directory;
            init_file(e).mode = 0;
        });
    }
}
