//! The ordinary request grown in one direction, for measuring how the cost of
//! a rule grows. Every rule still permits, so it has to look at everything.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use super::changes::bind;
use super::of;
use crate::evidence::{Evidence, File, FileKind};
use crate::policy::Policy;
use crate::rule::Fact;

/// One direction.
#[derive(Debug, Clone, Copy)]
pub struct Growth {
    /// What grows, a word for result files.
    pub parameter: &'static str,
    /// Facts that grow with it.
    pub facts: &'static [Fact],
    /// Sizes to look at, smallest first.
    pub sizes: &'static [usize],
    /// Makes the ordinary request that large, and widens bounds of the policy
    /// that would end the look early.
    pub apply: fn(&mut Evidence, &mut Policy, usize),
}

/// All directions.
pub const GROWTHS: &[Growth] = &[
    Growth {
        parameter: "path-depth",
        facts: &[
            Fact::Bundle,
            Fact::BundleAncestors,
            Fact::Rootfs,
            Fact::Init,
            Fact::WorkingDirectory,
            Fact::Arguments,
        ],
        sizes: &[2, 8, 16, 32, 64],
        apply: path_depth,
    },
    Growth {
        parameter: "environment",
        facts: &[Fact::Environment],
        sizes: &[10, 100, 1000, 10_000],
        apply: environment,
    },
    Growth {
        parameter: "groups",
        facts: &[Fact::Membership, Fact::GroupsHeld],
        sizes: &[1, 10, 100, 1000, 10_000],
        apply: groups,
    },
    Growth {
        parameter: "mounts",
        facts: &[Fact::Requested],
        sizes: &[1, 10, 100, 1000],
        apply: mounts,
    },
    Growth {
        parameter: "arguments",
        facts: &[Fact::Arguments],
        sizes: &[4, 40, 400, 4000],
        apply: arguments,
    },
];

fn path_depth(evidence: &mut Evidence, _: &mut Policy, depth: usize) {
    let text = vec!["component"; depth].join("/").into_bytes();
    of(&mut evidence.bundle).text.clone_from(&text);
    of(&mut evidence.rootfs).text.clone_from(&text);
    of(&mut evidence.arguments).words[3].clone_from(&text);
    let absolute = [b"/", &text[..]].concat();
    of(&mut evidence.init).text.clone_from(&absolute);
    of(&mut evidence.working_directory).text = absolute;
    *of(&mut evidence.bundle_ancestors) = (0..depth)
        .map(|_| File {
            name: "component".to_owned(),
            uid: 0,
            gid: 0,
            mode: 0o755,
            kind: FileKind::Directory,
            links: 2,
        })
        .collect();
}

fn environment(evidence: &mut Evidence, policy: &mut Policy, count: usize) {
    let environment = of(&mut evidence.environment);
    // PATH stays the first entry, so that it is looked for through all. Numbers
    // are equally long: bytes grow as the number of entries does.
    let path = format!("PATH={}", policy.path).into_bytes();
    environment.caller = core::iter::once(path)
        .chain(
            (1..count).map(|n| format!("HTTP_HEADER_{n:05}=value of header {n:05}").into_bytes()),
        )
        .collect();
    environment.config = (0..count)
        .map(|n| format!("SETTING_{n:05}=value {n:05}").into_bytes())
        .collect();
    policy.most_environment = usize::MAX;
}

fn groups(evidence: &mut Evidence, _: &mut Policy, count: usize) {
    let groups: Vec<u32> = (0..count)
        .filter_map(|n| u32::try_from(20_000 + n).ok())
        .collect();
    let membership = of(&mut evidence.membership);
    membership.member_of.clone_from(&groups);
    membership.additional.clone_from(&groups);
    let held = of(&mut evidence.groups_held);
    held.clone_from(&groups);
    held.push(membership.target_group);
}

fn mounts(evidence: &mut Evidence, _: &mut Policy, count: usize) {
    of(&mut evidence.requested).mounts = vec![bind("/srv/shared/data", true); count];
}

fn arguments(evidence: &mut Evidence, _: &mut Policy, count: usize) {
    let words = &mut of(&mut evidence.arguments).words;
    words.resize(count, b"--an-argument-of-the-init".to_vec());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;
    use crate::registry::RULES;
    use crate::testing::ordinary;

    #[test]
    fn every_rule_permits_the_grown_request() {
        for growth in GROWTHS {
            for size in growth.sizes {
                let (mut evidence, mut policy) = (ordinary(), Policy::default());
                (growth.apply)(&mut evidence, &mut policy, *size);
                for rule in RULES {
                    let verdict = (rule.evaluate)(&evidence, &policy);
                    let at = (rule.id, growth.parameter, size);
                    assert_eq!(verdict, Verdict::Permit, "{at:?}");
                }
            }
        }
    }
}
