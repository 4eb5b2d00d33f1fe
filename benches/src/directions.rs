//! Directions in which the input of a start grows: databases, environment,
//! configuration, mounts, groups, path.

use anyhow::Result;
use sekisho_rules::Fact;

use crate::world::{self, FOUR};

/// One direction.
#[derive(Debug)]
pub struct Direction {
    /// Its name in result files.
    pub parameter: &'static str,
    /// Sizes in quick mode and in full mode.
    quick: &'static [usize],
    full: &'static [usize],
    /// Facts whose gathering grows with it; what else does is resolving.
    pub facts: &'static [Fact],
    /// Makes the host that large.
    pub make: fn(usize) -> Result<()>,
}

/// All directions.
pub const DIRECTIONS: &[Direction] = &[
    Direction {
        parameter: "passwd",
        quick: &[10, 1000, 10_000],
        full: &[10, 100, 1000, 10_000, 100_000],
        facts: &[Fact::Membership, Fact::InitAccess],
        make: world::databases,
    },
    Direction {
        parameter: "groups",
        quick: &[1, 100, 1000],
        full: &[1, 10, 100, 1000, 10_000],
        facts: &[Fact::Membership, Fact::InitAccess],
        make: world::memberships,
    },
    Direction {
        parameter: "environment",
        quick: &[10, 100, 1000],
        full: &[10, 100, 1000, 10_000],
        facts: &[Fact::Environment],
        make: |_| Ok(()),
    },
    Direction {
        parameter: "config-bytes",
        quick: &[1000, 10_000, 100_000],
        full: &[1000, 10_000, 100_000, 1_000_000],
        facts: &[],
        make: |bytes| world::grown_config(&FOUR, bytes, 0),
    },
    Direction {
        parameter: "mounts",
        quick: &[1, 10, 100],
        full: &[1, 10, 100, 1000],
        facts: &[Fact::Requested],
        make: |mounts| world::grown_config(&FOUR, 0, mounts),
    },
    Direction {
        parameter: "path-depth",
        quick: &[2, 16, 64],
        full: &[2, 4, 8, 16, 32, 64],
        facts: &[
            Fact::Bundle,
            Fact::BundleAncestors,
            Fact::BundleEntry,
            Fact::Rootfs,
        ],
        make: |_| Ok(()),
    },
];

impl Direction {
    /// Sizes to look at.
    #[must_use]
    pub fn sizes(&self, quick: bool) -> &'static [usize] {
        if quick { self.quick } else { self.full }
    }

    /// The reference to a bundle for that size.
    ///
    /// # Errors
    /// The bundle cannot be made.
    pub fn reference(&self, size: usize) -> Result<String> {
        match self.parameter {
            "path-depth" => world::deep_bundle(size),
            _ => Ok(format!("alice/{}", FOUR.bundle)),
        }
    }

    /// Groups of the target that list it as a member.
    pub fn groups(&self, size: usize) -> impl Iterator<Item = u32> {
        let count = match self.parameter {
            "groups" => size,
            _ => 0,
        };
        world::member_of(count)
    }

    /// Variables of the caller beside `PATH`.
    pub fn variables(&self, size: usize) -> impl Iterator<Item = (String, &'static str)> {
        let count = match self.parameter {
            "environment" => size,
            _ => 1,
        };
        (1..count).map(|n| (format!("HTTP_HEADER_{n}"), "value of a header"))
    }
}

/// Makes the host as large as usual again.
///
/// # Errors
/// A file cannot be written.
pub fn back() -> Result<()> {
    world::databases(50)?;
    world::grown_config(&FOUR, 0, 0)
}
