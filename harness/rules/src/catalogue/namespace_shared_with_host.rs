//! `namespace-shared-with-host`: the configuration shares a namespace with the
//! host.
//!
//! ## Condition
//! None of suEXEC's, whose target shares all of them.
//!
//! ## Why
//! A namespace that is left out is the host's: with the host's network the
//! init reaches abstract sockets of root's daemons (CVE-2020-15257), with its
//! pids it signals them, with its mounts it is not in a container.
//!
//! ## Denies
//! A namespace that is shared with the host or joined by path and that is not
//! in the policy's `shared-namespaces`.
//!
//! ## Permits
//! Namespaces of the init's own; those that the policy lets be shared.
//!
//! ## Limits
//! Joining another container's namespace by path counts as sharing, since
//! nothing says whose it is. A missing user namespace counts only if the
//! launcher lists it.

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "namespace-shared-with-host",
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
    let allowed = |name: &str| policy.shared_namespaces.iter().any(|other| other == name);
    match requested
        .namespaces_shared
        .iter()
        .find(|name| !allowed(name))
    {
        Some(name) => Verdict::deny(
            format_args!("namespaces of the init's own"),
            format_args!("{name} is shared"),
        ),
        None => Verdict::Permit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    #[test]
    fn a_shared_namespace_is_denied() {
        let denial = denied(&RULE, |e, _| {
            of(&mut e.requested).namespaces_shared.push("network")
        });
        assert_eq!(denial.observed, "network is shared");
        denied(&RULE, |e, p| {
            of(&mut e.requested).namespaces_shared = vec!["network", "pid"];
            p.shared_namespaces = vec!["network".to_owned()];
        });
    }

    #[test]
    fn what_the_policy_lets_be_shared_is_permitted() {
        permitted(&RULE, |e, p| {
            of(&mut e.requested).namespaces_shared = vec!["network"];
            p.shared_namespaces = vec!["network".to_owned()];
        });
    }
}
