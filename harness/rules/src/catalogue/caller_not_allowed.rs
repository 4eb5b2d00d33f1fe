//! `caller-not-allowed`: the caller is not the one that may use the launcher.
//!
//! ## Condition
//! suEXEC 3, exit status 103: "Is this valid user allowed to run the wrapper?"
//! (Apache HTTP Server manual, suEXEC security model). suEXEC compares the
//! caller's name with the compiled one; here the uid is compared, since
//! several names can share it.
//!
//! ## Why
//! The launcher acts with root's privileges for whoever calls it. All other
//! rules bound what may be started, this one bounds who may start it.
//!
//! ## Denies
//! A caller whose real uid is not the policy's `caller`. Root too, unless the
//! policy names it.
//!
//! ## Permits
//! The policy's caller.
//!
//! ## Limits
//! A taken-over front service is the allowed caller. Groups of the caller do
//! not count.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::shown;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "caller-not-allowed",
    class: Class::Fatal,
    conditions: &[3],
    needs: Needs::of(&[Fact::Caller]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, policy: &Policy) -> Verdict {
    let caller = match evidence.caller.seen() {
        Ok(caller) => caller,
        Err(cause) => return Verdict::undetermined(cause),
    };
    if caller.uid != policy.caller {
        let name = caller.name.as_deref().unwrap_or("without a name");
        return Verdict::deny(
            format_args!("caller uid {}", policy.caller),
            format_args!("uid {} ({})", caller.uid, shown(name)),
        );
    }
    Verdict::Permit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn another_uid_is_denied_and_root_is_another_uid() {
        for uid in [0, 32, 34, u32::MAX] {
            denied(&RULE, |e, _| of(&mut e.caller).uid = uid);
        }
        let denial = denied(&RULE, |_, p| p.caller = 34);
        assert_eq!(denial.observed, "uid 33 (www-data)");
    }

    #[test]
    fn the_policys_caller_is_permitted_by_whatever_name() {
        permitted(&RULE, |e, _| of(&mut e.caller).name = None);
    }
}
