//! `target-user-inexact`: the target user is neither a name in the database nor
//! an exact decimal number.
//!
//! ## Condition
//! suEXEC 5, exit status 105: "Is the target user name valid?" (Apache HTTP
//! Server manual, suEXEC security model). A number that does not fit is exit
//! status 121 there.
//!
//! ## Why
//! Lenient reading of numbers turns what was meant as a name into somebody
//! else's id, often 0: systemd ran `0day` as root (CVE-2017-1000082), a doas
//! port ran unknown users as root (CVE-2019-15900), containerd let a number
//! wrap (CVE-2024-40635).
//!
//! ## Denies
//! A target user that is neither a name nor a plain decimal number up to
//! 4294967294: signs, blanks, leading zeros, trailing text, overflow, and
//! 4294967295, which `setresuid(2)` takes as "unchanged" (CVE-2019-14287).
//!
//! ## Permits
//! Names and exact numbers, of users that exist or not. A request without this
//! argument, where the configuration gives a number.
//!
//! ## Limits
//! 4294967295 from the configuration is not a matter of form:
//! `privileges-not-dropped` refuses it.

use crate::evidence::{Evidence, IdentityForm};
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::quoted;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "target-user-inexact",
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
    let exact = match user.form {
        IdentityForm::Name | IdentityForm::Absent => true,
        IdentityForm::Exact => user.id != u32::MAX,
        IdentityForm::Inexact => false,
    };
    if exact {
        return Verdict::Permit;
    }
    Verdict::deny(
        format_args!("a user name or a decimal number from 0 to 4294967294"),
        format_args!("{} would be read as uid {}", quoted(&user.text), user.id),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn a_reference_that_is_read_leniently_is_denied() {
        let denial = denied(&RULE, |e, _| {
            let user = of(&mut e.target_user);
            (user.text, user.id) = (b" 0day\n".to_vec(), 0);
            user.form = IdentityForm::Inexact;
        });
        assert_eq!(denial.observed, "\" 0day\\n\" would be read as uid 0");
        denied(&RULE, |e, _| {
            of(&mut e.target_user).form = IdentityForm::Exact;
            of(&mut e.target_user).id = u32::MAX;
        });
    }

    #[test]
    fn names_and_exact_numbers_and_an_absent_reference_are_permitted() {
        use IdentityForm::{Absent, Exact, Name};
        for form in [Absent, Exact, Name] {
            permitted(&RULE, |e, _| {
                of(&mut e.target_user).form = form;
                of(&mut e.target_user).id = u32::MAX - 1;
            });
        }
    }
}
