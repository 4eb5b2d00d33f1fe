//! A start of suEXEC's own shape: `USER GROUP PROGRAM [ARGS…]` in the caller's
//! working directory, on the rules of the registry.
//!
//! It exists to be run side by side with the real suEXEC
//! (`docs/conformance.md`). The order of conditions and their exit statuses
//! are the original's in both modes, so that the first condition that fails
//! can be compared; in mode `suexec-exact` so is everything else. The bundle is
//! the working directory, the init is the program, the base is the docroot.
#![forbid(unsafe_code)]

pub mod accounts;
pub mod checks;
pub mod condition;
pub mod config;
pub mod exact;
pub mod record;
mod run;
mod start;

pub use condition::Condition;
pub use config::{Mode, Settings};
pub use run::run;
