//! Takes up a run that was interrupted: which trials are done, and files as if
//! it had been interrupted between two trials.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::rows::{TrialKey, TrialRow, VerdictRow};
use crate::runfile::PlanHashes;
use crate::sets::NONE;
use crate::writer::{TRIALS, VERDICTS, write_table};

/// Reads the trials that are done, after taking away what an interruption
/// left half-written: a last line without its end in either file, and
/// verdicts whose trial did not reach its file.
///
/// # Errors
/// Names a file that cannot be read, or its first line that is none.
pub fn done(directory: &Path) -> Result<HashSet<TrialKey>> {
    for name in [TRIALS, VERDICTS] {
        drop_torn_line(&directory.join(name))?;
    }
    let trials = read_trials(directory)?;
    let mut keys = HashSet::with_capacity(trials.len());
    let mut observed = HashSet::new();
    for trial in &trials {
        if trial.rule_set == NONE {
            observed.insert(whose(&trial.scenario, &trial.case, &trial.resolution));
        }
        if !keys.insert(trial.key()) {
            bail!(
                "{} has the trial {} of {} under {} twice: it was not written by one run",
                directory.join(TRIALS).display(),
                trial.repeat,
                trial.name(),
                trial.rule_set
            );
        }
    }
    let path = directory.join(VERDICTS);
    let verdicts: Vec<VerdictRow> = rows(&path)?;
    let kept: Vec<_> = verdicts
        .iter()
        .filter(|row| observed.contains(&whose(&row.scenario, &row.case, &row.resolution)))
        .collect();
    if kept.len() < verdicts.len() {
        let header = csv::Reader::from_path(&path)?.headers()?.clone();
        write_table(&path, &header.iter().collect::<Vec<_>>(), &kept)?;
    }
    Ok(keys)
}

fn whose(scenario: &str, case: &str, resolution: &str) -> (String, String, String) {
    (scenario.to_owned(), case.to_owned(), resolution.to_owned())
}

/// All trials of a run.
///
/// # Errors
/// Names the file that cannot be read, or its first line that is none.
pub fn read_trials(directory: &Path) -> Result<Vec<TrialRow>> {
    rows(&directory.join(TRIALS))
}

/// Every row of a file; none when it is not there.
///
/// # Errors
/// Names the file that cannot be read, or its first line that is none.
pub fn rows<R: serde::de::DeserializeOwned>(path: &Path) -> Result<Vec<R>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let read = || {
        csv::Reader::from_path(path)?
            .deserialize()
            .collect::<csv::Result<_>>()
    };
    read().with_context(|| format!("cannot read {}", path.display()))
}

/// No field holds a line feed ([`crate::rows::one_line`]), so a line that
/// does not end with one is torn.
pub fn drop_torn_line(path: &Path) -> Result<()> {
    let cut = || -> io::Result<()> {
        let content = match std::fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        let whole = content
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        if whole < content.len() {
            OpenOptions::new()
                .write(true)
                .open(path)?
                .set_len(whole as u64)?;
        }
        Ok(())
    };
    cut().with_context(|| format!("cannot repair {}", path.display()))
}

/// Refuses to mix two different plans in one run.
///
/// # Errors
/// Says which parts of the plan differ.
pub fn check_same_plan(then: &PlanHashes, now: &PlanHashes) -> Result<()> {
    let differing = then.differing(now);
    if differing.is_empty() {
        return Ok(());
    }
    bail!(
        "the run cannot be resumed: {} changed since it began (give the same options and use the \
         same program, or start a new run without --resume)",
        differing.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use sekisho_scenario::model::Kind;

    use super::*;
    use crate::rows::Outcome;
    use crate::writer::{Sink, Writer, tests::trial};

    fn verdict(scenario: &str) -> VerdictRow {
        VerdictRow {
            run: "r".into(),
            scenario: scenario.into(),
            case: "default".into(),
            resolution: "by-descriptor".into(),
            rule: "target-user-is-root".into(),
            verdict: "deny".into(),
            reason: "x".into(),
        }
    }

    /// Every length that a kill may leave of the file of trials: what is done
    /// is exactly what is there as a whole line, and writing can go on.
    #[test]
    fn a_file_cut_anywhere_loses_only_the_torn_line() {
        let directory = tempfile::tempdir().unwrap();
        let mut writer = Writer::open(directory.path()).unwrap();
        for name in ["a", "b"] {
            let row = trial(name, Kind::Malicious, NONE, Outcome::Compromised);
            writer.push(&row, &[verdict(name)]).unwrap();
        }
        writer.flush().unwrap();
        let path = directory.path().join(TRIALS);
        let content = std::fs::read(&path).unwrap();
        let verdicts = std::fs::read(directory.path().join(VERDICTS)).unwrap();
        for length in 0..=content.len() {
            std::fs::write(&path, &content[..length]).unwrap();
            std::fs::write(directory.path().join(VERDICTS), &verdicts).unwrap();
            let lines = content[..length]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count();
            let done = done(directory.path()).unwrap();
            assert_eq!(done.len(), lines.saturating_sub(1), "cut at {length}");
            let left: Vec<VerdictRow> = rows(&directory.path().join(VERDICTS)).unwrap();
            assert_eq!(
                left.len(),
                done.len(),
                "verdicts without a trial are taken away"
            );
            let mut writer = Writer::open(directory.path()).unwrap();
            let row = trial("c", Kind::Malicious, NONE, Outcome::Compromised);
            writer.push(&row, &[]).unwrap();
            writer.flush().unwrap();
            assert_eq!(read_trials(directory.path()).unwrap().len(), done.len() + 1);
        }
    }

    #[test]
    fn a_trial_that_is_there_twice_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let mut writer = Writer::open(directory.path()).unwrap();
        let row = trial("a", Kind::Malicious, NONE, Outcome::Compromised);
        writer.push(&row, &[]).unwrap();
        writer.push(&row, &[]).unwrap();
        writer.finish().unwrap();
        assert!(
            done(directory.path())
                .unwrap_err()
                .to_string()
                .contains("twice")
        );
    }
}
