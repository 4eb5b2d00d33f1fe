//! Trials beside an attack that must not show its witness.

use sekisho_results::{Attacker, Control, Outcome};
use sekisho_targets::Reply;
use sekisho_trial::{Deed, End, Start};

use crate::classify::{Classified, Facts};
use crate::corpus::Case;

/// The probe, on the host of every trial.
const PROBE: &str = "/probe";

/// The controls of a case: none for a legitimate one, or for an attack that is
/// staged. Where nobody made a mistake, the twin's own request is the control
/// without acts.
#[must_use]
pub fn of(case: &Case) -> Vec<Control> {
    if case.row.technique.is_empty() {
        return Vec::new();
    }
    let has_mistake = !case.row.mistake.is_empty();
    let mut controls = vec![Control::NoActs, Control::NoLauncher];
    controls.extend(has_mistake.then_some(Control::NoMistake));
    controls
}

/// What is done before the start, and how much of it, from the front, is the
/// mistake.
#[must_use]
pub fn deeds(case: &Case, control: Option<Control>) -> (Vec<Deed>, u32) {
    let (mistake, acts) = (&case.planned.mistake, &case.planned.acts);
    let (mistake, acts): (&[Deed], &[Deed]) = match control {
        None | Some(Control::NoLauncher) => (mistake, acts),
        Some(Control::NoMistake) => (&[], acts),
        Some(Control::NoActs) => (mistake, &[]),
    };
    let mistakes = u32::try_from(mistake.len()).unwrap_or(u32::MAX);
    ([mistake, acts].concat(), mistakes)
}

/// Whether the twin's request is made instead of the attacker's: without the
/// acts, and without the front's mistake no request of a client is another.
#[must_use]
pub fn asks_as_twin(case: &Case, control: Option<Control>) -> bool {
    match control {
        None | Some(Control::NoLauncher) => false,
        Some(Control::NoActs) => true,
        Some(Control::NoMistake) => case.row.attacker == Some(Attacker::Client),
    }
}

/// The probe with the attacker's own ids, and with all that his request would
/// hand to a launcher.
#[must_use]
pub fn without_launcher(case: &Case) -> Start {
    let (uid, gid, groups) = case.attacker.clone();
    Start {
        uid,
        gid,
        groups,
        between: Vec::new(),
        ..case
            .planned
            .request
            .to_start(PROBE.to_owned(), vec![PROBE.as_bytes().to_vec()])
    }
}

/// What a control showed. Without a report nothing was observed.
#[must_use]
pub fn classify(facts: &Facts<'_>) -> Classified {
    if let Some(fault) = &facts.reports.fault {
        return Classified::new(Outcome::Failed, fault);
    }
    if let End::NotStarted(error) = facts.end {
        return Classified::new(Outcome::Failed, format!("could not be started: {error}"));
    }
    if let Some(why) = facts.mistake_not_made() {
        return Classified::new(Outcome::Failed, why);
    }
    if facts.witness {
        return Classified::new(Outcome::Seen, "");
    }
    if *facts.end == End::Timeout {
        return Classified::new(Outcome::Timeout, "killed at the deadline");
    }
    match facts.reply {
        Reply::Failed { reason } => Classified::new(Outcome::Failed, reason),
        _ if !facts.reports.all.is_empty() => Classified::new(Outcome::Absent, ""),
        Reply::Refused(refusal) => Classified::new(
            Outcome::Failed,
            format!("refused, so nothing was observed: {}", refusal.reason),
        ),
        Reply::Started => Classified::new(Outcome::Failed, "nothing reported"),
    }
}
