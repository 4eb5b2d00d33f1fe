//! The supervisor: process 1 of a trial's pid namespace.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout};
use nix::unistd::Pid;
use sekisho_sys::arena::{self, Side, SingleThread};
use sekisho_sys::process::{self, Ended};
use sekisho_sys::{signals, terminal};
use sekisho_trial::{End, HostChange, PlannedFile, Seen};
use sekisho_witness::Canary;
use serde::{Deserialize, Serialize};

use crate::deeds;
use crate::host::Host;
use crate::layer::Named;
use crate::pause::Pause;
use crate::program::{Standard, become_program};
use crate::protocol::Trial;
use crate::root::{HOST_SOCKET, make_root};
use crate::sight::Sight;

/// Most bytes kept of an observed file.
const MOST_CONTENT: u64 = 64 * 1024;
/// Most bytes kept of a collected file.
const MOST_COLLECTED: u64 = 4 * 1024 * 1024;

/// What a supervisor tells the worker.
#[derive(Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// How the launcher ended.
    pub end: End,
    /// The `observe` paths.
    pub observed: Vec<Option<Seen>>,
    /// The `collect` files.
    pub collected: Vec<Option<Vec<u8>>>,
    /// What is not as before on the host.
    pub host_changes: Vec<HostChange>,
    /// Processes that outlived the launcher.
    pub survivors: u32,
    /// What could not be done before the start.
    pub not_done: Vec<(u32, String)>,
    /// Steps that failed.
    pub steps_failed: Vec<String>,
    /// From spawn of the launcher to its end, in microseconds.
    pub duration_us: u64,
}

/// What a supervisor works with; all of it made by the worker.
#[derive(Debug)]
pub struct Place<'a> {
    /// The arena's host.
    pub host: &'a Host,
    /// The proof that forking is safe.
    pub single: &'a SingleThread,
    /// The case's layer.
    pub case: &'a Path,
    /// Files made anew for each trial.
    pub fresh: &'a [PlannedFile],
    /// Canaries of the case.
    pub canaries: &'a [Canary],
    /// Bytes of named contents.
    pub named: &'a Named,
    /// The ends of the output pipes.
    pub output: (OwnedFd, OwnedFd),
}

/// Does the whole trial.
///
/// # Errors
/// With the step of setting up that failed; nothing was observed then.
pub fn supervise(place: &Place, trial: &Trial) -> Result<Outcome> {
    let sight = make_root(place, trial)?;
    terminal::new_session()?;
    let listener = UnixListener::bind(HOST_SOCKET).context("cannot make the host's socket")?;
    fs::set_permissions(HOST_SOCKET, fs::Permissions::from_mode(0o666))?;
    signals::set_mask(signals::bit(signals::SIGCHLD))?;
    let mut supervisor = Supervisor::new(place, trial, sight)?;
    let outcome = supervisor.run();
    drop(listener);
    outcome
}

/// The running part of a trial.
struct Supervisor<'a> {
    place: &'a Place<'a>,
    trial: &'a Trial,
    children: File,
    terminal: Option<(OwnedFd, OwnedFd)>,
    pause: Option<Pause>,
    sight: Sight,
}

impl<'a> Supervisor<'a> {
    fn new(place: &'a Place<'a>, trial: &'a Trial, sight: Sight) -> Result<Self> {
        let mut set = nix::sys::signal::SigSet::empty();
        set.add(nix::sys::signal::Signal::SIGCHLD);
        let flags =
            nix::sys::signalfd::SfdFlags::SFD_CLOEXEC | nix::sys::signalfd::SfdFlags::SFD_NONBLOCK;
        let children = nix::sys::signalfd::SignalFd::with_flags(&set, flags)?;
        let children = File::from(children.as_fd().try_clone_to_owned()?);
        let terminal = trial.start.terminal.then(terminal::open_pair).transpose()?;
        let pause = trial.pause.as_deref().map(Pause::new).transpose()?;
        Ok(Self {
            place,
            trial,
            children,
            terminal,
            pause,
            sight,
        })
    }

    fn run(&mut self) -> Result<Outcome> {
        let not_done = self.act_before()?;
        let (failure, failed) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
        let before = self.sight.look()?;
        let begin = Instant::now();
        let program = match self.place.single.fork(0, None)? {
            Side::Child => {
                let (out, err) = &self.place.output;
                let standard = match &self.terminal {
                    Some((_, end)) => Standard::Terminal(end.as_fd()),
                    None => Standard::Pipes(out.as_fd(), err.as_fd()),
                };
                become_program(&self.trial.start, &standard, &failed)
            }
            Side::Parent(pid) => pid,
        };
        drop(failed);
        if let Some((_, end)) = self.terminal.as_mut() {
            // Only the program's copies keep the terminal open.
            let null = File::open("/dev/null")?;
            *end = null.into();
        }
        let mut steps_failed = Vec::new();
        let end = self.wait(program, begin, &mut steps_failed)?;
        let duration_us = u64::try_from(begin.elapsed().as_micros())?;
        let mut reason = String::new();
        // Empty when the program was executed: exec closed the other end. It
        // is also closed when the deadline came first.
        nix::sys::signal::kill(Pid::from_raw(-1), nix::sys::signal::Signal::SIGKILL).ok();
        let survivors = reap_all();
        let after = self.sight.look()?;
        File::from(failure).read_to_string(&mut reason)?;
        self.copy_terminal();
        let waited_for = self.pause.as_ref().is_some_and(|pause| !pause.is_over());
        if waited_for && !self.trial.start.between.is_empty() {
            steps_failed.push("the launcher never paused".to_owned());
        }
        Ok(Outcome {
            end: if reason.is_empty() {
                end
            } else {
                End::NotStarted(reason)
            },
            observed: self.trial.observe.iter().map(|path| look(path)).collect(),
            collected: self
                .trial
                .collect
                .iter()
                .map(|path| collect(path))
                .collect(),
            host_changes: self.sight.changes(&before, &after),
            survivors,
            not_done,
            steps_failed,
            duration_us,
        })
    }

