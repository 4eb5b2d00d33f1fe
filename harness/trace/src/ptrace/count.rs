//! Counting what a launcher asks of the kernel, exactly: every system call from
//! the exec of the launcher to the exec of the init, by following it with
//! `ptrace(2)`; and its instructions, by stepping through it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::cpu::on_one_cpu;
use crate::names;

/// Number of calls by name.
pub type Calls = BTreeMap<String, u64>;

/// Calls that only wait: how often a waiting process looks depends on timing,
/// so they are not counted.
const WAITING: [&str; 4] = ["rt_sigtimedwait", "wait4", "waitid", "restart_syscall"];

/// Phases of a start in their order, each with the calls that begin the next.
/// The launcher is followed up to the clone of the init, then its child.
const PHASES: [(&str, &[&str]); 4] = [
    // Settings, look-ups, evidence, rules.
    ("decide", &["clone", "clone3", "vfork", "fork"]),
    ("isolate", &["pivot_root", "chroot"]),
    ("enter", &["setresuid", "setuid"]),
    ("drop", &["execve", "execveat"]),
];
/// What follows the last of them: the init, its end, the launcher's end.
const LAST_PHASE: &str = "run";

/// One phase and how many calls it makes.
pub type Phase = (&'static str, u64);

/// What was counted in one start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted {
    /// System calls of all processes of the launcher, up to the init's exec.
    pub calls: Calls,
    /// The same by phase.
    pub phases: Vec<Phase>,
    /// Exit status of the launcher.
    pub status: i32,
}

/// Notes phases as calls come by.
#[derive(Default)]
struct Clock {
    calls: u64,
    done: Vec<Phase>,
}

impl Clock {
    /// `of_init`: the call is made by the process that becomes the init.
    fn call(&mut self, name: &str, of_init: bool) {
        // Only the first phase is the launcher's own; what it does beside its
        // child afterwards depends on who is quicker.
        if !self.done.is_empty() && !of_init {
            return;
        }
        if let Some((phase, ends)) = PHASES.get(self.done.len())
            && ends.contains(&name)
        {
            self.end(phase);
        }
        self.calls += 1;
    }

    fn end(&mut self, phase: &'static str) {
        self.done.push((phase, self.calls));
        self.calls = 0;
    }
}

impl Counted {
    /// All calls together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.calls.values().sum()
    }
}

/// A traced process that stands before its own exec.
fn traced(floor: &str, caller: u32, words: &[&str], options: Options) -> Result<(Child, Pid)> {
    let id = caller.to_string();
    let child = Command::new(floor)
        .args(["trace", &id, &id])
        .args(words)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .current_dir("/")
        .stdin(Stdio::null())
        .spawn()
        .with_context(|| format!("start {floor}"))?;
    let pid = Pid::from_raw(i32::try_from(child.id()).context("a pid")?);
    match waitpid(pid, Some(WaitPidFlag::__WALL)).context("wait for the tracee")? {
        WaitStatus::Stopped(_, Signal::SIGSTOP) => {}
        other => bail!("the tracee did not stop before its exec: {other:?}"),
    }
    ptrace::setoptions(pid, options | Options::PTRACE_O_EXITKILL).context("trace")?;
    Ok((child, pid))
}

/// Counts the system calls of one start by the launcher.
///
/// `floor` is the floor program, `words` the launcher and its arguments,
/// `caller` uid and gid of the caller. The calling thread must be the one that
/// waits for its children, and have none besides.
///
/// # Errors
/// The kernel refuses to trace, or the start is not followed to its end.
pub fn system_calls(floor: &str, caller: u32, words: &[&str]) -> Result<Counted> {
    on_one_cpu(|| follow_system_calls(floor, caller, words))
}

