//! Real configurations as legitimate starts: started like cases of the corpus,
//! with results of their own (`docs/results.md`).

mod cases;
mod files;
mod show;

use std::fs::OpenOptions;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use sekisho_rules::{Policy, RuleSet};
use sekisho_targets::{Carried, targets};
use sekisho_trial::Resolution;
use sekisho_worlds::{PolicyName, Profile, WORLDS, World};

use crate::cli::{PolicyChoice, ProfilesCommand, ProfilesOptions};
use crate::eval::{self, Basics};
use crate::exit::Exit;
use crate::field::{Starter, equipment};
use crate::plan::Plan;
use crate::run::{self, Ended};
use crate::runfile::{RunFile, hash};
use crate::sets::NamedSet;
use crate::{carried, machine, nearest, sets, work};

/// Rule sets that configurations are started under, beside `none`.
const SETS: [&str; 3] = ["suexec", "suexec,-deferred", "all"];

/// Rules that repair instead of refusing. Their verdict does not tell whether a
/// start survives that, so all of them together are a rule set of its own
/// (`sanitising` in result files).
const SANITISING: [&str; 8] = [
    "environment-not-allowed",
    "path-differs-from-policy",
    "supplementary-groups-inherited",
    "descriptor-inherited",
    "limits-inherited",
    "signals-inherited",
    "umask-inherited",
    "terminal-shared",
];

/// What is to be started, and where its results go.
pub struct Scope {
    pub run: String,
    pub directory: PathBuf,
    /// Ids of worlds; all when empty.
    pub worlds: Vec<String>,
    /// Each configuration rather than each shape.
    pub every: bool,
    pub policies: Vec<PolicyName>,
    pub rules: Vec<String>,
    pub random_sets: u32,
    pub jobs: usize,
    pub timeout_ms: u64,
    pub seed: u64,
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
            records: None,
        }
    }
}

/// What tells one state of the carried configurations from another.
pub fn fingerprint(wanted: bool) -> String {
    match wanted {
        true => hash(WORLDS.iter().map(|world| world.data.as_bytes())),
        false => String::new(),
    }
}

/// `sekisho profiles …`.
///
/// # Errors
/// An unknown world or profile; whatever keeps arenas from being made.
pub fn command(command: Option<&ProfilesCommand>, options: &ProfilesOptions) -> Result<Exit> {
    match command {
        Some(ProfilesCommand::List { world }) => show::list(&chosen(world)?),
        Some(ProfilesCommand::Show { profile, policy }) => show::one(profile, *policy),
        None => run_alone(options),
    }
}

