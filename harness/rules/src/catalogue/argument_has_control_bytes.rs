//! `argument-has-control-bytes`: a word of the launcher's argument vector holds
//! control bytes.
//!
//! ## Condition
//! suEXEC 2, exit status 101: "Was the wrapper called with the proper number
//! of arguments?" (Apache HTTP Server manual, suEXEC security model). suEXEC
//! only counts; that words hold no control bytes is this project's reading of
//! a proper call.
//!
//! ## Why
//! A newline or an escape sequence in a word forges lines in logs and records
//! and deceives line-based parsers on the way: sudo read a forged terminal
//! name out of a newline (CVE-2017-1000368).
//!
//! ## Denies
//! A byte below 0x20, or 0x7f, in any word.
//!
//! ## Permits
//! Every other byte, those of UTF-8 and of other encodings too.
//!
//! ## Limits
//! Refuses arguments of the init that are scripts of several lines (`sh -c`
//! with a newline). Control characters of Unicode beyond ASCII pass.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::{control_byte, quoted};
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "argument-has-control-bytes",
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
    for (index, word) in arguments.words.iter().enumerate() {
        if let Some(byte) = control_byte(word) {
            return Verdict::deny(
                format_args!("arguments without control bytes"),
                format_args!("byte 0x{byte:02x} in argument {index} {}", quoted(word)),
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
    fn control_bytes_are_denied_and_shown_escaped() {
        for byte in [0x01, b'\t', b'\n', 0x1b, 0x1f, 0x7f] {
            let denial = denied(&RULE, |e, _| of(&mut e.arguments).words[1].push(byte));
            assert!(
                denial.observed.contains(&format!("0x{byte:02x}")),
                "{denial:?}"
            );
            assert!(!denial.observed.contains(char::from(byte)), "{denial:?}");
        }
    }

    #[test]
    fn printable_and_high_bytes_are_permitted() {
        permitted(&RULE, |e, _| {
            of(&mut e.arguments).words[1] = b" ~\x80\xff".to_vec()
        });
    }
}
