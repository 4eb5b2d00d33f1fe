//! A run of real configurations alone.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use sekisho_rules::Policy;
use sekisho_worlds::PolicyName;

use super::{Scope, fingerprint, plan, start};
use crate::campaign::{Finished, Where};
use crate::rundir::{self, Destination};
use crate::stage::{Arenas, Stages};
use crate::{carried, preflight};
use sekisho_results::{ConfigurationOptions, RunFile, RunOptions};

/// The options of an interrupted run of configurations.
///
/// # Errors
/// The directory holds no run, or one of another kind.
pub fn options_of(directory: &Path) -> Result<ConfigurationOptions> {
    match RunFile::read(directory)?.options {
        RunOptions::Configurations(options) => Ok(options),
        RunOptions::Corpus(_) => bail!(
            "{} is a run of the corpus: sekisho eval --resume {0}",
            directory.display()
        ),
    }
}

/// The command that goes on with an interrupted run.
#[must_use]
pub fn how_to_resume(directory: &Path) -> String {
    format!("sekisho profiles --resume {}", directory.display())
}

fn scope(options: &ConfigurationOptions, jobs: usize) -> Result<Scope> {
    let policy = |word: &String| {
        let found = PolicyName::ALL.into_iter().find(|name| name.word() == word);
        found.with_context(|| format!("run.json: options.policies: unknown word {word:?}"))
    };
    let mut scope = Scope {
        worlds: options.worlds.clone(),
        every: options.every,
        policies: options.policies.iter().map(policy).collect::<Result<_>>()?,
        random_sets: options.random_sets,
        jobs,
        timeout_ms: options.timeout_ms,
        seed: options.seed,
        shard: options.shard,
        records: options.records.clone(),
        ..Scope::default()
    };
    if !options.rules.is_empty() {
        scope.rules.clone_from(&options.rules);
    }
    Ok(scope)
}

/// Makes a run, or goes on with one.
///
/// # Errors
/// Whatever keeps it from running, with a remedy; what was written until then is
/// whole, and the run can be taken up again.
pub fn run(options: &ConfigurationOptions, place: &Where, jobs: usize) -> Result<Finished> {
    let policy = Policy::default();
    let carried = carried(options.launcher.as_deref(), &policy)?;
    let mut scope = scope(options, jobs)?;
    let plan = plan(&scope, &carried, Vec::new())?;
    let asked = RunOptions::Configurations(options.clone());
    let hashes = plan.hashes(&[
        &carried.launcher,
        sekisho_programs::PROBE,
        fingerprint(true)?.as_bytes(),
        &serde_json::to_vec(&asked)?,
    ]);
    let stages: Arc<dyn Stages> = Arc::new(Arenas::for_targets(&plan.targets));
    let (destination, mut file) = match place {
        Where::Resume(directory) => {
            let (place, file) = rundir::take_up(directory, &hashes)?;
            (Destination::Kept(place), file)
        }
        Where::New(out) => {
            let file = rundir::new_file(asked, &plan, hashes, &policy);
            (Destination::New(out.join(&file.run)), file)
        }
    };
    // The arena first: without one there is no run, and no directory.
    let (mut first, conditions) = stages.start_first()?;
    preflight::check(&carried, first.as_mut(), options.timeout_ms)?;
    first.quit()?;
    let place = destination.open()?;
    let directory = place.directory.clone();
    file.jobs = u32::try_from(jobs)?;
    file.arena = rundir::arena_facts(&conditions);
    rundir::write_tables(&directory, &plan, &file)?;
    scope.run.clone_from(&file.run);
    scope.directory.clone_from(&directory);
    let began = Instant::now();
    let ended = start(&scope, &carried, &stages);
    file.wall_time_s += began.elapsed().as_secs_f64();
    let ended = match ended {
        Ok(ended) => ended,
        Err(error) => {
            let _ = rundir::write(&file, &directory);
            return Err(error.context(format!("to continue: {}", how_to_resume(&directory))));
        }
    };
    rundir::add_remains(&mut file, &ended);
    if ended.signal.is_none() {
        file.ended = jiff::Timestamp::now().to_string();
        file.complete = true;
    }
    rundir::write(&file, &directory)?;
    Ok(Finished {
        directory,
        file,
        mismatches: Vec::new(),
        signal: ended.signal,
    })
}
