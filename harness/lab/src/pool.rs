//! Drives a run: jobs in parallel, one writer, signals, progress.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{self, Receiver, Sender};

use crate::ended::Ended;
use crate::progress::Progress;
use crate::stage::{Stage, Stages};
use crate::work::{Message, Shared, job};
use crate::writer::Sink;
use sekisho_results::Outcome;

/// Longest time that results stay in memory.
const FLUSH_EVERY: Duration = Duration::from_millis(500);

/// Results on their way to the writer; jobs wait when it does not keep up.
const ON_THE_WAY: usize = 4096;

/// Where what workers hand over goes.
pub trait Take<M> {
    /// Takes one message.
    ///
    /// # Errors
    /// It cannot be kept: the workers are stopped, and the error is the run's.
    fn take(&mut self, message: M) -> Result<()>;

    /// Writes what was taken; called twice a second and at the end.
    ///
    /// # Errors
    /// As [`Take::take`].
    fn flush(&mut self) -> Result<()>;
}

/// Runs `jobs` workers in threads of their own, each told its number and where to
/// send what it has; a worker ends when it is done or `stop` is set. Gives the
/// signal that asked to stop, if any.
///
/// # Errors
/// What could not be taken. What was taken until then was flushed.
pub fn drive<M: Send + 'static>(
    jobs: usize,
    stop: &AtomicBool,
    worker: impl Fn(usize, &Sender<M>) + Send + Sync + 'static,
    take: &mut impl Take<M>,
) -> Result<Option<i32>> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(jobs + 1)
        .enable_all()
        .build()
        .context("cannot start the runner's threads")?;
    let ended = runtime.block_on(async {
        let (to, from) = mpsc::channel(ON_THE_WAY);
        let worker = Arc::new(worker);
        for number in 0..jobs.max(1) {
            let (worker, to) = (Arc::clone(&worker), to.clone());
            tokio::task::spawn_blocking(move || worker(number, &to));
        }
        drop((to, worker));
        collect(stop, from, take).await
    });
    // A job that still runs (after a second signal) is not waited for.
    runtime.shutdown_background();
    ended
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
    let total = {
        let queue = shared.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.iter().map(|unit| unit.trials.len()).sum()
    };
    let mut take = Trials {
        writer,
        progress: Progress::new(total),
        ended: Ended::default(),
        leftovers: BTreeSet::new(),
    };
    let worker = {
        let (shared, stages) = (Arc::clone(shared), Arc::clone(stages));
        let first = Mutex::new(Some(first));
        move |_: usize, to: &Sender<Message>| {
            let first = first.lock().unwrap_or_else(PoisonError::into_inner).take();
            job(&shared, stages.as_ref(), first, to);
        }
    };
    let signal = drive(jobs, &shared.stop, worker, &mut take);
    take.progress.finish();
    let mut ended = take.ended;
    ended.rate = take.progress.rate();
    ended.leftovers = take.leftovers.into_iter().collect();
    ended.signal = signal?;
    writer.finish()?;
    Ok(ended)
}

/// Writes trials, and keeps what else is told of them.
struct Trials<'a, S> {
    writer: &'a mut S,
    progress: Progress,
    ended: Ended,
    leftovers: BTreeSet<String>,
}

impl<S: Sink> Take<Message> for Trials<'_, S> {
    fn take(&mut self, message: Message) -> Result<()> {
        match message {
            Message::Done(row, verdicts) => {
                self.writer.push(&row, &verdicts)?;
                self.ended.done += 1;
                self.progress
                    .advance(matches!(row.outcome, Outcome::Failed | Outcome::Timeout));
            }
            Message::Leftovers(left) => self.leftovers.extend(left),
            Message::Cleared(remains) => {
                for one in remains {
                    *self.ended.cleared.entry(one).or_default() += 1;
                }
            }
            Message::Broken(error) => return Err(error),
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.writer.flush()
    }
}

/// The signals that end a run early.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hang_up: listen(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> i32 {
        tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt().as_raw_value(),
            _ = self.terminate.recv() => SignalKind::terminate().as_raw_value(),
            _ = self.hang_up.recv() => SignalKind::hangup().as_raw_value(),
        }
    }
}

/// Takes what the workers hand over until the last of them has ended.
async fn collect<M>(
    stop: &AtomicBool,
    mut from: Receiver<M>,
    take: &mut impl Take<M>,
) -> Result<Option<i32>> {
    let mut signals = Signals::new()?;
    let mut tick = tokio::time::interval(FLUSH_EVERY);
    let mut asked: Option<i32> = None;
    let mut done = Ok(());
    loop {
        let now = tokio::select! {
            message = from.recv() => match message {
                None => break,
                // After a fault nothing more is taken: the jobs only end.
                Some(_) if done.is_err() => Ok(()),
                Some(message) => take.take(message),
            },
            _ = tick.tick() => if done.is_ok() { take.flush() } else { Ok(()) },
            number = signals.next() => {
                if asked.replace(number).is_some() {
                    break; // Asked twice: do not wait for trials under way.
                }
                stop.store(true, Ordering::Relaxed);
                Ok(())
            }
        };
        if now.is_err() {
            stop.store(true, Ordering::Relaxed);
            done = now;
        }
    }
    // Whole lines that still fit are kept whatever the fault was.
    let flushed = take.flush();
    done.and(flushed).map(|()| asked)
}
