//! `init-has-dot-dot`: the init reference has a component `..`.
//!
//! ## Condition
//! suEXEC 4, exit status 104: "Does the target CGI or SSI program have an
//! unsafe hierarchical reference?" (Apache HTTP Server manual, suEXEC security
//! model). suEXEC refuses a program that begins with `../` or contains `/../`.
//!
//! ## Why
//! suEXEC's program is this project's init. Inside a rootfs `..` cannot climb
//! above the root, but it makes what is checked by name differ from what runs
//! once a component is a link.
//!
//! ## Denies
//! An init reference with a component that is exactly `..`.
//!
//! ## Permits
//! Absolute and relative references without it; names that only contain dots.
//! An absolute init is ordinary, since it is absolute inside the rootfs.
//!
//! ## Limits
//! Looks at the text only.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::{has_dot_dot, quoted};
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "init-has-dot-dot",
    class: Class::Selectable,
    conditions: &[4],
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
    if has_dot_dot(&init.text) {
        return Verdict::deny(
            format_args!("an init without `..`"),
            format_args!("{}", quoted(&init.text)),
        );
    }
    Verdict::Permit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn dot_dot_is_denied_even_when_the_init_does_not_exist() {
        denied(&RULE, |e, _| {
            of(&mut e.init).text = b"/app/../bin/sh".to_vec()
        });
        denied(&RULE, |e, _| {
            of(&mut e.init).text = b"..".to_vec();
            of(&mut e.init).file = None;
        });
    }

    #[test]
    fn other_references_are_permitted() {
        for text in ["/bin/sh", "sh", "./sh", "/opt/..hidden/x"] {
            permitted(&RULE, |e, _| of(&mut e.init).text = text.into());
        }
    }
}
