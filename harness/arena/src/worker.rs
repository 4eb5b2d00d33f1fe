//! The processes inside: the guard, which enters the namespaces and watches
//! the runner, and the worker, which carries out orders.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use nix::poll::{PollFd, PollFlags, PollTimeout};
use sekisho_sys::arena::{self, Side, SingleThread};
use sekisho_sys::process::{self, Ended};
use sekisho_sys::{limits, signals, terminal};
use sekisho_trial::{Conditions, Layout};
use serde::{Deserialize, Serialize};

use crate::conditions;
use crate::frame;
use crate::group::Group;
use crate::host::{BASE, CASES, DROPPED, Host};
use crate::layer::{Layer, Named, split};
use crate::leftovers::{Inventory, Marks, inventory, thorough};
use crate::protocol::{Answer, Equipment, Order};
use crate::root::{HOST_ABSTRACT, HOST_PORT};
use crate::trial::{Bench, Case, Listeners};

/// Most processes in an arena: enough for every launcher, few enough for a
/// machine to bear.
const MOST_PROCESSES: &str = "4096";

/// First frame: how to enter.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Setup {
    /// In a user namespace, whose ids the runner maps when the guard asks.
    pub user_namespace: bool,
}

/// What the guard tells before the worker takes over.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Entry {
    /// In the user namespace; its ids have to be mapped now.
    MapIds,
    /// The worker takes orders.
    Ready(String),
}

/// The process inside, started by [`crate::Arena::start`] with orders on
/// standard input and answers on standard output. Gives the exit status.
#[must_use]
pub fn worker() -> u8 {
    match guard() {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("{error:#}");
            1
        }
    }
}

fn guard() -> Result<()> {
    let single = SingleThread::check()?;
    let (mut orders, mut answers) = take_streams()?;
    signals::reset_all();
    signals::set_mask(0)?;
    sekisho_sys::file::set_umask(0);
    // A crash in a trial is not the host's core dump handler's business.
    let core = limits::resource("core").context("no limit for core dumps")?;
    limits::set(core, 0, limits::get(core)?.1)?;
    // No controlling terminal of the runner's; fails only for one who leads
    // a session, and has none of others then.
    let _ = terminal::new_session();
    let setup: Setup = frame::read(&mut orders)?.context("no frame on standard input")?;
    if setup.user_namespace {
        enter_user_namespace(&mut orders, &mut answers)?;
    }
    // An ordinary user's arena can make no cgroup of the host's.
    let group = if setup.user_namespace {
        None
    } else {
        Some(Group::enter())
    };
    process::unshare(
        arena::CLONE_NEWNS
            | arena::CLONE_NEWIPC
            | arena::CLONE_NEWUTS
            | arena::CLONE_NEWNET
            | arena::CLONE_NEWCGROUP,
    )
    .context("cannot enter namespaces; a root that lacks CAP_SYS_ADMIN cannot make an arena")?;
    let worker = match single.fork(arena::CLONE_NEWPID, None)? {
        Side::Child => {
            let own_group = matches!(group, Some(Ok(_)));
            let missing = match group {
                None => None,
                Some(Err(error)) => Some(("cgroup", format!("{error:#}"))),
                // Dropped here: a trial could reach through /proc what is open.
                Some(Ok(group)) => group.without_filter.map(|why| ("device-filter", why)),
            };
            let host = Host {
                user_namespace: setup.user_namespace,
                own_group,
                ..Host::default()
            };
            let done = work(single, host, missing, orders, answers);
            let status = match done {
                Ok(()) => 0,
                Err(error) => {
                    eprintln!("{error:#}");
                    1
                }
            };
            process::exit(status)
        }
        Side::Parent(pid) => pid,
    };
    drop(answers);
    let watched = watch(worker, &orders);
    if let Some(Ok(group)) = group {
        group.leave()?;
    }
    watched
}

/// Orders and answers, moved away from the standard descriptors, which become
/// `/dev/null` (standard error stays the runner's).
fn take_streams() -> Result<(File, File)> {
    let take = |number| arena::inherited(number).context("a standard descriptor is closed");
    let (orders, answers) = (take(0)?, take(1)?);
    let null: OwnedFd = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/null")?
        .into();
    arena::place_at(null.as_fd(), 0)?;
    arena::place_at(null.as_fd(), 1)?;
    arena::close_at_exec_from(3)?;
    Ok((orders.into(), answers.into()))
}

fn enter_user_namespace(orders: &mut File, answers: &mut File) -> Result<()> {
    process::unshare(arena::CLONE_NEWUSER).with_context(conditions::why_no_user_namespace)?;
    frame::write(answers, &Entry::MapIds)?;
    let () = frame::read(orders)?.context("the runner ended while it should map ids")?;
    sekisho_sys::credentials::set_gids(0, 0, 0)?;
    sekisho_sys::credentials::set_uids(0, 0, 0)?;
    sekisho_sys::credentials::set_groups(&[])?;
    // Changing ids made it false, which would give /proc/self to others.
    process::set_dumpable(true)?;
    Ok(())
}

/// Waits for the worker's end; when the runner ends first, kills the worker
/// and with it everything in its pid namespace.
fn watch(worker: i32, orders: &File) -> Result<()> {
    let ended = process::pidfd_open(worker)?;
    let mut waited = [
        PollFd::new(ended.as_fd(), PollFlags::POLLIN),
        // Without wanted events only the hang-up is told.
        PollFd::new(orders.as_fd(), PollFlags::empty()),
    ];
    while let Err(nix::errno::Errno::EINTR) = nix::poll::poll(&mut waited, PollTimeout::NONE) {}
    if !waited[0].any().unwrap_or_default() {
        process::pidfd_send_signal(ended.as_raw_fd(), signals::SIGKILL)?;
        process::wait(worker, true)?;
        return Ok(());
    }
    match process::wait(worker, true)? {
        Some(Ended::Status(0)) | None => Ok(()),
        Some(Ended::Status(status)) => bail!("the arena's worker ended with status {status}"),
        Some(Ended::Signal(signal)) => bail!("the arena's worker died of signal {signal}"),
    }
}

