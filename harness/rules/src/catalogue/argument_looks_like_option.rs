//! `argument-looks-like-option`: TARGET_USER, TARGET_GROUP or BUNDLE begins
//! with a hyphen.
//!
//! ## Condition
//! None of suEXEC's, which has one option (`-V`) and takes it from two callers
//! only.
//!
//! ## Why
//! A value that a client chose and that a program on the way takes for an
//! option does what the client wants: php-cgi read options from query strings
//! (CVE-2012-1823), ssh from host names (CVE-2017-1000117).
//!
//! ## Denies
//! A word at the place of TARGET_USER, TARGET_GROUP or BUNDLE that begins with
//! `-`.
//!
//! ## Permits
//! Hyphens elsewhere in those words; any INIT and arguments of it.
//!
//! ## Limits
//! The launcher itself takes no option at these places, so that the rule
//! protects what the words are passed on to.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::quoted;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "argument-looks-like-option",
    class: Class::Further,
    conditions: &[],
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
    let places = ["TARGET_USER", "TARGET_GROUP", "BUNDLE"];
    let named = places.iter().zip(arguments.words.iter().skip(1));
    for (place, word) in named {
        if word.starts_with(b"-") {
            return Verdict::deny(
                format_args!("{place} without a leading hyphen"),
                format_args!("{}", quoted(word)),
            );
        }
    }
    Verdict::Permit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn a_leading_hyphen_is_denied_in_each_of_the_three_places() {
        for (index, place) in [(1, "TARGET_USER"), (2, "TARGET_GROUP"), (3, "BUNDLE")] {
            let denial = denied(&RULE, |e, _| {
                of(&mut e.arguments).words[index] = b"-x".to_vec()
            });
            assert!(denial.required.starts_with(place), "{denial:?}");
        }
    }

    #[test]
    fn the_init_and_its_arguments_are_free() {
        permitted(&RULE, |e, _| {
            of(&mut e.arguments).words.push(b"--help".to_vec())
        });
        permitted(&RULE, |e, _| {
            of(&mut e.arguments).words[0] = b"-sh".to_vec()
        });
        permitted(&RULE, |e, _| {
            of(&mut e.arguments).words[1] = b"a-b".to_vec()
        });
        permitted(&RULE, |e, _| of(&mut e.arguments).words.clear());
    }
}
