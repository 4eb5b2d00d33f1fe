//! Stops by seccomp user notification: a controller sees the calls of a program
//! that it starts, one stop at the entry of each, before the kernel does them.
//!
//! A *fork server* ([`Server`]) carries a filter that root put on it without
//! no_new_privs. Each start is a child of it that takes on the caller's ids and
//! executes the program, so that a setuid program really gets its owner's ids,
//! and is not traced. Everything that it starts inherits the filter: its children
//! stop as well. Nothing happens between the exit of a call and the entry of the
//! next one that the program could see in the file system, so one stop per call
//! is enough.
//!
//! ```no_run
//! use sekisho_sys::{Errno, arena::SingleThread};
//! use sekisho_trace::notify::{Answer, Calls, Server, Start};
//!
//! # fn main() -> anyhow::Result<()> {
//! let single = SingleThread::check()?;
//! let mut server = Server::start(&single, &Calls::of_paths()?, || Ok(()))?;
//! let start = Start::new(&["/usr/bin/id", "-u"], 33);
//! let ended = server.run(&start, |stop| {
//!     println!("{} {:?}", stop.name(), stop.paths()?);
//!     // Do something here, or let the call fail:
//!     Ok(match stop.name().as_ref() {
//!         "statfs" => Answer::Fail(Errno::EACCES),
//!         _ => Answer::Continue,
//!     })
//! })?;
//! println!("{:?} after {} stops", ended.how, ended.stops);
//! # Ok(())
//! # }
//! ```
//!
//! # What ends with what
//!
//! The fork server is the first process of a pid namespace of its own, and gets
//! SIGKILL when the controller ends: everything that it started ends with it,
//! whatever that has become. After each start it kills what the start has left.
//!
//! # Pitfalls
//!
//! - Listeners do not nest: a program that asks for one itself (a runtime with a
//!   seccomp notifier in its profile) gets EBUSY, as does [`Server::start`] in a
//!   process that is itself under one.
//! - The init of a container inherits the filter, too. To tell where the launcher
//!   ends, look at [`Role::execs`], or let the init begin with a call that nobody
//!   else makes.
//! - Programs with several threads or processes do not make their calls in the
//!   same order each time: name a stop by its [`Key`], not by its number.
//! - A call that goes on is read by the kernel anew: another thread may have
//!   changed the path since [`Stop::paths`] read it.
//! - Calls by another ABI (i386, x32) do not stop, and neither does what the vDSO
//!   answers (`clock_gettime`).
//! - `/proc` where the controller looks must be of its own pid namespace. The
//!   program has other process ids than that `/proc` shows; a program that looks
//!   itself up by number (not by `/proc/self`) needs a `/proc` of its own, which
//!   the closure given to [`Server::start`] can mount in a mount namespace.
//! - A stop holds a process as long as the controller wants, but not its
//!   siblings: a second process may go on meanwhile up to its own next stop.

mod calls;
mod key;
mod server;
mod start;
mod stop;
mod zygote;

pub use calls::Calls;
pub use key::{Key, Keys};
pub use server::{Ended, Server};
pub use start::Start;
pub use stop::{Answer, Role, Stop};
