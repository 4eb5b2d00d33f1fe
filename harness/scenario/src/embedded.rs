//! The corpus that this crate was built with.

/// Path beneath `scenarios/`, and content.
pub const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/scenarios.rs"));
