//! The work of one job: takes cases from the queue, prepares each once in its
//! own arena, runs its trials, hands the results on.

use std::collections::VecDeque;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use sekisho_targets::{Asked, Part};
use sekisho_trial::{Conditions, Observation, Setting};
use tokio::sync::mpsc::Sender;

use crate::attempt::{Attempt, Judged, Unable, possible};
use crate::classify::{Classified, exit_status};
use crate::controls;
use crate::hash::hash;
use crate::plan::{Plan, Spec, Unit};
use crate::shortage::Shortage;
use crate::stage::{Stage, Stages};
use sekisho_results::{Control, Outcome, TrialRow, VerdictRow, one_line};

/// What all jobs of a run share.
pub struct Shared {
    /// Id of the run.
    pub run: String,
    /// All of its trials.
    pub plan: Plan,
    /// What the host decides.
    pub conditions: Conditions,
    /// What is not begun.
    pub queue: Mutex<VecDeque<Unit>>,
    /// Set when no further trial is to begin.
    pub stop: AtomicBool,
    /// Begin of the run, before any interruption.
    pub began: Instant,
    /// Microseconds that the run had lasted when it was taken up again.
    pub before_us: u64,
    /// File that the launcher's records of observed starts are appended to.
    pub records: Option<Mutex<std::fs::File>>,
}

/// From a job to the writer.
pub enum Message {
    /// A trial is done.
    Done(Box<TrialRow>, Vec<VerdictRow>),
    /// Something was left behind.
    Leftovers(Vec<String>),
    /// A launcher's known remains were cleared away.
    Cleared(Vec<String>),
    /// A job cannot go on.
    Broken(anyhow::Error),
}

/// How long to wait until what the machine ran short of may be there again.
const WAIT_FOR_RESOURCES: Duration = Duration::from_millis(200);

/// Arenas in a row that may die without a trial done before a job gives up.
const MOST_DEATHS: u32 = 3;

/// Works until the queue is empty or the run is stopped.
pub fn job(
    shared: &Shared,
    stages: &dyn Stages,
    first: Option<Box<dyn Stage>>,
    to: &Sender<Message>,
) {
    let mut job = Job {
        shared,
        stages,
        stage: first,
        deaths: 0,
        to,
    };
    while let Some(unit) = shared.next() {
        if let Err(error) = job.unit(&unit) {
            shared.stop.store(true, Ordering::Relaxed);
            let _ = to.blocking_send(Message::Broken(error));
            break;
        }
    }
    if let Some(stage) = job.stage {
        job_end(stage, to);
    }
}

fn job_end(stage: Box<dyn Stage>, to: &Sender<Message>) {
    let left = stage
        .quit()
        .unwrap_or_else(|error| vec![format!("{error:#}")]);
    if !left.is_empty() {
        let _ = to.blocking_send(Message::Leftovers(left));
    }
}

