//! Runs trials: prepare, start, observe, classify. A run is a plan of trials, a
//! pool that works through it, and a directory of results that can be taken up
//! again. The command, the conformance runs and the attackers all use this.
#![forbid(unsafe_code)]

pub mod attempt;
pub mod campaign;
pub mod choose;
pub mod classify;
pub mod controls;
pub mod corpus;
pub mod describe;
pub mod ended;
pub mod expect;
pub mod hash;
pub mod host_root;
pub mod latency;
pub mod machine;
pub mod merge;
#[cfg(test)]
mod mock;
pub mod plan;
pub mod pool;
#[cfg(test)]
mod pool_tests;
pub mod preflight;
pub mod probe_reports;
pub mod profiles;
pub mod progress;
pub mod resume;
pub mod rundir;
pub mod sets;
pub mod shortage;
pub mod stage;
pub mod witness;
pub mod work;
pub mod writer;

use std::path::Path;

use anyhow::{Context as _, Result};
use sekisho_rules::Policy;
use sekisho_targets::Carried;

/// What the targets need of what the command carries.
///
/// # Errors
/// Names the other launcher when it cannot be read.
pub fn carried(launcher: Option<&Path>, policy: &Policy) -> Result<Carried> {
    let bytes = match launcher {
        Some(path) => std::fs::read(path)
            .with_context(|| format!("cannot read the launcher {}: build it with `cargo build --profile installed -p sekisho-launcher-research`", path.display()))?,
        None => sekisho_programs::LAUNCHER.to_vec(),
    };
    Ok(Carried {
        launcher: bytes,
        version: format!(
            "{} ({})",
            env!("CARGO_PKG_VERSION"),
            sekisho_programs::COMMIT
        ),
        policy: policy.clone(),
    })
}
