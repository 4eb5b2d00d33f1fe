//! Which rules of the registry answer for which condition. A rule that states
//! the original's fact is asked in both modes; one that says more is asked in
//! strict mode only, and then the original's own variant, if it has one,
//! stands beside it.

use sekisho_rules::catalogue as rule;
use sekisho_rules::evidence::{File, FileKind};
use sekisho_rules::{Evidence, Policy, Rule, Verdict};

use crate::condition::Condition;
use crate::config::Mode;
use crate::exact;

/// What answers for one condition.
pub struct Check {
    /// The condition.
    pub condition: Condition,
    /// Rules asked in both modes.
    pub shared: &'static [&'static Rule],
    /// Rules asked in strict mode only.
    pub strict: &'static [&'static Rule],
    /// Asked in exact mode only: whether the original refuses.
    pub exact: Option<fn(&Evidence) -> bool>,
}

/// In the original's order. Conditions that are not here are asked by the act
/// itself: a file that cannot be read, a call that fails.
pub static CHECKS: [Check; 17] = [
    both(Condition::CallerUnknown, &[&rule::caller_unknown::RULE]),
    Check {
        condition: Condition::ArgumentsUnusable,
        shared: &[&rule::arguments_too_few::RULE],
        strict: &[
            &rule::argument_empty::RULE,
            &rule::argument_has_control_bytes::RULE,
            &rule::argument_too_long::RULE,
        ],
        exact: None,
    },
    Check {
        condition: Condition::ProgramReferenceUnsafe,
        // The bundle's reference is PROGRAM's beginning, hence its text.
        shared: &[&rule::bundle_is_absolute::RULE],
        strict: &[&rule::init_has_dot_dot::RULE],
        exact: Some(|evidence| {
            let init = evidence.init.seen();
            init.map_or(true, |init| exact::climbs(&init.text))
        }),
    },
    both(
        Condition::CallerNotConfigured,
        &[&rule::caller_not_allowed::RULE],
    ),
    Check {
        condition: Condition::UserNameUnknown,
        shared: &[&rule::target_user_unknown::RULE],
        strict: &[&rule::target_user_inexact::RULE],
        exact: None,
    },
    Check {
        condition: Condition::GroupNameUnknown,
        shared: &[&rule::target_group_unknown::RULE],
        strict: &[&rule::target_group_inexact::RULE],
        exact: None,
    },
    both(
        Condition::UserForbidden,
        &[
            &rule::target_user_is_root::RULE,
            &rule::target_user_below_minimum::RULE,
        ],
    ),
    both(
        Condition::GroupForbidden,
        &[
            &rule::target_group_is_root::RULE,
            &rule::target_group_below_minimum::RULE,
        ],
    ),
    Check {
        condition: Condition::UserNotSet,
        shared: &[],
        strict: &[&rule::privileges_not_dropped::RULE],
        exact: None,
    },
    both(
        Condition::OutsideDocroot,
        &[&rule::bundle_outside_base::RULE],
    ),
    both(
        Condition::DirectoryNotSeen,
        &[&rule::bundle_not_enterable::RULE],
    ),
    both(
        Condition::DirectoryWritable,
        &[&rule::bundle_writable_by_others::RULE],
    ),
    Check {
        condition: Condition::ProgramNotSeen,
        shared: &[&rule::init_missing::RULE],
        strict: &[&rule::init_not_regular::RULE],
        exact: Some(|evidence| program(evidence).is_none_or(|file| file.kind == FileKind::Symlink)),
    },
    both(
        Condition::ProgramWritable,
        &[&rule::init_writable_by_others::RULE],
    ),
    both(
        Condition::ProgramSetid,
        &[&rule::init_setuid::RULE, &rule::init_setgid::RULE],
    ),
    both(
        Condition::OwnerDiffers,
        &[
            &rule::bundle_owner_differs::RULE,
            &rule::bundle_group_differs::RULE,
            &rule::init_owner_differs::RULE,
            &rule::init_group_differs::RULE,
        ],
    ),
    Check {
        condition: Condition::ProgramNotExecutable,
        shared: &[],
        strict: &[&rule::init_not_executable::RULE],
        exact: Some(|evidence| {
            program(evidence).is_none_or(|file| !exact::is_executable(file.mode))
        }),
    },
];