impl Shared {
    fn next(&self) -> Option<Unit> {
        if self.is_stopped() {
            return None;
        }
        self.queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn now_us(&self) -> u64 {
        self.before_us + u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn row(&self, unit: &Unit, spec: &Spec, started: u64, classified: Classified) -> TrialRow {
        let case = &self.plan.cases[unit.case].row;
        let key = self.plan.key(unit.case, spec);
        TrialRow {
            run: self.run.clone(),
            scenario: key.scenario,
            case: key.case,
            kind: case.kind,
            attacker: case.attacker,
            problem: case.problem,
            family: case.family.clone(),
            target: key.target,
            rule_set: key.rule_set,
            rules: spec
                .setting
                .map_or(0, |(set, _)| self.plan.sets[set].rules.len()),
            resolution: key.resolution,
            control: key.control,
            repeat: key.repeat,
            outcome: classified.outcome,
            verdict: classified.verdict,
            rule: classified.rule,
            reason: classified.reason,
            exit_status: String::new(),
            duration_us: None,
            started,
            verdicts: 0,
        }
    }
}

struct Job<'a> {
    shared: &'a Shared,
    stages: &'a dyn Stages,
    stage: Option<Box<dyn Stage>>,
    deaths: u32,
    to: &'a Sender<Message>,
}

impl Job<'_> {
    /// Runs the trials of one case.
    fn unit(&mut self, unit: &Unit) -> Result<()> {
        let shared = self.shared;
        let case = &shared.plan.cases[unit.case];
        let asked_in = |control| {
            let request = controls::request(case, control);
            let layout = controls::layout(case, control);
            (control, Asked::new(request, layout))
        };
        let controls = controls::of(case).into_iter().map(Some);
        let asked: Vec<_> = std::iter::once(None)
            .chain(controls)
            .map(asked_in)
            .collect();
        let mut prepared = false;
        for spec in &unit.trials {
            let of_control = |(control, _): &&(_, _)| *control == spec.control;
            let Some((_, asked)) = asked.iter().find(of_control) else {
                continue; // A plan has no other controls than the case's.
            };
            if shared.is_stopped() {
                return Ok(());
            }
            let started = shared.now_us();
            let without = |outcome, reason: &str| {
                let classified = Classified::new(outcome, reason);
                (shared.row(unit, spec, started, classified), Vec::new())
            };
            let target = shared.plan.targets[spec.target].as_ref();
            let (row, verdicts) = match possible(case, asked, target, &shared.conditions) {
                Err(Unable::Skipped(reason)) => without(Outcome::Skipped, &reason),
                Err(Unable::NotApplicable(reason)) => without(Outcome::NotApplicable, &reason),
                Ok(()) => match self.with_resources(unit, spec, asked, started, &mut prepared)? {
                    Ok(done) => done,
                    Err(error) => {
                        self.on_arena_failure(&error)?;
                        without(Outcome::Failed, &format!("{error:#}"))
                    }
                },
            };
            if self
                .to
                .blocking_send(Message::Done(Box::new(row), verdicts))
                .is_err()
            {
                return Ok(()); // Nobody writes any more: the run is ending.
            }
        }
        Ok(())
    }

    /// Runs one trial, once more when the machine ran short of something; the
    /// inner error is a fault of harness or host.
    ///
    /// # Errors
    /// The machine ran short of something twice: the run ends, and a resumed one
    /// repeats the trial.
    fn with_resources(
        &mut self,
        unit: &Unit,
        spec: &Spec,
        asked: &Asked<'_>,
        started: u64,
        prepared: &mut bool,
    ) -> Result<Result<(TrialRow, Vec<VerdictRow>)>> {
        // Who asks for tight limits runs into them.
        let asks_for_limits = asked.parts().contains(&Part::Limits);
        let mut again = true;
        loop {
            let done = self.trial(unit, spec, asked, started, prepared);
            *prepared &= done.is_ok();
            let failure = match &done {
                Ok((row, _)) if row.outcome == Outcome::Failed => row.reason.clone(),
                Ok(_) => return Ok(done),
                Err(error) => format!("{error:#}"),
            };
            let Some(shortage) = Shortage::told_by(&failure).filter(|_| !asks_for_limits) else {
                return Ok(done);
            };
            if !again {
                let case = self.shared.plan.cases[unit.case].name();
                return Err(anyhow!(
                    "the machine ran out of {shortage} in a trial of {case} ({failure}); that is no \
                     result, so the run ends here: {}",
                    shortage.remedy()
                ));
            }
            again = false;
            if !self.stage.as_ref().is_some_and(|stage| stage.is_alive()) {
                self.stage = None;
            }
            std::thread::sleep(WAIT_FOR_RESOURCES);
        }
    }

    /// Decides whether to go on after the harness failed a trial.
    fn on_arena_failure(&mut self, error: &anyhow::Error) -> Result<()> {
        if self.stage.as_ref().is_some_and(|stage| stage.is_alive()) {
            return Ok(());
        }
        self.stage = None;
        self.deaths += 1;
        if self.deaths > MOST_DEATHS {
            return Err(anyhow!("{} arenas in a row died: {error:#}", self.deaths));
        }
        Ok(())
    }

