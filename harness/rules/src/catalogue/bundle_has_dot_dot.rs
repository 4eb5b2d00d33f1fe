//! `bundle-has-dot-dot`: the bundle reference has a component `..`.
//!
//! ## Condition
//! suEXEC 4, exit status 104: "Does the target CGI or SSI program have an
//! unsafe hierarchical reference?" (Apache HTTP Server manual, suEXEC security
//! model). suEXEC refuses a program that begins with `../` or contains `/../`.
//!
//! ## Why
//! `..` climbs out of the base or from one tenant's directory into another's,
//! and after a symbolic link it climbs from where the link led.
//!
//! ## Denies
//! A bundle reference with a component that is exactly `..`, also the last
//! one, which suEXEC's search for `/../` does not find.
//!
//! ## Permits
//! Names that only contain dots: `..app`, `app..`, `...`.
//!
//! ## Limits
//! Looks at the text only: links are not followed. Refuses
//! `alice/../alice/app` although it stays inside.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::{has_dot_dot, quoted};
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "bundle-has-dot-dot",
    class: Class::Selectable,
    conditions: &[4],
    needs: Needs::of(&[Fact::Bundle]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let bundle = match evidence.bundle.seen() {
        Ok(bundle) => bundle,
        Err(cause) => return Verdict::undetermined(cause),
    };
    if has_dot_dot(&bundle.text) {
        return Verdict::deny(
            format_args!("a bundle without `..`"),
            format_args!("{}", quoted(&bundle.text)),
        );
    }
    Verdict::Permit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn dot_dot_is_denied_wherever_it_stands() {
        for text in ["..", "../x", "alice/../bob", "alice/..", "/../etc"] {
            let denial = denied(&RULE, |e, _| of(&mut e.bundle).text = text.into());
            assert_eq!(denial.observed, format!("{text:?}"));
        }
    }

    #[test]
    fn names_that_only_contain_dots_are_permitted() {
        for text in ["", ".", "..app", "app..", "alice/.../x", "/etc"] {
            permitted(&RULE, |e, _| of(&mut e.bundle).text = text.into());
        }
    }
}
