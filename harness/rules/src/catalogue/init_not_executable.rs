//! `init-not-executable`: the target may not execute the init.
//!
//! ## Condition
//! suEXEC 15, exit status 117: "Does the target CGI/SSI program exist?"
//! (Apache HTTP Server manual, suEXEC security model). suEXEC asks for the
//! owner's execute bit and reports its absence with status 121.
//!
//! ## Why
//! A file without that bit was never meant to be a program: a configuration,
//! an upload, a library. A launcher that asks with root's privileges, or hands
//! the file to a shell, runs it nevertheless.
//!
//! ## Denies
//! An init that the target user and group may not execute.
//!
//! ## Permits
//! An init that they may execute.
//!
//! ## Limits
//! An execute bit says nothing about what the file holds: that is
//! `init-format-unrecognised`.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "init-not-executable",
    class: Class::Fatal,
    conditions: &[15],
    needs: Needs::of(&[Fact::InitAccess]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let executable = match evidence.init_access.seen() {
        Ok(executable) => executable,
        Err(cause) => return Verdict::undetermined(cause),
    };
    if *executable {
        return Verdict::Permit;
    }
    Verdict::deny(
        format_args!("an init that the target user may execute"),
        format_args!("no permission to execute it"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, init_file, of, permitted};

    #[test]
    fn an_init_that_the_target_may_not_execute_is_denied() {
        denied(&RULE, |e, _| *of(&mut e.init_access) = false);
    }

    #[test]
    fn the_answer_counts_and_not_the_mode() {
        permitted(&RULE, |e, _| init_file(e).mode = 0);
    }
}
