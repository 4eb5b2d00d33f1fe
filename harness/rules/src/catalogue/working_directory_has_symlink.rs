//! `working-directory-has-symlink`: a symbolic link was followed on the way to
//! the working directory.
//!
//! ## Condition
//! None of suEXEC's, whose working directory is the caller's.
//!
//! ## Why
//! `process.cwd` is entered with the launcher's privileges. A link in the
//! rootfs, or a magic one such as `/proc/self/fd/7`, takes the init's first
//! step to where the tenant wants, out of the rootfs if a descriptor of the
//! host is open (CVE-2024-21626).
//!
//! ## Denies
//! A symbolic or a magic link on the way to the working directory inside the
//! rootfs.
//!
//! ## Permits
//! A way without links, also one that does not exist yet.
//!
//! ## Limits
//! Refuses the harmless links of many images too (`/var/run`, `/lib`).

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::quoted;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "working-directory-has-symlink",
    class: Class::Further,
    conditions: &[],
    needs: Needs::of(&[Fact::WorkingDirectory]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let directory = match evidence.working_directory.seen() {
        Ok(directory) => directory,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let observed = match (directory.links.magic, directory.links.symbolic) {
        (true, _) => "a magic link",
        (false, true) => "a symbolic link",
        (false, false) => return Verdict::Permit,
    };
    Verdict::deny(
        format_args!("no link on the way to the working directory"),
        format_args!("{observed} in {}", quoted(&directory.text)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn either_kind_of_link_is_denied() {
        let denial = denied(&RULE, |e, _| {
            of(&mut e.working_directory).links.symbolic = true
        });
        assert_eq!(denial.observed, "a symbolic link in \"/\"");
        let denial = denied(&RULE, |e, _| {
            of(&mut e.working_directory).links.magic = true
        });
        assert_eq!(denial.observed, "a magic link in \"/\"");
    }

    #[test]
    fn a_missing_directory_is_permitted() {
        permitted(&RULE, |e, _| of(&mut e.working_directory).enterable = None);
    }
}
