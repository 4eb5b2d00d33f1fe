//! `init-setgid`: the init is setgid.
//!
//! ## Condition
//! suEXEC 17, exit status 119: "Is the target CGI/SSI program NOT setuid or
//! setgid?" (Apache HTTP Server manual, suEXEC security model). The talk
//! leaves it to be studied: no_new_privs and nosuid mounts can stand in for
//! it.
//!
//! ## Why
//! Executing a setgid file changes the group after the launcher has set it:
//! the init runs with the file's group and not with the target group.
//!
//! ## Denies
//! An init with the setgid bit.
//!
//! ## Permits
//! An init without it.
//!
//! ## Limits
//! Looks at the init only: a setgid program in the rootfs can still be run by
//! it. The bit has no effect under no_new_privs, on a nosuid mount, or without
//! the group's execute bit, and is refused nevertheless.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::shown;
use crate::verdict::{Cause, Verdict};

/// The rule.
pub static RULE: Rule = Rule {
    id: "init-setgid",
    class: Class::Deferred,
    conditions: &[17],
    needs: Needs::of(&[Fact::Init]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let init = match evidence.init.seen() {
        Ok(init) => init,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let Some(file) = &init.file else {
        return Verdict::undetermined(Cause::Depends("the init"));
    };
    if file.mode & 0o2000 != 0 {
        return Verdict::deny(
            format_args!("{} without the setgid bit", shown(&file.name)),
            format_args!("mode {:04o}", file.mode),
        );
    }
    Verdict::Permit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, init_file, of, permitted, undetermined};

    #[test]
    fn the_setgid_bit_is_denied() {
        let denial = denied(&RULE, |e, _| init_file(e).mode = 0o2755);
        assert_eq!(denial.observed, "mode 2755");
        denied(&RULE, |e, _| init_file(e).mode = 0o2000);
    }

    #[test]
    fn setuid_and_sticky_bits_are_another_fact() {
        permitted(&RULE, |e, _| init_file(e).mode = 0o5777);
    }

    #[test]
    fn a_missing_init_is_undetermined() {
        let cause = undetermined(&RULE, |e, _| of(&mut e.init).file = None);
        assert_eq!(cause, Cause::Depends("the init"));
    }
}
