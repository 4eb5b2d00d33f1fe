//! `ancestor-writable-by-others`: a directory on the way to the bundle is
//! writable by group or others.
//!
//! ## Condition
//! None of suEXEC's: condition 14 looks at the program's directory and at
//! nothing above it.
//!
//! ## Why
//! Whoever may write a directory may rename what lies in it. A bundle that
//! nobody else can write is exchanged as a whole one level higher, before or
//! after it was checked (CVE-2007-1741).
//!
//! ## Denies
//! A directory from the base to the bundle's parent, or up to `/` for a bundle
//! outside the base, with the write bit of group or others.
//!
//! ## Permits
//! Ancestors that only their owners may write, whoever they are.
//!
//! ## Limits
//! A sticky directory is refused as well. The sticky bit keeps others from
//! renaming what is not theirs, but not from making entries before the owner
//! does, and not the directory's owner from anything. Looks at mode bits, not
//! at ACLs.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::shown;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "ancestor-writable-by-others",
    class: Class::Further,
    conditions: &[],
    needs: Needs::of(&[Fact::BundleAncestors]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let ancestors = match evidence.bundle_ancestors.seen() {
        Ok(ancestors) => ancestors,
        Err(cause) => return Verdict::undetermined(cause),
    };
    match ancestors.iter().find(|file| file.is_writable_by_others()) {
        Some(file) => Verdict::deny(
            format_args!("{} writable by its owner only", shown(&file.name)),
            format_args!("mode {:04o}", file.mode),
        ),
        None => Verdict::Permit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn any_writable_ancestor_is_denied_and_a_sticky_one_too() {
        for mode in [0o775, 0o757, 0o1777] {
            denied(&RULE, |e, _| of(&mut e.bundle_ancestors)[0].mode = mode);
            let denial = denied(&RULE, |e, _| of(&mut e.bundle_ancestors)[1].mode = mode);
            assert_eq!(denial.required, "alice writable by its owner only");
        }
    }

    #[test]
    fn the_bundle_itself_is_another_fact() {
        permitted(&RULE, |e, _| of(&mut e.bundle).file.mode = 0o777);
        permitted(&RULE, |e, _| of(&mut e.bundle_ancestors).clear());
    }
}
