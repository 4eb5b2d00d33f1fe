//! `device-not-allowed`: the configuration asks for a device node.
//!
//! ## Condition
//! None of suEXEC's.
//!
//! ## Why
//! A device node is the device: a block device of the host is every file on
//! it, `/dev/mem` is the machine.
//!
//! ## Denies
//! Any entry of `linux.devices`.
//!
//! ## Permits
//! A configuration without devices. What every start gets (`/dev/null` and its
//! like) is not asked for.
//!
//! ## Limits
//! There is no list of allowed devices: a platform that hands out devices
//! cannot use this rule.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::text::shown;
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "device-not-allowed",
    class: Class::Further,
    conditions: &[],
    needs: Needs::of(&[Fact::Requested]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, _: &Policy) -> Verdict {
    let requested = match evidence.requested.seen() {
        Ok(requested) => requested,
        Err(cause) => return Verdict::undetermined(cause),
    };
    match requested.devices.first() {
        Some(device) => Verdict::deny(
            format_args!("no device nodes"),
            format_args!("{}", shown(device)),
        ),
        None => Verdict::Permit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn any_device_is_denied() {
        let denial = denied(&RULE, |e, _| {
            of(&mut e.requested)
                .devices
                .push("/dev/sda (b 8:0)".to_owned());
        });
        assert_eq!(denial.observed, "/dev/sda (b 8:0)");
    }

    #[test]
    fn mounts_and_hooks_are_other_facts() {
        permitted(&RULE, |e, _| {
            of(&mut e.requested).hooks.push("/bin/x".to_owned())
        });
    }
}
