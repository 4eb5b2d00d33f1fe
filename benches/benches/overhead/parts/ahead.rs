//! Namespaces made while the request is examined, not after it was permitted
//! (`namespaces = while-deciding`), on all CPUs: what a start takes then, what
//! CPU time, and what a refusal takes. Without spinners, since the scheduler
//! does not take a CPU with one for idle and spreads nothing.

use std::path::Path;

use anyhow::{Context, Result};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use sekisho_benches::rounds::{self, Subject};
use sekisho_benches::spawn::Start;
use sekisho_benches::subjects::{floor_with, launcher_with, subject};
use sekisho_benches::world::{self, FIVE, LAUNCHER, LOG};

use super::Bench;

/// Exit status of a refusal (`docs/launcher.md`).
const DENIED: i32 = 101;

/// When namespaces are made, the line for that, and the floor's letter.
const WAYS: [(&str, &str, &str); 2] = [
    ("after-deciding", "", ""),
    ("while-deciding", "namespaces = while-deciding\n", "A"),
];

pub fn run(bench: &mut Bench<'_>) -> Result<()> {
    let reason = "a second process helps only where there is a second CPU";
    if bench.about.cpus < 2 {
        bench.about.skip("ahead", "", reason);
        return Ok(());
    }
    let mut subjects = Vec::new();
    for (way, line, letter) in WAYS {
        for subject in of(line, letter)? {
            subjects.push(Subject {
                varied: ("namespaces".to_owned(), way.to_owned()),
                ..subject
            });
        }
    }
    let method = bench.method("ahead", (6, 150), 50, 12);
    println!(
        "namespaces made while deciding, on {} CPUs, {} rounds",
        bench.about.cpus, method.rounds
    );
    rounds::each(
        "ahead",
        subjects.len(),
        method,
        &mut bench.random,
        bench.sheet,
        |place, of_round, sheet| {
            let Some(subject) = subjects.get_mut(place) else {
                return Ok(());
            };
            (subject.before)()?;
            let before = cpu_time()?;
            let taken = (subject.take)(&bench.watchdog).map(|ns| ns as f64);
            let used = cpu_time()? - before;
            let Some(of_round) = of_round else {
                return Ok(());
            };
            let used = taken.clone().map(|_| used);
            sheet.put(&rounds::sample("ahead", subject, of_round, taken))?;
            sheet.put(&rounds::sample("ahead-cpu", subject, of_round, used))
        },
    )?;
    world::configure("none", "")
}

/// What is started in one way.
fn of(line: &str, letter: &str) -> Result<Vec<Subject>> {
    let mut subjects = Vec::new();
    for (name, more) in [("floor", ""), ("floor with bounding set emptied", "C")] {
        let letters = format!("{}{more}{letter}", FIVE.letters);
        subjects.push(floor_with(name, "", &FIVE, &letters)?);
    }
    for (name, rules) in [
        ("none", "none"),
        ("none-again", "none"),
        ("suexec", "suexec"),
        ("all", "all"),
    ] {
        subjects.push(launcher_with(name, rules, line, &FIVE)?);
    }
    // Root is no target: seen as late as any other refusal.
    let bundle = format!("alice/{}", FIVE.bundle);
    let words = [LAUNCHER, "root", "alice", &bundle];
    let start = Start::new(&words, world::CALLER, Path::new("/"), Path::new(LOG))?;
    let line = line.to_owned();
    subjects.push(Subject {
        before: Box::new(move || world::configure("all", &line)),
        ..subject("refused", "", start.expecting(DENIED))
    });
    Ok(subjects)
}

/// CPU time of all processes that were started and have ended, in nanoseconds.
fn cpu_time() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("getrusage")?;
    let microseconds =
        usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(microseconds as f64 * 1000.0)
}
