//! Start latency of every launcher: the same minimal init, all launchers by
//! turns in each round, nothing beside them.
//!
//! The init is three instructions that end with a status of their own, so that
//! a start counts only if that status comes back: the init did run.

use std::path::Path;

use anyhow::{Context as _, Result};
use sekisho_rules::RuleSet;
use sekisho_targets::{Asked, Reply, Target};
use sekisho_trial::{Conditions, Content, End, Resolution, Setting};

use crate::attempt::Attempt;
use crate::corpus::{self, Case};
use crate::plan::{OWN, Plan};
use crate::sets::{ALL, NONE, SUEXEC};
use crate::stage::Stage;
use crate::writer::write_rows;
use sekisho_results::{LatencyRow, Outcome, one_line};

/// Rounds before the first that counts.
const WARM_UP: u32 = 2;

/// Status that the init ends with; no launcher uses it for itself.
const STATUS: u8 = 7;

/// One launcher under one rule set.
struct Entry<'a> {
    target: &'a dyn Target,
    rule_set: &'static str,
    setting: Setting,
    /// Why it cannot start anything here.
    unable: Option<String>,
}

/// Rounds of a run: what was asked for, else 20 when there are real launchers.
pub fn rounds(asked: Option<u32>, plan: &Plan) -> u32 {
    let real = plan.targets.iter().any(|target| !target.has_rules());
    asked.unwrap_or(if real { 20 } else { 0 })
}

/// Starts every launcher once in each round, in an order of its own by the
/// seed, and writes `latency.csv`.
///
/// # Errors
/// The arena died, or the file cannot be written.
pub fn measure(
    plan: &Plan,
    run: &str,
    rounds: u32,
    stage: &mut dyn Stage,
    conditions: &Conditions,
    directory: &Path,
) -> Result<()> {
    let case = usual()?;
    let asked = Asked::new(&case.planned.request, &case.planned.layout);
    let entries = entries(plan, &asked, conditions);
    stage.prepare(&case.planned.layout)?;
    let mut random = fastrand::Rng::with_seed(plan.seed);
    let mut rows = Vec::new();
    for round in 0..rounds + WARM_UP {
        let mut order: Vec<usize> = (0..entries.len()).collect();
        random.shuffle(&mut order);
        for (position, entry) in (1..).zip(order.into_iter().map(|at| &entries[at])) {
            let started = match &entry.unable {
                Some(reason) => Err(reason.clone()),
                None => start(entry, &case, &asked, plan.timeout_ms, stage)?,
            };
            if round >= WARM_UP {
                rows.push(LatencyRow {
                    run: run.to_owned(),
                    round: round - WARM_UP + 1,
                    position,
                    target: entry.target.name().to_owned(),
                    rule_set: entry.rule_set.to_owned(),
                    resolution: match entry.target.has_rules() {
                        true => entry.setting.resolution.word().to_owned(),
                        false => String::new(),
                    },
                    duration_us: started.as_ref().ok().copied(),
                    error: one_line(&started.err().unwrap_or_default()),
                });
            }
        }
    }
    write_rows(directory, &rows)
}

fn entries<'a>(plan: &'a Plan, asked: &Asked<'_>, conditions: &Conditions) -> Vec<Entry<'a>> {
    let resolution = plan.resolutions.first().copied();
    let resolution = resolution.unwrap_or(Resolution::ByDescriptor);
    let suexec = RuleSet::of(|rule| rule.class != sekisho_rules::Class::Further);
    let sets = [
        (NONE, RuleSet::NONE),
        (SUEXEC, suexec),
        (ALL, RuleSet::all()),
    ];
    let mut entries = Vec::new();
    for target in &plan.targets {
        let unable = target
            .missing(conditions)
            .or_else(|| target.can(asked).err());
        let entry = |rule_set, rules| Entry {
            target: target.as_ref(),
            rule_set,
            setting: Setting {
                rules,
                observe_all: false,
                resolution,
            },
            unable: unable.clone(),
        };
        match target.has_rules() {
            true => entries.extend(sets.map(|(name, rules)| entry(name, rules))),
            false => entries.push(entry(OWN, RuleSet::NONE)),
        }
    }
    entries
}

/// One start: its duration in microseconds, or why it did not work.
fn start(
    entry: &Entry<'_>,
    case: &Case,
    asked: &Asked<'_>,
    deadline_ms: u64,
    stage: &mut dyn Stage,
) -> Result<std::result::Result<u64, String>> {
    let attempt = Attempt {
        case,
        asked,
        target: entry.target,
        control: None,
        setting: entry.setting,
        nonce: "latency".to_owned(),
        deadline_ms,
    };
    let judged = attempt.run(stage)?;
    let observation = &judged.observation;
    if !observation.leftovers.is_empty() {
        let left = observation.leftovers.join("; ");
        return Ok(Err(format!("left behind: {left}")));
    }
    // Some do not pass the init's status on, but record its end.
    let recorded = || {
        judged.answer.reply == Reply::Started
            && observation.end == End::Exited(0)
            && judged.answer.init_ended
    };
    Ok(match judged.classified.outcome {
        Outcome::Works => Ok(observation.duration_us),
        _ if recorded() => Ok(observation.duration_us),
        outcome => Err(format!("{outcome}: {}", judged.classified.reason)),
    })
}

/// The usual case with the minimal init in place of the probe.
fn usual() -> Result<Case> {
    let mut case = corpus::usual(&format!("status = {STATUS}"))?;
    let asked = Asked::new(&case.planned.request, &case.planned.layout);
    let init = asked.init().into_iter().next().unwrap_or_default();
    let init = format!(
        "{}{}",
        asked.rootfs().unwrap_or_default(),
        String::from_utf8_lossy(&init)
    );
    let file = case
        .planned
        .layout
        .files
        .iter_mut()
        .find(|file| file.path == init);
    file.context("the usual bundle has no init")?.content = Content::Bytes(minimal());
    Ok(case)
}

/// A static program of x86-64 that only ends: one segment that holds ELF and
/// program header and the code.
fn minimal() -> Vec<u8> {
    const BASE: u64 = 0x40_0000;
    const HEADERS: u64 = 64 + 56;
    // mov edi, STATUS; mov eax, 60 (exit); syscall
    let code = [0xbf, STATUS, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05];
    let size = HEADERS + code.len() as u64;
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    let half = |file: &mut Vec<u8>, value: u16| file.extend(value.to_le_bytes());
    // An executable for x86-64.
    half(&mut file, 2);
    half(&mut file, 62);
    file.extend(1_u32.to_le_bytes());
    for value in [BASE + HEADERS, 64, 0] {
        file.extend(value.to_le_bytes());
    }
    file.extend(0_u32.to_le_bytes());
    for value in [64, 56, 1, 0, 0, 0] {
        half(&mut file, value);
    }
    // Loaded, readable and executable.
    file.extend(1_u32.to_le_bytes());
    file.extend(5_u32.to_le_bytes());
    for value in [0, BASE, BASE, size, size, 0x1000] {
        file.extend(value.to_le_bytes());
    }
    file.extend(code);
    file
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_minimal_init_ends_with_its_status() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("init");
        std::fs::write(&path, minimal()).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let status = std::process::Command::new(&path).status().unwrap();
        assert_eq!(status.code(), Some(i32::from(STATUS)));
    }

    #[test]
    fn the_usual_case_holds_it() {
        let case = usual().unwrap();
        let init = case
            .planned
            .layout
            .files
            .iter()
            .find(|file| file.path.ends_with("/app/server"));
        assert_eq!(init.unwrap().content, Content::Bytes(minimal()));
    }
}
