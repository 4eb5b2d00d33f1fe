//! `target-user-unknown`: the target user has no entry in the user database.
//!
//! ## Condition
//! suEXEC 5, exit status 105: "Is the target user name valid?" (Apache HTTP
//! Server manual, suEXEC security model).
//!
//! ## Why
//! An id that belongs to nobody today is given to somebody tomorrow, who then
//! owns what the init left behind. An unknown name means that the caller's
//! idea of the users is wrong.
//!
//! ## Denies
//! A target user whose reference, as given, has no entry: a name that is not
//! there, a number without an entry, or a text that would have to be misread
//! to mean anybody.
//!
//! ## Permits
//! A target user with an entry, by name or by number.
//!
//! ## Limits
//! Platforms that give each tenant an id without an entry cannot use this rule.

use crate::evidence::{Evidence, IdentityForm};
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::quoted;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "target-user-unknown",
    class: Class::Fatal,
    conditions: &[5],
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
    if user.name.is_none() || user.form == IdentityForm::Inexact {
        return Verdict::deny(
            format_args!("a target user with an entry in the user database"),
            format_args!("{} (uid {}) has no entry", quoted(&user.text), user.id),
        );
    }
    Verdict::Permit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn a_user_without_an_entry_is_denied_in_every_form() {
        use IdentityForm::{Absent, Exact, Inexact, Name};
        for form in [Absent, Exact, Inexact, Name] {
            let denial = denied(&RULE, |e, _| {
                of(&mut e.target_user).name = None;
                of(&mut e.target_user).form = form;
            });
            assert_eq!(denial.observed, "\"alice\" (uid 10001) has no entry");
        }
    }

    #[test]
    fn a_reference_that_is_misread_as_somebody_is_denied() {
        denied(&RULE, |e, _| {
            of(&mut e.target_user).form = IdentityForm::Inexact;
        });
    }

    #[test]
    fn a_user_with_an_entry_is_permitted() {
        permitted(&RULE, |e, _| {
            of(&mut e.target_user).form = IdentityForm::Exact
        });
    }
}
