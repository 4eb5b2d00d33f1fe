//! `init-has-hard-links`: the init has more than one hard link.
//!
//! ## Condition
//! None of suEXEC's.
//!
//! ## Why
//! A second name for a file lets a neighbour put somebody else's program,
//! owner and mode included, into a directory of its own, and keep an old
//! version after an update; CVE-2010-3847 was exploited through a hard link of
//! a setuid program.
//!
//! ## Denies
//! An init with more than one link.
//!
//! ## Permits
//! An init with a single link, or none left (removed while open).
//!
//! ## Limits
//! Stores that share equal files by hard links (ostree, some layer caches)
//! cannot run under this rule. `fs.protected_hardlinks` bounds who can make
//! such links.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::shown;
use crate::verdict::{Cause, Verdict};

/// The rule.
pub static RULE: Rule = Rule {
    id: "init-has-hard-links",
    class: Class::Further,
    conditions: &[],
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
    if file.links > 1 {
        return Verdict::deny(
            format_args!("{} with a single link", shown(&file.name)),
            format_args!("{} links", file.links),
        );
    }
    Verdict::Permit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, init_file, of, permitted, undetermined};

    #[test]
    fn a_second_link_is_denied() {
        let denial = denied(&RULE, |e, _| init_file(e).links = 2);
        assert_eq!(denial.observed, "2 links");
    }

    #[test]
    fn one_link_and_none_are_permitted() {
        permitted(&RULE, |e, _| init_file(e).links = 1);
        permitted(&RULE, |e, _| init_file(e).links = 0);
    }

    #[test]
    fn a_missing_init_is_undetermined() {
        let cause = undetermined(&RULE, |e, _| of(&mut e.init).file = None);
        assert_eq!(cause, Cause::Depends("the init"));
    }
}
