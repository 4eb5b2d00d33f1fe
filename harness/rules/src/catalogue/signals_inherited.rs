//! `signals-inherited`: the caller blocks or ignores signals.
//!
//! ## Condition
//! None of suEXEC's.
//!
//! ## Why
//! The signal mask and ignored signals pass through `execve(2)`. A caller can
//! make the init deaf to the signal that is to stop it, or keep it from
//! noticing that a child or a pipe ended.
//!
//! ## Denies
//! Nothing: it sanitises. The mask is emptied and every disposition set back
//! to its default.
//!
//! ## Permits
//! A caller that blocks and ignores nothing.
//!
//! ## Limits
//! Pending signals and timers are not looked at. A program started by `nohup`
//! loses its protection from SIGHUP.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::verdict::{Sanitation, Verdict};

/// The rule.
pub static RULE: Rule = Rule {
    id: "signals-inherited",
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
    if state.blocked == 0 && state.ignored == 0 {
        Verdict::Permit
    } else {
        Verdict::Sanitize(Sanitation::ResetSignals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{of, permitted, sanitized};

    #[test]
    fn a_blocked_or_ignored_signal_is_sanitised() {
        let reset = Sanitation::ResetSignals;
        sanitized(&RULE, reset, |e, _| of(&mut e.state).blocked = 1 << 14);
        sanitized(&RULE, reset, |e, _| of(&mut e.state).ignored = 1 << 63);
    }

    #[test]
    fn no_signal_is_permitted() {
        permitted(&RULE, |e, _| of(&mut e.state).umask = 0);
    }
}
