//! The controller's side of the fork server.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use sekisho_sys::arena::{CLONE_NEWPID, Side, SingleThread};
use sekisho_sys::notify::{Listener, Notification, Reply, descriptor_of};
use sekisho_sys::{Errno, process};

use super::calls::{Calls, is_exec};
use super::start::Start;
use super::stop::{Answer, Role, Stop};
use super::zygote::{self, Said, serve};

/// `SIGKILL`.
const KILL: i32 = nix::sys::signal::Signal::SIGKILL as i32;

/// A start that came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// How the started process ended.
    pub how: process::Ended,
    /// Stops that the controller was shown.
    pub stops: u64,
    /// Whether it was killed since its time was over.
    pub timed_out: bool,
}

/// A process that starts programs under a filter, one at a time.
#[derive(Debug)]
pub struct Server {
    zygote: i32,
    zygote_fd: OwnedFd,
    control: UnixStream,
    listener: Listener,
    calls: Calls,
    /// Whether stop and answer wake on the same CPU.
    same_cpu: bool,
    /// A start was given up: nobody knows what the server does now.
    broken: bool,
}

/// What is known of the processes of one start.
#[derive(Debug, Default)]
struct Processes {
    /// The process that was started, from its exec on.
    main: Option<(i32, OwnedFd)>,
    /// Process of each thread that has stopped.
    threads: BTreeMap<i32, i32>,
    roles: BTreeMap<i32, Role>,
}

impl Server {
    /// Starts the fork server: a child of this process, root, first process of a
    /// new pid namespace. `prepare` runs in it before the filter is there: it may
    /// enter namespaces, mount, open descriptors 0 to 2 for what is started.
    ///
    /// # Errors
    /// This process may not (CAP_SYS_ADMIN in its user namespace is needed) or has
    /// a listener above it (EBUSY); those of `prepare`.
    pub fn start(
        single: &SingleThread,
        calls: &Calls,
        prepare: impl FnOnce() -> Result<()>,
    ) -> Result<Self> {
        let (mut control, others) = UnixStream::pair().context("a pair of sockets")?;
        let zygote = match single.fork(CLONE_NEWPID, None)? {
            Side::Child => {
                drop(control);
                serve(single, others, calls.filtered().as_deref(), prepare)
            }
            Side::Parent(pid) => pid,
        };
        drop(others);
        let begun = process::pidfd_open(zygote)
            .map_err(anyhow::Error::from)
            .and_then(|fd| Ok((listener(&mut control, &fd)?, fd)));
        let (listener, zygote_fd) = match begun {
            Ok(begun) => begun,
            Err(error) => {
                // Not reaped yet, so the number is still its own.
                let _ = nix::sys::signal::kill(
                    nix::unistd::Pid::from_raw(zygote),
                    nix::sys::signal::Signal::SIGKILL,
                );
                let _ = process::wait(zygote, true);
                return Err(error.context("start the fork server"));
            }
        };
        let same_cpu = listener.wake_up_here();
        Ok(Self {
            zygote,
            zygote_fd,
            control,
            listener,
            calls: calls.clone(),
            same_cpu,
            broken: false,
        })
    }

    /// Whether the kernel wakes both sides on one CPU (Linux 6.6), which makes
    /// stops cheaper.
    #[must_use]
    pub fn same_cpu(&self) -> bool {
        self.same_cpu
    }

