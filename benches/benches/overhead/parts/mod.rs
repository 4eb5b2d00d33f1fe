//! The parts, in the order in which they run.

mod ahead;
mod calls;
mod cold;
mod concurrent;
mod cpuid;
mod evaluate;
mod gather;
mod grown;
mod phases;
mod side;
mod start;
mod timer;

pub use evaluate::{COUNTED, perform};
pub use gather::{GATHERING, gather};

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use fastrand::Rng;
use sekisho_benches::machine::About;
use sekisho_benches::options::Options;
use sekisho_benches::rounds::Method;
use sekisho_benches::sheet::Sheet;
use sekisho_benches::spawn::{self, Spinners, Watchdog};
use sekisho_benches::world;

/// What the parts share.
pub struct Bench<'a> {
    pub options: &'a Options,
    pub about: &'a mut About,
    pub sheet: &'a mut Sheet,
    pub random: Rng,
    pub watchdog: Watchdog,
}

impl Bench<'_> {
    /// Rounds of a part: so many in quick and full mode, with a pause and with
    /// the seconds after which no further round is begun in quick mode; in full
    /// mode it has ten times as long.
    fn method(
        &mut self,
        part: &str,
        (quick, full): (u32, u32),
        pause_ms: u64,
        seconds: u64,
    ) -> Method {
        let (rounds, seconds) = match self.options.quick {
            true => (quick, seconds),
            false => (full, 10 * seconds),
        };
        let method = Method {
            rounds,
            warm_up: if self.options.quick { 1 } else { 3 },
            pause: Duration::from_millis(pause_ms),
            budget: Duration::from_secs(seconds),
        };
        let text = format!(
            "at most {} rounds in {seconds} s after {} that are not written, {pause_ms} ms pause \
             after each start",
            method.rounds, method.warm_up
        );
        self.about.method(part, text);
        method
    }
}

/// Runs what was asked for. `outside`: why starts cannot be measured.
pub fn run(
    options: &Options,
    outside: Option<&str>,
    about: &mut About,
    sheet: &mut Sheet,
) -> Result<()> {
    let mut bench = Bench {
        options,
        random: Rng::with_seed(options.seed),
        watchdog: Watchdog::new(),
        about,
        sheet,
    };
    if options.wants("evaluate") {
        evaluate::run(&mut bench)?;
    }
    if let Some(reason) = outside {
        for part in options.parts.iter().filter(|part| *part != "evaluate") {
            bench.about.skip(part, "", reason);
        }
        return Ok(());
    }
    // A thread of its own changes its ids from start to start; the death signal
    // of the process belongs to the main thread and would be lost there.
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| starts(&mut bench));
        thread
            .join()
            .unwrap_or_else(|_| anyhow::bail!("a bench panicked; see above"))
    })
}

fn starts(bench: &mut Bench<'_>) -> Result<()> {
    world::enter(true).context("make the private host")?;
    let (options, cpus) = (bench.options, bench.about.cpus);
    if options.wants("calls") {
        calls::run(bench)?;
    }
    let cpuids = match options.wants("cpuid") {
        true => cpuid::count(bench)?,
        false => Vec::new(),
    };
    // Counting is done; from here on time counts.
    let cpu = cpus - 1;
    spawn::pin(cpu)?;
    let spinners = Spinners::start(Path::new(world::FLOOR), cpus)?;
    bench.about.method("pinned", format!("CPU {cpu}"));
    bench.about.method(
        "spinners",
        format!("one SCHED_IDLE process on each of {cpus} CPUs"),
    );
    if options.wants("cpuid") {
        cpuid::price(bench, &cpuids)?;
    }
    if options.wants("gather") {
        gather::run(bench)?;
    }
    if options.wants("start") {
        start::run(bench)?;
    }
    if options.wants("phases") {
        phases::run(bench)?;
    }
    if options.wants("side") {
        side::run(bench)?;
    }
    if options.wants("grown") {
        grown::run(bench)?;
    }
    if options.wants("cold") {
        cold::run(bench)?;
    }
    drop(spinners);
    spawn::unpin(cpus)?;
    if options.wants("ahead") {
        ahead::run(bench)?;
    }
    if options.wants("concurrent") {
        concurrent::run(bench)?;
    }
    Ok(())
}
