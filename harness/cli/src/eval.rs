//! The main job: replay the corpus against targets under rule sets.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use nix::fcntl::{Flock, FlockArg};
use sekisho_rules::{Policy, RuleSet};
use sekisho_targets::{Carried, Part};
use sekisho_trial::{Conditions, Resolution};

use crate::cli::{EvalOptions, Format, ResolutionChoice};
use crate::corpus::{self, Corpus};
use crate::exit::Exit;
use crate::field::Starter;
use crate::plan::Plan;
use crate::rows::TrialKey;
use crate::runfile::{ArenaFacts, PlanHashes, RunFile, TargetFacts};
use crate::writer::{Writer, write_table};
use crate::{
    carried, choose, describe, expect, latency, machine, profiles, resume, run, sets, summary,
    targets, work,
};

/// The run's directory and what keeps other processes out of it.
pub struct Place {
    pub directory: PathBuf,
    _lock: Flock<std::fs::File>,
}

/// What every kind of run has.
pub struct Basics {
    pub seed: u64,
    pub repeat: u32,
    pub jobs: usize,
    pub timeout_ms: u64,
}

impl EvalOptions {
    fn basics(&self) -> Basics {
        Basics {
            seed: self.seed,
            repeat: self.repeat,
            jobs: self.jobs(),
            timeout_ms: self.timeout,
        }
    }

    /// Whether real configurations belong to this run: to the main job as a
    /// whole they do, unless somebody does not want them.
    fn has_profiles(&self) -> bool {
        let whole = self.filter.is_empty() && self.rules.is_empty() && self.scenarios.is_none();
        whole && self.target.is_empty() && !self.no_profiles
    }
}

/// Runs the main job.
///
/// # Errors
/// Whatever keeps it from running, with a remedy.
pub fn eval(options: &EvalOptions) -> Result<Exit> {
    let corpus = corpus::load(options.scenarios.as_deref())?;
    let policy = Policy::default();
    let carried = carried(options.launcher.as_deref(), &policy)?;
    let plan = plan(options, corpus, &carried)?;
    let hashes = plan.hashes(&[
        &carried.launcher,
        sekisho_programs::PROBE,
        sekisho_programs::PRELOAD,
        policy.to_string().as_bytes(),
        profiles::fingerprint(options.has_profiles()).as_bytes(),
    ]);
    let (place, mut file, done) = match &options.resume {
        Some(wanted) => take_up(options, wanted.as_deref(), &hashes)?,
        None => {
            // The arena first: without one there is no run, and no directory.
            let file = new_file(&options.basics(), &plan, hashes, &policy);
            (None, file, HashSet::new())
        }
    };
    let equipment = crate::field::equipment(&plan.targets);
    let starter = Arc::new(Starter::new(equipment));
    let (mut first, conditions) = starter.start_first()?;
    let place = match place {
        Some(place) => place,
        None => open(&options.out.join(&file.run))?,
    };
    file.jobs = options.jobs();
    file.arena = arena_facts(&conditions);
    file.trials_planned = plan.size();
    write_tables(&place.directory, &plan, &file)?;
    let rounds = latency::rounds(options.latency_rounds, &plan);
    if rounds > 0 && !place.directory.join(latency::LATENCY).exists() {
        // Before the trials, while nothing else is under way.
        let directory = &place.directory;
        latency::measure(&plan, &file.run, rounds, &mut first, &conditions, directory)?;
    }
    let units = plan.units(&done);
    let before_us = (file.wall_time_s * 1e6) as u64;
    let began = Instant::now();
    let shared = work::shared(file.run.clone(), plan, conditions, units, before_us);
    let resumable = || how_to_resume(&place.directory);
    let mut writer = Writer::open(&place.directory)?;
    let mut ended =
        run::run(&shared, &starter, first, options.jobs(), &mut writer).with_context(resumable)?;
    file.trials_done = done.len() + ended.done;
    file.add_remains(&ended);
    if ended.signal.is_none() && options.has_profiles() {
        let scope = profiles::Scope {
            run: file.run.clone(),
            directory: place.directory.clone(),
            jobs: options.jobs(),
            timeout_ms: options.timeout,
            seed: options.seed,
            ..profiles::Scope::default()
        };
        file.add_sets(&profiles::sets_of(&scope)?);
        let also = profiles::start(&scope, &carried, &starter).with_context(resumable)?;
        ended.signal = also.signal;
        file.add_remains(&also);
    }
    file.wall_time_s += began.elapsed().as_secs_f64();
    if let Some(signal) = ended.signal {
        file.write(&place.directory)?;
        eprintln!(
            "interrupted after {} of {} trials; {}",
            file.trials_done,
            file.trials_planned,
            how_to_resume(&place.directory)
        );
        return Ok(Exit::Interrupted(signal));
    }
    finish(options, &place.directory, &mut file, &shared.plan)
}

