//! A run of the corpus from its options to a complete directory of results.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use sekisho_rules::Policy;
use sekisho_targets::Carried;
use sekisho_trial::Resolution;

use crate::corpus::{self, Corpus};
use crate::ended::Ended;
use crate::plan::Plan;
use crate::pool;
use crate::profiles::Scope;
use crate::rundir::{self, Destination};
use crate::stage::{Arenas, Stages};
use crate::writer::{Writer, write_rows};
use crate::{carried, choose, expect, latency, preflight, profiles, resume, sets, work};
use sekisho_results::{
    CorpusOptions, LatencyRow, MismatchRow, PlanHashes, Row as _, RunFile, RunOptions, TrialKey,
    VerdictRow,
};

/// Where a run is written, or which one is taken up again.
#[derive(Debug, Clone)]
pub enum Where {
    /// A new directory below this one.
    New(PathBuf),
    /// The interrupted run in this directory.
    Resume(PathBuf),
}

/// A run that ended.
#[derive(Debug)]
pub struct Finished {
    /// Its directory.
    pub directory: PathBuf,
    /// `run.json` as it was written last.
    pub file: RunFile,
    /// Expectations of the corpus that did not hold.
    pub mismatches: Vec<MismatchRow>,
    /// Signal that ended it early; the results until then are whole.
    pub signal: Option<i32>,
}

/// What a run of the corpus is made of before the first start.
struct Prepared {
    policy: Policy,
    carried: Carried,
    plan: Plan,
    hashes: PlanHashes,
}

impl Prepared {
    fn new(options: &CorpusOptions) -> Result<Self> {
        let corpus = corpus::load(options.scenarios.as_deref())?;
        let policy = Policy::default();
        let carried = carried(options.launcher.as_deref(), &policy)?;
        let plan = plan(options, corpus, &carried)?;
        let hashes = plan.hashes(&[
            &carried.launcher,
            sekisho_programs::PROBE,
            sekisho_programs::PRELOAD,
            policy.to_string().as_bytes(),
            profiles::fingerprint(options.configurations)?.as_bytes(),
        ]);
        Ok(Self {
            policy,
            carried,
            plan,
            hashes,
        })
    }
}

/// The options of an interrupted run of the corpus.
///
/// # Errors
/// The directory holds no run, or one of another kind.
pub fn options_of(directory: &Path) -> Result<CorpusOptions> {
    match RunFile::read(directory)?.options {
        RunOptions::Corpus(options) => Ok(options),
        RunOptions::Configurations(_) => bail!(
            "{} is a run of configurations alone: sekisho profiles --resume {0}",
            directory.display()
        ),
    }
}

/// Makes a run, or goes on with one.
///
/// # Errors
/// Whatever keeps it from running, with a remedy; what was written until then is
/// whole, and the run can be taken up again.
pub fn run(options: &CorpusOptions, place: &Where, jobs: usize) -> Result<Finished> {
    let Prepared {
        policy,
        carried,
        plan,
        hashes,
    } = Prepared::new(options)?;
    let (destination, mut file, done) = match place {
        Where::Resume(directory) => {
            let (place, file) = rundir::take_up(directory, &hashes)?;
            (Destination::Kept(place), file, done(directory)?)
        }
        Where::New(out) => {
            let asked = RunOptions::Corpus(options.clone());
            let file = rundir::new_file(asked, &plan, hashes, &policy);
            let destination = Destination::New(out.join(&file.run));
            (destination, file, HashSet::new())
        }
    };
    // The arena first: without one there is no run, and no directory.
    let stages: Arc<dyn Stages> = Arc::new(Arenas::for_targets(&plan.targets));
    let (mut first, conditions) = stages.start_first()?;
    preflight::check(&carried, first.as_mut(), options.timeout_ms)?;
    let place = destination.open()?;
    let directory = place.directory.clone();
    file.jobs = u32::try_from(jobs)?;
    file.arena = rundir::arena_facts(&conditions);
    file.trials_planned = plan.size() as u64;
    rundir::write_tables(&directory, &plan, &file)?;
    let rounds = latency::rounds(options.latency_rounds, &plan);
    let measures = rounds > 0 && options.shard.number() == 1;
    if measures && !directory.join(LatencyRow::FILE).exists() {
        // Before the trials, while nothing else is under way.
        let stage = first.as_mut();
        latency::measure(&plan, &file.run, rounds, stage, &conditions, &directory)?;
    }
    let units = plan.units(&done);
    let before_us = (file.wall_time_s * 1e6) as u64;
    let began = Instant::now();
    let shared = work::shared(file.run.clone(), plan, conditions, units, before_us);
    let mut writer = Writer::open(&directory)?;
    let mut ended = pool::run(&shared, &stages, first, jobs, &mut writer);
    let mut goes_on = false;
    if let Ok(whole) = &ended {
        file.trials_done = (done.len() + whole.done) as u64;
        rundir::add_remains(&mut file, whole);
        goes_on = options.configurations && whole.signal.is_none();
    }
    if goes_on {
        let scope = scope(options, &file.run, &directory, jobs);
        rundir::add_sets(&mut file, &profiles::sets_of(&scope)?);
        ended = profiles::start(&scope, &carried, &stages);
        if let Ok(also) = &ended {
            rundir::add_remains(&mut file, also);
        }
    }
    file.wall_time_s += began.elapsed().as_secs_f64();
    let Ended { signal, .. } = match ended {
        Ok(ended) => ended,
        Err(error) => {
            // How far it came is counted when it is taken up again; this file may
            // be what cannot be written.
            let _ = rundir::write(&file, &directory);
            return Err(error.context(format!("to continue: {}", how_to_resume(&directory))));
        }
    };
    let mut finished = Finished {
        directory,
        file,
        mismatches: Vec::new(),
        signal,
    };
    match signal {
        Some(_) => rundir::write(&finished.file, &finished.directory)?,
        None => finish(&mut finished, &shared.plan)?,
    }
    Ok(finished)
}

