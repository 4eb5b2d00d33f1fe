//! Trials beside an attack that must not show its witness.

use sekisho_results::{Control, Kind, Outcome};
use sekisho_scenario::request::ResolvedRequest;
use sekisho_targets::Reply;
use sekisho_trial::{Deed, End, Layout, Start};

use crate::classify::{Classified, Facts};
use crate::corpus::Case;

/// The probe, on the host of every trial.
const PROBE: &str = "/probe";

/// The controls of a case: none for a legitimate one. Who does nothing but run what he may run anyhow, once somebody else has
/// made the mistake, has no acts to be left out.
#[must_use]
pub fn of(case: &Case) -> Vec<Control> {
    if case.row.kind == Kind::Legitimate {
        return Vec::new();
    }
    let has_mistake = !case.row.mistake.is_empty();
    let mut controls = Vec::new();
    controls.extend(case.has_acts.then_some(Control::NoActs));
    controls.push(Control::NoLauncher);
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

/// What is asked for: without the acts of who writes the request, and without the
/// mistake of who derives it, the twin's request.
#[must_use]
pub fn request(case: &Case, control: Option<Control>) -> &ResolvedRequest {
    match control {
        None | Some(Control::NoLauncher) => &case.planned.request,
        Some(Control::NoActs) => &case.without_acts,
        Some(Control::NoMistake) => &case.without_mistake,
    }
}

/// What lies there when that is asked for: what a launcher is given is what the acts
/// have left.
#[must_use]
pub fn layout(case: &Case, control: Option<Control>) -> &Layout {
    match control {
        None | Some(Control::NoLauncher) => &case.planned.prepared,
        Some(Control::NoActs | Control::NoMistake) => &case.planned.layout,
    }
}

/// The probe with the attacker's own ids, and with all that his request would hand
/// to a launcher. What a caller left open for others is not his.
#[must_use]
pub fn without_launcher(case: &Case) -> Start {
    let (uid, gid, groups) = case.attacker.clone();
    let start = Start {
        uid,
        gid,
        groups,
        between: Vec::new(),
        ..case
            .planned
            .request
            .to_start(PROBE.to_owned(), vec![PROBE.as_bytes().to_vec()])
    };
    match case.writes_request {
        true => start,
        false => Start {
            descriptors: Vec::new(),
            ..start
        },
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
