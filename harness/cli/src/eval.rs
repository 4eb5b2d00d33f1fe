//! The main job: replay the corpus against targets under rule sets.

use std::path::{Path, PathBuf};

use anyhow::Result;
use sekisho_lab::campaign::{self, Where};
use sekisho_lab::choose::REFERENCE;
use sekisho_lab::rundir;
use sekisho_results::{CorpusOptions, RunFile};
use sekisho_trial::Resolution;

use crate::cli::{EvalOptions, ResolutionChoice};
use crate::exit::Exit;

impl EvalOptions {
    /// Whether real configurations belong to this run: to the main job as a
    /// whole they do, unless somebody does not want them.
    fn has_configurations(&self) -> bool {
        let whole = self.filter.is_empty() && self.rules.is_empty() && self.scenarios.is_none();
        let named = || self.target.iter().any(|name| name == REFERENCE);
        whole && (self.target.is_empty() || named()) && !self.no_profiles
    }

    /// What the run is asked for.
    fn corpus_options(&self) -> CorpusOptions {
        let resolutions = match self.resolution {
            ResolutionChoice::Both => Resolution::ALL.to_vec(),
            ResolutionChoice::ByDescriptor => vec![Resolution::ByDescriptor],
            ResolutionChoice::ByPath => vec![Resolution::ByPath],
        };
        CorpusOptions {
            filter: self.filter.clone(),
            every_set: self.every_set,
            rules: self.rules.clone(),
            random_sets: self.random_sets,
            resolutions: resolutions
                .iter()
                .map(|one| one.word().to_owned())
                .collect(),
            targets: self.target.clone(),
            latency_rounds: self.latency_rounds,
            repeat: self.repeat,
            seed: self.seed,
            timeout_ms: self.timeout,
            configurations: self.has_configurations(),
            launcher: self.launcher.clone(),
            scenarios: self.scenarios.clone(),
            shard: self.shard,
        }
    }
}

/// Runs the main job, or goes on with an interrupted one.
///
/// # Errors
/// Whatever keeps it from running, with a remedy.
pub fn eval(options: &EvalOptions) -> Result<Exit> {
    let (corpus_options, place) = match &options.resume {
        None => (options.corpus_options(), Where::New(options.out.clone())),
        Some(wanted) => {
            let directory = interrupted(wanted.as_ref(), options)?;
            (campaign::options_of(&directory)?, Where::Resume(directory))
        }
    };
    let finished = campaign::run(&corpus_options, &place, options.jobs())?;
    match finished.signal {
        Some(signal) => {
            eprintln!(
                "interrupted after {} of {} trials; to continue: {}",
                finished.file.trials_done,
                finished.file.trials_planned,
                campaign::how_to_resume(&finished.directory)
            );
            Ok(Exit::Interrupted(signal))
        }
        None => crate::report::show(&finished.directory, options.format),
    }
}

/// Merges the parts of a plan and writes the report.
///
/// # Errors
/// What of the parts is missing or does not fit.
pub fn merge(parts: &[PathBuf], out: &Path) -> Result<Exit> {
    let directory = sekisho_lab::merge::merge(parts, out)?;
    crate::report::write(&directory, None, sekisho_reports::Lang::English)?;
    println!("{}", directory.display());
    Ok(Exit::Done)
}

fn interrupted(wanted: Option<&PathBuf>, options: &EvalOptions) -> Result<PathBuf> {
    match wanted {
        Some(directory) => Ok(directory.clone()),
        None => rundir::latest(&options.out, |path| {
            RunFile::read(path).is_ok_and(|file| !file.complete)
        }),
    }
}
