//! `bundle-has-symlink`: a symbolic link was followed on the way to the bundle.
//!
//! ## Condition
//! None of suEXEC's for this reference: it refuses a program that is itself a
//! link (condition 15) and follows links on the way to it.
//!
//! ## Why
//! Whoever owns a link decides where it leads, and can change that between the
//! check and the use. Condition 13 says where the bundle was, not how it was
//! reached.
//!
//! ## Denies
//! A symbolic or a magic link (`/proc/<pid>/fd/<n>`) from the base to the
//! bundle, the last component included.
//!
//! ## Permits
//! A way without links.
//!
//! ## Limits
//! Platforms that switch releases by a link (`current`) cannot use this rule.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "bundle-has-symlink",
    class: Class::Further,
    conditions: &[],
    needs: Needs::of(&[Fact::BundleLinks]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let links = match evidence.bundle_links.seen() {
        Ok(links) => links,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let observed = match (links.magic, links.symbolic) {
        (true, _) => "a magic link was followed",
        (false, true) => "a symbolic link was followed",
        (false, false) => return Verdict::Permit,
    };
    Verdict::deny(
        format_args!("no link from the base to the bundle"),
        format_args!("{observed}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn either_kind_of_link_is_denied() {
        let denial = denied(&RULE, |e, _| of(&mut e.bundle_links).symbolic = true);
        assert_eq!(denial.observed, "a symbolic link was followed");
        let denial = denied(&RULE, |e, _| of(&mut e.bundle_links).magic = true);
        assert_eq!(denial.observed, "a magic link was followed");
    }

    #[test]
    fn a_way_without_links_is_permitted() {
        permitted(&RULE, |_, _| ());
    }
}
