//! `target-user-is-root`: the target user is the host's root.
//!
//! ## Condition
//! suEXEC 7, exit status 107: "Is the target user NOT superuser?" (Apache HTTP
//! Server manual, suEXEC security model).
//!
//! ## Why
//! An init that runs as uid 0 of the host has every privilege that its
//! namespaces and capabilities do not take away; a launcher that lets its
//! caller ask for uid 0 is a root shell for whoever controls the caller.
//!
//! ## Denies
//! A target user that resolves to uid 0, by whatever name or number.
//!
//! ## Permits
//! Every other uid; root *inside* a user namespace, since the target user is
//! a host id.
//!
//! ## Limits
//! Looks at the id that the start would use, so a reference that is misread
//! as 0 is denied as well. Says nothing about uid 4294967295, which
//! `setresuid(2)` takes as "unchanged" (CVE-2019-14287).

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::quoted;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "target-user-is-root",
    class: Class::Selectable,
    conditions: &[7],
    needs: Needs::of(&[Fact::TargetUser]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let user = match evidence.target_user.seen() {
        Ok(user) => user,
        Err(cause) => return Verdict::undetermined(cause),
    };
    if user.id == 0 {
        return Verdict::deny(
            format_args!("a target uid other than 0"),
            format_args!("{} is uid 0", quoted(&user.text)),
        );
    }
    Verdict::Permit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{Gathered, Identity, IdentityForm};

    fn verdict(id: u32) -> Verdict {
        let evidence = Evidence {
            target_user: Gathered::Seen(Identity {
                text: b"somebody".to_vec(),
                form: IdentityForm::Name,
                id,
                name: Some("somebody".to_owned()),
            }),
            ..Evidence::default()
        };
        evaluate(&evidence, &Policy::default())
    }

    #[test]
    fn uid_0_is_denied_under_any_name() {
        assert_eq!(
            verdict(0),
            Verdict::deny(
                format_args!("a target uid other than 0"),
                format_args!("\"somebody\" is uid 0"),
            )
        );
    }

    #[test]
    fn any_other_uid_is_permitted() {
        assert_eq!(verdict(1), Verdict::Permit);
        assert_eq!(verdict(u32::MAX), Verdict::Permit);
    }

    #[test]
    fn a_fact_that_was_not_gathered_is_undetermined() {
        let verdict = evaluate(&Evidence::default(), &Policy::default());
        assert!(matches!(verdict, Verdict::Undetermined(_)));
    }
}
