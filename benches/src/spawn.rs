//! Making one start and timing it: from before the spawn to the exit reaped.
//!
//! The caller's ids are those of the calling *thread* (`credentials(7)`: the
//! kernel keeps them per thread), so that the child needs no step of its own
//! before exec and the C library can use its vfork-like spawn: a fork would
//! charge the size of this process to every launcher.

use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::process::{Gid, Uid};
use rustix::thread::{
    CpuSet, sched_setaffinity, set_thread_groups, set_thread_res_gid, set_thread_res_uid,
};

/// Longest that a start may take; then it is killed and counts as failed.
pub const LIMIT: Duration = Duration::from_secs(20);

/// Something that can be started again and again.
#[derive(Debug)]
pub struct Start {
    command: Command,
    /// Caller's uid and gid.
    caller: u32,
    /// Exit status that shows that the init ran.
    expected: i32,
    log: PathBuf,
}

/// What came of a start: nanoseconds, or why it does not count.
pub type Taken = std::result::Result<u64, String>;

impl Start {
    /// The program with its words, asked for by this uid (and the gid of the
    /// same number), in that directory; what it says goes to `log`.
    ///
    /// # Errors
    /// `log` cannot be written.
    pub fn new(words: &[&str], caller: u32, directory: &Path, log: &Path) -> Result<Self> {
        let file = || {
            let options = File::options().create(true).append(true).open(log);
            options.with_context(|| format!("open {}", log.display()))
        };
        let mut command = Command::new(words.first().copied().unwrap_or_default());
        command
            .args(words.iter().skip(1))
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .current_dir(directory)
            .stdin(File::open("/dev/null").context("open /dev/null")?)
            .stdout(Stdio::from(file()?))
            .stderr(Stdio::from(file()?));
        Ok(Self {
            command,
            caller,
            expected: crate::built::RAN,
            log: log.to_owned(),
        })
    }

    /// Another exit status that shows that the init ran.
    #[must_use]
    pub fn expecting(mut self, status: i32) -> Self {
        self.expected = status;
        self
    }

    /// A further variable in the caller's environment.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Starts once and waits for the end.
    pub fn run(&mut self, watchdog: &Watchdog) -> Taken {
        become_caller(self.caller).map_err(|error| format!("become the caller: {error}"))?;
        let begin = Instant::now();
        let spawned = self.command.spawn();
        let ended = spawned.and_then(|mut child| {
            watchdog.watch(child.id());
            let ended = child.wait();
            watchdog.rest();
            ended
        });
        let taken = begin.elapsed();
        become_root().map_err(|error| format!("become root again: {error}"))?;
        let ended = ended.map_err(|error| format!("spawn: {error}"))?;
        self.judge(ended)
            .map(|()| u64::try_from(taken.as_nanos()).unwrap_or(u64::MAX))
    }

    /// A start that did not run its init is no sample, however fast it was.
    fn judge(&self, ended: ExitStatus) -> std::result::Result<(), String> {
        if ended.code() == Some(self.expected) {
            return Ok(());
        }
        let how = match (ended.code(), ended.signal()) {
            (Some(code), _) => format!("exit status {code}"),
            (_, Some(signal)) => format!("signal {signal}"),
            _ => "no status".to_owned(),
        };
        let said = std::fs::read_to_string(&self.log).unwrap_or_default();
        let said = said.lines().last().unwrap_or("nothing said").to_owned();
        Err(format!("{how}, expected {}: {said}", self.expected))
    }
}

fn become_caller(id: u32) -> rustix::io::Result<()> {
    if id == 0 {
        return Ok(());
    }
    let (uid, gid) = (Uid::from_raw(id), Gid::from_raw(id));
    set_thread_groups(&[gid])?;
    set_thread_res_gid(gid, gid, Gid::ROOT)?;
    set_thread_res_uid(uid, uid, Uid::ROOT)
}

