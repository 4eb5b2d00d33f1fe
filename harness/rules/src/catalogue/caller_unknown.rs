//! `caller-unknown`: the caller's uid has no entry in the user database.
//!
//! ## Condition
//! suEXEC 1, exit status 102: "Is the user executing this wrapper a valid user
//! of this system?" (Apache HTTP Server manual, suEXEC security model).
//!
//! ## Why
//! A process whose uid belongs to nobody is the remains of a deleted account
//! or of a container's id range; nobody answers for its requests.
//!
//! ## Denies
//! A caller whose real uid has no entry in the user database.
//!
//! ## Permits
//! A caller with an entry, whoever it is.
//!
//! ## Limits
//! Says nothing about whether that user may use the launcher. The user
//! database is the host's as the launcher reads it.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "caller-unknown",
    class: Class::Fatal,
    conditions: &[1],
    needs: Needs::of(&[Fact::Caller]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let caller = match evidence.caller.seen() {
        Ok(caller) => caller,
        Err(cause) => return Verdict::undetermined(cause),
    };
    if caller.name.is_none() {
        return Verdict::deny(
            format_args!("a caller with an entry in the user database"),
            format_args!("uid {} without an entry", caller.uid),
        );
    }
    Verdict::Permit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn a_uid_without_an_entry_is_denied() {
        let denial = denied(&RULE, |e, _| of(&mut e.caller).name = None);
        assert_eq!(denial.observed, "uid 33 without an entry");
    }

    #[test]
    fn any_uid_with_an_entry_is_permitted() {
        permitted(&RULE, |e, _| of(&mut e.caller).uid = 0);
    }
}
