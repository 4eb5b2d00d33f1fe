//! The worlds: where configurations come from, which engine starts them there,
//! and how a launcher would be set up there.

use sekisho_rules::Policy;

use crate::engine::{APPTAINER, DOCKER, HACONIWA};
use crate::engine::{Engine, KUBERNETES};
use crate::record::Record;

/// A world.
#[derive(Debug)]
pub struct World {
    /// Id in result files and on the command line.
    pub id: &'static str,
    /// One line for people.
    pub title: &'static str,
    /// File of its configurations.
    pub file: &'static str,
    /// Content of that file.
    pub data: &'static str,
    /// What starts them.
    engine: &'static Engine,
    /// Its own policy, as the launcher reads it.
    tuned: &'static str,
}

/// Which policy a start is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PolicyName {
    /// The hosting policy that Sekisho has by default, with the two values
    /// that no installation can leave alone: who calls, and where bundles lie.
    Default,
    /// One that the world's own operator would write
    /// (`profiles/policies/*.conf`).
    Tuned,
}

impl PolicyName {
    /// Both, in the order of tables.
    pub const ALL: [Self; 2] = [Self::Default, Self::Tuned];

    /// The word in result files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Tuned => "tuned",
        }
    }
}

macro_rules! carried {
    ($path:literal) => {
        include_str!(concat!("../../../profiles/", $path))
    };
}

/// Every world, in the order of tables.
pub static WORLDS: &[World] = &[
    World {
        id: "hosting",
        title: "FastContainer and Haconiwa configurations",
        file: "profiles/hosting.csv",
        data: carried!("hosting.csv"),
        engine: &HACONIWA,
        tuned: carried!("policies/hosting.conf"),
    },
    World {
        id: "official-images",
        title: "Docker Official Images, run by Docker",
        file: "profiles/official-images.csv",
        data: carried!("official-images.csv"),
        engine: &DOCKER,
        tuned: carried!("policies/docker.conf"),
    },
    World {
        id: "bitnami-images",
        title: "Bitnami images, run by Docker",
        file: "profiles/bitnami-images.csv",
        data: carried!("bitnami-images.csv"),
        engine: &DOCKER,
        tuned: carried!("policies/docker.conf"),
    },
    World {
        id: "compose",
        title: "Compose services, run by Docker",
        file: "profiles/compose.csv",
        data: carried!("compose.csv"),
        engine: &DOCKER,
        tuned: carried!("policies/docker.conf"),
    },
    World {
        id: "kubernetes",
        title: "Containers of Kubernetes pods, run by containerd",
        file: "profiles/kubernetes.csv",
        data: carried!("kubernetes.csv"),
        engine: &KUBERNETES,
        tuned: carried!("policies/kubernetes.conf"),
    },
    World {
        id: "ci",
        title: "Jobs of CI runners",
        file: "profiles/ci.csv",
        data: carried!("ci.csv"),
        engine: &DOCKER,
        tuned: carried!("policies/docker.conf"),
    },
    World {
        id: "hpc",
        title: "Starts on a compute cluster, as Apptainer makes them",
        file: "profiles/hpc.csv",
        data: carried!("hpc.csv"),
        engine: &APPTAINER,
        tuned: carried!("policies/hpc.conf"),
    },
];

impl World {
    /// The world with this id.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        WORLDS.iter().find(|world| world.id == id)
    }

    /// The engine that starts a configuration; most worlds have one.
    #[must_use]
    pub fn engine(&self, record: &Record) -> &'static Engine {
        match record.is_noted("engine-kubernetes") {
            true => &KUBERNETES,
            false => self.engine,
        }
    }

    /// The policy of a start.
    ///
    /// # Errors
    /// The line of the carried policy that cannot be used.
    pub fn policy(&self, record: &Record, name: PolicyName) -> Result<Policy, String> {
        let engine = self.engine(record);
        let placed = |policy| Policy {
            caller: engine.caller.1,
            base: engine.base.to_owned(),
            ..policy
        };
        match name {
            PolicyName::Default => Ok(placed(Policy::default())),
            PolicyName::Tuned => {
                let text = match record.is_noted("engine-kubernetes") {
                    true => carried!("policies/kubernetes.conf"),
                    false => self.tuned,
                };
                let policy = Policy::parse(text)
                    .map_err(|error| format!("policy of {}: {error}", self.id))?;
                Ok(placed(policy))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_is_usable_and_says_who_calls_and_where() {
        for world in WORLDS {
            for record in crate::record::read(world.file, world.data).unwrap() {
                let policy = world.policy(&record, PolicyName::Tuned).unwrap();
                let default = world.policy(&record, PolicyName::Default).unwrap();
                assert_eq!(policy.caller, default.caller);
                assert_eq!(policy.base, default.base);
                assert_ne!(policy, default, "{} has a policy of its own", world.id);
                let usual = Policy {
                    caller: default.caller,
                    base: default.base.clone(),
                    ..Policy::default()
                };
                assert_eq!(default, usual);
            }
        }
    }

    #[test]
    fn ids_are_unique_and_found() {
        for world in WORLDS {
            assert!(std::ptr::eq(World::find(world.id).unwrap(), world));
        }
        assert!(World::find("moon").is_none());
    }
}
