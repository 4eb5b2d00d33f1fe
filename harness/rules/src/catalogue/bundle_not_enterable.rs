//! `bundle-not-enterable`: the target may not enter the bundle directory.
//!
//! ## Condition
//! suEXEC 12, exit status 111 to 113 and 115: "Can we change directory to the
//! one in which the target CGI/SSI program resides?" (Apache HTTP Server
//! manual, suEXEC security model). suEXEC changes directory after it became
//! the target.
//!
//! ## Why
//! Root enters everything. A launcher that opens the bundle with root's
//! privileges shows the init, through its working directory or a mount, what
//! the target could not reach itself.
//!
//! ## Denies
//! A bundle directory that the target may not search, or one beneath a
//! directory that it may not search.
//!
//! ## Permits
//! A bundle that the target can enter on its own.
//!
//! ## Limits
//! Platforms that keep bundles in a directory only root may enter, to hide
//! tenants from each other, cannot use this rule.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::shown;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "bundle-not-enterable",
    class: Class::Act,
    conditions: &[12],
    needs: Needs::of(&[Fact::BundleEntry]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let entry = match evidence.bundle_entry.seen() {
        Ok(entry) => entry,
        Err(cause) => return Verdict::undetermined(cause),
    };
    if entry.allowed {
        return Verdict::Permit;
    }
    let file = &entry.file;
    Verdict::deny(
        format_args!("{} enterable for the target user", shown(&file.name)),
        format_args!(
            "owned by {}:{} with mode {:04o}",
            file.uid, file.gid, file.mode
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn a_bundle_that_only_others_may_enter_is_denied() {
        let denial = denied(&RULE, |e, _| {
            of(&mut e.bundle_entry).allowed = false;
            of(&mut e.bundle_entry).file.mode = 0o700;
        });
        assert_eq!(denial.observed, "owned by 10001:10001 with mode 0700");
    }

    #[test]
    fn an_enterable_bundle_is_permitted_whatever_its_mode_says() {
        permitted(&RULE, |e, _| of(&mut e.bundle_entry).file.mode = 0);
    }
}
