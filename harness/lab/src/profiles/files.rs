//! The result files of profiles.

use std::path::Path;

use anyhow::Result;
use sekisho_trial::Resolution;
use sekisho_worlds::Profile;

use crate::choose::REFERENCE;
use crate::corpus::Case;
use crate::resume::{self, Done};
use crate::writer::{Growing, Sink, write_rows};
use sekisho_results::{
    ProfileRow, ProfileTrialRow, ProfileVerdictRow, TrialKey, TrialRow, VerdictRow, one_line,
};

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
                world: profile.world.id.to_owned(),
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
                identity: record.identity.word().to_owned(),
                user: record.user,
                group: record.group,
                init: one_line(&record.init),
            }
        })
        .collect();
    write_rows(directory, &rows)
}

/// The starts that are done, as [`resume::done`] gives trials.
///
/// # Errors
/// Names a file that cannot be read or repaired, or its first line that is none.
pub fn done(directory: &Path) -> Result<Done> {
    let key = |trial: &ProfileTrialRow| TrialKey {
        scenario: trial.profile.clone(),
        case: trial.policy.clone(),
        target: REFERENCE.to_owned(),
        rule_set: trial.rule_set.clone(),
        resolution: Resolution::ByDescriptor.word().to_owned(),
        control: None,
        repeat: 1,
    };
    resume::repair(
        directory,
        key,
        |trial| {
            (
                trial.verdicts,
                (trial.profile.clone(), trial.policy.clone()),
            )
        },
        |row: &ProfileVerdictRow| (row.profile.clone(), row.policy.clone()),
    )
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
            trials: Growing::open::<ProfileTrialRow>(directory)?,
            verdicts: Growing::open::<ProfileVerdictRow>(directory)?,
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
                verdict: verdict.verdict,
                reason: verdict.reason.clone(),
            })?;
        }
        self.trials.push(&ProfileTrialRow {
            run: trial.run.clone(),
            profile: trial.scenario.clone(),
            policy: trial.case.clone(),
            rule_set: trial.rule_set.clone(),
            outcome: trial.outcome,
            verdict: trial.verdict,
            rule: trial.rule.clone(),
            reason: trial.reason.clone(),
            exit_status: trial.exit_status.clone(),
            duration_us: trial.duration_us,
            verdicts: trial.verdicts,
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
    use sekisho_results::{Kind, Outcome, Row as _, Verdict};

    use super::*;
    use crate::resume::rows;
    use crate::sets::NONE;
    use crate::writer::tests::trial;

    #[test]
    fn what_was_written_is_done_and_a_torn_line_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let mut writer = Writer::open(directory.path()).unwrap();
        for set in [NONE, "all"] {
            let row = TrialRow {
                verdicts: u32::from(set == NONE),
                ..trial("ci/x", Kind::Legitimate, set, Outcome::Works)
            };
            let verdict = VerdictRow {
                run: "r".into(),
                scenario: "ci/x".into(),
                case: "default".into(),
                resolution: "by-descriptor".into(),
                rule: "target-user-is-root".into(),
                verdict: Verdict::Deny,
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
        assert_eq!(done(directory.path()).unwrap().keys.len(), 2);
        let path = directory.path().join(ProfileTrialRow::FILE);
        let whole = std::fs::read(&path).unwrap();
        let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        std::fs::write(&path, &whole[..first + 5]).unwrap();
        assert!(done(directory.path()).unwrap().keys.is_empty());
        let left: Vec<ProfileVerdictRow> =
            rows(&directory.path().join(ProfileVerdictRow::FILE)).unwrap();
        assert!(
            left.is_empty(),
            "verdicts without their start are taken away"
        );
    }
}