    /// What comes before the start: who does it does it with his own ids.
    fn act_before(&self) -> Result<Vec<(u32, String)>> {
        deeds::perform(self.place, &self.trial.before, self.trial)
            .context("what comes before the start")
    }

    /// Until the program has ended or the deadline has come.
    fn wait(&mut self, program: i32, begin: Instant, failed: &mut Vec<String>) -> Result<End> {
        let deadline = begin + Duration::from_millis(self.trial.deadline_ms);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(End::Timeout);
            }
            let timeout = PollTimeout::try_from(left.as_millis().clamp(1, 60_000) as i32)?;
            let mut ready = [false; 3];
            {
                let mut waited = vec![PollFd::new(self.children.as_fd(), PollFlags::POLLIN)];
                if let Some((controlling, _)) = &self.terminal {
                    waited.push(PollFd::new(controlling.as_fd(), PollFlags::POLLIN));
                }
                if let Some(pause) = self.pause.as_ref().filter(|pause| !pause.is_over()) {
                    waited.push(PollFd::new(pause.reached(), PollFlags::POLLIN));
                }
                match nix::poll::poll(&mut waited, timeout) {
                    Ok(_) | Err(nix::errno::Errno::EINTR) => {}
                    Err(errno) => return Err(anyhow!("poll(): {errno:?}")),
                }
                for (at, one) in waited.iter().enumerate() {
                    ready[at] = one.any().unwrap_or_default();
                }
            }
            let with_terminal = usize::from(self.terminal.is_some());
            if ready[0] {
                // Several deaths may be one notice: reap all there are.
                let mut notice = [0; 128];
                while self.children.read(&mut notice).is_ok_and(|count| count > 0) {}
                if let Some(end) = reap(program) {
                    return Ok(end);
                }
            }
            if with_terminal == 1 && ready[1] && !self.copy_terminal() {
                // Nobody has it open: the hang-up would be told for ever.
                std::thread::sleep(Duration::from_millis(1));
            }
            if ready[1 + with_terminal]
                && let Some(pause) = &mut self.pause
                && pause.is_reached()
            {
                let done = deeds::perform(self.place, &self.trial.start.between, self.trial);
                failed.extend(done?.into_iter().map(|(_, why)| why));
                pause.let_go()?;
            }
        }
    }

    /// Copies what is there to the output; false when nothing was.
    fn copy_terminal(&self) -> bool {
        let Some((controlling, _)) = &self.terminal else {
            return false;
        };
        let mut any = false;
        let mut bytes = [0; 4096];
        loop {
            let mut ready = [PollFd::new(controlling.as_fd(), PollFlags::POLLIN)];
            let waiting = nix::poll::poll(&mut ready, PollTimeout::ZERO).unwrap_or_default() > 0
                && ready[0]
                    .revents()
                    .is_some_and(|events| events.contains(PollFlags::POLLIN));
            if !waiting {
                return any;
            }
            match nix::unistd::read(controlling, &mut bytes) {
                Ok(count) if count > 0 => {
                    any = true;
                    let mut rest = &bytes[..count];
                    while !rest.is_empty() {
                        match nix::unistd::write(&self.place.output.0, rest) {
                            Ok(count) => rest = &rest[count..],
                            Err(_) => return any,
                        }
                    }
                }
                _ => return any,
            }
        }
    }
}

/// Reaps whatever has ended; how the program did, if it is among it.
fn reap(program: i32) -> Option<End> {
    let mut end = None;
    while let Ok(Some((pid, how))) = arena::wait_any(false) {
        if pid == program {
            end = Some(match how {
                Ended::Status(status) => End::Exited(status),
                Ended::Signal(signal) => End::Signalled(signal),
            });
        }
    }
    end
}

/// Reaps until no child is left; the number of those that had to be killed.
fn reap_all() -> u32 {
    let mut killed = 0;
    while let Ok(ended) = arena::wait_any(true) {
        let killed_now = matches!(ended, Some((_, Ended::Signal(signals::SIGKILL))));
        killed += u32::from(killed_now);
    }
    killed
}

fn look(path: &str) -> Option<Seen> {
    let found = fs::symlink_metadata(path).ok()?;
    let content = if found.is_file() {
        read_some(path, MOST_CONTENT).unwrap_or_default()
    } else {
        Vec::new()
    };
    Some(Seen {
        uid: found.uid(),
        gid: found.gid(),
        mode: found.mode(),
        content,
    })
}

fn collect(path: &str) -> Option<Vec<u8>> {
    fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    read_some(path, MOST_COLLECTED).ok()
}

fn read_some(path: &str, most: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::OpenOptions::new()
        .read(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(path)?
        .take(most)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes the outcome for the worker and ends the process.
pub fn finish(control: OwnedFd, outcome: &Result<Outcome>) -> ! {
    let told: Result<&Outcome, String> = outcome.as_ref().map_err(|error| format!("{error:#}"));
    let mut control = File::from(control);
    let done = crate::frame::write(&mut control, &told).and_then(|()| Ok(control.flush()?));
    process::exit(i32::from(done.is_err()))
}
