//! Attackers that search. Each of their tries is a trial of the lab, judged as
//! every other trial is.
#![forbid(unsafe_code)]

use anyhow::{Result, bail};
use sekisho_lab::attempt::{Attempt, Judged, Unable, possible};
use sekisho_lab::hash::hash;
use sekisho_lab::stage::{Arenas, Stages as _};
use sekisho_lab::{carried, choose, corpus};
use sekisho_rules::{Policy, RuleSet};
use sekisho_targets::Asked;
use sekisho_trial::{Resolution, Setting};

/// Milliseconds until a try is killed.
const DEADLINE_MS: u64 = 5000;

/// Starts one case of the corpus under the reference launcher, by descriptor.
///
/// # Errors
/// An unknown case, or a case that this machine cannot show; whatever keeps an
/// arena from being made; something was left behind.
pub fn try_case(name: &str, rules: RuleSet) -> Result<Judged> {
    let scenarios = corpus::scenarios(None)?;
    let Some(loaded) = scenarios.find(name) else {
        bail!("no single case `{name}`; `sekisho scenarios list` shows them all");
    };
    let case = corpus::resolve(&scenarios, loaded)?;
    let carried = carried(None, &Policy::default())?;
    let target = choose::usable(&carried, choose::REFERENCE)?;
    let asked = Asked::new(&case.planned.request, &case.planned.layout);
    let arenas = Arenas::for_targets(std::slice::from_ref(&target));
    let (mut stage, conditions) = arenas.start_first()?;
    match possible(&case, &asked, target.as_ref(), &conditions) {
        Ok(()) => {}
        Err(Unable::Skipped(reason) | Unable::NotApplicable(reason)) => bail!("{name}: {reason}"),
    }
    stage.prepare(&case.planned.layout)?;
    let attempt = Attempt {
        control: None,
        case: &case,
        asked: &asked,
        target: target.as_ref(),
        setting: Setting {
            rules,
            observe_all: true,
            resolution: Resolution::ByDescriptor,
        },
        nonce: hash([name.as_bytes()]).split_off(40),
        deadline_ms: DEADLINE_MS,
    };
    let judged = attempt.run(stage.as_mut())?;
    let left = stage.quit()?;
    if !left.is_empty() {
        bail!("left behind: {}", left.join("; "));
    }
    Ok(judged)
}