/// Rules that sanitise, in both modes: what they would have done is always
/// done, by [`exact::environment`] in exact mode.
pub static SANITISING: [&Rule; 3] = [
    &rule::environment_not_allowed::RULE,
    &rule::path_differs_from_policy::RULE,
    &rule::supplementary_groups_inherited::RULE,
];

/// suEXEC rules of the registry that have nothing to say about this shape.
pub const WITHOUT_COUNTERPART: [(&str, &str); 8] = [
    (
        "bundle-has-dot-dot",
        "the directory is the caller's own, not named",
    ),
    (
        "working-directory-not-enterable",
        "the working directory is the bundle",
    ),
    ("rootfs-outside-base", "there is no root filesystem"),
    ("rootfs-writable-by-others", "there is no root filesystem"),
    (
        "config-writable-by-others",
        "there is no configuration in the bundle",
    ),
    (
        "config-owner-differs-from-launcher",
        "there is no configuration in the bundle",
    ),
    (
        "init-format-unrecognised",
        "the kernel answers when the program is executed",
    ),
    (
        "environment-has-unlisted",
        "the environment is cleaned instead",
    ),
];

const fn both(condition: Condition, shared: &'static [&'static Rule]) -> Check {
    Check {
        condition,
        shared,
        strict: &[],
        exact: None,
    }
}

fn program(evidence: &Evidence) -> Option<&File> {
    evidence.init.seen().ok()?.file.as_ref()
}

/// What refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A rule of the registry.
    Rule(&'static str),
    /// The original's variant in [`exact`].
    Exact,
}

/// Asks what answers for a condition in a mode; gives what refuses.
#[must_use]
pub fn refuses(
    condition: Condition,
    mode: Mode,
    evidence: &Evidence,
    policy: &Policy,
) -> Option<By> {
    let check = CHECKS.iter().find(|check| check.condition == condition)?;
    let own: &[&Rule] = match mode {
        Mode::Strict => check.strict,
        Mode::SuexecExact => &[],
    };
    let refusing = check.shared.iter().chain(own).find(|rule| {
        let verdict: Verdict = (rule.evaluate)(evidence, policy);
        verdict.refuses()
    });
    if let Some(rule) = refusing {
        return Some(By::Rule(rule.id));
    }
    let exact = check.exact.filter(|_| mode == Mode::SuexecExact)?;
    exact(evidence).then_some(By::Exact)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sekisho_rules::registry::RULES;
    use sekisho_rules::rule::Class;

    use super::*;

    #[test]
    fn every_rule_of_the_twenty_conditions_is_asked_or_has_no_counterpart() {
        let mut known = BTreeSet::new();
        for check in &CHECKS {
            known.extend(check.shared.iter().chain(check.strict).map(|rule| rule.id));
        }
        known.extend(SANITISING.iter().map(|rule| rule.id));
        for (id, why) in WITHOUT_COUNTERPART {
            assert!(known.insert(id), "{id} is asked");
            assert!(
                !why.is_empty() && RULES.iter().any(|rule| rule.id == id),
                "{id}"
            );
        }
        for rule in RULES.iter().filter(|rule| rule.class != Class::Further) {
            assert!(known.contains(rule.id), "{} is forgotten", rule.id);
        }
    }

    #[test]
    fn checks_are_in_the_order_of_the_conditions() {
        assert!(CHECKS.is_sorted_by_key(|check| check.condition));
    }

    #[test]
    fn what_was_not_observed_refuses() {
        let evidence = Evidence::default();
        for mode in [Mode::Strict, Mode::SuexecExact] {
            for check in &CHECKS {
                let asks =
                    !check.shared.is_empty() || check.exact.is_some() || mode == Mode::Strict;
                let refused = refuses(check.condition, mode, &evidence, &Policy::default());
                assert_eq!(refused.is_some(), asks, "{:?}", check.condition);
            }
        }
    }
}
