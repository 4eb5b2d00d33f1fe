//! `init-setuid`: the init is setuid.
//!
//! ## Condition
//! suEXEC 17, exit status 119: "Is the target CGI/SSI program NOT setuid or
//! setgid?" (Apache HTTP Server manual, suEXEC security model). The talk
//! leaves it to be studied: no_new_privs and nosuid mounts can stand in for
//! it.
//!
//! ## Why
//! Executing a setuid file changes the ids after the launcher has set them:
//! the init runs as the file's owner and not as the target user.
//!
//! ## Denies
//! An init with the setuid bit.
//!
//! ## Permits
//! An init without it.
//!
//! ## Limits
//! Looks at the init only: a setuid program in the rootfs can still be run by
//! it. The bit has no effect under no_new_privs or on a nosuid mount, and is
//! refused nevertheless.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::shown;
use crate::verdict::{Cause, Verdict};

/// The rule.
pub static RULE: Rule = Rule {
    id: "init-setuid",
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
    if file.mode & 0o4000 != 0 {
        return Verdict::deny(
            format_args!("{} without the setuid bit", shown(&file.name)),
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
    fn the_setuid_bit_is_denied() {
        let denial = denied(&RULE, |e, _| init_file(e).mode = 0o4755);
        assert_eq!(denial.observed, "mode 4755");
        denied(&RULE, |e, _| init_file(e).mode = 0o4000);
    }

    #[test]
    fn setgid_and_sticky_bits_are_another_fact() {
        permitted(&RULE, |e, _| init_file(e).mode = 0o3777);
    }

    #[test]
    fn a_missing_init_is_undetermined() {
        let cause = undetermined(&RULE, |e, _| of(&mut e.init).file = None);
        assert_eq!(cause, Cause::Depends("the init"));
    }
}
