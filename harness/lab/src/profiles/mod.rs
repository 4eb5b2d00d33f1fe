//! Real configurations as legitimate starts: started like cases of the corpus,
//! with results of their own (`docs/results.md`).

pub mod alone;
pub mod cases;
pub mod files;

use std::fs::OpenOptions;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, Result, bail};
use sekisho_rules::RuleSet;
use sekisho_scenario::nearest::did_you_mean;
use sekisho_targets::{Carried, targets};
use sekisho_trial::Resolution;
use sekisho_worlds::{PolicyName, Profile, WORLDS, World};

use crate::ended::Ended;
use crate::hash::hash;
use crate::plan::Plan;
use crate::pool;
use crate::sets::NamedSet;
use crate::stage::Stages;
use crate::{sets, work};
use sekisho_results::Shard;

/// Rule sets that configurations are started under, beside `none`.
const SETS: [&str; 3] = ["suexec", "suexec,-deferred", "all"];

/// Name of the rule set of all rules that repair instead of refusing.
pub const SANITISING_SET: &str = "sanitising";

/// What is to be started, and where its results go.
pub struct Scope {
    /// Id of the run.
    pub run: String,
    /// Directory of the results.
    pub directory: PathBuf,
    /// Ids of worlds; all when empty.
    pub worlds: Vec<String>,
    /// Each configuration rather than each shape.
    pub every: bool,
    /// Policies to start each configuration under.
    pub policies: Vec<PolicyName>,
    /// Expressions of rule sets.
    pub rules: Vec<String>,
    /// Number of random rule sets.
    pub random_sets: u32,
    /// Starts at once.
    pub jobs: usize,
    /// Milliseconds until a start is killed.
    pub timeout_ms: u64,
    /// Seed of orders and random sets.
    pub seed: u64,
    /// Which part of the starts belongs to this run.
    pub shard: Shard,
    /// File that records of starts under `none` are appended to.
    pub records: Option<PathBuf>,
}

impl Default for Scope {
    fn default() -> Self {
        Self {
            run: String::new(),
            directory: PathBuf::new(),
            worlds: Vec::new(),
            every: false,
            policies: PolicyName::ALL.to_vec(),
            rules: SETS.map(str::to_owned).to_vec(),
            random_sets: 0,
            jobs: 1,
            timeout_ms: 5000,
            seed: 1,
            shard: Shard::WHOLE,
            records: None,
        }
    }
}

/// What tells one state of the carried configurations, of the policies that fit
/// them and of the engines that start them from another; empty when none is
/// wanted.
///
/// # Errors
/// A configuration that cannot be made into a start.
pub fn fingerprint(wanted: bool) -> Result<String> {
    if !wanted {
        return Ok(String::new());
    }
    let profiles = chosen(&[])?;
    let cases = cases::of(&profiles, &PolicyName::ALL, true, &[])?;
    Ok(hash(cases.iter().map(|case| case.fingerprint.as_bytes())))
}

/// The configurations of the named worlds; of all when none is named.
///
/// # Errors
/// Names the unknown world and the nearest known one.
pub fn chosen(worlds: &[String]) -> Result<Vec<Profile>> {
    for world in worlds {
        if World::find(world).is_none() {
            let hint = did_you_mean(world, WORLDS.iter().map(|world| world.id));
            let known: Vec<_> = WORLDS.iter().map(|world| world.id).collect();
            bail!(
                "unknown world `{world}`{hint}; there are {}",
                known.join(", ")
            );
        }
    }
    let profiles = sekisho_worlds::load().map_err(anyhow::Error::msg)?;
    let wanted =
        |profile: &Profile| worlds.is_empty() || worlds.iter().any(|id| id == profile.world.id);
    Ok(profiles.into_iter().filter(wanted).collect())
}

/// Starts what was not started yet, and writes the results.
///
/// # Errors
/// Arenas cannot be made, or results cannot be written; what was written until
/// then is whole.
pub fn start(scope: &Scope, carried: &Carried, stages: &Arc<dyn Stages>) -> Result<Ended> {
    let profiles = chosen(&scope.worlds)?;
    let (first, mut conditions) = stages.start_first()?;
    let held = conditions.capabilities.clone();
    conditions.preconditions.extend(cases::preconditions(&held));
    let cases = cases::of(&profiles, &scope.policies, scope.every, &held)?;
    files::write_profiles(&scope.directory, &scope.run, &profiles, &cases, scope.every)?;
    let plan = plan(scope, carried, cases)?;
    let done = files::done(&scope.directory)?;
    let units = plan.units(&done.keys);
    let mut writer = files::Writer::open(&scope.directory)?;
    let mut shared = work::shared(scope.run.clone(), plan, conditions, units, 0);
    if let (Some(path), Some(shared)) = (&scope.records, Arc::get_mut(&mut shared)) {
        let file = OpenOptions::new().create(true).append(true).open(path);
        let file = file.with_context(|| format!("cannot write {}", path.display()))?;
        shared.records = Some(Mutex::new(file));
    }
    pool::run(&shared, stages, first, scope.jobs, &mut writer)
}

/// The starts of these cases in this scope.
///
/// # Errors
/// Names the unknown rule and the nearest known one.
pub fn plan(scope: &Scope, carried: &Carried, cases: Vec<crate::corpus::Case>) -> Result<Plan> {
    Ok(Plan {
        cases,
        sets: sets_of(scope)?,
        targets: targets(carried)
            .into_iter()
            .filter(|target| target.has_rules())
            .collect(),
        resolutions: vec![Resolution::ByDescriptor],
        repeat: 1,
        seed: scope.seed,
        timeout_ms: scope.timeout_ms,
        sampled: false,
        shard: scope.shard,
    })
}

/// The rule sets of a scope, `none` first.
///
/// # Errors
/// Names the unknown rule and the nearest known one.
pub fn sets_of(scope: &Scope) -> Result<Vec<NamedSet>> {
    let mut sets = sets::sets_of(&scope.rules)?;
    sets.push(NamedSet {
        name: SANITISING_SET.to_owned(),
        rules: RuleSet::parse(&sets::SANITISING.join(","))?,
    });
    sets.extend(sets::random_sets(scope.random_sets, scope.seed)?);
    Ok(sets)
}
