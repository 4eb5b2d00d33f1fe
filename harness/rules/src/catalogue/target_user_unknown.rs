//! `target-user-unknown`
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
//! A target user whose id or name has no entry, wherever the id came from.
//!
//! ## Permits
//! A target user with an entry, by name or by number.
//!
//! ## Limits
//! A reference that is misread as the number of an existing user has an entry:
//! refusing the misreading is `target-user-inexact`. Platforms that give each
//! tenant an id without an entry cannot use this rule.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::quoted;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "target-user-unknown",
    summary: "the target user has no entry in the user database",
    class: Class::Fatal,
    conditions: &[5],
    needs: Needs::of(&[Fact::TargetUser]),
    since: "0.1.0",
    source: include_str!("target_user_unknown.rs"),
    evaluate,
};

fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let user = match evidence.target_user.seen() {
        Ok(user) => user,
        Err(cause) => return Verdict::Undetermined(cause),
    };
    if user.name.is_none() {
        return Verdict::deny(
            "a target user with an entry in the user database",
            format!("{} is uid {} without an entry", quoted(&user.text), user.id),
        );
    }
    Verdict::Permit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::IdentityForm;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn a_user_without_an_entry_is_denied_in_every_form() {
        use IdentityForm::{Absent, Exact, Inexact, Name};
        for form in [Absent, Exact, Inexact, Name] {
            let denial = denied(&RULE, |e, _| {
                of(&mut e.target_user).name = None;
                of(&mut e.target_user).form = form;
            });
            assert_eq!(denial.observed, "\"alice\" is uid 10001 without an entry");
        }
    }

    #[test]
    fn a_user_with_an_entry_is_permitted() {
        permitted(&RULE, |e, _| {
            of(&mut e.target_user).form = IdentityForm::Exact
        });
    }
}
