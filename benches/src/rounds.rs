//! Rounds: every subject once per round, in an order that the seed shuffles, so
//! that whatever drifts or comes in bursts meets all of them alike.

use std::time::{Duration, Instant};

use anyhow::Result;
use fastrand::Rng;

use crate::sheet::{Sample, Sheet};
use crate::spawn::{Taken, Watchdog};

/// One thing that is timed once per round.
pub struct Subject {
    /// Name in `overhead.csv`.
    pub name: String,
    /// What is varied, and its value; empty when nothing is.
    pub varied: (String, String),
    /// Makes ready; not timed.
    pub before: Box<dyn FnMut() -> Result<()>>,
    /// Nanoseconds of one go.
    pub take: Box<dyn FnMut(&Watchdog) -> Taken>,
}

/// How rounds are done.
#[derive(Debug, Clone, Copy)]
pub struct Method {
    /// Number of rounds that are written.
    pub rounds: u32,
    /// Number of rounds before that are not.
    pub warm_up: u32,
    /// Pause after each go, so that what the kernel tears down afterwards is
    /// not charged to the next.
    pub pause: Duration,
    /// After this time no further round is begun, but two are taken in any
    /// case: on a slow machine fewer rounds, not a longer wait.
    pub budget: Duration,
}

/// Takes all rounds of a bench.
///
/// # Errors
/// The sheet cannot be written, or a subject cannot be made ready. A subject
/// that cannot be timed is a sample with an error.
pub fn take(
    bench: &'static str,
    subjects: &mut [Subject],
    method: Method,
    random: &mut Rng,
    watchdog: &Watchdog,
    sheet: &mut Sheet,
) -> Result<()> {
    each(
        bench,
        subjects.len(),
        method,
        random,
        sheet,
        |place, of_round, sheet| {
            let Some(subject) = subjects.get_mut(place) else {
                return Ok(());
            };
            (subject.before)()?;
            let taken = (subject.take)(watchdog);
            match of_round {
                Some(of_round) => {
                    let taken = taken.map(|ns| ns as f64);
                    sheet.put(&sample(bench, subject, of_round, taken))
                }
                None => Ok(()),
            }
        },
    )
}

/// Goes through all rounds: `go` gets the place of one of `subjects`, round and
/// position from 1, `None` in a round that is not written, and the sheet.
///
/// # Errors
/// Those of `go`; the sheet cannot be written.
pub fn each(
    bench: &str,
    subjects: usize,
    method: Method,
    random: &mut Rng,
    sheet: &mut Sheet,
    mut go: impl FnMut(usize, Option<(u32, u32)>, &mut Sheet) -> Result<()>,
) -> Result<()> {
    let begin = Instant::now();
    let mut order: Vec<usize> = (0..subjects).collect();
    for round in 0..method.warm_up + method.rounds {
        if round >= method.warm_up + 2 && begin.elapsed() > method.budget {
            let taken = round - method.warm_up;
            println!(
                "{bench}: out of time after {taken} of {} rounds",
                method.rounds
            );
            break;
        }
        random.shuffle(&mut order);
        for (position, place) in (1_u32..).zip(&order) {
            let written = round >= method.warm_up;
            let of_round = written.then(|| (round - method.warm_up + 1, position));
            go(*place, of_round, sheet)?;
            if !method.pause.is_zero() {
                std::thread::sleep(method.pause);
            }
        }
        reap();
        sheet.flush()?;
    }
    Ok(())
}

/// A sample of a subject in a round, at a position.
#[must_use]
pub fn sample(
    bench: &'static str,
    subject: &Subject,
    (round, position): (u32, u32),
    nanoseconds: std::result::Result<f64, String>,
) -> Sample {
    let (parameter, value) = subject.varied.clone();
    let (sample, error) = parted(nanoseconds);
    Sample {
        bench,
        subject: subject.name.clone(),
        parameter,
        value,
        round: Some(round),
        position: Some(position),
        unit: "ns",
        sample,
        iterations: 1,
        error,
    }
}

/// What of a sample's result goes into which column.
#[must_use]
pub fn parted(result: std::result::Result<f64, String>) -> (Option<f64>, String) {
    match result {
        Ok(sample) => (Some(sample), String::new()),
        Err(error) => (None, error),
    }
}

/// Takes in what launchers left to this process, as PID 1 of its namespace.
pub fn reap() {
    use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
    if std::process::id() != 1 {
        return;
    }
    while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
        if status == WaitStatus::StillAlive {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(name: &str, taken: Taken) -> Subject {
        Subject {
            name: name.to_owned(),
            varied: Default::default(),
            before: Box::new(|| Ok(())),
            take: Box::new(move |_| taken.clone()),
        }
    }

    #[test]
    fn every_round_has_every_subject_once_and_failures_stay_in() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut sheet = Sheet::create(directory.path()).expect("a sheet");
        let mut subjects = [subject("a", Ok(5)), subject("b", Err("refused".into()))];
        let method = Method {
            rounds: 3,
            warm_up: 2,
            pause: Duration::ZERO,
            budget: Duration::MAX,
        };
        let dog = Watchdog::default();
        take(
            "start",
            &mut subjects,
            method,
            &mut Rng::with_seed(1),
            &dog,
            &mut sheet,
        )
        .expect("taken");
        let mut reader = csv::Reader::from_path(&sheet.path).expect("the file");
        let rows: Vec<csv::StringRecord> =
            reader.records().map(|row| row.expect("a row")).collect();
        assert_eq!(rows.len(), 6);
        for round in ["1", "2", "3"] {
            let mut of_round: Vec<[&str; 3]> = rows
                .iter()
                .filter(|row| &row[4] == round)
                .map(|row| [&row[1], &row[7], &row[9]])
                .collect();
            of_round.sort_unstable();
            assert_eq!(of_round, [["a", "5.0", ""], ["b", "", "refused"]]);
        }
        assert_eq!(sheet.failures, 3);
        let short = Method {
            budget: Duration::ZERO,
            ..method
        };
        take(
            "start",
            &mut subjects,
            short,
            &mut Rng::with_seed(1),
            &dog,
            &mut sheet,
        )
        .expect("taken");
        // Out of time at once: two rounds all the same.
        assert_eq!(sheet.failures, 5);
    }
}
