//! Launchers under evaluation, one adapter each.
//!
//! A target gets a start request as it is: an adapter translates it into the
//! launcher's own words and never changes it until it passes. What the words
//! cannot say is not applicable.
//!
//! To add one: a file here, a line in `ADAPTERS`; `docs/adding-a-target.md`
//! walks through it.
#![forbid(unsafe_code)]

mod asked;
mod bubblewrap;
mod command;
mod config;
mod direct;
mod doas;
mod files;
mod firejail;
mod host;
mod lxc;
mod oci;
mod part;
mod podman;
mod record;
mod reply;
mod said;
mod sekisho;
mod setpriv;
mod sudo;
mod suexec;
mod template;
#[cfg(test)]
mod testing;
mod unshare;

use sekisho_rules::Policy;
use sekisho_trial::{Conditions, Observation, PlannedFile, Setting, Start};

pub use asked::{Asked, Id};
pub use part::{Expresses, Part};
pub use record::{Decision, Word};
pub use reply::{Refusal, RefusalKind, Reply};

/// A launcher under evaluation.
pub trait Target: Send + Sync {
    /// Name in result files and on the command line.
    fn name(&self) -> &str;

    /// How to come by it, for somebody who does not have it: the package, or
    /// what to write instead.
    fn hint(&self) -> &str;

    /// How a request is translated and what is set up for it, in a few
    /// sentences.
    fn notes(&self) -> &'static str {
        ""
    }

    /// Where it is on this machine and which version; cheap after the first
    /// call.
    ///
    /// # Errors
    /// Why it cannot be used here.
    fn find(&self) -> Result<Found, String>;

    /// Whether rules and resolution can be switched; otherwise every request
    /// has one trial per repeat, under the rules that the launcher has.
    fn has_rules(&self) -> bool {
        false
    }

    /// Whether the init finds the bundle's rootfs as its root. Where it does
    /// not, places in its report are told as beneath the rootfs that it was
    /// started from, and a witness of what a root of its own would hide shows
    /// nothing.
    fn changes_root(&self) -> bool {
        true
    }

    /// Whether the launcher's words can express a part of a request.
    fn expresses(&self, part: Part) -> Expresses;

    /// What the table of parts is too coarse for.
    ///
    /// # Errors
    /// The part, a colon, and what of it the words cannot express.
    fn can_exactly(&self, asked: &Asked<'_>) -> Result<(), String> {
        let _ = asked;
        Ok(())
    }

    /// Whether the launcher's words can express the request.
    ///
    /// # Errors
    /// The part of the request that they cannot; the trial is not applicable.
    fn can(&self, asked: &Asked<'_>) -> Result<(), String> {
        for part in asked.parts() {
            if let Expresses::No(why) = self.expresses(part) {
                return Err(format!("{part}: {why}"));
            }
        }
        self.can_exactly(asked)
    }

    /// Why the launcher cannot work in such an arena; its trials are skipped.
    fn missing(&self, conditions: &Conditions) -> Option<String> {
        let _ = conditions;
        None
    }

    /// Files that the arena carries below every case.
    fn equip(&self) -> Vec<PlannedFile>;

    /// What one trial needs.
    fn prepare(&self, asked: &Asked<'_>, setting: &Setting) -> Prepared;

    /// Names of the cgroups that the launcher leaves behind, empty, after every
    /// start, beneath the one that it was started in. Whoever runs such a
    /// launcher takes them away; so does the arena, which tells it. Anything
    /// else that is left is a fault.
    fn leaves(&self) -> &'static [&'static str] {
        &[]
    }

    /// Directories of the host beneath which the launcher mounts for itself when it
    /// is first used, and leaves the mounts there; with a slash at the end. Any
    /// other change of the host's mount table is never right.
    fn own_mounts(&self) -> &'static [&'static str] {
        &[]
    }

    /// The launcher's answer, from what was observed.
    fn read(&self, observation: &Observation) -> Reply;

    /// Whether the launcher's own record shows that an init ran and ended.
    fn init_ended(&self, observation: &Observation) -> bool {
        let _ = observation;
        false
    }

    /// All that the launcher says, read once.
    fn answer(&self, observation: &Observation) -> Answer {
        Answer {
            reply: self.read(observation),
            init_ended: self.init_ended(observation),
            decision: None,
        }
    }
}

