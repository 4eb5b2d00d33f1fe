//! `argument-empty`: a word of the launcher's argument vector is empty.
//!
//! ## Condition
//! suEXEC 2, exit status 101: "Was the wrapper called with the proper number
//! of arguments?" (Apache HTTP Server manual, suEXEC security model). suEXEC
//! only counts; that no word may be empty is this project's reading of a
//! proper call.
//!
//! ## Why
//! An empty user, group or bundle is what a front service passes on when a
//! lookup failed. Read as a number it is 0, read as a path it is the base
//! itself.
//!
//! ## Denies
//! An argument vector in which any word is empty, `argv[0]` included.
//!
//! ## Permits
//! Words of at least one byte.
//!
//! ## Limits
//! Refuses an empty argument of the init as well (`grep '' file`). A word of
//! blanks is not empty.

use alloc::vec::Vec;

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "argument-empty",
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
    match arguments.words.iter().position(Vec::is_empty) {
        Some(index) => Verdict::deny(
            format_args!("no empty argument"),
            format_args!("argument {index} is empty"),
        ),
        None => Verdict::Permit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn an_empty_word_is_denied_wherever_it_stands() {
        for index in 0..4 {
            let denial = denied(&RULE, |e, _| of(&mut e.arguments).words[index].clear());
            assert_eq!(denial.observed, format!("argument {index} is empty"));
        }
    }

    #[test]
    fn words_of_one_byte_and_no_words_at_all_are_permitted() {
        permitted(&RULE, |e, _| of(&mut e.arguments).words[3] = b" ".to_vec());
        permitted(&RULE, |e, _| of(&mut e.arguments).words.clear());
    }
}