/// Process 1 of the arena.
fn work(
    single: SingleThread,
    mut host: Host,
    missing: Option<(&str, String)>,
    mut orders: File,
    mut answers: File,
) -> Result<()> {
    process::set_parent_death_signal(signals::SIGKILL)?;
    process::set_host_name("arena")?;
    arena::loopback_up()?;
    host.build()?;
    if let Some((what, why)) = missing {
        host.missing.push((what.to_owned(), why));
    }
    // Since Linux 6.14 this is the limit of the own pid namespace only; before
    // it is the machine's, and only written where it is refused.
    if let Err(error) = limit_processes() {
        host.missing
            .push(("process-limit".to_owned(), format!("{error:#}")));
    }
    for (capability, _) in DROPPED {
        process_drop(capability)?;
    }
    let name = SocketAddr::from_abstract_name(HOST_ABSTRACT)?;
    let listeners = Listeners {
        port: TcpListener::bind(("127.0.0.1", HOST_PORT))?,
        name: UnixListener::bind_addr(&name)?,
    };
    listeners.port.set_nonblocking(true)?;
    listeners.name.set_nonblocking(true)?;
    frame::write(&mut answers, &Entry::Ready(String::new()))?;
    let mut worker = Worker {
        bench: Bench {
            host,
            single,
            named: Named::default(),
            listeners,
            case: None,
            marks: None,
        },
        base: Inventory::new(),
        cases: 0,
    };
    while let Some(order) = frame::read::<Order>(&mut orders)? {
        let quit = matches!(order, Order::Quit);
        let answer = worker
            .carry_out(order)
            .unwrap_or_else(|error| Answer::Fault(format!("{error:#}")));
        frame::write(&mut answers, &answer)?;
        if quit {
            break;
        }
    }
    Ok(())
}

fn process_drop(capability: u32) -> Result<()> {
    if sekisho_sys::credentials::is_bounded(capability) {
        sekisho_sys::credentials::drop_from_bounding(capability)?;
    }
    Ok(())
}

/// Limits the number of processes in this pid namespace.
fn limit_processes() -> Result<()> {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let mut numbers = release
        .split(|c: char| !c.is_ascii_digit())
        .map(|part| part.parse::<u32>().unwrap_or_default());
    let version = (
        numbers.next().unwrap_or_default(),
        numbers.next().unwrap_or_default(),
    );
    if version < (6, 14) {
        bail!("Linux {release:?} has no limit of processes for each pid namespace; 6.14 has");
    }
    fs::write("/proc/sys/kernel/pid_max", MOST_PROCESSES)
        .context("cannot write /proc/sys/kernel/pid_max")
}

/// The worker's state between orders.
struct Worker {
    bench: Bench,
    base: Inventory,
    cases: u64,
}

impl Worker {
    fn carry_out(&mut self, order: Order) -> Result<Answer> {
        Ok(match order {
            Order::Equip(equipment) => Answer::Equipped(Box::new(self.equip(equipment)?)),
            Order::Prepare(layout) => {
                let begin = std::time::Instant::now();
                self.prepare(layout)?;
                Answer::Prepared(u64::try_from(begin.elapsed().as_micros())?)
            }
            Order::Run(trial) => Answer::Observed(Box::new(self.bench.run(&trial)?)),
            Order::Quit => Answer::Quitted(self.quit()?),
        })
    }

    fn equip(&mut self, equipment: Equipment) -> Result<Conditions> {
        self.bench.named = Named {
            probe: equipment.probe,
            preload: equipment.preload,
        };
        let mut layer = Layer::new(Path::new(BASE), Vec::new(), &self.bench.host.closed);
        for file in &equipment.files {
            layer.make(file, &self.bench.named, None)?;
        }
        let conditions = conditions::find(&self.bench.host, &self.bench.single)?;
        self.base = inventory();
        self.bench.marks = Some(Marks::read(self.bench.host.own_group)?);
        Ok(conditions)
    }

    fn prepare(&mut self, layout: Layout) -> Result<()> {
        if let Some(former) = self.bench.case.take() {
            fs::remove_dir_all(&former.layer)?;
        }
        self.cases += 1;
        let root = PathBuf::from(format!("{CASES}/{}", self.cases));
        fs::create_dir(&root)?;
        let made = self.fill(&root, &layout);
        let fresh = match made {
            Ok(fresh) => fresh,
            Err(error) => {
                fs::remove_dir_all(&root)?;
                return Err(error);
            }
        };
        self.bench.case = Some(Case {
            layer: root,
            fresh,
            canaries: layout.canaries,
        });
        self.bench.marks = Some(Marks::read(self.bench.host.own_group)?);
        Ok(())
    }

    fn fill(&self, root: &Path, layout: &Layout) -> Result<Vec<sekisho_trial::PlannedFile>> {
        let (once, fresh) = split(&layout.files);
        let mut layer = Layer::new(root, vec![Path::new(BASE)], &self.bench.host.closed);
        for file in once {
            layer.make(file, &self.bench.named, None)?;
        }
        Ok(fresh)
    }

    fn quit(&mut self) -> Result<Vec<String>> {
        let mut found = thorough(&self.base);
        if let Some(marks) = &self.bench.marks {
            found.extend(marks.differences(&Marks::read(self.bench.host.own_group)?));
        }
        Ok(found)
    }
}
