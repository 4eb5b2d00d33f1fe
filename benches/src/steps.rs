//! Counting the instructions of a piece of work, exactly: a process of its own
//! does it and is stopped after every instruction. Counts depend neither on other
//! load nor on caches, unlike times.

use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::ptrace;
use nix::sys::signal::{Signal, raise};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

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
pub fn instructions(mut program: Command) -> Result<Vec<u64>> {
    let program = program.stdin(Stdio::null());
    let mut child = program.spawn().context("start what is counted")?;
    let counts = follow(&child);
    if counts.is_err() {
        let _ = child.kill();
    }
    let counts = counts?;
    let (nothing, works) = counts.split_first().context("nothing was counted")?;
    let less = |count: &u64| count.checked_sub(*nothing).context("less than nothing");
    works.iter().map(less).collect()
}

fn follow(child: &Child) -> Result<Vec<u64>> {
    let pid = Pid::from_raw(i32::try_from(child.id()).context("a pid")?);
    let mut counts = Vec::new();
    // Between the stops of a work: instructions so far.
    let mut count = None;
    loop {
        match waitpid(pid, None).context("wait for what is counted")? {
            WaitStatus::Stopped(_, Signal::SIGTRAP) => {
                let count = count.as_mut().context("a stop outside of a work")?;
                *count += 1;
            }
            WaitStatus::Stopped(_, Signal::SIGSTOP) => match count.take() {
                Some(count) => counts.push(count),
                None => count = Some(0),
            },
            WaitStatus::Exited(_, status) => {
                ensure!(status == 0 && count.is_none(), "it ended with {status}");
                return Ok(counts);
            }
            other => bail!("it was to be counted, but {other:?}"),
        }
        match count {
            Some(_) => ptrace::step(pid, None),
            None => ptrace::cont(pid, None),
        }
        .context("let what is counted go on")?;
    }
}
