//! `config-writable-by-others`: config.json is writable by group or others.
//!
//! ## Condition
//! suEXEC 16, exit status 118: "Is the target CGI/SSI program NOT writable by
//! anyone else?" (Apache HTTP Server manual, suEXEC security model). A
//! container start has a second file that decides what runs: the
//! configuration.
//!
//! ## Why
//! Whoever may write the configuration chooses the init, its privileges,
//! mounts and hooks.
//!
//! ## Denies
//! A `config.json` with the write bit of group or others.
//!
//! ## Permits
//! A `config.json` that only its owner may write, whoever that is.
//!
//! ## Limits
//! Looks at mode bits of the file itself: its directory and ACLs are other
//! facts.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::shown;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config-writable-by-others",
    class: Class::Selectable,
    conditions: &[16],
    needs: Needs::of(&[Fact::ConfigFile]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let file = match evidence.config_file.seen() {
        Ok(file) => file,
        Err(cause) => return Verdict::undetermined(cause),
    };
    if file.is_writable_by_others() {
        return Verdict::deny(
            format_args!("{} writable by its owner only", shown(&file.name)),
            format_args!("mode {:04o}", file.mode),
        );
    }
    Verdict::Permit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn writing_by_group_or_others_is_denied() {
        for mode in [0o664, 0o646, 0o666] {
            let denial = denied(&RULE, |e, _| of(&mut e.config_file).mode = mode);
            assert_eq!(denial.observed, format!("mode {mode:04o}"));
        }
    }

    #[test]
    fn every_mode_without_those_bits_is_permitted() {
        for mode in [0, 0o600, 0o644] {
            permitted(&RULE, |e, _| of(&mut e.config_file).mode = mode);
        }
    }
}
