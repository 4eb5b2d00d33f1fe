//! `config-has-symlink`: a symbolic link was followed on the way to
//! config.json.
//!
//! ## Condition
//! None of suEXEC's for this reference: it refuses a program that is itself a
//! link (condition 15) and follows links on the way to it.
//!
//! ## Why
//! A link makes the privileged launcher read a file of somebody else, and
//! quote it in its messages; its owner can point it elsewhere between the
//! check and the use.
//!
//! ## Denies
//! A symbolic or a magic link (`/proc/<pid>/fd/<n>`) from the bundle to
//! `config.json`, the last component included.
//!
//! ## Permits
//! A way without links.
//!
//! ## Limits
//! Platforms that link one configuration into many bundles cannot use this
//! rule.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config-has-symlink",
    class: Class::Further,
    conditions: &[],
    needs: Needs::of(&[Fact::ConfigLinks]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let links = match evidence.config_links.seen() {
        Ok(links) => links,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let observed = match (links.magic, links.symbolic) {
        (true, _) => "a magic link was followed",
        (false, true) => "a symbolic link was followed",
        (false, false) => return Verdict::Permit,
    };
    Verdict::deny(
        format_args!("no link from the bundle to config.json"),
        format_args!("{observed}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn either_kind_of_link_is_denied() {
        let denial = denied(&RULE, |e, _| of(&mut e.config_links).symbolic = true);
        assert_eq!(denial.observed, "a symbolic link was followed");
        let denial = denied(&RULE, |e, _| of(&mut e.config_links).magic = true);
        assert_eq!(denial.observed, "a magic link was followed");
    }

    #[test]
    fn a_way_without_links_is_permitted() {
        permitted(&RULE, |_, _| ());
    }
}