/// Checks expectations, shows the summary, and says how the run went.
fn finish(
    options: &EvalOptions,
    directory: &Path,
    file: &mut RunFile,
    plan: &Plan,
) -> Result<Exit> {
    let trials = resume::read_trials(directory)?;
    let scenarios: Vec<_> = plan.cases.iter().map(|case| case.row.clone()).collect();
    let mismatches = expect::mismatches(&scenarios, &trials);
    write_table(
        &directory.join(expect::MISMATCHES),
        &expect::COLUMNS,
        &mismatches,
    )?;
    file.ended = jiff::Timestamp::now().to_string();
    file.complete = true;
    file.write(directory)?;
    let report = crate::report::write(directory, None, sekisho_reports::Lang::English);
    let summary = summary::Summary::new(file, directory, &scenarios, &trials, &mismatches);
    match options.format {
        Format::Text => print!("{}", summary.text()),
        Format::Json => println!("{}", summary.json()?),
    }
    report?;
    Ok(if summary.is_clean() {
        Exit::Done
    } else {
        Exit::Unclean
    })
}

fn how_to_resume(directory: &Path) -> String {
    format!(
        "to continue: sekisho eval --resume {} with the same options",
        directory.display()
    )
}

fn plan(options: &EvalOptions, corpus: Corpus, carried: &Carried) -> Result<Plan> {
    let mut cases = corpus.filtered(&options.filter)?;
    if options.filter.is_empty() && !options.all_cases {
        cases = corpus::core(cases);
    }
    let chosen = choose::chosen(carried, &options.target)?;
    let mut sets = match (options.rules.is_empty(), chosen.only_for_demonstration) {
        (true, false) => sets::default_sets(),
        (true, true) => sets::sets_of(&[sets::SUEXEC.to_owned(), sets::ALL.to_owned()])?,
        (false, _) => sets::sets_of(&options.rules)?,
    };
    sets.extend(sets::random_sets(options.random_sets, options.seed)?);
    Ok(Plan {
        cases,
        sets,
        targets: chosen.targets,
        resolutions: match options.resolution {
            ResolutionChoice::Both => Resolution::ALL.to_vec(),
            ResolutionChoice::ByDescriptor => vec![Resolution::ByDescriptor],
            ResolutionChoice::ByPath => vec![Resolution::ByPath],
        },
        repeat: options.repeat,
        seed: options.seed,
        timeout_ms: options.timeout,
    })
}

