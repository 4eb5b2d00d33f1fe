//! Counting the instructions or the system calls of a piece of work, exactly: a
//! process of its own does it and is stopped after every instruction or at every
//! call. Counts depend neither on other load nor on caches, unlike times.

use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::ptrace;
use nix::sys::signal::{Signal, raise};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

use super::count::Calls;
use crate::cpu::on_one_cpu;
use crate::names::name;

/// A piece of work; what it needs is made beforehand.
pub type Work<'a> = Box<dyn FnMut() + 'a>;

/// Does each work between two stops, to be called by the process that
/// [`instructions`] starts. Before that once unwatched, since a first time may
/// bind functions and ask for memory.
///
/// # Errors
/// The process may not be traced.
pub fn perform<'a>(works: impl IntoIterator<Item = Work<'a>>) -> Result<()> {
    ptrace::traceme().context("be traced")?;
    let nothing: Work<'a> = Box::new(|| ());
    for mut work in core::iter::once(nothing).chain(works) {
        work();
        raise(Signal::SIGSTOP)?;
        work();
        raise(Signal::SIGSTOP)?;
    }
    Ok(())
}

/// Starts the program, which must call [`perform`], and gives the number of
/// instructions in user mode that each of its works takes, less what the stops
/// take.
///
/// # Errors
/// The program cannot be started or traced, or does not end as it should.
pub fn instructions(program: Command) -> Result<Vec<u64>> {
    let on = |pid| ptrace::step(pid, None);
    let counts = started(program, on, |_, status, count: &mut u64| {
        let stepped = matches!(status, WaitStatus::Stopped(_, Signal::SIGTRAP));
        ensure!(stepped, "it was to be counted, but {status:?}");
        *count += 1;
        Ok(())
    })?;
    let (nothing, works) = counts.split_first().context("nothing was counted")?;
    let less = |count: &u64| count.checked_sub(*nothing).context("less than nothing");
    works.iter().map(less).collect()
}

/// The same for the system calls that each of its works makes.
///
/// # Errors
/// As [`instructions`].
pub fn calls(program: Command) -> Result<Vec<Calls>> {
    let on = |pid| ptrace::syscall(pid, None);
    // Every call is two stops.
    let mut inside = false;
    let counts = started(program, on, |pid, status, calls: &mut Calls| {
        // Without PTRACE_O_TRACESYSGOOD they look like this.
        let called = matches!(status, WaitStatus::Stopped(_, Signal::SIGTRAP));
        ensure!(called, "it was to be counted, but {status:?}");
        inside = !inside;
        if inside {
            let number = ptrace::getregs(pid).context("read registers")?.orig_rax;
            *calls.entry(name(number).into_owned()).or_default() += 1;
        }
        Ok(())
    })?;
    let (nothing, works) = counts.split_first().context("nothing was counted")?;
    let less = |calls: &Calls| {
        let own = calls.iter().map(|(name, count)| {
            let stops = nothing.get(name).copied().unwrap_or_default();
            (name.clone(), count.saturating_sub(stops))
        });
        own.filter(|(_, count)| *count > 0).collect()
    };
    Ok(works.iter().map(less).collect())
}

fn started<T: Default>(
    mut program: Command,
    on: fn(Pid) -> nix::Result<()>,
    saw: impl FnMut(Pid, WaitStatus, &mut T) -> Result<()>,
) -> Result<Vec<T>> {
    let program = program.stdin(Stdio::null());
    on_one_cpu(|| {
        let mut child = program.spawn().context("start what is counted")?;
        let counts = follow(&child, on, saw);
        if counts.is_err() {
            let _ = child.kill();
        }
        counts
    })
}

/// Goes from stop to stop: `on` within a work, each of which `saw` takes in.
fn follow<T: Default>(
    child: &Child,
    on: fn(Pid) -> nix::Result<()>,
    mut saw: impl FnMut(Pid, WaitStatus, &mut T) -> Result<()>,
) -> Result<Vec<T>> {
    let pid = Pid::from_raw(i32::try_from(child.id()).context("a pid")?);
    let mut counts = Vec::new();
    // Between the stops of a work: what was seen so far.
    let mut count: Option<T> = None;
    loop {
        match waitpid(pid, None).context("wait for what is counted")? {
            WaitStatus::Stopped(_, Signal::SIGSTOP) => match count.take() {
                Some(count) => counts.push(count),
                None => count = Some(T::default()),
            },
            WaitStatus::Exited(_, status) => {
                ensure!(status == 0 && count.is_none(), "it ended with {status}");
                return Ok(counts);
            }
            status @ WaitStatus::Stopped(..) => {
                saw(
                    pid,
                    status,
                    count.as_mut().context("a stop outside of a work")?,
                )?;
            }
            other => bail!("it was to be counted, but {other:?}"),
        }
        match count {
            Some(_) => on(pid),
            None => ptrace::cont(pid, None),
        }
        .context("let what is counted go on")?;
    }
}
