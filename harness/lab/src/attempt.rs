//! One trial: prepare, start, observe, classify. Whoever judges a start goes
//! through here.

use anyhow::Result;
use sekisho_arena::protocol::Trial;
use sekisho_results::Control;
use sekisho_scenario::model::Witness;
use sekisho_targets::{Answer, Asked, Prepared, Reply, Target};
use sekisho_trial::{
    Action, Conditions, Deed, HostChange, Made, Observation, PlannedFile, Setting, Step,
};

use crate::classify::{Classified, Facts, classify};
use crate::corpus::Case;
use crate::probe_reports::{self, Reports};
use crate::stage::Stage;
use crate::{controls, host_root, witness};

/// A start of one case by one target under one setting.
#[derive(Clone)]
pub struct Attempt<'a> {
    /// The case; its files must be prepared on the stage.
    pub case: &'a Case,
    /// Its request, as targets read it.
    pub asked: &'a Asked<'a>,
    /// The launcher.
    pub target: &'a dyn Target,
    /// Which control of the case it is; `None` for the case itself.
    pub control: Option<Control>,
    /// How it is set.
    pub setting: Setting,
    /// Value that only this trial has.
    pub nonce: String,
    /// Milliseconds until everything is killed.
    pub deadline_ms: u64,
}

/// What came of an attempt.
pub struct Judged {
    /// What arena and probe saw.
    pub observation: Observation,
    /// What the launcher said; verdicts of single rules only where all were
    /// observed.
    pub answer: Answer,
    /// What the probe said, places told as the init saw them.
    pub reports: Reports,
    /// The outcome, and why.
    pub classified: Classified,
}

/// Why a case cannot be tried here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unable {
    /// The machine lacks something.
    Skipped(String),
    /// The target cannot express the request, or cannot show its effect.
    NotApplicable(String),
}

/// Whether a case can be tried with a target on this machine.
///
/// # Errors
/// Why not.
pub fn possible(
    case: &Case,
    asked: &Asked<'_>,
    target: &dyn Target,
    conditions: &Conditions,
) -> Result<(), Unable> {
    if let Some(reason) = case.missing(conditions) {
        return Err(Unable::Skipped(reason));
    }
    if let Some(reason) = target.missing(conditions) {
        return Err(Unable::Skipped(reason));
    }
    host_root::applicable(target, asked, &case.witness).map_err(Unable::NotApplicable)
}

/// Takes what the target's adapter writes in the place of what was done before, such
/// as the configuration that an engine completes: root writes that last.
fn written_last(files: &mut Vec<PlannedFile>, before: &[Deed]) -> Vec<Deed> {
    let is_touched = |file: &PlannedFile| {
        let mut deeds = before.iter();
        deeds.any(|deed| match &deed.action {
            Action::Make(made) => made.path == file.path,
            // Perhaps a directory above it.
            Action::Step(Step::Rename(_) | Step::Exchange(_)) => true,
            Action::Step(_) | Action::Remove(_) => false,
        })
    };
    let (last, first) = std::mem::take(files).into_iter().partition(is_touched);
    *files = first;
    let last: Vec<PlannedFile> = last;
    let deed = |file: PlannedFile| Deed {
        uid: 0,
        gid: 0,
        groups: Vec::new(),
        action: Action::Make(Made {
            path: file.path,
            content: Some(file.content),
            owner: None,
            mode: None,
            xattrs: Vec::new(),
        }),
    };
    last.into_iter().map(deed).collect()
}

impl Attempt<'_> {
    /// The order to the arena.
    fn order(&self) -> Trial {
        let (mut before, _) = controls::deeds(self.case, self.control);
        let mut ready = match self.control {
            Some(Control::NoLauncher) => Prepared {
                files: Vec::new(),
                start: controls::without_launcher(self.case),
                collect: Vec::new(),
                pause: None,
            },
            _ => self.target.prepare(self.asked, &self.setting),
        };
        before.extend(written_last(&mut ready.files, &before));
        let leaves = self.target.leaves().iter();
        Trial {
            nonce: self.nonce.clone(),
            files: ready.files,
            before,
            start: ready.start,
            deadline_ms: self.deadline_ms,
            observe: self.case.planned.observe.clone(),
            collect: ready.collect,
            pause: ready.pause,
            clear: leaves.map(|name| (*name).to_owned()).collect(),
        }
    }

    /// Starts it and judges what was seen.
    ///
    /// # Errors
    /// A fault of harness or host: nothing was observed.
    pub fn run(&self, stage: &mut dyn Stage) -> Result<Judged> {
        let observation = stage.run(self.order())?;
        Ok(self.judge(observation))
    }

    /// Judges what was seen.
    #[must_use]
    pub fn judge(&self, observation: Observation) -> Judged {
        let without_launcher = self.control == Some(Control::NoLauncher);
        let answer = match without_launcher {
            true => Answer {
                reply: Reply::Started,
                init_ended: false,
                decision: None,
            },
            false => self.target.answer(&observation),
        };
        let mut reports = probe_reports::read(&observation.stdout, &self.nonce);
        if !without_launcher {
            host_root::rebase_paths(&mut reports, self.target, &self.case.planned.layout);
        }
        // However the attacker's own program came to run, he could have the gain.
        let wanted = Witness {
            via: match without_launcher {
                true => None,
                false => self.case.witness.via.clone(),
            },
            ..self.case.witness.clone()
        };
        let witness = witness::holds(&wanted, &reports, &observation, &self.nonce);
        let own = self.target.own_mounts();
        let of_its_own = |change: &HostChange| {
            let at = change.mounted_at();
            at.is_some_and(|at| own.iter().any(|place| at.starts_with(place)))
        };
        let mut changes = observation.host_changes.iter();
        let facts = Facts {
            kind: self.case.row.kind,
            end: &observation.end,
            reply: &answer.reply,
            reports: &reports,
            witness,
            init_ended: answer.init_ended,
            host_mount: changes.find(|change| change.is_mount() && !of_its_own(change)),
            not_done: &observation.not_done,
            mistakes: controls::deeds(self.case, self.control).1,
            steps_failed: &observation.steps_failed,
        };
        let classified = match self.control {
            None => classify(&facts),
            Some(_) => controls::classify(&facts),
        };
        Judged {
            answer: Answer {
                decision: answer.decision.filter(|_| self.setting.observe_all),
                ..answer
            },
            reports,
            classified,
            observation,
        }
    }
}
