//! `access-list-grants-write`: an access control list lets somebody else write
//! the bundle, rootfs, config or init.
//!
//! ## Condition
//! None of suEXEC's: it looks at mode bits.
//!
//! ## Why
//! With a POSIX ACL the group bits are only a mask, and `stat` does not name
//! the users that an entry lets in. What conditions 14 and 16 want to know is
//! not in the mode alone.
//!
//! ## Denies
//! An ACL entry of a named user or group that grants writing, after the mask,
//! on the bundle directory, the rootfs, `config.json` or the init.
//!
//! ## Permits
//! Files without such an entry; entries that grant reading only.
//!
//! ## Limits
//! Ancestors, deeper directories and default ACLs are not looked at, nor are
//! the access rules of network file systems.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "access-list-grants-write",
    class: Class::Further,
    conditions: &[],
    needs: Needs::of(&[Fact::AccessLists]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let lists = match evidence.access_lists.seen() {
        Ok(lists) => lists,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let place = match (lists.bundle, lists.rootfs, lists.config, lists.init) {
        (true, _, _, _) => "the bundle directory",
        (_, true, _, _) => "the rootfs directory",
        (_, _, true, _) => "config.json",
        (_, _, _, true) => "the init",
        (false, false, false, false) => return Verdict::Permit,
    };
    Verdict::deny(
        format_args!("no access control list that grants writing"),
        format_args!("one on {place}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn a_granting_list_is_denied_wherever_it_is() {
        let denial = denied(&RULE, |e, _| of(&mut e.access_lists).bundle = true);
        assert_eq!(denial.observed, "one on the bundle directory");
        denied(&RULE, |e, _| of(&mut e.access_lists).rootfs = true);
        denied(&RULE, |e, _| of(&mut e.access_lists).config = true);
        let denial = denied(&RULE, |e, _| of(&mut e.access_lists).init = true);
        assert_eq!(denial.observed, "one on the init");
    }

    #[test]
    fn mode_bits_are_another_fact() {
        permitted(&RULE, |e, _| of(&mut e.bundle).file.mode = 0o777);
    }
}
