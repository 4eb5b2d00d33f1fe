//! `environment-value-defines-function`: a value in the caller's environment is
//! a shell function.
//!
//! ## Condition
//! None of suEXEC's: CGI variables pass with any value.
//!
//! ## Why
//! A shell that imports functions from its environment parses the value as
//! code before anything else runs (CVE-2014-6271). A header of a client was
//! enough.
//!
//! ## Denies
//! A value of the caller that begins with `() {`.
//!
//! ## Permits
//! Every other value; whatever the configuration sets.
//!
//! ## Limits
//! Shells of today import functions only under special names (`BASH_FUNC_*`),
//! which `environment-loads-code` refuses.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::{quoted, split_entry};
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "environment-value-defines-function",
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
    let function = environment
        .caller
        .iter()
        .filter_map(|entry| split_entry(entry))
        .find(|(_, value)| value.starts_with(b"() {"));
    match function {
        Some((name, _)) => Verdict::deny(
            format_args!("values that do not define a shell function"),
            format_args!("{} begins with \"() {{\"", quoted(name)),
        ),
        None => Verdict::Permit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn a_function_definition_is_denied_under_any_name() {
        let denial = denied(&RULE, |e, _| {
            of(&mut e.environment)
                .caller
                .push(b"HTTP_COOKIE=() { :; }; id".to_vec());
        });
        assert_eq!(denial.observed, "\"HTTP_COOKIE\" begins with \"() {\"");
    }

    #[test]
    fn other_values_are_permitted() {
        for entry in ["A=()", "A= () { :; }", "A=x () {", "() {"] {
            permitted(&RULE, |e, _| {
                of(&mut e.environment).caller.push(entry.into())
            });
        }
        permitted(&RULE, |e, _| {
            of(&mut e.environment).config.push(b"A=() { :; }".to_vec())
        });
    }
}