    /// Runs one trial; an error is a fault of harness or host.
    fn trial(
        &mut self,
        unit: &Unit,
        spec: &Spec,
        asked: &Asked<'_>,
        started: u64,
        prepared: &mut bool,
    ) -> Result<(TrialRow, Vec<VerdictRow>)> {
        let shared = self.shared;
        let case = &shared.plan.cases[unit.case];
        let stage = match &mut self.stage {
            Some(stage) => stage,
            None => self.stage.insert(self.stages.start()?.0),
        };
        if !*prepared {
            stage.prepare(&case.planned.layout)?;
            *prepared = true;
        }
        let target = shared.plan.targets[spec.target].as_ref();
        let attempt = Attempt {
            case,
            asked,
            target,
            control: spec.control,
            setting: shared.setting(spec),
            nonce: shared.nonce(unit, spec),
            deadline_ms: shared.plan.timeout_ms,
        };
        let judged = attempt.run(stage.as_mut())?;
        let observation = &judged.observation;
        self.deaths = 0;
        shared.keep_record(spec, observation)?;
        if !observation.leftovers.is_empty() {
            let left = observation
                .leftovers
                .iter()
                .map(|left| format!("{}: {left}", case.name()));
            let _ = self.to.blocking_send(Message::Leftovers(left.collect()));
        }
        if !observation.cleared.is_empty() {
            let name = target.name();
            let cleared = observation.cleared.iter();
            let told = cleared.map(|group| format!("{name}: empty cgroup {group}"));
            let _ = self.to.blocking_send(Message::Cleared(told.collect()));
        }
        Ok(shared.rows(unit, spec, started, judged))
    }
}

impl Shared {
    /// Value that only this trial has.
    fn nonce(&self, unit: &Unit, spec: &Spec) -> String {
        let key = self.plan.key(unit.case, spec);
        let repeat = key.repeat.to_string();
        let control = key.control.map(Control::word).unwrap_or_default();
        let parts = [
            control,
            &self.run,
            &key.scenario,
            &key.case,
            &key.target,
            &key.rule_set,
            &key.resolution,
            &repeat,
        ];
        hash(parts.map(|part| part.as_bytes())).split_off(40)
    }

    /// Appends what the launcher recorded of a start with every rule observed.
    fn keep_record(&self, spec: &Spec, observation: &Observation) -> Result<()> {
        let Some(file) = &self.records else {
            return Ok(());
        };
        if !self.setting(spec).observe_all {
            return Ok(());
        }
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        for record in observation.collected.iter().flatten() {
            file.write_all(record)
                .context("cannot append to the records")?;
        }
        Ok(())
    }

    fn setting(&self, spec: &Spec) -> Setting {
        match spec.setting {
            Some((set, resolution)) => Setting {
                rules: self.plan.sets[set].rules,
                // Once is enough; further repeats show what a start costs
                // when nothing is observed.
                observe_all: self.plan.sets[set].observes_all()
                    && spec.repeat == 1
                    && spec.control.is_none(),
                resolution,
            },
            None => Setting {
                rules: sekisho_rules::RuleSet::NONE,
                observe_all: false,
                resolution: sekisho_trial::Resolution::ByDescriptor,
            },
        }
    }

    fn rows(
        &self,
        unit: &Unit,
        spec: &Spec,
        started: u64,
        judged: Judged,
    ) -> (TrialRow, Vec<VerdictRow>) {
        let mut row = self.row(unit, spec, started, judged.classified);
        row.exit_status = exit_status(&judged.observation.end);
        row.duration_us = Some(judged.observation.duration_us);
        let Some(mut decision) = judged.answer.decision else {
            return (row, Vec::new());
        };
        let verdicts = decision.verdicts.into_iter().map(|(rule, verdict)| {
            let reason = decision.reasons.remove(&rule).unwrap_or_default();
            VerdictRow {
                run: row.run.clone(),
                scenario: row.scenario.clone(),
                case: row.case.clone(),
                resolution: row.resolution.clone(),
                rule,
                verdict,
                reason: one_line(&reason),
            }
        });
        let verdicts: Vec<_> = verdicts.collect();
        row.verdicts = u32::try_from(verdicts.len()).unwrap_or(u32::MAX);
        (row, verdicts)
    }
}

/// Makes what the jobs share.
pub fn shared(
    run: String,
    plan: Plan,
    conditions: Conditions,
    units: Vec<Unit>,
    before_us: u64,
) -> Arc<Shared> {
    Arc::new(Shared {
        run,
        plan,
        conditions,
        queue: Mutex::new(units.into()),
        stop: AtomicBool::new(false),
        began: Instant::now(),
        before_us,
        records: None,
    })
}
