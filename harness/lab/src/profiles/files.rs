//! The result files of profiles.

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Result, bail};
use sekisho_worlds::Profile;
use serde::{Deserialize, Serialize};

use crate::corpus::Case;
use crate::resume::{drop_torn_line, rows};
use crate::rows::{Outcome, TrialKey, TrialRow, VerdictRow, one_line};
use crate::sets::NONE;
use crate::writer::{Growing, Sink, write_table};

/// Name of the file of configurations.
pub const PROFILES: &str = "profiles.csv";
/// Name of the file of starts.
pub const TRIALS: &str = "profile_trials.csv";
/// Name of the file of verdicts.
pub const VERDICTS: &str = "profile_verdicts.csv";

const PROFILE_COLUMNS: [&str; 11] = [
    "run", "profile", "world", "shape", "title", "source", "identity", "user", "group", "init",
    "request",
];
const TRIAL_COLUMNS: [&str; 10] = [
    "run",
    "profile",
    "policy",
    "rule_set",
    "outcome",
    "verdict",
    "rule",
    "reason",
    "exit_status",
    "duration_us",
];
const VERDICT_COLUMNS: [&str; 6] = ["run", "profile", "policy", "rule", "verdict", "reason"];

/// A line of `profiles.csv`.
#[derive(Debug, Serialize)]
struct ProfileRow {
    run: String,
    profile: String,
    world: &'static str,
    shape: String,
    title: String,
    source: String,
    identity: &'static str,
    user: u32,
    group: u32,
    init: String,
    request: String,
}

/// A line of `profile_trials.csv`.
#[derive(Debug, Serialize, Deserialize)]
struct ProfileTrialRow {
    run: String,
    profile: String,
    policy: String,
    rule_set: String,
    outcome: Outcome,
    verdict: String,
    rule: String,
    reason: String,
    exit_status: String,
    duration_us: Option<u64>,
}

/// A line of `profile_verdicts.csv`.
#[derive(Debug, Serialize, Deserialize)]
struct ProfileVerdictRow {
    run: String,
    profile: String,
    policy: String,
    rule: String,
    verdict: String,
    reason: String,
}

/// Writes `profiles.csv`.
///
/// # Errors
/// Names the file that cannot be written, and what to do.
pub fn write_profiles(
    directory: &Path,
    run: &str,
    profiles: &[Profile],
    cases: &[Case],
    every: bool,
) -> Result<()> {
    let requests: std::collections::HashMap<&str, &str> = cases
        .iter()
        .map(|case| (case.row.scenario.as_str(), case.row.request.as_str()))
        .collect();
    let rows: Vec<_> = profiles
        .iter()
        .map(|profile| {
            let (record, key) = (&profile.record, profile.key());
            let source = &record.source;
            ProfileRow {
                run: run.to_owned(),
                request: requests
                    .get(key.as_str())
                    .copied()
                    .unwrap_or_default()
                    .to_owned(),
                world: profile.world.id,
                shape: match every {
                    true => key.clone(),
                    false => profile.stands_for_it.clone(),
                },
                profile: key,
                title: one_line(&record.title),
                source: one_line(&format!(
                    "{} {} {}",
                    source.repository, source.path, source.commit
                )),
                identity: record.identity.word(),
                user: record.user,
                group: record.group,
                init: one_line(&record.init),
            }
        })
        .collect();
    write_table(&directory.join(PROFILES), &PROFILE_COLUMNS, &rows)
}

