//! Rules of a checkpoint for start requests.
//!
//! A **rule** states one fact about a start request and gives a [`Verdict`].
//! It is a pure function of [`Evidence`] (what a launcher observed) and
//! [`Policy`] (the values to compare with): no I/O, no order, no allocation
//! while it permits. Everything that observes the world lives in launchers;
//! this crate knows none of them.
//!
//! To add a rule: one file in `src/catalogue/`, one line in its `mod.rs`;
//! `docs/adding-a-rule.md` walks through it.
#![forbid(unsafe_code)]
// The setuid launcher runs without a standard library.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

pub mod catalogue;
pub mod condition;
#[cfg(any(test, feature = "document"))]
pub mod document;
pub mod evidence;
pub(crate) mod ids;
pub mod lines;
pub mod names;
pub(crate) mod order;
pub mod policy;
pub mod registry;
pub mod rule;
pub mod set;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub(crate) mod text;
pub mod verdict;

#[cfg(all(
    any(feature = "document", feature = "testing"),
    target_feature = "crt-static",
    panic = "abort"
))]
compile_error!("a launcher that is installed is built without `document` and `testing`");

pub use evidence::{Evidence, Gathered};
pub use policy::Policy;
pub use rule::{Class, Fact, Needs, Rule};
pub use set::RuleSet;
pub use verdict::{Cause, Denial, Sanitation, Verdict};
