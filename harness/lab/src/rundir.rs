//! The directory of a run: its lock, `run.json` and the tables that do not grow.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use nix::fcntl::{Flock, FlockArg};
use sekisho_rules::{Policy, RuleSet};
use sekisho_targets::{Expresses, Part};
use sekisho_trial::Conditions;

use crate::ended::Ended;
use crate::hash::hash;
use crate::plan::Plan;
use crate::sets::NamedSet;
use crate::writer::{replace, write_rows, write_table};
use crate::{describe, machine, resume};
use sekisho_results::run::RUN;
use sekisho_results::{
    ArenaFacts, Expressed, PlanHashes, RunFile, RunOptions, SCHEMA, TargetFacts,
};

/// The run's directory and what keeps other processes out of it.
#[derive(Debug)]
pub struct Place {
    /// Its path.
    pub directory: PathBuf,
    _lock: Flock<std::fs::File>,
}

/// Where a run is written: a directory that is not made before the run can begin,
/// or that of an interrupted one, which others are kept out of from the start.
#[derive(Debug)]
pub enum Destination {
    /// To be made.
    New(PathBuf),
    /// There already.
    Kept(Place),
}

impl Destination {
    /// The directory, made if need be.
    ///
    /// # Errors
    /// It cannot be made, or another process works on it.
    pub fn open(self) -> Result<Place> {
        match self {
            Self::New(directory) => open(&directory),
            Self::Kept(place) => Ok(place),
        }
    }
}

/// `run.json` of a run that begins now.
pub fn new_file(options: RunOptions, plan: &Plan, hashes: PlanHashes, policy: &Policy) -> RunFile {
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
                .map(|part| (part.word().to_owned(), expressed(&target.expresses(*part))))
                .collect(),
        })
    });
    RunFile {
        schema: SCHEMA,
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
        seed: plan.seed,
        repeat: plan.repeat,
        jobs: 0,
        timeout_ms: plan.timeout_ms,
        options,
        plan_hash: whole_hash(&hashes),
        plan: hashes,
        trials_planned: 0,
        trials_done: 0,
        kernel: machine.kernel,
        cpu: machine.cpu,
        cpus: u32::try_from(machine.cpus).unwrap_or(u32::MAX),
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

/// Whether a target can express a part, as `run.json` has it.
#[must_use]
pub fn expressed(expresses: &Expresses) -> Expressed {
    Expressed {
        can: expresses.word().to_owned(),
        note: expresses.note().to_owned(),
    }
}

/// One hash of all parts of a plan.
fn whole_hash(plan: &PlanHashes) -> String {
    hash([
        plan.corpus.as_bytes(),
        plan.rule_sets.as_bytes(),
        plan.targets.as_bytes(),
        plan.programs.as_bytes(),
        plan.options.as_bytes(),
    ])
}

/// Writes `run.json`.
///
/// # Errors
/// Names the file that cannot be written.
pub fn write(file: &RunFile, directory: &Path) -> Result<()> {
    replace(&directory.join(RUN), &file.text()?)
}

/// Takes up further rule sets.
pub fn add_sets(file: &mut RunFile, sets: &[NamedSet]) {
    for set in sets {
        file.rule_sets.insert(set.name.clone(), ids(set.rules));
    }
}

/// Takes up what a part of the run left behind.
pub fn add_remains(file: &mut RunFile, ended: &Ended) {
    file.leftovers.extend(ended.leftovers.iter().cloned());
    file.leftovers.sort();
    file.leftovers.dedup();
    for (what, times) in &ended.cleared {
        *file.cleared.entry(what.clone()).or_default() += times;
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

/// Takes up an interrupted run of the same plan.
///
/// # Errors
/// It is no directory of a run, another process works on it, the run is complete,
/// or its plan is another one.
pub fn take_up(directory: &Path, hashes: &PlanHashes) -> Result<(Place, RunFile)> {
    RunFile::read(directory)?;
    let place = open(directory)?;
    // Only now nobody else writes it.
    let file = RunFile::read(directory)?;
    if file.complete {
        bail!(
            "the run {} is complete: nothing to resume",
            directory.display()
        );
    }
    resume::check_same_plan(&file.plan, hashes)?;
    Ok((place, file))
}

/// Writes `run.json` and the tables that do not grow.
///
/// # Errors
/// Names the file that cannot be written.
pub fn write_tables(directory: &Path, plan: &Plan, file: &RunFile) -> Result<()> {
    write(file, directory)?;
    write_rows(directory, plan.cases.iter().map(|case| &case.row))?;
    write_rows(directory, &describe::conditions())?;
    write_rows(directory, &describe::rules())?;
    write_targets(directory, &file.targets)
}

/// Name of the file.
pub const TARGETS: &str = "targets.csv";

/// Writes `targets.csv`: one line for each target, with a column for each
/// part of a start request.
///
/// # Errors
/// Names the file that cannot be written.
fn write_targets(directory: &Path, targets: &[TargetFacts]) -> Result<()> {
    let mut columns = vec!["target", "version", "path"];
    columns.extend(Part::ALL.iter().map(|part| part.word()));
    let row = |target: &TargetFacts| {
        let mut row = vec![
            target.name.clone(),
            target.version.clone(),
            target.path.clone(),
        ];
        row.extend(Part::ALL.iter().map(|part| {
            let can = target.expresses.get(part.word());
            can.map_or(String::new(), |can| can.can.clone())
        }));
        row
    };
    let rows: Vec<_> = targets.iter().map(row).collect();
    write_table(&directory.join(TARGETS), &columns, &rows)
}
