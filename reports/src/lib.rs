//! Analysis of result files.
//!
//! Everything here is made from the files that `docs/results.md` describes,
//! and from nothing else: this crate knows neither the rules nor the launcher,
//! only what a run wrote about them. The parts build on each other:
//!
//! - [`read`] turns the files into typed records;
//! - [`analysis`] turns records into numbers;
//! - [`tables`] turns numbers into tables, one definition for every format;
//! - [`plots`] turns numbers into figures;
//! - [`markdown`], [`page`], [`summary`] and [`terminal`] show them;
//! - [`comparison`] says what changed between two runs.
//!
//! Words come from [`text`], one file per language.
#![forbid(unsafe_code)]

pub mod analysis;
pub mod comparison;
pub mod markdown;
pub mod page;
pub mod plots;
pub mod read;
pub mod summary;
pub mod tables;
pub mod terminal;
pub mod text;

mod bench;
mod error;
mod write;

pub use bench::{Shown, bench_tables, write_bench};
pub use error::{Error, ErrorKind, Result};
pub use summary::Summary;
pub use text::Lang;
pub use write::{write, write_in, write_merged, write_tables, write_with};
