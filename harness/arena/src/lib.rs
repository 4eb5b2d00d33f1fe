//! The arena: the disposable host that trials run in.
//!
//! An arena is three kinds of process. The **guard** is the runner's own
//! program, started again: it enters the namespaces, watches whether the
//! runner still lives, and takes everything away when it does not. The
//! **worker** is process 1 of the arena's pid namespace: it has built the
//! arena's host, holds the prepared case, and runs one trial at a time. A
//! **supervisor** is process 1 of one trial's pid namespace, in the trial's
//! own root: it makes the trial's files, starts the launcher, keeps the
//! deadline, kills what is left and looks at what the trial did.
//!
//! What keeps a trial from the host: after `pivot_root(2)` the host's files
//! are not reachable by any path, `/usr` is seen through an overlay without
//! an upper layer, no device node of a disk exists, the bounding set lacks
//! the capabilities that reach the machine itself (`DROPPED` in `host.rs`), and
//! the worker runs from a sealed copy of the runner's program. What does not:
//! a trial that becomes root in an arena made by root shares the kernel, so
//! an attack that mounts a fresh `proc` can set the host's sysctls. Those
//! that matter are compared after every trial. As an ordinary user's arena
//! has no such reach, attacks of unknown origin belong there.

pub mod client;
pub mod conditions;
pub mod frame;
pub mod protocol;
pub mod worker;

mod deeds;
mod group;
mod host;
mod ids;
mod layer;
mod leftovers;
mod pause;
mod program;
mod root;
mod sight;
mod supervise;
mod trial;

pub use client::{Arena, StartOptions};
pub use worker::worker;
