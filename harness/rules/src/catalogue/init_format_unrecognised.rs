//! `init-format-unrecognised`: the init is neither ELF nor a script with an
//! interpreter line.
//!
//! ## Condition
//! suEXEC 20, exit status 255: "Can we successfully become the target CGI/SSI
//! program and execute?" (Apache HTTP Server manual, suEXEC security model).
//! suEXEC calls `execv(3)` and exits with 255 when the kernel refuses.
//!
//! ## Why
//! Launchers that start the init as `execvp(3)` does answer the kernel's
//! ENOEXEC by running the file with `/bin/sh`: a text that was never meant as
//! a program becomes one.
//!
//! ## Denies
//! An init whose first bytes are neither an ELF header nor `#!`.
//!
//! ## Permits
//! ELF files and `#!` scripts, of whatever machine and interpreter.
//!
//! ## Limits
//! Formats that `binfmt_misc` adds are refused as well. A header says nothing
//! about whether the rest can run.

use crate::evidence::{Evidence, Format};
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "init-format-unrecognised",
    class: Class::Act,
    conditions: &[20],
    needs: Needs::of(&[Fact::InitFormat]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let format = match evidence.init_format.seen() {
        Ok(format) => format,
        Err(cause) => return Verdict::undetermined(cause),
    };
    match format {
        Format::Elf | Format::Script => Verdict::Permit,
        Format::Unrecognised => Verdict::deny(
            format_args!("an ELF file or a script that begins with `#!`"),
            format_args!("a format that the kernel answers with ENOEXEC"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn an_unrecognised_format_is_denied() {
        denied(&RULE, |e, _| *of(&mut e.init_format) = Format::Unrecognised);
    }

    #[test]
    fn elf_and_scripts_are_permitted() {
        for format in [Format::Elf, Format::Script] {
            permitted(&RULE, |e, _| *of(&mut e.init_format) = format);
        }
    }
}
