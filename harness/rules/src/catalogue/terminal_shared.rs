//! `terminal-shared`: the init would share the caller's terminal.
//!
//! ## Condition
//! None of suEXEC's: a web server has no terminal.
//!
//! ## Why
//! A process with the caller's controlling terminal can push input into it
//! (TIOCSTI) that the caller's shell runs after the container ended
//! (CVE-2017-5226), and gets the signals of its session.
//!
//! ## Denies
//! Nothing: it sanitises. The init starts in a session of its own.
//!
//! ## Permits
//! A caller without a controlling terminal.
//!
//! ## Limits
//! Descriptors 0 to 2 may still refer to the terminal and be read and written.
//! Job control in the init's shell needs a terminal of its own.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::verdict::{Sanitation, Verdict};

/// The rule.
pub static RULE: Rule = Rule {
    id: "terminal-shared",
    class: Class::Further,
    conditions: &[],
    needs: Needs::of(&[Fact::Terminal]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let terminal = match evidence.terminal.seen() {
        Ok(terminal) => terminal,
        Err(cause) => return Verdict::undetermined(cause),
    };
    if terminal.controlling {
        Verdict::Sanitize(Sanitation::StartNewSession)
    } else {
        Verdict::Permit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{of, permitted, sanitized};

    #[test]
    fn a_controlling_terminal_is_sanitised() {
        sanitized(&RULE, Sanitation::StartNewSession, |e, _| {
            of(&mut e.terminal).controlling = true;
        });
    }

    #[test]
    fn no_terminal_is_permitted() {
        permitted(&RULE, |_, _| ());
    }
}
