//! Many starts at once: how long one takes then, and how many a second.

use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use anyhow::Result;
use sekisho_benches::rounds::reap;
use sekisho_benches::sheet::Sample;
use sekisho_benches::spawn::{Start, Taken, Watchdog};
use sekisho_benches::world::{self, FIVE, FLOOR, INIT, LAUNCHER, LOG, TARGET};

use super::Bench;

/// All rules, namespaces made while deciding.
const AHEAD: &str = "all, while deciding";

const AT_ONCE: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];

pub fn run(bench: &mut Bench<'_>) -> Result<()> {
    let method = bench.method("concurrent", (2, 12), 100, 8);
    println!("1 to {} starts at once", AT_ONCE[AT_ONCE.len() - 1]);
    let mut order: Vec<(&str, usize)> = ["floor", "none", "all", AHEAD]
        .iter()
        .flat_map(|subject| AT_ONCE.iter().map(|count| (*subject, *count)))
        .collect();
    let begin = Instant::now();
    for round in 1..=method.rounds {
        if round > 2 && begin.elapsed() > method.budget {
            println!("concurrent: out of time after {} rounds", round - 1);
            break;
        }
        bench.random.shuffle(&mut order);
        for (position, (subject, count)) in (1..).zip(&order) {
            match *subject {
                "floor" => {}
                AHEAD => world::configure("all", "namespaces = while-deciding\n")?,
                rules => world::configure(rules, "")?,
            }
            let batch = batch(subject, *count)?;
            let sample = |bench, unit, sample, error| Sample {
                bench,
                subject: (*subject).to_owned(),
                parameter: "at-once".to_owned(),
                value: count.to_string(),
                round: Some(round),
                position: Some(position),
                unit,
                sample,
                iterations: 1,
                error,
            };
            let all = batch.taken.iter().all(Result::is_ok);
            for taken in batch.taken {
                let (value, error) = match taken {
                    Ok(ns) => (Some(ns as f64), String::new()),
                    Err(error) => (None, error),
                };
                bench.sheet.put(&sample("concurrent", "ns", value, error))?;
            }
            let rate = all.then_some(*count as f64 / batch.seconds);
            let error = if all { "" } else { "not every start ran" };
            bench
                .sheet
                .put(&sample("concurrent-rate", "count", rate, error.to_owned()))?;
            reap();
            thread::sleep(method.pause);
        }
        bench.sheet.flush()?;
    }
    Ok(())
}

struct Batch {
    taken: Vec<Taken>,
    /// From the first spawn to the last end.
    seconds: f64,
}

fn batch(subject: &str, count: usize) -> Result<Batch> {
    let (rootfs, id) = (FIVE.rootfs(), TARGET.to_string());
    let bundle = format!("alice/{}", FIVE.bundle);
    let (words, caller): (Vec<&str>, u32) = match subject {
        "floor" => (
            vec![FLOOR, "start", FIVE.letters, &rootfs, &id, &id, "-", INIT],
            0,
        ),
        _ => (vec![LAUNCHER, "alice", "alice", &bundle], world::CALLER),
    };
    let starts = (0..count).map(|_| Start::new(&words, caller, Path::new("/"), Path::new(LOG)));
    let starts = starts.collect::<Result<Vec<_>>>()?;
    let barrier = Barrier::new(count);
    let watchdog = Watchdog::default();
    let done = thread::scope(|scope| {
        let each = |mut start: Start| {
            let (barrier, watchdog) = (&barrier, &watchdog);
            scope.spawn(move || {
                barrier.wait();
                let begin = Instant::now();
                let taken = start.run(watchdog);
                (begin, Instant::now(), taken)
            })
        };
        let threads: Vec<_> = starts.into_iter().map(each).collect();
        let ended = threads.into_iter().filter_map(|thread| thread.join().ok());
        ended.collect::<Vec<_>>()
    });
    let first = done.iter().map(|(begin, _, _)| *begin).min();
    let last = done.iter().map(|(_, end, _)| *end).max();
    let seconds = first
        .zip(last)
        .map_or(0.0, |(first, last)| (last - first).as_secs_f64());
    Ok(Batch {
        taken: done.into_iter().map(|(_, _, taken)| taken).collect(),
        seconds,
    })
}
