//! `path-differs-from-policy`: the caller's PATH is not the policy's.
//!
//! ## Condition
//! suEXEC 19, exit status 123 and 124: "Can we successfully clean the process
//! environment to ensure safe operations?" (Apache HTTP Server manual, suEXEC
//! security model). suEXEC puts a compiled `PATH` (`AP_SAFE_PATH`) in place of
//! the caller's, always.
//!
//! ## Why
//! `PATH` decides which file a bare command name is, for the launcher's hooks,
//! for the init's lookup and for everything that the init runs.
//!
//! ## Denies
//! Nothing: it sanitises. The init's `PATH` becomes the policy's when the
//! caller's differs or is absent.
//!
//! ## Permits
//! A caller's `PATH` that equals the policy's; of several the last one counts.
//!
//! ## Limits
//! A `PATH` of the configuration (`process.env`) is the bundle owner's word
//! and is not compared.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::verdict::{Sanitation, Verdict};

/// The rule.
pub static RULE: Rule = Rule {
    id: "path-differs-from-policy",
    class: Class::Selectable,
    conditions: &[19],
    needs: Needs::of(&[Fact::Environment]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, policy: &Policy) -> Verdict {
    let environment = match evidence.environment.seen() {
        Ok(environment) => environment,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let path = environment
        .caller
        .iter()
        .rev()
        .find_map(|entry| entry.strip_prefix(b"PATH="));
    if path == Some(policy.path.as_bytes()) {
        Verdict::Permit
    } else {
        Verdict::Sanitize(Sanitation::SetPolicyPath)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{of, permitted, sanitized};

    #[test]
    fn another_path_and_no_path_are_sanitised() {
        let path = Sanitation::SetPolicyPath;
        sanitized(&RULE, path, |e, _| {
            of(&mut e.environment).caller.push(b"PATH=/tmp".to_vec())
        });
        sanitized(&RULE, path, |e, _| {
            of(&mut e.environment).caller.push(b"PATH=".to_vec())
        });
        sanitized(&RULE, path, |e, _| of(&mut e.environment).caller.clear());
        sanitized(&RULE, path, |_, p| p.path = "/bin".to_owned());
    }

    #[test]
    fn the_last_entry_counts() {
        permitted(&RULE, |e, _| {
            of(&mut e.environment)
                .caller
                .insert(0, b"PATH=/tmp".to_vec())
        });
    }

    #[test]
    fn the_configurations_path_is_not_compared() {
        permitted(&RULE, |e, _| {
            of(&mut e.environment).config.push(b"PATH=/tmp".to_vec())
        });
    }
}
