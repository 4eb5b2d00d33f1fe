//! Several runs read as one: parts of one corpus, replayed apart.
//!
//! Rates over cases of several runs mean something only where everything but
//! the cases was the same: programs, rules, rule sets, targets, policy, options
//! and host. Runs of which that is not so are refused, never mixed; `sekisho
//! compare` is for them. A case may be in one of them only: the same trial made
//! twice on two occasions is no repetition under one plan, and its verdicts are
//! recorded once for each run.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use super::{Flaw, Run, RunInfo, Trial, VerdictLine};
use crate::{Error, Result};

const COMPARE: &str = "compare such runs with `sekisho compare`, or report each on its own";
const APART: &str = "report runs of different cases, chosen by `--filter`, or compare these \
    with `sekisho compare`";
const ONE: &str = "only one of the runs may hold it: leave the others out";

/// Reads runs as one. Its id is that of all of them, its directory that of the
/// first.
///
/// # Errors
/// A run cannot be read, or does not fit the first; the error names file and
/// field, and what to do.
pub fn load(directories: &[impl AsRef<Path>]) -> Result<Run> {
    let mut whole: Option<Run> = None;
    for directory in directories {
        let run = Run::load(directory.as_ref())?;
        whole = Some(match whole {
            None => run,
            Some(mut whole) => {
                fits(&whole, &run)?;
                whole.take(run);
                whole
            }
        });
    }
    whole.ok_or_else(|| Error::Missing {
        path: "run.json".into(),
        remedy: "give the directory of a run, such as out/<run>",
    })
}

/// What must be the same in runs that are read as one: field of `run.json` and
/// its value.
fn conditions(info: &RunInfo) -> Vec<(String, String)> {
    let mut conditions = vec![
        ("version", info.version.clone()),
        ("commit", info.commit.clone()),
        ("seed", info.seed.to_string()),
        ("repeat", info.repeat.to_string()),
        ("jobs", info.jobs.to_string()),
        ("kernel", info.kernel.clone()),
        ("cpu", info.cpu.clone()),
        ("cpus", info.cpus.to_string()),
        ("arena.mode", info.arena.mode.clone()),
        ("policy", info.policy.clone()),
    ];
    // The hash of the corpus is that of the cases of the run: it must differ.
    let plan = &info.plan;
    conditions.extend([
        ("programs", plan.programs.clone()),
        ("targets", plan.targets.clone()),
        ("rule_sets", plan.rule_sets.clone()),
        ("options", plan.options.clone()),
    ]);
    let conditions = conditions.into_iter();
    let mut conditions: Vec<_> = conditions
        .map(|(field, value)| (field.to_owned(), value))
        .collect();
    let sets = format!("{:?}", info.rule_sets);
    conditions.push(("rule_sets".to_owned(), sets));
    conditions
}

fn fits(whole: &Run, other: &Run) -> Result<()> {
    let refuse = |file: &str, what: String, remedy: &'static str| {
        Err(Error::Apart {
            path: other.directory.join(file),
            what,
            other: whole.directory.clone(),
            remedy,
        })
    };
    let pairs = conditions(&whole.info).into_iter();
    for ((field, mine), (_, theirs)) in pairs.zip(conditions(&other.info)) {
        if mine != theirs {
            return refuse("run.json", format!("`{field}` differs"), COMPARE);
        }
    }
    if whole.rules != other.rules {
        return refuse("rules.csv", "the rules differ".to_owned(), COMPARE);
    }
    let known: HashSet<String> = whole.cases.iter().map(super::Case::name).collect();
    let twice = other.cases.iter().find(|case| known.contains(&case.name()));
    if let Some(case) = twice {
        let what = format!("column case: `{}` is in both", case.name());
        return refuse("scenarios.csv", what, APART);
    }
    // A run that was cut off lacks trials, and the report says so.
    if whole.is_complete() && other.is_complete() && tried(whole) != tried(other) {
        let what = "columns target, resolution, rule_set: not the same were tried".to_owned();
        return refuse("trials.csv", what, COMPARE);
    }
    let both = [
        (
            "overhead.csv",
            whole.overhead.is_some() && other.overhead.is_some(),
        ),
        (
            "latency.csv",
            !whole.latency.is_empty() && !other.latency.is_empty(),
        ),
        (
            "profiles.csv",
            !whole.profiles.configurations.is_empty() && !other.profiles.configurations.is_empty(),
        ),
    ];
    match both.into_iter().find(|(_, both)| *both) {
        Some((file, _)) => refuse(file, "the file is in both".to_owned(), ONE),
        None => Ok(()),
    }
}

/// Target, resolution and rule set of the trials.
fn tried(run: &Run) -> BTreeSet<(&str, &str, &str)> {
    let trials = run.trials.iter();
    trials
        .map(|trial| {
            let view = &run.views[trial.view];
            let set = run.sets[trial.set].as_str();
            (view.target.as_str(), view.resolution.as_str(), set)
        })
        .collect()
}

/// The place of a value in a list, which it is put into if it is not there.
fn place<T: PartialEq>(list: &mut Vec<T>, value: T) -> usize {
    list.iter()
        .position(|known| *known == value)
        .unwrap_or_else(|| {
            list.push(value);
            list.len() - 1
        })
}

impl Run {
    /// Takes over what a run that fits holds.
    fn take(&mut self, other: Self) {
        let first = self.cases.len();
        let views = other.views.into_iter();
        let views: Vec<usize> = views.map(|view| place(&mut self.views, view)).collect();
        let sets = other.sets.into_iter();
        let sets: Vec<usize> = sets.map(|set| place(&mut self.sets, set)).collect();
        self.cases.extend(other.cases);
        self.trials
            .extend(other.trials.into_iter().map(|trial| Trial {
                case: first + trial.case,
                view: views[trial.view],
                set: sets[trial.set],
                ..trial
            }));
        let verdicts = other.verdicts.into_iter();
        self.verdicts.extend(verdicts.map(|line| VerdictLine {
            case: first + line.case,
            ..line
        }));
        self.mismatches.extend(other.mismatches);
        self.latency.extend(other.latency);
        self.overhead = self.overhead.take().or(other.overhead);
        if self.profiles.configurations.is_empty() {
            self.profiles = other.profiles;
        }
        self.flaws.extend(other.flaws.into_iter().map(|flaw| Flaw {
            file: format!("{}/{}", other.info.run, flaw.file),
            ..flaw
        }));
        take_info(&mut self.info, other.info);
    }
}

/// Takes over what `run.json` of a run that fits says.
fn take_info(info: &mut RunInfo, other: RunInfo) {
    info.run = format!("{} + {}", info.run, other.run);
    if other.started < info.started {
        info.started = other.started;
    }
    info.ended = match info.ended.is_empty() || other.ended.is_empty() {
        true => String::new(),
        false => info.ended.clone().max(other.ended),
    };
    info.complete &= other.complete;
    info.command.push(";".to_owned());
    info.command.extend(other.command);
    info.trials_planned += other.trials_planned;
    info.leftovers.extend(other.leftovers);
    info.wall_time_s += other.wall_time_s;
}
