//! Keeping tracer and traced program on one CPU.

use anyhow::{Context, Result};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// Does something while the calling thread, and what it starts, is tied to one
/// CPU: who stops another process again and again and waits for it would have to
/// be woken on another one each time.
///
/// # Errors
/// The kernel's answer, and those of `work`.
pub fn on_one_cpu<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let this = Pid::from_raw(0);
    let before = sched_getaffinity(this).context("CPUs of this thread")?;
    let first = (0..CpuSet::count()).find(|cpu| before.is_set(*cpu).unwrap_or(false));
    let mut one = CpuSet::new();
    one.set(first.context("no CPU")?).context("a set of CPUs")?;
    sched_setaffinity(this, &one).context("tie to one CPU")?;
    let done = work();
    sched_setaffinity(this, &before).context("untie")?;
    done
}