    /// Starts, and calls `on` at each stop of the program and of what it starts,
    /// in the order in which they come. The call that executes the program itself
    /// is no stop. Comes back when the started process has ended and everything
    /// that it left was killed.
    ///
    /// # Errors
    /// The program cannot be executed; an error of `on`, after which all
    /// processes are killed and the server cannot be used any more.
    pub fn run(
        &mut self,
        start: &Start,
        mut on: impl FnMut(&Stop<'_>) -> Result<Answer>,
    ) -> Result<Ended> {
        ensure!(!self.broken, "the fork server has failed before");
        let done = self.follow(start, &mut on);
        if done.is_err() {
            self.broken = true;
            // Takes all processes of its namespace with it.
            let _ = process::pidfd_send_signal(self.zygote_fd.as_raw_fd(), KILL);
        }
        match done? {
            Ok(ended) => Ok(ended),
            Err(why) => bail!("{why}"),
        }
    }

    /// The inner error: the program was not executed, and the server goes on.
    fn follow(
        &mut self,
        start: &Start,
        on: &mut impl FnMut(&Stop<'_>) -> Result<Answer>,
    ) -> Result<Result<Ended, String>> {
        let begin = Instant::now();
        zygote::send(&mut self.control, &start.encode()?)?;
        let (mut stops, mut timed_out, mut failed) = (0, false, None);
        let mut failing: BTreeMap<u32, Errno> = BTreeMap::new();
        let mut processes = Processes::default();
        loop {
            let left = start.limit.saturating_sub(begin.elapsed());
            match self.wait((!timed_out).then_some(left))? {
                Event::Stop => {
                    let Some(taken) = self.listener.receive()? else {
                        continue;
                    };
                    let shown = self.shown(&taken, &mut processes)?;
                    let reply = match (shown, failing.get(&taken.number)) {
                        (None, _) => Reply::Continue,
                        (Some(_), Some(errno)) => Reply::Fail(*errno),
                        (Some((process, role)), None) => {
                            stops += 1;
                            let stop = Stop::new(&taken, process, role, &self.listener);
                            match on(&stop)? {
                                Answer::Continue => Reply::Continue,
                                Answer::Fail(errno) => Reply::Fail(errno),
                                Answer::FailFromNowOn(errno) => {
                                    failing.insert(taken.number, errno);
                                    Reply::Fail(errno)
                                }
                            }
                        }
                    };
                    self.listener.answer(taken.id, reply)?;
                }
                Event::Said => match Said::take(&mut self.control)? {
                    Some(Said::Ended(how)) => {
                        let ended = Ended {
                            how,
                            stops,
                            timed_out,
                        };
                        return Ok(failed.map_or(Ok(ended), Err));
                    }
                    Some(Said::Failed(why)) => failed = Some(why),
                    Some(Said::Ready(_)) => bail!("the fork server is ready twice"),
                    None => bail!(
                        "the fork server ended{}",
                        failed.map(|why| format!(": {why}")).unwrap_or_default()
                    ),
                },
                Event::TimeOver => {
                    timed_out = true;
                    let main = processes.main.as_ref();
                    let (_, fd) = main.context("nothing was executed in time")?;
                    process::pidfd_send_signal(fd.as_raw_fd(), KILL)?;
                }
            }
        }
    }

    fn wait(&self, left: Option<Duration>) -> Result<Event> {
        let mut both = [
            PollFd::new(self.listener.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.control.as_fd(), PollFlags::POLLIN),
        ];
        // A millisecond more, so that time is over after it.
        let timeout = left.map_or(PollTimeout::NONE, |left| {
            let left = left.saturating_add(Duration::from_millis(1));
            PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
        });
        loop {
            match poll(&mut both, timeout) {
                Err(nix::errno::Errno::EINTR) => {}
                Err(error) => return Err(error).context("poll"),
                Ok(0) => return Ok(Event::TimeOver),
                Ok(_) => break,
            }
        }
        // Stops first: what is said of an end comes after them. A listener that
        // nobody is left for says POLLHUP.
        let stopped = both[0].revents().unwrap_or(PollFlags::empty());
        Ok(match stopped.contains(PollFlags::POLLIN) {
            true => Event::Stop,
            false => Event::Said,
        })
    }

    /// Process and role of a stop that the controller is to see.
    fn shown(
        &self,
        taken: &Notification,
        processes: &mut Processes,
    ) -> Result<Option<(i32, Role)>> {
        if taken.thread == self.zygote {
            return Ok(None);
        }
        let exec = is_exec(taken.number);
        if processes.main.is_none() {
            // The child of the server until it becomes the program.
            if exec {
                let fd = process::pidfd_open(taken.thread)?;
                processes.main = Some((taken.thread, fd));
                processes.threads.insert(taken.thread, taken.thread);
                processes.roles.insert(taken.thread, Role::STARTED);
            }
            return Ok(None);
        }
        let process = match processes.threads.get(&taken.thread) {
            Some(process) => *process,
            None => {
                let process = processes.meet(taken.thread);
                processes.threads.insert(taken.thread, process);
                process
            }
        };
        let Some(role) = processes.roles.get_mut(&process) else {
            bail!("no role of process {process}");
        };
        let before = *role;
        role.execs += u32::from(exec);
        Ok(self.calls.has(taken.number).then_some((process, before)))
    }
}

/// What the controller is woken for.
enum Event {
    Stop,
    Said,
    TimeOver,
}

impl Processes {
    /// Finds out what a thread that stops for the first time belongs to.
    fn meet(&mut self, thread: i32) -> i32 {
        // One that was killed meanwhile is an orphan of its own.
        let (process, parent) = ids(thread).unwrap_or((thread, 0));
        let parent = self.roles.get(&parent).copied();
        self.roles.entry(process).or_insert_with(|| Role {
            generation: parent.and_then(|parent| Some(parent.generation? + 1)),
            execs: 0,
        });
        process
    }
}

/// Process of a thread and the parent of that (proc_pid_status(5)).
fn ids(thread: i32) -> Option<(i32, i32)> {
    let status = std::fs::read_to_string(format!("/proc/{thread}/status")).ok()?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().parse().ok()
    };
    Some((field("Tgid:")?, field("PPid:")?))
}

/// Waits for the listener of the fork server and takes a copy.
fn listener(control: &mut UnixStream, zygote: &OwnedFd) -> Result<Listener> {
    const LOOK: Duration = Duration::from_micros(50);
    let number = match Said::take(control)? {
        Some(Said::Ready(number)) => number,
        Some(Said::Failed(why)) => bail!("{why}"),
        other => bail!("it said {other:?}"),
    };
    loop {
        let error = match descriptor_of(zygote.as_fd(), number) {
            Ok(fd) => return Ok(Listener::new(fd)?),
            Err(error) => error,
        };
        // It stands at the listener now, or has failed and says why; it may be
        // gone already.
        if process::wait_readable(control.as_raw_fd(), 0)? {
            match Said::take(control)? {
                Some(Said::Failed(why)) => bail!("{why}"),
                other => bail!("it said {other:?}"),
            }
        }
        if error.errno != Errno::EBADF {
            return Err(error.into());
        }
        sleep(LOOK);
    }
}

impl Drop for Server {
    /// Ends the fork server and everything that it started.
    fn drop(&mut self) {
        let _ = process::pidfd_send_signal(self.zygote_fd.as_raw_fd(), KILL);
        let _ = process::wait(self.zygote, true);
    }
}
