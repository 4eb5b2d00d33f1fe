//! `bundle-is-absolute`: the bundle reference is an absolute path.
//!
//! ## Condition
//! suEXEC 4, exit status 104: "Does the target CGI or SSI program have an
//! unsafe hierarchical reference?" (Apache HTTP Server manual, suEXEC security
//! model). suEXEC refuses a program that begins with `/`.
//!
//! ## Why
//! An absolute reference leaves the base without any trick. A caller that
//! passes on what a client sent lets the client choose any directory of the
//! host (CVE-2007-1742 and CVE-2022-37706 begin with a path that is accepted
//! too readily).
//!
//! ## Denies
//! A bundle reference that begins with `/`.
//!
//! ## Permits
//! Relative references, and an absent one (the caller's working directory).
//!
//! ## Limits
//! Looks at the text only. A relative reference can still lead out through
//! `..` or a link. An absolute reference to a place beneath the base is
//! refused as well.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::quoted;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "bundle-is-absolute",
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
    if bundle.text.starts_with(b"/") {
        return Verdict::deny(
            format_args!("a bundle relative to the base"),
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
    fn an_absolute_reference_is_denied() {
        for text in ["/", "//x", "/srv/containers/alice/app"] {
            denied(&RULE, |e, _| of(&mut e.bundle).text = text.into());
        }
    }

    #[test]
    fn any_relative_reference_is_permitted() {
        for text in ["", "alice/app", "./x", "../x", "\u{2044}x"] {
            permitted(&RULE, |e, _| of(&mut e.bundle).text = text.into());
        }
    }
}
