//! `environment-value-has-control-bytes`: a value in the caller's environment
//! holds control bytes.
//!
//! ## Condition
//! None of suEXEC's.
//!
//! ## Why
//! Values come from clients (headers, paths, queries). A newline in one forges
//! lines in logs and in everything that writes variables to a file line by
//! line.
//!
//! ## Denies
//! A byte below 0x20, or 0x7f, in a value of the caller.
//!
//! ## Permits
//! Every other byte; whatever the configuration sets.
//!
//! ## Limits
//! Refuses values of several lines that are meant (certificates in variables,
//! `TERMCAP`). Names are not looked at.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::{control_byte, quoted, split_entry};
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "environment-value-has-control-bytes",
    class: Class::Further,
    conditions: &[],
    needs: Needs::of(&[Fact::Environment]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let environment = match evidence.environment.seen() {
        Ok(environment) => environment,
        Err(cause) => return Verdict::undetermined(cause),
    };
    for (name, value) in environment
        .caller
        .iter()
        .filter_map(|entry| split_entry(entry))
    {
        if let Some(byte) = control_byte(value) {
            return Verdict::deny(
                format_args!("values without control bytes"),
                format_args!("byte 0x{byte:02x} in {}", quoted(name)),
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
    fn control_bytes_are_denied_without_showing_the_value() {
        for byte in [0x01, b'\t', b'\n', 0x1f, 0x7f] {
            let denial = denied(&RULE, |e, _| of(&mut e.environment).caller[0].push(byte));
            assert_eq!(
                denial.observed,
                format!("byte 0x{byte:02x} in \"HTTP_HOST\"")
            );
        }
    }

    #[test]
    fn other_bytes_are_permitted() {
        permitted(&RULE, |e, _| {
            of(&mut e.environment).caller[0].extend(b" ~\x80\xff")
        });
        permitted(&RULE, |e, _| {
            of(&mut e.environment).config.push(b"A=\n".to_vec())
        });
        permitted(&RULE, |e, _| {
            of(&mut e.environment).caller.push(b"\n".to_vec())
        });
    }
}
