//! The pool with mock stages: no privileges, no processes.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::Result;
use sekisho_trial::Conditions;

use crate::ended::Ended;
use crate::mock::{Does, MockStages, plan};
use crate::pool::run;
use crate::resume::{done, read_trials};
use crate::stage::Stages;
use crate::work::shared;
use crate::writer::Writer;
use sekisho_results::{Outcome, Shard, TrialKey};

/// Runs what is not done of a part of the plan.
fn go(directory: &Path, cases: usize, shard: &str, stages: &Arc<MockStages>) -> Result<Ended> {
    with_jobs(2, directory, cases, shard, stages)
}

fn with_jobs(
    jobs: usize,
    directory: &Path,
    cases: usize,
    shard: &str,
    stages: &Arc<MockStages>,
) -> Result<Ended> {
    let plan = plan(cases, shard.parse::<Shard>().unwrap());
    let units = plan.units(&done(directory)?.keys);
    let shared = shared("r".to_owned(), plan, Conditions::default(), units, 0);
    let stages: Arc<dyn Stages> = Arc::clone(stages) as _;
    let (first, _) = stages.start_first()?;
    run(&shared, &stages, first, jobs, &mut Writer::open(directory)?)
}

fn refusing() -> Arc<MockStages> {
    Arc::new(MockStages::new(|order, _| {
        match order.start.arguments[0].is_empty() || order.start.arguments[0] == b"none" {
            true => Does::Start,
            false => Does::Refuse,
        }
    }))
}

fn outcomes(directory: &Path) -> BTreeMap<TrialKey, Outcome> {
    let trials = read_trials(directory).unwrap();
    let count = trials.len();
    let outcomes: BTreeMap<_, _> = trials.iter().map(|row| (row.key(), row.outcome)).collect();
    assert_eq!(outcomes.len(), count, "a trial is there twice");
    outcomes
}

#[test]
fn every_trial_of_a_plan_is_run_once_and_judged() {
    let directory = tempfile::tempdir().unwrap();
    let stages = refusing();
    let ended = go(directory.path(), 5, "1/1", &stages).unwrap();
    assert_eq!((ended.done, ended.signal), (20, None));
    let outcomes = outcomes(directory.path());
    assert_eq!(outcomes.len(), 20);
    for (key, outcome) in outcomes {
        let expected = match key.rule_set.as_str() {
            "none" => Outcome::Works,
            _ => Outcome::Broken,
        };
        assert_eq!(outcome, expected, "{key:?}");
    }
    let nonces: HashSet<_> = stages.nonces.lock().unwrap().iter().cloned().collect();
    assert_eq!(nonces.len(), 20, "each trial has a value of its own");
}

#[test]
fn a_stage_that_dies_costs_one_trial() {
    let directory = tempfile::tempdir().unwrap();
    let stages = Arc::new(MockStages::new(|_, number| match number {
        4 => Does::Die,
        _ => Does::Start,
    }));
    with_jobs(1, directory.path(), 5, "1/1", &stages).unwrap();
    let outcomes = outcomes(directory.path());
    assert_eq!(outcomes.len(), 20);
    let failed = outcomes.values().filter(|one| **one == Outcome::Failed);
    assert_eq!(failed.count(), 1);
    assert_eq!(stages.started.load(Ordering::Relaxed), 2);
}

#[test]
fn stages_that_keep_dying_end_the_run_with_what_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let stages = Arc::new(MockStages::new(|_, number| match number < 6 {
        true => Does::Start,
        false => Does::Die,
    }));
    let error = go(directory.path(), 40, "1/1", &stages).unwrap_err();
    assert!(error.to_string().contains("in a row died"), "{error:#}");
    let works = |one: &&Outcome| **one == Outcome::Works;
    assert_eq!(outcomes(directory.path()).values().filter(works).count(), 6);
}

#[test]
fn a_shortage_is_no_result_and_a_resumed_run_repeats_the_trial() {
    for short in [
        Does::Fault as fn(&'static str) -> Does,
        Does::Fail as fn(&'static str) -> Does,
    ] {
        let directory = tempfile::tempdir().unwrap();
        let stages = Arc::new(MockStages::new(move |_, number| match number < 9 {
            true => Does::Start,
            false => short("clone3(): EAGAIN"),
        }));
        let error = go(directory.path(), 5, "1/1", &stages).unwrap_err();
        let told = format!("{error:#}");
        assert!(
            told.contains("ran out of processes") && told.contains("ulimit -u"),
            "{told}"
        );
        let before = outcomes(directory.path());
        assert!(
            before.values().all(|one| *one == Outcome::Works),
            "{before:?}"
        );
        assert_eq!(before.len(), 9);
        go(directory.path(), 5, "1/1", &refusing()).unwrap();
        assert_eq!(outcomes(directory.path()).len(), 20);
    }
}

#[test]
fn a_shortage_that_passes_is_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let stages = Arc::new(MockStages::new(|_, number| match number {
        3 => Does::Fault("pipe2(): EMFILE"),
        _ => Does::Start,
    }));
    go(directory.path(), 3, "1/1", &stages).unwrap();
    let outcomes = outcomes(directory.path());
    assert_eq!(outcomes.len(), 12);
    assert!(outcomes.values().all(|one| *one == Outcome::Works));
}

#[test]
fn the_parts_of_a_plan_are_disjoint_and_together_the_whole() {
    let whole = tempfile::tempdir().unwrap();
    go(whole.path(), 7, "1/1", &refusing()).unwrap();
    let whole = outcomes(whole.path());
    for of in [2_u32, 3, 5, 40] {
        let mut together = BTreeMap::new();
        let mut planned = 0;
        for number in 1..=of {
            let directory = tempfile::tempdir().unwrap();
            let shard = format!("{number}/{of}");
            planned += plan(7, shard.parse().unwrap()).size();
            go(directory.path(), 7, &shard, &refusing()).unwrap();
            for (key, outcome) in outcomes(directory.path()) {
                assert_eq!(together.insert(key, outcome), None, "twice in {shard}");
            }
        }
        assert_eq!(together, whole);
        assert_eq!(planned, whole.len());
    }
}

#[test]
fn the_order_depends_on_the_seed_alone() {
    let order = || -> Vec<_> {
        let plan = plan(6, Shard::WHOLE);
        let units = plan.units(&HashSet::new());
        let trials = units.iter().flat_map(|unit| {
            unit.trials
                .iter()
                .map(|spec| plan.key(unit.case, spec))
                .collect::<Vec<_>>()
        });
        trials.collect()
    };
    assert_eq!(order(), order());
    let distinct: BTreeSet<_> = order().into_iter().collect();
    assert_eq!(distinct.len(), 24);
}
