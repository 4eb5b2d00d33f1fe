//! Whether anything can work on this machine: found out by one start before the
//! first trial, so that a run whose every trial would fail ends at once.

use anyhow::{Result, bail};
use sekisho_rules::RuleSet;
use sekisho_targets::{Asked, Carried, targets};
use sekisho_trial::{Resolution, Setting};

use crate::attempt::Attempt;
use crate::corpus::usual;
use crate::stage::Stage;
use sekisho_results::Outcome;

/// Starts the usual request with no rule on.
///
/// # Errors
/// Why it does not work, and what to do about it.
pub fn check(carried: &Carried, stage: &mut dyn Stage, deadline_ms: u64) -> Result<()> {
    if no_new_privileges() {
        bail!(
            "no_new_privs is set for this process, so that no setuid program gains its owner's \
             rights and no launcher can work: run sekisho outside of whatever set it (a sandbox, \
             a container, systemd's NoNewPrivileges=)"
        );
    }
    let case = usual("via = 'init'")?;
    let asked = Asked::new(&case.planned.request, &case.planned.layout);
    let Some(reference) = targets(carried).into_iter().find(|one| one.has_rules()) else {
        bail!("there is no reference launcher");
    };
    stage.prepare(&case.planned.layout)?;
    let attempt = Attempt {
        case: &case,
        asked: &asked,
        target: reference.as_ref(),
        control: None,
        setting: Setting {
            rules: RuleSet::NONE,
            observe_all: false,
            resolution: Resolution::ByDescriptor,
        },
        nonce: "preflight".to_owned(),
        deadline_ms,
    };
    let judged = attempt.run(stage)?;
    if judged.classified.outcome == Outcome::Works {
        return Ok(());
    }
    bail!(
        "the reference launcher cannot start the usual request here ({}: {}); nothing was \
         started. `sekisho doctor` says what is missing; a launcher given with --launcher must be \
         the research build of this version",
        judged.classified.outcome,
        judged.classified.reason
    )
}

/// Whether execve(2) grants this process no privileges (`PR_SET_NO_NEW_PRIVS`).
#[must_use]
pub fn no_new_privileges() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .filter_map(|line| line.strip_prefix("NoNewPrivs:"))
        .any(|value| value.trim() == "1")
}
