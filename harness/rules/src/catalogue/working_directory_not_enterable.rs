//! `working-directory-not-enterable`: the target may not enter the working
//! directory.
//!
//! ## Condition
//! suEXEC 12, exit status 111 to 113 and 115: "Can we change directory to the
//! one in which the target CGI/SSI program resides?" (Apache HTTP Server
//! manual, suEXEC security model).
//!
//! ## Why
//! OCI runtimes enter `process.cwd` with the launcher's privileges, so that
//! the init stands in a directory that it could not have entered, and reads it
//! from there.
//!
//! ## Denies
//! A working directory that exists and that the target may not enter.
//!
//! ## Permits
//! One that the target may enter, and one that does not exist and will be
//! made.
//!
//! ## Limits
//! Where it leads, through which links, is `working-directory-has-symlink`.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::quoted;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "working-directory-not-enterable",
    class: Class::Act,
    conditions: &[12],
    needs: Needs::of(&[Fact::WorkingDirectory]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let directory = match evidence.working_directory.seen() {
        Ok(directory) => directory,
        Err(cause) => return Verdict::undetermined(cause),
    };
    if directory.enterable == Some(false) {
        return Verdict::deny(
            format_args!("a working directory that the target user may enter"),
            format_args!("{}", quoted(&directory.text)),
        );
    }
    Verdict::Permit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn a_directory_that_the_target_may_not_enter_is_denied() {
        let denial = denied(&RULE, |e, _| {
            of(&mut e.working_directory).enterable = Some(false)
        });
        assert_eq!(denial.observed, "\"/\"");
    }

    #[test]
    fn an_enterable_and_a_missing_directory_are_permitted() {
        permitted(&RULE, |e, _| {
            of(&mut e.working_directory).enterable = Some(true)
        });
        permitted(&RULE, |e, _| of(&mut e.working_directory).enterable = None);
    }
}
