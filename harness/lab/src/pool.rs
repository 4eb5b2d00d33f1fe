//! Drives a run: jobs in parallel, one writer, signals, progress.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{self, Receiver};

use crate::progress::Progress;
use crate::rows::Outcome;
use crate::stage::{Stage, Stages};
use crate::work::{Message, Shared, job};
use crate::writer::Sink;

/// Longest time that results stay in memory.
const FLUSH_EVERY: Duration = Duration::from_millis(500);

/// Results on their way to the writer; jobs wait when it does not keep up.
const ON_THE_WAY: usize = 4096;

/// How a run ended.
#[derive(Debug, Default)]
pub struct Ended {
    /// Trials that this process did.
    pub done: usize,
    /// What was left behind, each once.
    pub leftovers: Vec<String>,
    /// Known remains of launchers that were cleared away, and how often.
    pub cleared: BTreeMap<String, usize>,
    /// Signal that ended it early.
    pub signal: Option<i32>,
    /// Trials per second.
    pub rate: f64,
}

/// Runs everything in the queue and writes the results.
///
/// # Errors
/// Results could not be written, or arenas could not be kept alive. What was
/// written until then is whole.
pub fn run(
    shared: &Arc<Shared>,
    stages: &Arc<dyn Stages>,
    first: Box<dyn Stage>,
    jobs: usize,
    writer: &mut impl Sink,
) -> Result<Ended> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(jobs + 1)
        .enable_all()
        .build()
        .context("cannot start the runner's threads")?;
    let ended = runtime.block_on(async {
        let (to, from) = mpsc::channel(ON_THE_WAY);
        let mut first = Some(first);
        for _ in 0..jobs {
            let (shared, stages, to) = (Arc::clone(shared), Arc::clone(stages), to.clone());
            let first = first.take();
            tokio::task::spawn_blocking(move || job(&shared, stages.as_ref(), first, &to));
        }
        drop(to);
        collect(shared, from, writer).await
    });
    // A job that still runs (after a second signal) is not waited for.
    runtime.shutdown_background();
    let ended = ended?;
    writer.finish()?;
    Ok(ended)
}

/// The signals that end a run early.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Waits for one in a thread of its own; the number is 0 until then. A
    /// second one ends the process at once.
    ///
    /// # Errors
    /// They cannot be listened for.
    pub fn watch() -> Result<Arc<AtomicI32>> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot listen for signals")?;
        let mut signals = runtime.block_on(async { Self::new() })?;
        let seen = Arc::new(AtomicI32::new(0));
        let told = Arc::clone(&seen);
        std::thread::spawn(move || {
            runtime.block_on(async {
                told.store(signals.next().await, Ordering::Relaxed);
                std::process::exit(128 + signals.next().await);
            });
        });
        Ok(seen)
    }

    async fn next(&mut self) -> i32 {
        tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt().as_raw_value(),
            _ = self.terminate.recv() => SignalKind::terminate().as_raw_value(),
        }
    }
}

/// Writes what the jobs hand over until the last of them has ended.
async fn collect(
    shared: &Shared,
    mut from: Receiver<Message>,
    writer: &mut impl Sink,
) -> Result<Ended> {
    let total = {
        let queue = shared
            .queue
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        queue.iter().map(|unit| unit.trials.len()).sum()
    };
    let mut progress = Progress::new(total);
    let mut signals = Signals::new()?;
    let mut tick = tokio::time::interval(FLUSH_EVERY);
    let mut ended = Ended::default();
    let mut leftovers = BTreeSet::new();
    let mut fault: Option<anyhow::Error> = None;
    loop {
        tokio::select! {
            message = from.recv() => match message {
                None => break,
                Some(Message::Done(row, verdicts)) => {
                    if fault.is_none() && let Err(error) = writer.push(&row, &verdicts) {
                        stop(shared, &mut fault, error);
                    }
                    ended.done += 1;
                    progress.advance(matches!(row.outcome, Outcome::Failed | Outcome::Timeout));
                }
                Some(Message::Leftovers(left)) => leftovers.extend(left),
                Some(Message::Cleared(remains)) => {
                    for one in remains {
                        *ended.cleared.entry(one).or_default() += 1;
                    }
                }
                Some(Message::Broken(error)) => stop(shared, &mut fault, error),
            },
            _ = tick.tick() => if fault.is_none() && let Err(error) = writer.flush() {
                stop(shared, &mut fault, error);
            },
            number = signals.next() => {
                if ended.signal.replace(number).is_some() {
                    break; // Asked twice: do not wait for trials under way.
                }
                shared.stop.store(true, Ordering::Relaxed);
            }
        }
    }
    progress.finish();
    ended.rate = progress.rate();
    ended.leftovers = leftovers.into_iter().collect();
    match fault {
        Some(error) => {
            // Whole lines that still fit are kept whatever the fault was.
            let _ = writer.flush();
            Err(error)
        }
        None => Ok(ended),
    }
}

fn stop(shared: &Shared, fault: &mut Option<anyhow::Error>, error: anyhow::Error) {
    shared.stop.store(true, Ordering::Relaxed);
    fault.get_or_insert(error);
}
