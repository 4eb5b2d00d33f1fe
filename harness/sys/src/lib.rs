//! System calls that the launcher and the arena need, as safe functions.
//!
//! This is the only crate of the launcher's tree with `unsafe` code. `nix`
//! is used where it has the call; the rest goes through `libc::syscall`.
//! Every failure is an [`Error`] that reads like a line of `strace`.
#![allow(unsafe_code)]

pub mod arena;
pub mod arena_devices;
pub mod credentials;
pub mod early;
pub mod error;
pub mod file;
pub mod limits;
pub mod mount;
pub mod open;
pub mod process;
pub mod signals;
pub mod terminal;

pub use error::{Error, Result};
pub use nix::errno::Errno;
