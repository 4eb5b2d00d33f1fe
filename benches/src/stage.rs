//! The process that measures, and the one that watches over it: whatever
//! happens, nothing is left on the host.
//!
//! The measuring process is PID 1 of a pid namespace and lives in a mount
//! namespace of its own, so its end takes every process and mount with it. The
//! watching process removes what the kernel does not: cgroups that OCI runtimes
//! made, and the directory of the cold starts.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};

use anyhow::{Context, Result};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{SigSet, Signal};

const INSIDE: &str = "SEKISHO_BENCH_INSIDE";

/// Names of containers and cgroups begin with this.
pub const PREFIX: &str = "sekisho-bench-";

/// Where the calling process stands.
#[derive(Debug)]
pub enum Stage {
    /// It measures.
    Inside,
    /// The measuring process ended; so should this one.
    Done(ExitCode),
    /// Starts cannot be measured here, and why.
    Without(&'static str),
}

/// Starts the measuring process and waits for it, or finds that this is it.
///
/// # Errors
/// The process cannot be started.
pub fn enter(scratch: &Path) -> Result<Stage> {
    if env::var_os(INSIDE).is_some() {
        let kill = Some(rustix::process::Signal::KILL);
        rustix::process::set_parent_process_death_signal(kill).context("set the death signal")?;
        SigSet::empty()
            .thread_set_mask()
            .context("unblock signals")?;
        return Ok(Stage::Inside);
    }
    if !nix::unistd::geteuid().is_root() {
        return Ok(Stage::Without("not root"));
    }
    let signals = SigSet::from_iter([
        Signal::SIGINT,
        Signal::SIGTERM,
        Signal::SIGHUP,
        Signal::SIGCHLD,
    ]);
    signals.thread_block().context("block signals")?;
    unshare(CloneFlags::CLONE_NEWPID).context("unshare a pid namespace")?;
    let child = Command::new(env::current_exe().context("own program")?)
        .args(env::args_os().skip(1))
        .env(INSIDE, scratch)
        .spawn()
        .context("start the measuring process")?;
    let code = watch(child, &signals)?;
    for left in clean(scratch) {
        eprintln!("could not remove {}", left.display());
    }
    Ok(Stage::Done(code))
}

/// The scratch directory that the watching process will remove.
#[must_use]
pub fn scratch() -> Option<PathBuf> {
    env::var_os(INSIDE).map(PathBuf::from)
}

/// Exit status of a shell's command that died of that signal.
fn after(signal: i32) -> ExitCode {
    ExitCode::from(u8::try_from(128 + signal).unwrap_or(1))
}

fn watch(mut child: Child, signals: &SigSet) -> Result<ExitCode> {
    loop {
        let signal = signals.wait().context("wait for signals")?;
        if signal == Signal::SIGCHLD {
            if let Some(status) = child.try_wait().context("wait for the measuring process")? {
                use std::os::unix::process::ExitStatusExt;
                let code = status.code().and_then(|code| u8::try_from(code).ok());
                return Ok(match code {
                    Some(code) => ExitCode::from(code),
                    None => after(status.signal().unwrap_or(0)),
                });
            }
            continue;
        }
        eprintln!("interrupted: samples so far are kept, cleaning up");
        let _ = child.kill();
        let _ = child.wait();
        return Ok(after(signal as i32));
    }
}

/// Removes what namespaces do not; gives what could not be removed.
fn clean(scratch: &Path) -> Vec<PathBuf> {
    let mut left = Vec::new();
    if fs::remove_dir_all(scratch).is_err() && scratch.exists() {
        left.push(scratch.to_owned());
    }
    for hierarchy in subdirectories(Path::new("/sys/fs/cgroup")) {
        for group in subdirectories(&hierarchy) {
            let name = group.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with(PREFIX) && fs::remove_dir(&group).is_err() {
                left.push(group);
            }
        }
    }
    left
}

fn subdirectories(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect()
}
