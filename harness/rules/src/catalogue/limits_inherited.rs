//! `limits-inherited`: the caller's resource limits are not the policy's.
//!
//! ## Condition
//! None of suEXEC's: Apache sets limits for its children itself (RLimitCPU,
//! RLimitMEM, RLimitNPROC).
//!
//! ## Why
//! A caller chooses when the launcher's and the init's calls fail: no more
//! bytes in a file, no more descriptors, a stack without bound
//! (CVE-2017-1000365). Few programs survive every such failure.
//!
//! ## Denies
//! Nothing: it sanitises. The limits that the policy lists are set to its
//! values.
//!
//! ## Permits
//! Listed limits that equal the policy's, soft and hard; any value of a limit
//! that the policy does not list.
//!
//! ## Limits
//! A hard limit that the process may not raise stays as it is. Limits that the
//! configuration asks for (`process.rlimits`) are set later and are not
//! compared.

use crate::evidence::{Evidence, Limit};
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::verdict::{Cause, Sanitation, Verdict};

/// The rule.
pub static RULE: Rule = Rule {
    id: "limits-inherited",
    class: Class::Further,
    conditions: &[],
    needs: Needs::of(&[Fact::State]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, policy: &Policy) -> Verdict {
    let state = match evidence.state.seen() {
        Ok(state) => state,
        Err(cause) => return Verdict::undetermined(cause),
    };
    if same(&state.limits, &policy.limits) {
        return Verdict::Permit;
    }
    for wanted in &policy.limits {
        let found = state.limits.iter().find(|limit| limit.name == wanted.name);
        match found {
            None => return Verdict::undetermined(Cause::Depends(wanted.name)),
            Some(found) if found != wanted => {
                return Verdict::Sanitize(Sanitation::ResetLimits);
            }
            Some(_) => {}
        }
    }
    Verdict::Permit
}

/// Whether the lists are told to be the same without a look at any name: a
/// launcher takes the names from the policy, in its order.
fn same(found: &[Limit], wanted: &[Limit]) -> bool {
    let equal = |(found, wanted): (&Limit, &Limit)| {
        (found.soft, found.hard) == (wanted.soft, wanted.hard)
            && core::ptr::eq(found.name, wanted.name)
    };
    found.len() == wanted.len() && found.iter().zip(wanted).all(equal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{of, permitted, sanitized, undetermined};

    #[test]
    fn a_soft_or_hard_limit_that_differs_is_sanitised() {
        let reset = Sanitation::ResetLimits;
        sanitized(&RULE, reset, |e, _| of(&mut e.state).limits[0].soft = 3);
        sanitized(&RULE, reset, |e, _| of(&mut e.state).limits[6].hard = 3);
        sanitized(&RULE, reset, |_, p| p.limits[0].hard += 1);
    }

    #[test]
    fn a_limit_that_the_policy_does_not_list_is_permitted() {
        permitted(&RULE, |e, _| {
            of(&mut e.state).limits.push(Limit {
                name: "nproc",
                soft: 0,
                hard: 0,
            });
        });
        permitted(&RULE, |e, p| {
            of(&mut e.state).limits[0].soft = 3;
            p.limits.clear();
        });
    }

    #[test]
    fn a_listed_limit_that_was_not_observed_is_undetermined() {
        let cause = undetermined(&RULE, |e, _| of(&mut e.state).limits.truncate(6));
        assert_eq!(cause, Cause::Depends("cpu"));
    }
}