/// `run.json` of a run that begins now.
pub fn new_file(basics: &Basics, plan: &Plan, hashes: PlanHashes, policy: &Policy) -> RunFile {
    let now = jiff::Timestamp::now();
    let machine = machine::describe();
    let found = plan.targets.iter().filter_map(|target| {
        let found = target.find().ok()?;
        Some(TargetFacts {
            name: target.name().to_owned(),
            version: found.version,
            path: found.path,
            expresses: Part::ALL
                .iter()
                .map(|part| (part.word().to_owned(), target.expresses(*part).into()))
                .collect(),
        })
    });
    RunFile {
        run: format!(
            "{}-{:06x}",
            now.strftime("%Y%m%dT%H%M%SZ"),
            fastrand::u32(..1 << 24)
        ),
        started: now.to_string(),
        ended: String::new(),
        complete: false,
        command: std::env::args().collect(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: sekisho_programs::COMMIT.to_owned(),
        seed: basics.seed,
        repeat: basics.repeat,
        jobs: basics.jobs,
        timeout_ms: basics.timeout_ms,
        plan_hash: hashes.whole(),
        plan: hashes,
        trials_planned: 0,
        trials_done: 0,
        kernel: machine.kernel,
        cpu: machine.cpu,
        cpus: machine.cpus,
        memory_bytes: machine.memory_bytes,
        mitigations: machine.mitigations,
        policy: policy.to_string(),
        arena: ArenaFacts::default(),
        targets: found.collect(),
        rule_sets: plan
            .sets
            .iter()
            .map(|set| (set.name.clone(), ids(set.rules)))
            .collect(),
        leftovers: Vec::new(),
        cleared: BTreeMap::new(),
        wall_time_s: 0.0,
    }
}

fn ids(rules: RuleSet) -> Vec<String> {
    rules.rules().map(|rule| rule.id.to_owned()).collect()
}

/// What the arena said about the host.
pub fn arena_facts(conditions: &Conditions) -> ArenaFacts {
    ArenaFacts {
        mode: conditions.mode.clone(),
        capabilities: conditions.capabilities.clone(),
        facts: conditions.facts.clone(),
        preconditions: conditions.preconditions.clone(),
    }
}

type TakenUp = (Option<Place>, RunFile, HashSet<TrialKey>);

fn take_up(options: &EvalOptions, wanted: Option<&Path>, hashes: &PlanHashes) -> Result<TakenUp> {
    let directory = match wanted {
        Some(path) => path.to_path_buf(),
        None => latest(&options.out, |path| {
            RunFile::read(path).is_ok_and(|file| !file.complete)
        })?,
    };
    let file = RunFile::read(&directory)?;
    resume::check_same_plan(&file.plan, hashes)?;
    if file.complete {
        bail!(
            "the run {} is complete: nothing to resume",
            directory.display()
        );
    }
    let place = open(&directory)?;
    let done = resume::done(&directory)?;
    Ok((Some(place), file, done))
}

/// The latest of the runs in a directory that can be taken up.
///
/// # Errors
/// The directory cannot be read, or there is none.
pub fn latest(out: &Path, can: impl Fn(&Path) -> bool) -> Result<PathBuf> {
    let entries =
        std::fs::read_dir(out).with_context(|| format!("cannot read {}", out.display()))?;
    let mut runs: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    runs.sort();
    let latest = runs.into_iter().rev().find(|path| can(path));
    latest.with_context(|| {
        format!(
            "no interrupted run in {}: name one with --resume RUN",
            out.display()
        )
    })
}

/// Makes a run's directory and keeps other processes out of it.
///
/// # Errors
/// It cannot be made, or another process works on it.
pub fn open(directory: &Path) -> Result<Place> {
    let cannot = || {
        format!(
            "cannot use {} (free space there, or name another place with --out)",
            directory.display()
        )
    };
    std::fs::create_dir_all(directory).with_context(cannot)?;
    let lock = std::fs::File::create(directory.join("lock")).with_context(cannot)?;
    match Flock::lock(lock, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => Ok(Place {
            directory: directory.to_path_buf(),
            _lock: lock,
        }),
        Err((_, nix::errno::Errno::EWOULDBLOCK)) => bail!(
            "another process works on {}: wait for it to end",
            directory.display()
        ),
        Err((_, error)) => Err(error).with_context(cannot),
    }
}

/// Writes `run.json` and the tables that do not grow.
///
/// # Errors
/// Names the file that cannot be written.
pub fn write_tables(directory: &Path, plan: &Plan, file: &RunFile) -> Result<()> {
    file.write(directory)?;
    let scenarios: Vec<_> = plan.cases.iter().map(|case| &case.row).collect();
    write_table(
        &directory.join("scenarios.csv"),
        &corpus::COLUMNS,
        &scenarios,
    )?;
    write_table(
        &directory.join("conditions.csv"),
        &["condition", "class", "text", "statuses"],
        &describe::conditions(),
    )?;
    write_table(
        &directory.join("rules.csv"),
        &describe::RULE_COLUMNS,
        &describe::rules(),
    )?;
    targets::write(directory, &file.targets)
}
