//! Takes up a run that was interrupted: which trials are done, and files as if
//! it had been interrupted between two trials.

use std::collections::{HashMap, HashSet};
use std::fs::OpenOptions;
use std::hash::Hash;
use std::io;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::writer::write_rows;
use sekisho_results::{PlanHashes, Row, TrialKey, TrialRow, VerdictRow};

/// What is there of an interrupted run.
#[derive(Debug, PartialEq, Eq)]
pub struct Done {
    /// Trials that need not be run again.
    pub keys: HashSet<TrialKey>,
    /// Trials whose verdicts were lost: taken away, so that they are run again.
    pub lost: usize,
}

/// Reads the trials that are done, after taking away what an interruption left
/// half-written: a last line without its end in either file, verdicts whose trial
/// did not reach its file, and trials whose verdicts are not all there.
///
/// # Errors
/// Names a file that cannot be read or repaired, or its first line that is none.
pub fn done(directory: &Path) -> Result<Done> {
    repair(
        directory,
        TrialRow::key,
        |trial: &TrialRow| {
            (
                trial.verdicts,
                whose(&trial.scenario, &trial.case, &trial.resolution),
            )
        },
        |verdict: &VerdictRow| whose(&verdict.scenario, &verdict.case, &verdict.resolution),
    )
}

fn whose(scenario: &str, case: &str, resolution: &str) -> (String, String, String) {
    (scenario.to_owned(), case.to_owned(), resolution.to_owned())
}

/// [`done`] for any pair of files of which one has trials and the other their
/// verdicts. `owner` gives how many verdicts a trial has, and under what they
/// are found.
pub(crate) fn repair<T: Row, V: Row, O: Eq + Hash>(
    directory: &Path,
    key: impl Fn(&T) -> TrialKey,
    owner: impl Fn(&T) -> (u32, O),
    owned_by: impl Fn(&V) -> O,
) -> Result<Done> {
    for name in [T::FILE, V::FILE] {
        drop_torn_line(&directory.join(name))?;
    }
    let trials: Vec<T> = rows(&directory.join(T::FILE))?;
    let verdicts: Vec<V> = rows(&directory.join(V::FILE))?;
    let mut there: HashMap<O, u32> = HashMap::new();
    for verdict in &verdicts {
        *there.entry(owned_by(verdict)).or_default() += 1;
    }
    let mut keys = HashSet::with_capacity(trials.len());
    let mut kept = Vec::with_capacity(trials.len());
    let mut observed = HashSet::new();
    for trial in &trials {
        let (count, owner) = owner(trial);
        if count > 0 && there.get(&owner) != Some(&count) {
            continue;
        }
        let key = key(trial);
        if keys.contains(&key) {
            bail!(
                "{} has the trial {key} twice: it was not written by one run",
                directory.join(T::FILE).display(),
            );
        }
        keys.insert(key);
        kept.push(trial);
        if count > 0 {
            observed.insert(owner);
        }
    }
    let lost = trials.len() - kept.len();
    if lost > 0 {
        write_rows(directory, kept)?;
    }
    let whole = |verdict: &&V| observed.contains(&owned_by(verdict));
    let owned: Vec<_> = verdicts.iter().filter(whole).collect();
    if owned.len() < verdicts.len() {
        write_rows(directory, owned)?;
    }
    Ok(Done { keys, lost })
}

/// All trials of a run.
///
/// # Errors
/// Names the file that cannot be read, or its first line that is none.
pub fn read_trials(directory: &Path) -> Result<Vec<TrialRow>> {
    rows(&directory.join(TrialRow::FILE))
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

/// No field holds a line feed ([`sekisho_results::one_line`]), so a line that
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
    use sekisho_results::{Kind, Outcome, Verdict};

    use super::*;
    use crate::sets::NONE;
    use crate::writer::{Sink, Writer, tests::trial};

    fn verdict(scenario: &str) -> VerdictRow {
        VerdictRow {
            run: "r".into(),
            scenario: scenario.into(),
            case: "default".into(),
            resolution: "by-descriptor".into(),
            rule: "target-user-is-root".into(),
            verdict: Verdict::Deny,
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
            let row = TrialRow {
                verdicts: 1,
                ..trial(name, Kind::Malicious, NONE, Outcome::Compromised)
            };
            writer.push(&row, &[verdict(name)]).unwrap();
        }
        writer.flush().unwrap();
        let path = directory.path().join(TrialRow::FILE);
        let content = std::fs::read(&path).unwrap();
        let verdicts = std::fs::read(directory.path().join(VerdictRow::FILE)).unwrap();
        for length in 0..=content.len() {
            std::fs::write(&path, &content[..length]).unwrap();
            std::fs::write(directory.path().join(VerdictRow::FILE), &verdicts).unwrap();
            let lines = content[..length]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count();
            let done = done(directory.path()).unwrap().keys;
            assert_eq!(done.len(), lines.saturating_sub(1), "cut at {length}");
            let left: Vec<VerdictRow> = rows(&directory.path().join(VerdictRow::FILE)).unwrap();
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

    #[test]
    fn trials_whose_verdicts_are_lost_are_run_again() {
        let directory = tempfile::tempdir().unwrap();
        let mut writer = Writer::open(directory.path()).unwrap();
        let observed = TrialRow {
            verdicts: 2,
            ..trial("a", Kind::Malicious, NONE, Outcome::Compromised)
        };
        writer
            .push(&observed, &[verdict("a"), verdict("a")])
            .unwrap();
        let row = trial("b", Kind::Malicious, "all", Outcome::Blocked);
        writer.push(&row, &[]).unwrap();
        writer.finish().unwrap();
        let whole = done(directory.path()).unwrap();
        assert_eq!((whole.keys.len(), whole.lost), (2, 0));
        std::fs::remove_file(directory.path().join(VerdictRow::FILE)).unwrap();
        let left = done(directory.path()).unwrap();
        assert_eq!((left.keys.len(), left.lost), (1, 1));
        assert_eq!(read_trials(directory.path()).unwrap(), [row]);
    }
}
