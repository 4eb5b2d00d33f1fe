//! `umask-inherited`: the caller's umask is not 022.
//!
//! ## Condition
//! None of suEXEC's checks. It has a compiled umask (`AP_SUEXEC_UMASK`) that
//! is off by default.
//!
//! ## Why
//! With a umask of 0 what the launcher and the init make is writable for
//! everybody (CVE-2021-31155), with 0777 it is usable by nobody.
//!
//! ## Denies
//! Nothing: it sanitises. The umask becomes 022.
//!
//! ## Permits
//! A umask of 022.
//!
//! ## Limits
//! A stricter umask of the caller (077) is replaced as well.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::verdict::{Sanitation, Verdict};

/// The rule.
pub static RULE: Rule = Rule {
    id: "umask-inherited",
    class: Class::Further,
    conditions: &[],
    needs: Needs::of(&[Fact::State]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let state = match evidence.state.seen() {
        Ok(state) => state,
        Err(cause) => return Verdict::undetermined(cause),
    };
    if state.umask == 0o022 {
        Verdict::Permit
    } else {
        Verdict::Sanitize(Sanitation::ResetUmask)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{of, permitted, sanitized};

    #[test]
    fn another_umask_is_sanitised_and_a_stricter_one_too() {
        for umask in [0, 0o002, 0o077, 0o777] {
            sanitized(&RULE, Sanitation::ResetUmask, |e, _| {
                of(&mut e.state).umask = umask
            });
        }
    }

    #[test]
    fn the_usual_umask_is_permitted() {
        permitted(&RULE, |e, _| of(&mut e.state).blocked = u64::MAX);
    }
}
