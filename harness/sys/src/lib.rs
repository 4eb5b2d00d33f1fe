//! System calls that the launcher and the arena need, as safe functions.
//!
//! Beside `sekisho-freestanding` this is the only crate of the launcher's tree
//! with `unsafe` code. Calls go to the kernel directly; what only the arena needs
//! (feature `std`) may use libc. Every failure is an [`Error`] that reads like a line of `strace`.
#![allow(unsafe_code)]
#![cfg_attr(not(any(test, feature = "std")), no_std)]

extern crate alloc;

pub mod ahead;
#[cfg(feature = "std")]
pub mod arena;
#[cfg(feature = "std")]
pub mod arena_devices;
mod call;
pub mod clock;
pub mod clone;
pub mod cpus;
pub mod credentials;
mod errno;
pub mod error;
pub mod fd;
pub mod file;
#[cfg(freestanding)]
mod freestanding;
pub mod limits;
pub mod mount;
#[cfg(feature = "std")]
pub mod notify;
pub mod open;
pub mod process;
pub mod signals;
pub mod start;
pub mod terminal;
pub mod trusted;

pub use errno::Errno;
pub use error::{Error, Result};