fn become_root() -> rustix::io::Result<()> {
    set_thread_res_uid(Uid::ROOT, Uid::ROOT, Uid::ROOT)?;
    set_thread_res_gid(Gid::ROOT, Gid::ROOT, Gid::ROOT)?;
    set_thread_groups(&[])
}

/// Kills a start that takes longer than [`LIMIT`]: a thread that looks once in
/// a while and is never woken by a start, so that it costs none anything.
#[derive(Debug, Default)]
pub struct Watchdog(Arc<Watched>);

#[derive(Debug, Default)]
struct Watched {
    /// 0 when there is none.
    pid: AtomicU32,
    /// Number of starts so far.
    starts: AtomicU64,
}

impl Watchdog {
    /// Starts the thread; it ends with the value.
    #[must_use]
    pub fn new() -> Self {
        let dog = Self::default();
        let watched = Arc::downgrade(&dog.0);
        std::thread::spawn(move || guard(&watched));
        dog
    }

    fn watch(&self, pid: u32) {
        self.0.starts.fetch_add(1, Ordering::Relaxed);
        self.0.pid.store(pid, Ordering::Release);
    }

    fn rest(&self) {
        self.0.pid.store(0, Ordering::Release);
    }
}

fn guard(watched: &Weak<Watched>) {
    const LOOK: Duration = Duration::from_millis(500);
    let (mut last, mut since) = (0, Instant::now());
    loop {
        std::thread::sleep(LOOK);
        let Some(watched) = watched.upgrade() else {
            return;
        };
        let pid = watched.pid.load(Ordering::Acquire);
        let starts = watched.starts.load(Ordering::Relaxed);
        if pid == 0 || starts != last {
            (last, since) = (starts, Instant::now());
        } else if since.elapsed() > LIMIT {
            let pid = i32::try_from(pid).unwrap_or(i32::MAX);
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

/// Ties the calling thread, and what it starts, to one CPU.
///
/// # Errors
/// The kernel's answer.
pub fn pin(cpu: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(cpu);
    sched_setaffinity(None, &set).with_context(|| format!("pin to CPU {cpu}"))
}

/// Lets the calling thread use the first `cpus` CPUs again.
///
/// # Errors
/// The kernel's answer.
pub fn unpin(cpus: usize) -> Result<()> {
    let mut set = CpuSet::new();
    (0..cpus).for_each(|cpu| set.set(cpu));
    sched_setaffinity(None, &set).context("unpin")
}

/// Processes that keep every CPU awake at the lowest priority: waking a
/// sleeping virtual CPU costs more than a start.
#[derive(Debug)]
pub struct Spinners(Vec<std::process::Child>);

impl Spinners {
    /// One for each CPU, from the floor program at `floor`.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(floor: &Path, cpus: usize) -> Result<Self> {
        let mut all = Self(Vec::new());
        for cpu in 0..cpus {
            let child = Command::new(floor)
                .args(["spin", &cpu.to_string()])
                .spawn()
                .with_context(|| format!("start {}", floor.display()))?;
            all.0.push(child);
        }
        Ok(all)
    }
}

impl Drop for Spinners {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(words: &[&str], log: &Path) -> Start {
        Start::new(words, 0, Path::new("/"), log).expect("a start")
    }

    #[test]
    fn a_start_whose_init_did_not_run_is_no_sample() {
        let directory = tempfile::tempdir().expect("a directory");
        let log = directory.path().join("log");
        // Without CAP_SETUID ids cannot be taken back; nothing changes here.
        let judged = |words: &[&str]| {
            let mut start = start(words, &log);
            let ended = start.command.status().expect("it runs");
            start.judge(ended)
        };
        assert_eq!(judged(&["/bin/sh", "-c", "exit 42"]), Ok(()));
        let fast = judged(&["/bin/sh", "-c", "echo no such bundle >&2; exit 0"]);
        let why = fast.expect_err("it did not run the init");
        assert_eq!(why, "exit status 0, expected 42: no such bundle");
        assert!(judged(&["/bin/sh", "-c", "kill -9 $$"]).is_err());
    }
}
