//! `bundle-outside-base`: the bundle does not lie beneath the base.
//!
//! ## Condition
//! suEXEC 13, exit status 114: "Is the directory within the httpd webspace?"
//! (Apache HTTP Server manual, suEXEC security model).
//!
//! ## Why
//! A bundle from anywhere is a configuration from anybody. suEXEC compares
//! strings, so that `/var/www` admits `/var/www-old` (CVE-2007-1742).
//!
//! ## Denies
//! A bundle directory that does not have the base among its ancestors,
//! whatever the reference looked like.
//!
//! ## Permits
//! A bundle that the base is an ancestor of, also through links.
//!
//! ## Limits
//! Says where the directory was when it was opened. Which tenant it belongs to
//! is not asked.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::shown;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "bundle-outside-base",
    class: Class::Selectable,
    conditions: &[13],
    needs: Needs::of(&[Fact::Bundle]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, policy: &Policy) -> Verdict {
    let bundle = match evidence.bundle.seen() {
        Ok(bundle) => bundle,
        Err(cause) => return Verdict::undetermined(cause),
    };
    if bundle.beneath_base {
        return Verdict::Permit;
    }
    Verdict::deny(
        format_args!("a bundle beneath {}", shown(&policy.base)),
        format_args!("{}", shown(&bundle.file.name)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn a_bundle_elsewhere_is_denied() {
        let denial = denied(&RULE, |e, _| {
            of(&mut e.bundle).beneath_base = false;
            of(&mut e.bundle).file.name = "/srv/containers-old/app".to_owned();
        });
        assert_eq!(denial.required, "a bundle beneath /srv/containers");
        assert_eq!(denial.observed, "/srv/containers-old/app");
    }

    #[test]
    fn a_bundle_beneath_the_base_is_permitted_whatever_its_reference() {
        permitted(&RULE, |e, _| of(&mut e.bundle).text = b"/tmp/../x".to_vec());
    }
}
