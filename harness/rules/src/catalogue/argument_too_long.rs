//! `argument-too-long`: a word of the launcher's argument vector is longer than
//! the policy allows.
//!
//! ## Condition
//! suEXEC 2, exit status 101: "Was the wrapper called with the proper number
//! of arguments?" (Apache HTTP Server manual, suEXEC security model). suEXEC
//! only counts; the bound is this project's reading of a proper call.
//!
//! ## Why
//! Lengths that nobody tried are where parsers break: a long argument of sudo
//! overflowed a heap buffer (CVE-2021-3156), arguments that fill the stack
//! moved it into other memory (CVE-2017-1000365).
//!
//! ## Denies
//! A word of more bytes than the policy's `longest-argument`.
//!
//! ## Permits
//! Words up to that length, the bound included.
//!
//! ## Limits
//! Bounds each word, not their number or sum, which the kernel bounds
//! (`execve(2)`).

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "argument-too-long",
    class: Class::Act,
    conditions: &[2],
    needs: Needs::of(&[Fact::Arguments]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, policy: &Policy) -> Verdict {
    let arguments = match evidence.arguments.seen() {
        Ok(arguments) => arguments,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let most = policy.longest_argument;
    match arguments.words.iter().position(|word| word.len() > most) {
        Some(index) => Verdict::deny(
            format_args!("arguments of at most {most} bytes"),
            format_args!("{} bytes in argument {index}", arguments.words[index].len()),
        ),
        None => Verdict::Permit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn one_byte_more_than_the_policy_allows_is_denied() {
        let denial = denied(&RULE, |e, _| {
            of(&mut e.arguments).words[3] = vec![b'x'; 4097]
        });
        assert_eq!(denial.observed, "4097 bytes in argument 3");
    }

    #[test]
    fn the_bound_itself_is_permitted() {
        permitted(&RULE, |e, _| {
            of(&mut e.arguments).words[3] = vec![b'x'; 4096]
        });
    }
}
