//! `user-mapping-includes-system-ids`: a user namespace mapping covers ids of
//! the host's system.
//!
//! ## Condition
//! None of suEXEC's. Conditions 7 to 10 ask the same of the target's own ids.
//!
//! ## Why
//! Whoever is root in a user namespace may become every id that it maps. A
//! mapping that covers host id 0 or a service's id gives those ids away,
//! whatever the target user is.
//!
//! ## Denies
//! A range of user or group ids with a host id up to the policy's
//! `highest-system-id`.
//!
//! ## Permits
//! Ranges above it; empty ranges; no mappings.
//!
//! ## Limits
//! Says nothing about ids of other tenants.

use crate::evidence::{Evidence, Mapping};
use crate::policy::Policy;
use crate::rule::{Class, Fact, Needs, Rule};
use crate::verdict::Verdict;

/// The rule.
pub static RULE: Rule = Rule {
    id: "user-mapping-includes-system-ids",
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
    let highest = policy.highest_system_id;
    let system = |mapping: &&Mapping| mapping.size > 0 && mapping.host <= highest;
    match requested.mappings.iter().find(system) {
        Some(mapping) => Verdict::deny(
            format_args!("mappings of host ids above {highest}"),
            format_args!("{} ids from host id {}", mapping.size, mapping.host),
        ),
        None => Verdict::Permit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{denied, of, permitted};

    fn mapping(host: u32, size: u32) -> Mapping {
        Mapping {
            container: 0,
            host,
            size,
        }
    }

    #[test]
    fn a_range_that_begins_among_the_systems_ids_is_denied() {
        for host in [0, 33, 999] {
            denied(&RULE, |e, _| {
                of(&mut e.requested).mappings = vec![mapping(host, 1)]
            });
        }
        denied(&RULE, |e, _| {
            of(&mut e.requested).mappings = vec![mapping(100_000, 65536), mapping(0, u32::MAX)];
        });
    }

    #[test]
    fn higher_and_empty_ranges_are_permitted() {
        permitted(&RULE, |e, _| {
            of(&mut e.requested).mappings = vec![mapping(1000, u32::MAX), mapping(0, 0)];
        });
    }
}
