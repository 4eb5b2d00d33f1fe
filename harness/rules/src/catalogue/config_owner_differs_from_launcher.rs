//! `config-owner-differs-from-launcher`: config.json does not belong to the
//! launcher's user and group.
//!
//! ## Condition
//! suEXEC 18, exit status 120, in the reading that Haconiwa ships as a build
//! option: the configuration's owner and group equal the runtime's own
//! effective ids (haconiwa/haconiwa, `mrblib/haconiwa/cli.rb`).
//!
//! ## Why
//! The configuration decides what the privileged launcher does. One that a
//! tenant owns can be rewritten by the tenant at any time.
//!
//! ## Denies
//! A `config.json` whose uid or gid is not the launcher's.
//!
//! ## Permits
//! A `config.json` that belongs to the launcher's user and group.
//!
//! ## Limits
//! Says nothing about who may write the file by mode or ACL, and nothing
//! about the directory that it lies in.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::shown;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config-owner-differs-from-launcher",
    class: Class::Selectable,
    conditions: &[18],
    needs: Needs::of(&[Fact::ConfigFile]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, policy: &Policy) -> Verdict {
    let file = match evidence.config_file.seen() {
        Ok(file) => file,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let (uid, gid) = (policy.launcher_uid, policy.launcher_gid);
    if (file.uid, file.gid) == (uid, gid) {
        return Verdict::Permit;
    }
    Verdict::deny(
        format_args!("{} owned by {uid}:{gid}", shown(&file.name)),
        format_args!("owned by {}:{}", file.uid, file.gid),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{File, FileKind, Gathered};

    fn verdict(uid: u32, gid: u32) -> Verdict {
        let evidence = Evidence {
            config_file: Gathered::Seen(File {
                name: "config.json".to_owned(),
                uid,
                gid,
                mode: 0o644,
                kind: FileKind::Regular,
                links: 1,
            }),
            ..Evidence::default()
        };
        evaluate(&evidence, &Policy::default())
    }

    #[test]
    fn another_owner_or_group_is_denied() {
        assert!(matches!(verdict(10001, 0), Verdict::Deny(_)));
        assert!(matches!(verdict(0, 10001), Verdict::Deny(_)));
    }

    #[test]
    fn the_launchers_own_is_permitted() {
        assert_eq!(verdict(0, 0), Verdict::Permit);
    }
}
