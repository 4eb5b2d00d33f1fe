//! `init-has-file-capabilities`: the init carries file capabilities.
//!
//! ## Condition
//! None of suEXEC's: condition 17 knows the setuid and setgid bits only.
//!
//! ## Why
//! `security.capability` does for single capabilities what the setuid bit does
//! for all: executing the file gives back what the launcher took away.
//!
//! ## Denies
//! An init with the extended attribute `security.capability`.
//!
//! ## Permits
//! An init without it.
//!
//! ## Limits
//! Looks at the init only: another program in the rootfs can still have them.
//! They have no effect under no_new_privs or on a nosuid mount, and are
//! refused nevertheless.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "init-has-file-capabilities",
    class: Class::Further,
    conditions: &[],
    needs: Needs::of(&[Fact::InitCapabilities]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let present = match evidence.init_capabilities.seen() {
        Ok(present) => present,
        Err(cause) => return Verdict::undetermined(cause),
    };
    if *present {
        return Verdict::deny(
            format_args!("an init without file capabilities"),
            format_args!("security.capability is set"),
        );
    }
    Verdict::Permit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, init_file, of, permitted};

    #[test]
    fn file_capabilities_are_denied() {
        denied(&RULE, |e, _| *of(&mut e.init_capabilities) = true);
    }

    #[test]
    fn the_setuid_bit_is_another_fact() {
        permitted(&RULE, |e, _| init_file(e).mode = 0o6755);
    }
}