/// The starts that are done, after taking away what an interruption left
/// half-written.
///
/// # Errors
/// Names a file that cannot be read, or its first line that is none.
pub fn done(directory: &Path) -> Result<HashSet<TrialKey>> {
    for name in [TRIALS, VERDICTS] {
        drop_torn_line(&directory.join(name))?;
    }
    let trials: Vec<ProfileTrialRow> = rows(&directory.join(TRIALS))?;
    let mut keys = HashSet::with_capacity(trials.len());
    let mut observed = HashSet::new();
    for trial in &trials {
        if trial.rule_set == NONE {
            observed.insert((trial.profile.clone(), trial.policy.clone()));
        }
        let new = keys.insert(TrialKey {
            scenario: trial.profile.clone(),
            case: trial.policy.clone(),
            target: "sekisho".to_owned(),
            rule_set: trial.rule_set.clone(),
            resolution: "by-descriptor".to_owned(),
            repeat: 1,
        });
        if !new {
            bail!(
                "{} has the start of {} under {} twice: it was not written by one run",
                directory.join(TRIALS).display(),
                trial.profile,
                trial.rule_set
            );
        }
    }
    let path = directory.join(VERDICTS);
    let verdicts: Vec<ProfileVerdictRow> = rows(&path)?;
    let whole =
        |row: &&ProfileVerdictRow| observed.contains(&(row.profile.clone(), row.policy.clone()));
    let kept: Vec<_> = verdicts.iter().filter(whole).collect();
    if kept.len() < verdicts.len() {
        write_table(&path, &VERDICT_COLUMNS, &kept)?;
    }
    Ok(keys)
}

/// The growing files.
pub struct Writer {
    trials: Growing,
    verdicts: Growing,
}

impl Writer {
    /// Opens both files in the run's directory.
    ///
    /// # Errors
    /// Names the file that cannot be written, and what to do.
    pub fn open(directory: &Path) -> Result<Self> {
        Ok(Self {
            trials: Growing::open(directory.join(TRIALS), &TRIAL_COLUMNS)?,
            verdicts: Growing::open(directory.join(VERDICTS), &VERDICT_COLUMNS)?,
        })
    }
}

impl Sink for Writer {
    fn push(&mut self, trial: &TrialRow, verdicts: &[VerdictRow]) -> Result<()> {
        for verdict in verdicts {
            self.verdicts.push(&ProfileVerdictRow {
                run: verdict.run.clone(),
                profile: verdict.scenario.clone(),
                policy: verdict.case.clone(),
                rule: verdict.rule.clone(),
                verdict: verdict.verdict.clone(),
                reason: verdict.reason.clone(),
            })?;
        }
        self.trials.push(&ProfileTrialRow {
            run: trial.run.clone(),
            profile: trial.scenario.clone(),
            policy: trial.case.clone(),
            rule_set: trial.rule_set.clone(),
            outcome: trial.outcome,
            verdict: trial.verdict.clone(),
            rule: trial.rule.clone(),
            reason: trial.reason.clone(),
            exit_status: trial.exit_status.clone(),
            duration_us: trial.duration_us,
        })
    }

    fn flush(&mut self) -> Result<()> {
        self.verdicts.flush()?;
        self.trials.flush()
    }

    fn finish(&mut self) -> Result<()> {
        self.flush()?;
        self.verdicts.sync()?;
        self.trials.sync()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::writer::tests::trial;
    use sekisho_scenario::model::Kind;

    #[test]
    fn what_was_written_is_done_and_a_torn_line_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let mut writer = Writer::open(directory.path()).unwrap();
        for set in [NONE, "all"] {
            let row = trial("ci/x", Kind::Legitimate, set, Outcome::Works);
            let verdict = VerdictRow {
                run: "r".into(),
                scenario: "ci/x".into(),
                case: "default".into(),
                resolution: "by-descriptor".into(),
                rule: "target-user-is-root".into(),
                verdict: "deny".into(),
                reason: "uid 0".into(),
            };
            let observed = if set == NONE {
                vec![verdict]
            } else {
                Vec::new()
            };
            writer.push(&row, &observed).unwrap();
        }
        writer.finish().unwrap();
        assert_eq!(done(directory.path()).unwrap().len(), 2);
        let path = directory.path().join(TRIALS);
        let whole = std::fs::read(&path).unwrap();
        let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        std::fs::write(&path, &whole[..first + 5]).unwrap();
        assert!(done(directory.path()).unwrap().is_empty());
        let left: Vec<ProfileVerdictRow> = rows(&directory.path().join(VERDICTS)).unwrap();
        assert!(
            left.is_empty(),
            "verdicts without their start are taken away"
        );
    }
}
