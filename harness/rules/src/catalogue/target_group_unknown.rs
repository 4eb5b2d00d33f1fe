//! `target-group-unknown`: the target group has no entry in the group database.
//!
//! ## Condition
//! suEXEC 6, exit status 106: "Is the target group name valid?" (Apache HTTP
//! Server manual, suEXEC security model).
//!
//! ## Why
//! As for users: a gid that belongs to nobody today is given to somebody
//! tomorrow, and an unknown name means that the caller's idea of the groups is
//! wrong.
//!
//! ## Denies
//! A target group whose reference, as given, has no entry: a name that is not
//! there, a number without an entry, or a text that would have to be misread
//! to mean anybody.
//!
//! ## Permits
//! A target group with an entry, by name or by number.
//!
//! ## Limits
//! Says nothing about whether the user belongs to the group.

use crate::evidence::{Evidence, IdentityForm};
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::quoted;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "target-group-unknown",
    class: Class::Fatal,
    conditions: &[6],
    needs: Needs::of(&[Fact::TargetGroup]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let group = match evidence.target_group.seen() {
        Ok(group) => group,
        Err(cause) => return Verdict::undetermined(cause),
    };
    if group.name.is_none() || group.form == IdentityForm::Inexact {
        return Verdict::deny(
            format_args!("a target group with an entry in the group database"),
            format_args!("{} (gid {}) has no entry", quoted(&group.text), group.id),
        );
    }
    Verdict::Permit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn a_group_without_an_entry_is_denied_in_every_form() {
        use IdentityForm::{Absent, Exact, Inexact, Name};
        for form in [Absent, Exact, Inexact, Name] {
            denied(&RULE, |e, _| {
                of(&mut e.target_group).name = None;
                of(&mut e.target_group).form = form;
            });
        }
    }

    #[test]
    fn a_reference_that_is_misread_as_some_group_is_denied() {
        denied(&RULE, |e, _| {
            of(&mut e.target_group).form = IdentityForm::Inexact;
        });
    }

    #[test]
    fn a_group_with_an_entry_is_permitted_whatever_the_user_is() {
        permitted(&RULE, |e, _| of(&mut e.target_user).name = None);
    }
}
