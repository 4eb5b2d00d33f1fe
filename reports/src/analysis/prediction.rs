//! The prediction from the masks against every real start of the run.
//!
//! A rule set is predicted to stop a case when it holds a rule of its mask.
//! The prediction is never trusted alone: this counts where it holds and lists
//! where it does not.

use serde::Serialize;

use super::masks::Mask;
use super::sets::{self, Bits};
use super::view::View;
use crate::read::{Outcome, Run};

/// How the prediction fared.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Agreement {
    /// Trials that could be checked.
    pub checked: u64,
    /// Of these, trials with the predicted outcome.
    pub agreed: u64,
    /// Of those that could be checked, trials of which a predictor without any
    /// record says something: a rule alone changes nothing, and suEXEC's rules less
    /// one do what all of them do.
    pub trivial: u64,
    /// Of these, trials where that is right.
    pub trivial_right: u64,
    /// Refused trials where a rule was named.
    pub refusals: u64,
    /// Of these, trials where the first refusing rule was the one named.
    pub refusals_by_predicted_rule: u64,
    /// The same by kind of rule set: `only`, `all`, `suexec`, `suexec-less` …
    pub kinds: Vec<KindAgreement>,
    /// Trials that failed, ran into the deadline, were skipped or not
    /// applicable, or whose case was not demonstrated: nothing to check.
    pub without_outcome: u64,
    /// Trials of races, whose outcome may vary.
    pub races: u64,
    /// Trials that the prediction itself was made from (rule set `none`, and
    /// sanitising rules alone).
    pub used: u64,
    /// Trials whose rule set is not known, or holds a rule whose effect on the
    /// case is not known and no rule that refuses it.
    pub unknown: u64,
    /// Every trial that came out otherwise.
    pub disagreements: Vec<Disagreement>,
}

/// Agreement for one kind of rule set.
#[derive(Debug, Clone, Serialize)]
pub struct KindAgreement {
    /// Kind of rule set.
    pub kind: String,
    /// Trials that could be checked.
    pub checked: u64,
    /// Of these, trials with the predicted outcome.
    pub agreed: u64,
}

/// A trial that came out otherwise than predicted.
#[derive(Debug, Clone, Serialize)]
pub struct Disagreement {
    /// Case.
    pub case: String,
    /// Rule set.
    pub rule_set: String,
    /// Repetition.
    pub repeat: u32,
    /// Whether it was predicted to be stopped (or broken).
    pub predicted_stop: bool,
    /// Rules of the set that were predicted to stop it.
    pub by: Vec<String>,
    /// What happened.
    pub outcome: Outcome,
    /// What the launcher said.
    pub reason: String,
}

/// Checks the trials of one view.
#[must_use]
pub fn check(run: &Run, view: &View) -> Agreement {
    let resolved: Vec<Option<Bits>> = run
        .sets
        .iter()
        .map(|name| sets::resolve(run, name))
        .collect();
    let mut agreement = Agreement::default();
    for trial in run.trials.iter().filter(|trial| trial.view == view.place) {
        let case = &run.cases[trial.case];
        let Some(stopped) = stopped(trial.outcome).filter(|_| view.demonstrated[trial.case]) else {
            agreement.without_outcome += 1;
            continue;
        };
        if case.race {
            agreement.races += 1;
            continue;
        }
        let mask = &view.masks[trial.case];
        let Some(set) = resolved[trial.set] else {
            agreement.unknown += 1;
            continue;
        };
        let name = &run.sets[trial.set];
        if set == 0 || (set.count_ones() == 1 && set & (mask.sanitize | !mask.evaluated) != 0) {
            agreement.used += 1;
            continue;
        }
        let Some(predicted) = predict(mask, set) else {
            agreement.unknown += 1;
            continue;
        };
        let agrees = predicted == stopped;
        agreement.count(kind(name), agrees);
        if let Some(trivial) = without_record(view, kind(name), trial.case) {
            agreement.trivial += 1;
            agreement.trivial_right += u64::from(trivial == stopped);
        }
        if let Some(rule) = trial.rule.filter(|_| stopped) {
            agreement.refusals += 1;
            let first = sets::members(mask.refuses() & set).next();
            agreement.refusals_by_predicted_rule += u64::from(first == Some(rule));
        }
        if !agrees {
            agreement.disagreements.push(Disagreement {
                case: case.name(),
                rule_set: name.clone(),
                repeat: trial.repeat,
                predicted_stop: predicted,
                by: sets::names(&run.rules, mask.stops() & set),
                outcome: trial.outcome,
                reason: trial.reason.clone(),
            });
        }
    }
    agreement
}

/// What can be said without a record.
fn without_record(view: &View, kind: &str, case: usize) -> Option<bool> {
    match kind {
        "only" => Some(false),
        "suexec-less" => view.cell(view.set("suexec")?, case)?.effect.is_stop(),
        _ => None,
    }
}

impl Agreement {
    fn count(&mut self, kind: &str, agrees: bool) {
        self.checked += 1;
        self.agreed += u64::from(agrees);
        let place = match self.kinds.iter().position(|known| known.kind == kind) {
            Some(place) => place,
            None => {
                self.kinds.push(KindAgreement {
                    kind: kind.to_owned(),
                    checked: 0,
                    agreed: 0,
                });
                self.kinds.len() - 1
            }
        };
        self.kinds[place].checked += 1;
        self.kinds[place].agreed += u64::from(agrees);
    }
}

/// Whether the set stops (or breaks) the case; `None` when that hangs on a
/// rule whose effect is not known.
#[must_use]
pub fn predict(mask: &Mask, set: Bits) -> Option<bool> {
    if mask.stops() & set != 0 {
        Some(true)
    } else if mask.unknown & set != 0 {
        None
    } else {
        Some(false)
    }
}

fn stopped(outcome: Outcome) -> Option<bool> {
    match outcome {
        Outcome::Blocked | Outcome::Neutralised | Outcome::Broken => Some(true),
        Outcome::Compromised | Outcome::Works => Some(false),
        Outcome::Failed
        | Outcome::Timeout
        | Outcome::Skipped
        | Outcome::NotApplicable
        | Outcome::NotPerformable
        | Outcome::Absent
        | Outcome::Seen => None,
    }
}

/// Kind of a rule set: what stands before the colon, or the name.
fn kind(name: &str) -> &str {
    name.split_once(':').map_or(name, |(kind, _)| kind)
}
