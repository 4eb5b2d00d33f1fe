//! The worker's side of one trial: starts the supervisor, drains the output,
//! reaps it, and compares what is left.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout};
use sekisho_sys::arena::{self, Side, SingleThread};
use sekisho_trial::{MOST_OUTPUT, Observation, PlannedFile};
use sekisho_witness::Canary;

use crate::host::Host;
use crate::layer::Named;
use crate::leftovers::{Marks, clear_groups};
use crate::protocol::Trial;
use crate::supervise::{Outcome, Place, finish, supervise};

/// How long a supervisor may take beyond the deadline to clear away.
const GRACE: Duration = Duration::from_secs(10);

/// A prepared case.
#[derive(Debug)]
pub struct Case {
    /// Its layer.
    pub layer: PathBuf,
    /// Files made anew for each trial.
    pub fresh: Vec<PlannedFile>,
    /// Its canaries.
    pub canaries: Vec<Canary>,
}

/// What listens for the arena's host as long as the arena lives.
#[derive(Debug)]
pub struct Listeners {
    /// On the loopback port.
    pub port: std::net::TcpListener,
    /// On the abstract name.
    pub name: UnixListener,
}

impl Listeners {
    /// Takes and closes what a trial connected, so that the next finds room.
    fn drain(&self) {
        while self.port.accept().is_ok() {}
        while self.name.accept().is_ok() {}
    }
}

/// An output stream that is being drained.
struct Drain {
    from: Option<File>,
    kept: Vec<u8>,
    truncated: bool,
}

impl Drain {
    fn new(from: OwnedFd) -> Result<Self> {
        fcntl(&from, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        Ok(Self {
            from: Some(from.into()),
            kept: Vec::new(),
            truncated: false,
        })
    }

    /// Takes what is there; false when nothing more will come.
    fn take(&mut self, most: usize, buffer: &mut [u8]) {
        let Some(from) = &mut self.from else {
            return;
        };
        match from.read(buffer) {
            Ok(0) => self.from = None,
            Ok(count) => {
                let room = most - self.kept.len();
                self.kept.extend_from_slice(&buffer[..count.min(room)]);
                self.truncated |= count > room;
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => self.from = None,
        }
    }

    /// Takes what is left after the last writer has gone.
    fn finish(&mut self, most: usize, buffer: &mut [u8]) {
        loop {
            let before = (self.kept.len(), self.truncated);
            self.take(most, buffer);
            let more = self.from.is_some() && (self.kept.len(), self.truncated) != before;
            if !more || self.kept.len() == most {
                return;
            }
        }
    }
}

/// What the worker needs for trials.
#[derive(Debug)]
pub struct Bench {
    /// The arena's host.
    pub host: Host,
    /// The proof that forking is safe.
    pub single: SingleThread,
    /// Named contents.
    pub named: Named,
    /// What listens.
    pub listeners: Listeners,
    /// The prepared case.
    pub case: Option<Case>,
    /// The state to come back to.
    pub marks: Option<Marks>,
}

impl Bench {
    /// Runs one trial.
    ///
    /// # Errors
    /// When the trial could not be set up: a fault of harness or host.
    pub fn run(&mut self, trial: &Trial) -> Result<Observation> {
        let begin = Instant::now();
        let case = self
            .case
            .as_ref()
            .context("no case is prepared; send one before the first trial")?;
        let (out, to_out) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
        let (err, to_err) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
        let (control, to_control) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
        let namespaces =
            arena::CLONE_NEWPID | arena::CLONE_NEWNS | arena::CLONE_NEWIPC | arena::CLONE_NEWUTS;
        let supervisor = match self.single.fork(namespaces, None)? {
            Side::Child => {
                drop((out, err, control));
                let place = Place {
                    host: &self.host,
                    single: &self.single,
                    case: &case.layer,
                    fresh: &case.fresh,
                    canaries: &case.canaries,
                    named: &self.named,
                    output: (to_out, to_err),
                };
                finish(to_control, &supervise(&place, trial))
            }
            Side::Parent(pid) => pid,
        };
        drop((to_out, to_err, to_control));
        let mut streams = [Drain::new(out)?, Drain::new(err)?, Drain::new(control)?];
        let limit = begin + Duration::from_millis(trial.deadline_ms) + GRACE;
        let in_time = drain(&mut streams, limit);
        if in_time.is_err() {
            let pid = nix::unistd::Pid::from_raw(supervisor);
            nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL)?;
        }
        sekisho_sys::process::wait(supervisor, true)?;
        let mut buffer = vec![0; 64 * 1024];
        for stream in &mut streams[..2] {
            stream.finish(MOST_OUTPUT, &mut buffer);
        }
        self.listeners.drain();
        let [out, err, control] = streams;
        in_time?;
        let told: Option<Result<Outcome, String>> =
            crate::frame::read(&mut control.kept.as_slice())?;
        let Some(outcome) = told else {
            bail!("the trial's supervisor died");
        };
        let outcome = outcome.map_err(|error| anyhow!("{error}"))?;
        let cleared = match self.host.own_group {
            true => clear_groups(&trial.clear),
            false => Vec::new(),
        };
        Ok(Observation {
            end: outcome.end,
            stdout: out.kept,
            stderr: err.kept,
            truncated: out.truncated || err.truncated,
            observed: outcome.observed,
            collected: outcome.collected,
            leftovers: self.compare()?,
            cleared,
            host_changes: outcome.host_changes,
            survivors: outcome.survivors,
            not_done: outcome.not_done,
            steps_failed: outcome.steps_failed,
            duration_us: outcome.duration_us,
            total_us: u64::try_from(begin.elapsed().as_micros())?,
        })
    }

    /// What is not as before; put back where possible.
    fn compare(&mut self) -> Result<Vec<String>> {
        let Some(marks) = &self.marks else {
            return Ok(Vec::new());
        };
        let now = Marks::read(self.host.own_group)?;
        if *marks == now {
            return Ok(Vec::new());
        }
        marks.restore(&now);
        Ok(marks.differences(&now))
    }
}

/// Drains output until the supervisor has told its outcome.
fn drain(streams: &mut [Drain; 3], limit: Instant) -> Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    while streams[2].from.is_some() {
        let left = limit.saturating_duration_since(Instant::now());
        if left.is_zero() {
            bail!("the trial's supervisor did not end in time and was killed");
        }
        let mut waited = Vec::with_capacity(streams.len());
        let mut which = Vec::with_capacity(streams.len());
        for (at, stream) in streams.iter().enumerate() {
            if let Some(from) = &stream.from {
                waited.push(PollFd::new(from.as_fd(), PollFlags::POLLIN));
                which.push(at);
            }
        }
        let timeout = PollTimeout::try_from(left.as_millis().clamp(1, 60_000) as i32)?;
        match nix::poll::poll(&mut waited, timeout) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(errno) => bail!("poll(): {errno:?}"),
        }
        let ready: Vec<usize> = waited
            .iter()
            .zip(&which)
            .filter(|(one, _)| one.any().unwrap_or_default())
            .map(|(_, at)| *at)
            .collect();
        for at in ready {
            let most = if at == 2 { usize::MAX } else { MOST_OUTPUT };
            streams[at].take(most, &mut buffer);
        }
    }
    Ok(())
}
