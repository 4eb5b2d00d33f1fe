//! `interpreter-writable-by-others`: the init's interpreter is writable by
//! group or others.
//!
//! ## Condition
//! None of suEXEC's: condition 16 looks at the script and not at what runs it.
//!
//! ## Why
//! What the kernel executes for a `#!` script is the interpreter. Who may
//! write that decides what runs, however well the script is kept.
//!
//! ## Denies
//! An interpreter of the init's `#!` line with the write bit of group or
//! others.
//!
//! ## Permits
//! An interpreter that only its owner may write; an init without one.
//!
//! ## Limits
//! The ELF loader and libraries are not looked at, nor is an interpreter
//! behind `env`.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::shown;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "interpreter-writable-by-others",
    class: Class::Further,
    conditions: &[],
    needs: Needs::of(&[Fact::Interpreter]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let interpreter = match evidence.interpreter.seen() {
        Ok(interpreter) => interpreter,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let Some(file) = interpreter else {
        return Verdict::Permit;
    };
    if file.is_writable_by_others() {
        return Verdict::deny(
            format_args!(
                "interpreter {} writable by its owner only",
                shown(&file.name)
            ),
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
    fn a_writable_interpreter_is_denied() {
        for mode in [0o775, 0o757] {
            let denial = denied(&RULE, |e, _| {
                of(&mut e.interpreter)
                    .as_mut()
                    .expect("an interpreter")
                    .mode = mode;
            });
            assert!(denial.required.contains("/bin/sh"), "{denial:?}");
        }
    }

    #[test]
    fn no_interpreter_is_permitted() {
        permitted(&RULE, |e, _| *of(&mut e.interpreter) = None);
    }
}