/// What a launcher says of one trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its reply.
    pub reply: Reply,
    /// Whether its own record shows that an init ran and ended.
    pub init_ended: bool,
    /// What it decided, rule by rule, where it records that.
    pub decision: Option<Decision>,
}

/// Where a target is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Version as the launcher names it.
    pub version: String,
    /// Path in the arena.
    pub path: String,
}

/// What one trial needs beyond the files of its case.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Files of this trial only.
    pub files: Vec<PlannedFile>,
    /// What to start.
    pub start: Start,
    /// Files to read afterwards.
    pub collect: Vec<String>,
    /// Directory with the FIFOs for a pause between check and use.
    pub pause: Option<String>,
}

/// What the command carries for its own launcher.
#[derive(Debug, Clone)]
pub struct Carried {
    /// The reference launcher, research build.
    pub launcher: Vec<u8>,
    /// Its version.
    pub version: String,
    /// The values that its rules compare with.
    pub policy: Policy,
}

/// How a target comes by its adapter.
enum Adapter {
    /// There is one.
    One(fn(&Carried) -> Box<dyn Target>),
    /// There are as many as there are words after this beginning of a name.
    Named {
        /// Beginning of the name, with its colon.
        prefix: &'static str,
        /// What follows it.
        what: &'static str,
        /// Makes the adapter from what follows.
        make: fn(&Carried, &str) -> Box<dyn Target>,
    },
}

/// Every adapter, in the order of listings.
const ADAPTERS: &[Adapter] = &[
    Adapter::One(sekisho::adapter),
    Adapter::One(suexec::custom),
    Adapter::One(suexec::pristine),
    Adapter::One(sudo::adapter),
    Adapter::One(doas::adapter),
    Adapter::One(setpriv::adapter),
    Adapter::One(firejail::adapter),
    Adapter::One(oci::runc),
    Adapter::One(oci::crun),
    Adapter::One(bubblewrap::adapter),
    Adapter::One(podman::adapter),
    Adapter::One(lxc::adapter),
    Adapter::One(unshare::adapter),
    Adapter::Named {
        prefix: command::PREFIX,
        what: "FILE.toml",
        make: command::from,
    },
    Adapter::Named {
        prefix: oci::PREFIX,
        what: "/path/to/runtime",
        make: oci::at,
    },
];

/// Every target that has one name.
#[must_use]
pub fn targets(carried: &Carried) -> Vec<Box<dyn Target>> {
    let one = |adapter: &Adapter| match adapter {
        Adapter::One(make) => Some(make(carried)),
        Adapter::Named { .. } => None,
    };
    ADAPTERS.iter().filter_map(one).collect()
}

/// The target of a name.
#[must_use]
pub fn named(carried: &Carried, name: &str) -> Option<Box<dyn Target>> {
    ADAPTERS.iter().find_map(|adapter| match adapter {
        Adapter::One(make) => Some(make(carried)).filter(|target| target.name() == name),
        Adapter::Named { prefix, make, .. } => {
            let rest = name.strip_prefix(prefix)?;
            Some(make(carried, rest))
        }
    })
}

/// Names that are made of a beginning and a word of the user's: both.
pub fn patterns() -> impl Iterator<Item = (&'static str, &'static str)> {
    ADAPTERS.iter().filter_map(|adapter| match adapter {
        Adapter::One(_) => None,
        Adapter::Named { prefix, what, .. } => Some((*prefix, *what)),
    })
}
