//! Start profiles: configurations of images, services, pods and hosting
//! platforms as they are found in public repositories, each turned into the
//! start that its world's engine would ask for.
//!
//! The facts are data (`profiles/*.csv`; `profiles/README.md` says where they
//! come from and what is known to be wrong with them). What an engine adds to
//! them is in [`engine`], one file per engine. The result is a legitimate
//! [`Scenario`](sekisho_scenario::model::Scenario) like those of the corpus, so
//! it is planned, started and judged by the same machinery.
//!
//! Many configurations ask for the same start as far as any rule can see. They
//! share a [`shape`], and one of them stands for all.
#![forbid(unsafe_code)]

pub mod engine;
pub mod record;
pub mod shape;
pub mod world;

pub use record::{Identity, Record};
pub use world::{PolicyName, WORLDS, World};

use std::collections::BTreeMap;

/// One configuration.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Its world.
    pub world: &'static World,
    /// What is known of it.
    pub record: Record,
    /// Key of the profile that is started for this one; its own when it is
    /// started itself.
    pub stands_for_it: String,
}

impl Profile {
    /// `world/profile`, unique.
    #[must_use]
    pub fn key(&self) -> String {
        key(self.world, &self.record)
    }

    /// Whether it is the one of its shape that is started.
    #[must_use]
    pub fn is_started(&self) -> bool {
        self.stands_for_it == self.key()
    }
}

fn key(world: &World, record: &Record) -> String {
    format!("{}/{}", world.id, record.profile)
}

/// Every profile of every world, in the order of the files.
///
/// # Errors
/// The line and field of the carried data that cannot be used: a fault of
/// this project, which a test finds.
pub fn load() -> Result<Vec<Profile>, String> {
    let mut profiles = Vec::new();
    for world in WORLDS {
        let mut first: BTreeMap<String, String> = BTreeMap::new();
        for record in record::read(world.file, world.data)? {
            let own = key(world, &record);
            let shape = shape::of(world, &record);
            let stands_for_it = first.entry(shape).or_insert(own).clone();
            profiles.push(Profile {
                world,
                record,
                stands_for_it,
            });
        }
    }
    Ok(profiles)
}
