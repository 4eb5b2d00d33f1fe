//! `arguments-too-few`: the launcher was called with fewer words than
//! TARGET_USER, TARGET_GROUP and BUNDLE.
//!
//! ## Condition
//! suEXEC 2, exit status 101: "Was the wrapper called with the proper number
//! of arguments?" (Apache HTTP Server manual, suEXEC security model).
//!
//! ## Why
//! What is missing must come from somewhere else: from the configuration, from
//! a default, or, without even `argv[0]`, from the environment, which lies
//! behind the argument vector in memory (CVE-2021-4034).
//!
//! ## Denies
//! An argument vector with fewer than four words: the launcher's name,
//! TARGET_USER, TARGET_GROUP and BUNDLE. An empty one too.
//!
//! ## Permits
//! Four words or more. INIT and its arguments may be absent, since the
//! configuration names an init.
//!
//! ## Limits
//! Counts words; says nothing about what they hold.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "arguments-too-few",
    class: Class::Act,
    conditions: &[2],
    needs: Needs::of(&[Fact::Arguments]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let arguments = match evidence.arguments.seen() {
        Ok(arguments) => arguments,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let count = arguments.words.len();
    if count < 4 {
        return Verdict::deny(
            format_args!("the arguments TARGET_USER TARGET_GROUP BUNDLE"),
            format_args!("{} after the launcher's name", count.saturating_sub(1)),
        );
    }
    Verdict::Permit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn fewer_than_three_arguments_are_denied_even_without_a_first_word() {
        for count in 0..4 {
            let denial = denied(&RULE, |e, _| of(&mut e.arguments).words.truncate(count));
            assert!(
                denial
                    .observed
                    .starts_with(&count.saturating_sub(1).to_string())
            );
        }
    }

    #[test]
    fn three_arguments_and_more_are_permitted() {
        permitted(&RULE, |_, _| ());
        permitted(&RULE, |e, _| {
            of(&mut e.arguments).words.push(b"/bin/true".to_vec())
        });
    }
}