/// The command that goes on with an interrupted run.
#[must_use]
pub fn how_to_resume(directory: &Path) -> String {
    format!("sekisho eval --resume {}", directory.display())
}

/// Checks expectations and closes the run.
fn finish(run: &mut Finished, plan: &Plan) -> Result<()> {
    let trials = resume::read_trials(&run.directory)?;
    let scenarios: Vec<_> = plan.cases.iter().map(|case| case.row.clone()).collect();
    run.mismatches = expect::mismatches(&scenarios, &trials);
    write_rows(&run.directory, &run.mismatches)?;
    run.file.ended = jiff::Timestamp::now().to_string();
    run.file.complete = true;
    rundir::write(&run.file, &run.directory)
}

/// Real configurations that belong to a run of the corpus.
fn scope(options: &CorpusOptions, run: &str, directory: &Path, jobs: usize) -> Scope {
    Scope {
        run: run.to_owned(),
        directory: directory.to_owned(),
        jobs,
        timeout_ms: options.timeout_ms,
        seed: options.seed,
        shard: options.shard,
        ..Scope::default()
    }
}

fn plan(options: &CorpusOptions, corpus: Corpus, carried: &Carried) -> Result<Plan> {
    let cases = corpus.filtered(&options.filter)?;
    let chosen = choose::chosen(carried, &options.targets)?;
    let mut sets = match (options.rules.is_empty(), chosen.only_for_demonstration) {
        (true, false) => sets::default_sets(),
        (true, true) => sets::sets_of(&[sets::SUEXEC.to_owned(), sets::ALL.to_owned()])?,
        (false, _) => sets::sets_of(&options.rules)?,
    };
    sets.extend(sets::random_sets(options.random_sets, options.seed)?);
    let resolution = |word: &String| {
        let mut known = Resolution::ALL.into_iter();
        let found = known.find(|resolution| resolution.word() == word);
        found.with_context(|| format!("run.json: options.resolutions: unknown word {word:?}"))
    };
    Ok(Plan {
        cases,
        sets,
        targets: chosen.targets,
        resolutions: options
            .resolutions
            .iter()
            .map(resolution)
            .collect::<Result<_>>()?,
        repeat: options.repeat,
        seed: options.seed,
        timeout_ms: options.timeout_ms,
        sampled: options.filter.is_empty() && options.rules.is_empty() && !options.every_set,
        shard: options.shard,
    })
}

/// The trials of an interrupted run that need not be run again.
fn done(directory: &Path) -> Result<HashSet<TrialKey>> {
    let done = resume::done(directory)?;
    if done.lost > 0 {
        eprintln!(
            "sekisho: the verdicts of {} trials are not all in {}: these trials are run again",
            done.lost,
            directory.join(VerdictRow::FILE).display()
        );
    }
    Ok(done.keys)
}
