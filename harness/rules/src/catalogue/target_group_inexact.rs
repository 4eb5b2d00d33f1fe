//! `target-group-inexact`: the target group is neither a name in the database
//! nor an exact decimal number.
//!
//! ## Condition
//! suEXEC 6, exit status 106: "Is the target group name valid?" (Apache HTTP
//! Server manual, suEXEC security model). This project reads numeric groups as
//! strictly as numeric users.
//!
//! ## Why
//! Lenient reading of numbers turns what was meant as a name into somebody
//! else's gid, often 0 (for users: CVE-2017-1000082, CVE-2019-15900,
//! CVE-2024-40635).
//!
//! ## Denies
//! A target group that is neither a name nor a plain decimal number up to
//! 4294967294: signs, blanks, leading zeros, trailing text, overflow, and
//! 4294967295, which `setresgid(2)` takes as "unchanged".
//!
//! ## Permits
//! Names and exact numbers, of groups that exist or not. A request without
//! this argument, where the user's entry or the configuration gives a number.
//!
//! ## Limits
//! 4294967295 from elsewhere is not a matter of form: `privileges-not-dropped`
//! refuses it.

use crate::evidence::{Evidence, IdentityForm};
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::quoted;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "target-group-inexact",
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
    let exact = match group.form {
        IdentityForm::Name | IdentityForm::Absent => true,
        IdentityForm::Exact => group.id != u32::MAX,
        IdentityForm::Inexact => false,
    };
    if exact {
        return Verdict::Permit;
    }
    Verdict::deny(
        format_args!("a group name or a decimal number from 0 to 4294967294"),
        format_args!("{} would be read as gid {}", quoted(&group.text), group.id),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn a_reference_that_is_read_leniently_is_denied() {
        let denial = denied(&RULE, |e, _| {
            let group = of(&mut e.target_group);
            (group.text, group.id) = (b"4294967296".to_vec(), 0);
            group.form = IdentityForm::Inexact;
        });
        assert_eq!(denial.observed, "\"4294967296\" would be read as gid 0");
        denied(&RULE, |e, _| {
            of(&mut e.target_group).form = IdentityForm::Exact;
            of(&mut e.target_group).id = u32::MAX;
        });
    }

    #[test]
    fn names_and_exact_numbers_and_an_absent_reference_are_permitted() {
        use IdentityForm::{Absent, Exact, Name};
        for form in [Absent, Exact, Name] {
            permitted(&RULE, |e, _| of(&mut e.target_group).form = form);
        }
    }
}
