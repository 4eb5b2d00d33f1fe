//! `capability-not-allowed`: the configuration asks for a capability that the
//! policy does not allow.
//!
//! ## Condition
//! None of suEXEC's: its target has no capabilities at all.
//!
//! ## Why
//! Capabilities are root in parts. One that the platform did not mean to give
//! (CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH) leads out of the
//! container; one in the inheritable set waits for a file that raises it
//! (CVE-2022-29162).
//!
//! ## Denies
//! A capability in any requested set, the bounding set included, that is not
//! in the policy's `capabilities`.
//!
//! ## Permits
//! Requests within the policy; none at all.
//!
//! ## Limits
//! The default sets of many engines hold fourteen capabilities, which the
//! default policy refuses.

use alloc::format;
use alloc::string::String;
use alloc::string::ToString;
use alloc::vec::Vec;

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "capability-not-allowed",
    class: Class::Further,
    conditions: &[],
    needs: Needs::of(&[Fact::Requested]),
    since: "0.1.0",
    evaluate,
};

#[inline]
pub(crate) fn evaluate(evidence: &Evidence, policy: &Policy) -> Verdict {
    let requested = match evidence.requested.seen() {
        Ok(requested) => requested,
        Err(cause) => return Verdict::undetermined(cause),
    };
    let foreign = requested.capabilities & !policy.capabilities;
    if foreign == 0 {
        return Verdict::Permit;
    }
    let names: Vec<String> = (0..64)
        .filter(|number| foreign >> number & 1 == 1)
        .map(|number: usize| match NAMES.get(number) {
            Some(name) => format!("CAP_{name}"),
            None => number.to_string(),
        })
        .collect();
    Verdict::deny(
        format_args!("only capabilities that the policy allows"),
        format_args!("{}", names.join(" ")),
    )
}

/// Names by number (torvalds/linux, `include/uapi/linux/capability.h`).
#[rustfmt::skip]
const NAMES: [&str; 41] = [
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID",
    "SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW",
    "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT",
    "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD",
    "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG",
    "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn a_capability_outside_the_policy_is_denied_by_name() {
        let denial = denied(&RULE, |e, _| {
            of(&mut e.requested).capabilities = 1 << 21 | 1 << 10
        });
        assert_eq!(denial.observed, "CAP_SYS_ADMIN");
        let denial = denied(&RULE, |e, _| {
            of(&mut e.requested).capabilities = 1 << 40 | 1 << 63
        });
        assert_eq!(denial.observed, "CAP_CHECKPOINT_RESTORE 63");
    }

    #[test]
    fn allowed_capabilities_are_permitted() {
        permitted(&RULE, |e, _| of(&mut e.requested).capabilities = 1 << 10);
        permitted(&RULE, |e, p| {
            of(&mut e.requested).capabilities = u64::MAX;
            p.capabilities = u64::MAX;
        });
    }
}
