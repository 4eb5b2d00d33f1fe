//! The runner's side: starting an arena, giving orders, taking it away.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use sekisho_sys::process;
use sekisho_trial::{Conditions, Layout, Observation};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::frame;
use crate::ids;
use crate::protocol::{Answer, Equipment, Order, Trial};
use crate::worker::{Entry, Setup};

/// How long an arena may take to end by itself, in milliseconds.
const PATIENCE_MS: i32 = 5_000;

/// How an arena is started.
#[derive(Debug, Clone)]
pub struct StartOptions {
    /// The program that calls [`crate::worker()`]; this one when absent.
    pub program: Option<PathBuf>,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

/// A running arena. Dropping it takes everything away.
#[derive(Debug)]
pub struct Arena {
    guard: Child,
    orders: Option<ChildStdin>,
    answers: ChildStdout,
    errors: File,
}

impl Arena {
    /// Starts an arena: as root with the host's ids, as another user in a
    /// user namespace with the user's subordinate ids.
    ///
    /// # Errors
    /// With the remedy, when the host does not allow it.
    pub fn start(options: &StartOptions) -> Result<Self> {
        let user_namespace = !nix::unistd::geteuid().is_root();
        let map = user_namespace.then(ids::Map::of_this_user).transpose()?;
        let program = sealed_copy(options.program.clone())?;
        let errors = File::from(memory("sekisho-arena-errors", MFdFlags::MFD_CLOEXEC)?);
        let mut guard = Command::new(format!("/proc/self/fd/{}", program.as_raw_fd()))
            .arg0("sekisho-arena")
            .args(&options.arguments)
            .env_clear()
            // Process 1 of a container says so (systemd's container interface,
            // systemd.io/CONTAINER_INTERFACE), and firejail makes no sandbox
            // in what it does not know for one: lxc is the nearest that it
            // does. Nothing that a trial starts inherits this.
            .env("container", "lxc")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors.try_clone()?)
            .current_dir("/")
            .spawn()
            .context("cannot start the arena's process")?;
        let (Some(orders), Some(answers)) = (guard.stdin.take(), guard.stdout.take()) else {
            bail!("the arena's process has no streams");
        };
        let mut arena = Self {
            guard,
            orders: Some(orders),
            answers,
            errors,
        };
        arena.send(&Setup { user_namespace })?;
        loop {
            match arena.receive()? {
                Entry::MapIds => {
                    let map = map
                        .as_ref()
                        .context("ids to map in an arena made by root")?;
                    map.apply(arena.guard.id())?;
                    arena.send(&())?;
                }
                Entry::Ready(_) => return Ok(arena),
            }
        }
    }

    /// Gives the arena what it carries; once, before all else.
    ///
    /// # Errors
    /// When a file cannot be made, or the arena died.
    pub fn equip(&mut self, equipment: Equipment) -> Result<Conditions> {
        match self.order(&Order::Equip(equipment))? {
            Answer::Equipped(conditions) => Ok(*conditions),
            other => Err(unexpected(&other)),
        }
    }

    /// Builds the files of a case; gives the microseconds it took.
    ///
    /// # Errors
    /// When a file cannot be made, or the arena died.
    pub fn prepare(&mut self, layout: Layout) -> Result<u64> {
        match self.order(&Order::Prepare(layout))? {
            Answer::Prepared(duration_us) => Ok(duration_us),
            other => Err(unexpected(&other)),
        }
    }

    /// Runs one trial; blocks until it is cleared away.
    ///
    /// # Errors
    /// When it could not be set up, or the arena died.
    pub fn run(&mut self, trial: Trial) -> Result<Observation> {
        match self.order(&Order::Run(Box::new(trial)))? {
            Answer::Observed(observation) => Ok(*observation),
            other => Err(unexpected(&other)),
        }
    }

    /// Ends the arena; gives what was left behind, which must be nothing.
    ///
    /// # Errors
    /// When the arena died before, or does not end.
    pub fn quit(mut self) -> Result<Vec<String>> {
        let leftovers = match self.order(&Order::Quit)? {
            Answer::Quitted(leftovers) => leftovers,
            other => return Err(unexpected(&other)),
        };
        self.orders = None;
        let status = self.end()?;
        if !status.success() {
            bail!("the arena ended with {status}: {}", self.said());
        }
        Ok(leftovers)
    }

