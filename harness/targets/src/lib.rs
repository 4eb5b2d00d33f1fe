//! Launchers under evaluation, one adapter each.
//!
//! A target gets a start request as it is: an adapter translates it into the
//! launcher's own words and never changes it until it passes. What the words
//! cannot say is not applicable.
//!
//! To add one: a file here, a line in [`ADAPTERS`]; `docs/adding-a-target.md`
//! walks through it.
#![forbid(unsafe_code)]

mod record;
mod reply;
mod sekisho;

use sekisho_arena::protocol::Observation;
use sekisho_rules::{Policy, RuleSet};
use sekisho_scenario::plan::{PlannedFile, Start};
use sekisho_scenario::request::ResolvedRequest;

pub use record::{Decision, Word};
pub use reply::{Refusal, RefusalKind, Reply};

/// A launcher under evaluation.
pub trait Target: Send + Sync {
    /// Name in result files and on the command line.
    fn name(&self) -> &'static str;

    /// How to come by it, for somebody who does not have it.
    fn hint(&self) -> &'static str;

    /// Where it is on this machine and which version.
    ///
    /// # Errors
    /// Why it cannot be used here.
    fn find(&self) -> Result<Found, String>;

    /// Whether rules and resolution can be switched; otherwise every request
    /// has one trial per repeat, under the rules that the launcher has.
    fn has_rules(&self) -> bool {
        false
    }

    /// Whether the launcher's words can express the request.
    ///
    /// # Errors
    /// The part of the request that they cannot; the trial is not applicable.
    fn can(&self, request: &ResolvedRequest) -> Result<(), String> {
        let _ = request;
        Ok(())
    }

    /// Files that the arena carries below every case.
    fn equip(&self) -> Vec<PlannedFile>;

    /// What one trial needs.
    fn prepare(&self, request: &ResolvedRequest, setting: &Setting) -> Prepared;

    /// The launcher's answer, from what was observed.
    fn read(&self, observation: &Observation) -> Reply;

    /// Whether the launcher's own record shows that an init ran and ended.
    fn init_ended(&self, observation: &Observation) -> bool {
        let _ = observation;
        false
    }

    /// The recorded verdicts of single rules, where the launcher has such.
    fn verdicts(&self, observation: &Observation) -> Option<Decision> {
        let _ = observation;
        None
    }
}

/// Where a target is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Version as the launcher names it.
    pub version: String,
    /// Path in the arena.
    pub path: String,
}

/// How a target with rules is to be set for one trial.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Rules in force.
    pub rules: RuleSet,
    /// Whether the other rules are evaluated and recorded as well.
    pub observe_all: bool,
    /// How references are resolved.
    pub resolution: Resolution,
}

/// How a launcher resolves references.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resolution {
    /// Opens once, checks and uses the descriptor.
    ByDescriptor,
    /// Checks a path, and uses it again later.
    ByPath,
}

impl Resolution {
    /// Both, in the order of the documentation.
    pub const ALL: [Self; 2] = [Self::ByDescriptor, Self::ByPath];

    /// Name in result files and configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ByDescriptor => "by-descriptor",
            Self::ByPath => "by-path",
        }
    }
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

/// Makes an adapter.
type Adapter = fn(&Carried) -> Box<dyn Target>;

/// Every adapter, in the order of listings.
const ADAPTERS: &[Adapter] = &[sekisho::adapter];

/// Every target.
#[must_use]
pub fn targets(carried: &Carried) -> Vec<Box<dyn Target>> {
    ADAPTERS.iter().map(|adapter| adapter(carried)).collect()
}