fn follow_system_calls(floor: &str, caller: u32, words: &[&str]) -> Result<Counted> {
    let options = Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACEFORK
        | Options::PTRACE_O_TRACEVFORK
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEEXEC;
    let (_child, main) = traced(floor, caller, words, options)?;
    let mut counted = Counted::default();
    // Processes that are inside a call; those that became the init.
    let (mut inside, mut inits) = (BTreeSet::new(), BTreeSet::new());
    let mut executed = false;
    let mut clock = Clock::default();
    ptrace::syscall(main, None).context("let the tracee go on")?;
    loop {
        let status = waitpid(None, Some(WaitPidFlag::__WALL)).context("wait for a tracee")?;
        let Some(pid) = status.pid() else { continue };
        let mut deliver = None;
        match status {
            WaitStatus::PtraceSyscall(_) => {
                let entering = inside.insert(pid);
                if !entering {
                    inside.remove(&pid);
                } else if executed && !inits.contains(&pid) {
                    let number = ptrace::getregs(pid).context("read registers")?.orig_rax;
                    let name = names::name(number);
                    if !WAITING.contains(&name.as_ref()) {
                        clock.call(&name, pid != main);
                        *counted.calls.entry(name.into_owned()).or_default() += 1;
                    }
                }
            }
            WaitStatus::PtraceEvent(_, _, event)
                if event == ptrace::Event::PTRACE_EVENT_EXEC as i32 =>
            {
                if executed {
                    inits.insert(pid);
                }
                executed = true;
            }
            WaitStatus::Stopped(_, Signal::SIGSTOP | Signal::SIGTRAP) => {}
            WaitStatus::Stopped(_, signal) => deliver = Some(signal),
            WaitStatus::Exited(ended, status) if ended == main => {
                counted.status = status;
                clock.end(LAST_PHASE);
                counted.phases = clock.done;
                ensure!(
                    executed,
                    "the launcher could not be executed: status {status}"
                );
                return Ok(counted);
            }
            WaitStatus::Signaled(ended, signal, _) if ended == main => {
                bail!("the launcher died of {signal}");
            }
            WaitStatus::Exited(..) | WaitStatus::Signaled(..) => continue,
            _ => {}
        }
        // It may be gone already: killed as its namespace ended.
        let _ = ptrace::syscall(pid, deliver);
    }
}

/// What was counted instruction by instruction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stepped {
    /// Instructions in user mode of the program's first process, from its exec
    /// up to the first process that it makes, or to its end. A repeated string
    /// instruction counts once per repetition.
    pub instructions: u64,
    /// CPUID instructions of the program and its children, up to the exec of
    /// another program by a child or its end.
    pub cpuids: u64,
    /// Exit status of the program.
    pub status: i32,
}

/// Counts the instructions of a start; arguments as for [`system_calls`]. Slow:
/// every instruction is a stop.
///
/// # Errors
/// As [`system_calls`].
pub fn instructions(floor: &str, caller: u32, words: &[&str]) -> Result<Stepped> {
    on_one_cpu(|| follow_instructions(floor, caller, words))
}

fn follow_instructions(floor: &str, caller: u32, words: &[&str]) -> Result<Stepped> {
    const CPUID: i64 = 0xa20f;
    let options = Options::PTRACE_O_TRACEFORK
        | Options::PTRACE_O_TRACEVFORK
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEEXEC;
    let (_child, main) = traced(floor, caller, words, options)?;
    let mut stepped = Stepped::default();
    let (mut executed, mut cloned) = (false, false);
    // Whether there is one at an address.
    let mut known = HashMap::new();
    ptrace::cont(main, None).context("let the tracee go on")?;
    loop {
        let status = waitpid(None, Some(WaitPidFlag::__WALL)).context("wait for a tracee")?;
        let Some(pid) = status.pid() else { continue };
        let mut deliver = None;
        match status {
            WaitStatus::PtraceEvent(_, _, event)
                if event == ptrace::Event::PTRACE_EVENT_EXEC as i32 =>
            {
                executed = true;
                // Other code stands there now.
                known.clear();
            }
            WaitStatus::PtraceEvent(..) if executed && pid == main => cloned = true,
            WaitStatus::Stopped(_, Signal::SIGTRAP) if executed => {
                stepped.instructions += u64::from(pid == main && !cloned);
                let at = ptrace::getregs(pid).context("read registers")?.rip;
                let is_cpuid = known.entry(at).or_insert_with(|| {
                    let word = ptrace::read(pid, at as ptrace::AddressType);
                    word.is_ok_and(|word| word & 0xffff == CPUID)
                });
                stepped.cpuids += u64::from(*is_cpuid);
            }
            WaitStatus::Stopped(_, Signal::SIGSTOP | Signal::SIGTRAP) => {}
            WaitStatus::Stopped(_, signal) => deliver = Some(signal),
            WaitStatus::Exited(ended, status) if ended == main => {
                stepped.status = status;
                ensure!(
                    executed,
                    "the program could not be executed: status {status}"
                );
                return Ok(stepped);
            }
            WaitStatus::Signaled(ended, signal, _) if ended == main => {
                bail!("the program died of {signal}");
            }
            WaitStatus::Exited(..) | WaitStatus::Signaled(..) => continue,
            _ => {}
        }
        let gone_on = match executed {
            true => ptrace::step(pid, deliver),
            false => ptrace::cont(pid, deliver),
        };
        // It may be gone already: killed as its namespace ended.
        let _ = gone_on;
    }
}
