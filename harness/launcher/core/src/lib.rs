//! The reference launcher: gather evidence about a start request, decide,
//! start.
//!
//! `docs/launcher.md` specifies what it does. The two programs in
//! `research/` and `hardened/` differ only in where [`Settings`] come from.
//!
//! The process has one thread, is reached by exec and never loads code: the
//! user database is read as text, not through NSS. There is neither a standard
//! library nor a libc in it (`sekisho_sys::start`).
#![forbid(unsafe_code)]
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod access;
mod ahead;
mod channel;
mod config;
mod credentials;
mod decide;
mod environment;
mod gather;
mod hooks;
mod identity;
mod inherited;
mod isolate;
mod look;
mod mounts;
mod namespaces;
mod phases;
mod report;
mod request;
mod resolve;
mod run;
pub mod settings;
mod start;
mod stop;
#[cfg(feature = "testing")]
pub mod testing;
mod wait;

#[cfg(all(feature = "testing", target_feature = "crt-static", panic = "abort"))]
compile_error!("`testing` is for benches: a launcher that is installed is built without");

pub use run::run;
pub use settings::{Resolution, Settings};
