//! `rootfs-outside-base`: the root filesystem does not lie beneath the base.
//!
//! ## Condition
//! suEXEC 13, exit status 114: "Is the directory within the httpd webspace?"
//! (Apache HTTP Server manual, suEXEC security model). In the talk's
//! correspondence the document root is the container's rootfs.
//!
//! ## Why
//! `root.path` is another reference in the request. A configuration with `/`
//! there starts the init in the host's root (CVE-2019-19921 reached the host
//! through a link in the rootfs path).
//!
//! ## Denies
//! A rootfs directory that does not have the base among its ancestors.
//!
//! ## Permits
//! A rootfs that the base is an ancestor of, inside the bundle or not.
//!
//! ## Limits
//! Platforms that share read-only root filesystems of another place cannot use
//! this rule. Another tenant's rootfs lies beneath the base too.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::shown;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "rootfs-outside-base",
    class: Class::Selectable,
    conditions: &[13],
    needs: Needs::of(&[Fact::Rootfs]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, policy: &Policy) -> Verdict {
    let rootfs = match evidence.rootfs.seen() {
        Ok(rootfs) => rootfs,
        Err(cause) => return Verdict::undetermined(cause),
    };
    if rootfs.beneath_base {
        return Verdict::Permit;
    }
    Verdict::deny(
        format_args!("a rootfs beneath {}", shown(&policy.base)),
        format_args!("{}", shown(&rootfs.file.name)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn the_hosts_root_is_denied() {
        let denial = denied(&RULE, |e, _| {
            of(&mut e.rootfs).beneath_base = false;
            of(&mut e.rootfs).file.name = "/".to_owned();
        });
        assert_eq!(denial.observed, "/");
    }

    #[test]
    fn a_rootfs_beneath_the_base_is_permitted_wherever_the_bundle_is() {
        permitted(&RULE, |e, _| of(&mut e.bundle).beneath_base = false);
    }
}