    /// Process id of the guard, the outermost process of the arena.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.guard.id()
    }

    /// Whether the arena still takes orders. After an error it may: the order
    /// could not be carried out, but the next one can.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.orders.is_some()
    }

    fn order(&mut self, order: &Order) -> Result<Answer> {
        self.send(order)?;
        self.receive()
    }

    fn send<T: Serialize>(&mut self, value: &T) -> Result<()> {
        let orders = self.orders.as_mut().context("the arena has ended")?;
        let sent = frame::write(orders, value);
        sent.map_err(|error| self.died(&error))
    }

    fn receive<T: DeserializeOwned>(&mut self) -> Result<T> {
        match frame::read(&mut self.answers) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(self.died(&anyhow!("no answer"))),
            Err(error) => Err(self.died(&error)),
        }
    }

    /// The error of a dead arena, with what it said.
    fn died(&mut self, error: &anyhow::Error) -> anyhow::Error {
        self.orders = None;
        let status = self
            .end()
            .map_or_else(|error| error.to_string(), |s| s.to_string());
        anyhow!("the arena ended with {status} ({error:#}): {}", self.said())
    }

    /// What the arena's processes wrote to standard error.
    fn said(&mut self) -> String {
        let mut said = Vec::new();
        let read = self
            .errors
            .seek(SeekFrom::Start(0))
            .and_then(|_| self.errors.read_to_end(&mut said));
        match read {
            Ok(_) => String::from_utf8_lossy(&said)
                .trim_end()
                .replace('\n', "; "),
            Err(error) => format!("its standard error is lost: {error}"),
        }
    }

    /// Waits for the end; kills when it does not come.
    fn end(&mut self) -> Result<std::process::ExitStatus> {
        if let Some(status) = self.guard.try_wait()? {
            return Ok(status);
        }
        // The guard is not reaped yet, so its id is still its own.
        let ended = process::pidfd_open(i32::try_from(self.guard.id())?)?;
        if !process::wait_readable(ended.as_raw_fd(), PATIENCE_MS)? {
            self.guard.kill()?;
        }
        Ok(self.guard.wait()?)
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        // The guard sees the hang-up and takes everything away.
        self.orders = None;
        // There is nobody to tell: the guard is gone, or the system is broken.
        let _ = self.end();
    }
}

fn unexpected(answer: &Answer) -> anyhow::Error {
    match answer {
        Answer::Fault(fault) => anyhow!("{fault}"),
        other => anyhow!("the arena answered something else: {other:?}"),
    }
}

/// A sealed copy of the program in memory. The arena's processes run from it,
/// so that no trial can reach the program on disk through `/proc/PID/exe`.
fn sealed_copy(program: Option<PathBuf>) -> Result<OwnedFd> {
    let path = program.unwrap_or_else(|| PathBuf::from("/proc/self/exe"));
    let mut from = File::open(&path).with_context(|| format!("cannot open {path:?}"))?;
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    let mut copy = File::from(memory("sekisho-arena", flags)?);
    std::io::copy(&mut from, &mut copy).with_context(|| format!("cannot copy {path:?}"))?;
    let seals = SealFlag::F_SEAL_WRITE
        | SealFlag::F_SEAL_SHRINK
        | SealFlag::F_SEAL_GROW
        | SealFlag::F_SEAL_SEAL;
    seal(&copy, seals).context("cannot seal the copy of the program")?;
    Ok(copy.into())
}

/// The kernel refuses to seal while anything else holds a page of the file for a
/// moment, as its own compaction of memory does (`memfd_wait_for_pins`, which
/// itself waits for 150 ms).
fn seal(copy: &File, seals: SealFlag) -> nix::Result<()> {
    const ATTEMPTS: u32 = 20;
    let add = || fcntl(copy, FcntlArg::F_ADD_SEALS(seals)).map(drop);
    for _ in 1..ATTEMPTS {
        match add() {
            Err(Errno::EBUSY) => {}
            other => return other,
        }
    }
    add()
}

fn memory(name: &str, flags: MFdFlags) -> Result<OwnedFd> {
    memfd_create(name, flags).map_err(|errno| anyhow!("memfd_create({name:?}): {errno:?}"))
}