/// The configurations of the named worlds; of all when none is named.
///
/// # Errors
/// Names the unknown world and the nearest known one.
fn chosen(worlds: &[String]) -> Result<Vec<Profile>> {
    for world in worlds {
        if World::find(world).is_none() {
            let hint = nearest::hint(world, WORLDS.iter().map(|world| world.id));
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

/// A run of its own.
fn run_alone(options: &ProfilesOptions) -> Result<Exit> {
    let policy = Policy::default();
    let carried = carried(options.launcher.as_deref(), &policy)?;
    let jobs = options
        .jobs
        .map_or_else(|| 4 * machine::cpus(), usize::from);
    let mut scope = Scope {
        worlds: options.world.clone(),
        every: options.every,
        policies: match options.policy {
            PolicyChoice::Both => PolicyName::ALL.to_vec(),
            PolicyChoice::Default => vec![PolicyName::Default],
            PolicyChoice::Tuned => vec![PolicyName::Tuned],
        },
        random_sets: options.random_sets,
        jobs,
        timeout_ms: options.timeout,
        seed: options.seed,
        records: options.records.clone(),
        ..Scope::default()
    };
    if !options.rules.is_empty() {
        scope.rules.clone_from(&options.rules);
    }
    let plan = plan(&scope, &carried, Vec::new())?;
    let hashes = plan.hashes(&[
        &carried.launcher,
        sekisho_programs::PROBE,
        fingerprint(true).as_bytes(),
        format!("{:?} {} {:?}", scope.worlds, scope.every, scope.policies).as_bytes(),
    ]);
    let mut file = match &options.resume {
        Some(directory) => {
            let file = RunFile::read(directory)?;
            crate::resume::check_same_plan(&file.plan, &hashes)?;
            file
        }
        None => {
            let basics = Basics {
                seed: options.seed,
                repeat: 1,
                jobs,
                timeout_ms: options.timeout,
            };
            eval::new_file(&basics, &plan, hashes, &policy)
        }
    };
    let starter = Arc::new(Starter::new(equipment(&plan.targets)));
    // The arena first: without one there is no run, and no directory.
    let (first, conditions) = starter.start_first()?;
    first.quit()?;
    file.arena = eval::arena_facts(&conditions);
    let place = eval::open(&match &options.resume {
        Some(directory) => directory.clone(),
        None => options.out.join(&file.run),
    })?;
    eval::write_tables(&place.directory, &plan, &file)?;
    scope.run.clone_from(&file.run);
    scope.directory.clone_from(&place.directory);
    let began = Instant::now();
    let ended = start(&scope, &carried, &starter)?;
    file.wall_time_s += began.elapsed().as_secs_f64();
    file.add_remains(&ended);
    let directory = place.directory.display();
    if let Some(signal) = ended.signal {
        file.write(&place.directory)?;
        eprintln!(
            "interrupted; to continue: sekisho profiles --resume {directory} with the same options"
        );
        return Ok(Exit::Interrupted(signal));
    }
    file.ended = jiff::Timestamp::now().to_string();
    file.complete = true;
    file.write(&place.directory)?;
    show::print(&format!(
        "{}\nresults: {directory}\n",
        show::short(&place.directory)?
    ))?;
    Ok(match file.leftovers.is_empty() {
        true => Exit::Done,
        false => Exit::Unclean,
    })
}

/// Starts what was not started yet, and writes the results.
///
/// # Errors
/// Arenas cannot be made, or results cannot be written; what was written until
/// then is whole.
pub fn start(scope: &Scope, carried: &Carried, starter: &Arc<Starter>) -> Result<Ended> {
    let profiles = chosen(&scope.worlds)?;
    let (first, mut conditions) = starter.start_first()?;
    let held = conditions.capabilities.clone();
    conditions.preconditions.extend(cases::preconditions(&held));
    let cases = cases::of(&profiles, &scope.policies, scope.every, &held)?;
    files::write_profiles(&scope.directory, &scope.run, &profiles, &cases, scope.every)?;
    let plan = plan(scope, carried, cases)?;
    let done = files::done(&scope.directory)?;
    let units = plan.units(&done);
    let mut writer = files::Writer::open(&scope.directory)?;
    let mut shared = work::shared(scope.run.clone(), plan, conditions, units, 0);
    if let (Some(path), Some(shared)) = (&scope.records, Arc::get_mut(&mut shared)) {
        let file = OpenOptions::new().create(true).append(true).open(path);
        let file = file.with_context(|| format!("cannot write {}", path.display()))?;
        shared.records = Some(Mutex::new(file));
    }
    run::run(&shared, starter, first, scope.jobs, &mut writer)
}

fn plan(scope: &Scope, carried: &Carried, cases: Vec<crate::corpus::Case>) -> Result<Plan> {
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
    })
}

/// The rule sets of a scope, `none` first.
///
/// # Errors
/// Names the unknown rule and the nearest known one.
pub fn sets_of(scope: &Scope) -> Result<Vec<NamedSet>> {
    let mut sets = sets::sets_of(&scope.rules)?;
    sets.push(NamedSet {
        name: sekisho_reports::analysis::profiles::SANITISING.to_owned(),
        rules: RuleSet::parse(&SANITISING.join(","))?,
    });
    sets.extend(sets::random_sets(scope.random_sets, scope.seed)?);
    Ok(sets)
}
