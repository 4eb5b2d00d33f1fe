//! Cases that must be named: what gets through, and what could not be counted.

use serde::Serialize;

use super::cells::Effect;
use super::sets;
use super::view::View;

/// An attack that gets through although every rule is on.
#[derive(Debug, Clone, Serialize)]
pub struct Residual {
    /// Case.
    pub case: String,
    /// Attacker.
    pub attacker: String,
    /// Family.
    pub family: String,
    /// One line.
    pub title: String,
    /// Why it matters, from the scenario.
    pub why: String,
    /// Rules that sanitise the request without removing the effect.
    pub sanitized_by: Vec<String>,
    /// Rules whose verdict refuses it although it got through: a fault.
    pub refused_by: Vec<String>,
}

/// Attacks that get through under `all`; `None` when `all` was not tried.
#[must_use]
pub fn residual(view: &View<'_>) -> Option<Vec<Residual>> {
    let all = view.set("all")?;
    let rules = &view.run.rules;
    let attacks = view.attacks().filter(|case| {
        view.cell(all, *case)
            .is_some_and(|cell| cell.effect == Effect::Compromised)
    });
    let residual = attacks.map(|case| {
        let (about, mask) = (&view.run.cases[case], &view.masks[case]);
        Residual {
            case: about.name(),
            attacker: about
                .attacker
                .map_or("", |attacker| attacker.word())
                .to_owned(),
            family: about.family.clone(),
            title: about.title.clone(),
            why: about.why.clone(),
            sanitized_by: sets::names(rules, mask.sanitize),
            refused_by: sets::names(rules, mask.refuses()),
        }
    });
    Some(residual.collect())
}

/// A case and a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// Case.
    pub case: String,
    /// Rule set of the first such trial.
    pub rule_set: String,
    /// Number of such trials.
    pub trials: u32,
    /// What came of it.
    pub effect: Effect,
    /// What the run gives as reason.
    pub reason: String,
}

/// Cases that are not in the rates, or count against the rules.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Notable {
    /// Attacks that did not succeed with the rules off.
    pub attacks_not_demonstrated: Vec<Note>,
    /// Legitimate cases that did not work with the rules off.
    pub legitimate_not_working: Vec<Note>,
    /// Cases without a trial with the rules off.
    pub not_tried: Vec<String>,
    /// Trials in which launcher or harness broke.
    pub failed: Vec<Note>,
    /// Trials that were killed at the deadline.
    pub timeout: Vec<Note>,
    /// Trials that lacked a precondition.
    pub skipped: Vec<Note>,
    /// Cases that the target cannot express.
    pub not_applicable: Vec<Note>,
}

impl Notable {
    /// Those of a view.
    #[must_use]
    pub fn of(view: &View<'_>) -> Self {
        let mut notable = Self {
            failed: notes(view, Effect::Failed),
            timeout: notes(view, Effect::Timeout),
            skipped: notes(view, Effect::Skipped),
            not_applicable: notes(view, Effect::NotApplicable),
            ..Self::default()
        };
        for (case, about) in view.run.cases.iter().enumerate() {
            let cell = view.none.and_then(|none| view.cell(none, case));
            let Some(cell) = cell else {
                notable.not_tried.push(about.name());
                continue;
            };
            if view.demonstrated[case] || cell.effect.is_stop().is_none() {
                continue;
            }
            let trial = &view.run.trials[cell.trial];
            let expected = about.not_demonstrated.clone();
            let note = Note {
                case: about.name(),
                rule_set: "none".to_owned(),
                trials: 1,
                effect: cell.effect,
                reason: expected.unwrap_or_else(|| trial.reason.clone()),
            };
            if about.is_malicious() {
                notable.attacks_not_demonstrated.push(note);
            } else {
                notable.legitimate_not_working.push(note);
            }
        }
        notable
    }
}

/// Cases with cells of an effect, one note for each case.
fn notes(view: &View<'_>, effect: Effect) -> Vec<Note> {
    let run = view.run;
    let mut notes = Vec::new();
    for (case, about) in run.cases.iter().enumerate() {
        let cells = (0..run.sets.len()).filter_map(|set| {
            let cell = view.cell(set, case)?;
            (cell.effect == effect).then_some((set, cell.trial))
        });
        let cells: Vec<_> = cells.collect();
        if let Some((set, trial)) = cells.first() {
            notes.push(Note {
                case: about.name(),
                rule_set: run.sets[*set].clone(),
                trials: u32::try_from(cells.len()).unwrap_or(u32::MAX),
                effect,
                reason: run.trials[*trial].reason.clone(),
            });
        }
    }
    notes
}
