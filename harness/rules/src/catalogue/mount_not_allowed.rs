//! `mount-not-allowed`: the configuration asks for a mount that the policy does
//! not allow.
//!
//! ## Condition
//! None of suEXEC's, whose target sees the host's files anyway.
//!
//! ## Why
//! A bind mount hands a directory of the host to the init, past the rootfs and
//! past every check of it (CVE-2024-1753); other types reach drivers that were
//! never meant for untrusted input.
//!
//! ## Denies
//! A type that is not in the policy's `mount-types`; a bind whose source is
//! not one of the policy's `mount-sources` or beneath one, by component, or
//! that is not read-only.
//!
//! ## Permits
//! Mounts of allowed types; read-only binds of allowed sources.
//!
//! ## Limits
//! Compares the source as text: a symbolic link beneath an allowed source can
//! lead elsewhere (CVE-2021-30465). Destinations are not looked at.

use crate::evidence::{Evidence, MountRequest};
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::{is_beneath, shown};
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "mount-not-allowed",
    class: Class::Further,
    conditions: &[],
    needs: Needs::of(&[Fact::Requested]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, policy: &Policy) -> Verdict {
    let requested = match evidence.requested.seen() {
        Ok(requested) => requested,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let allowed = |mount: &MountRequest| {
        policy.mount_types.contains(&mount.kind)
            && (mount.kind != "bind"
                || mount.read_only
                    && policy
                        .mount_sources
                        .iter()
                        .any(|directory| is_beneath(&mount.source, directory)))
    };
    let Some(mount) = requested.mounts.iter().find(|mount| !allowed(mount)) else {
        return Verdict::Permit;
    };
    Verdict::deny(
        format_args!("mounts of allowed types, binds read-only and of allowed sources"),
        format_args!(
            "{} of {} on {}, {}",
            shown(&mount.kind),
            shown(&mount.source),
            shown(&mount.destination),
            if mount.read_only {
                "read-only"
            } else {
                "writable"
            },
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    fn mount(kind: &str, source: &str, read_only: bool) -> MountRequest {
        MountRequest {
            destination: "/mnt".to_owned(),
            kind: kind.to_owned(),
            source: source.to_owned(),
            read_only,
        }
    }

    #[test]
    fn foreign_types_are_denied() {
        for kind in ["overlay", "fuse", "", "binder"] {
            let wanted = mount(kind, "none", true);
            denied(&RULE, |e, _| of(&mut e.requested).mounts.push(wanted));
        }
    }

    #[test]
    fn foreign_and_writable_sources_of_binds_are_denied() {
        for source in ["/", "/etc", "/usr-old", "/usr/../etc", "usr", ""] {
            let wanted = mount("bind", source, true);
            denied(&RULE, |e, _| of(&mut e.requested).mounts.push(wanted));
        }
        let denial = denied(&RULE, |e, _| {
            of(&mut e.requested)
                .mounts
                .push(mount("bind", "/usr", false));
        });
        assert_eq!(denial.observed, "bind of /usr on /mnt, writable");
    }

    #[test]
    fn allowed_mounts_are_permitted_and_a_bind_type_can_be_taken_away() {
        let usual = || {
            vec![
                mount("proc", "proc", false),
                mount("bind", "/usr/share", true),
            ]
        };
        permitted(&RULE, |e, _| of(&mut e.requested).mounts = usual());
        denied(&RULE, |e, p| {
            of(&mut e.requested).mounts = usual();
            p.mount_types.retain(|kind| kind != "bind");
        });
    }
}
