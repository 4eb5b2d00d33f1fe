//! For tests that cannot run on every machine: they say why, and fail where all
//! of them must run.

use std::fmt::Display;

/// Set where a test that cannot run fails, as in CI; to whatever value.
const REQUIRED: &str = "SEKISHO_REQUIRE_ROOT";

/// Whether every test must run here.
#[must_use]
pub fn required() -> bool {
    std::env::var_os(REQUIRED).is_some()
}

/// Says that a test does not run here, and why.
///
/// # Panics
/// Where every test must run.
pub fn skipped(reason: impl Display) {
    assert!(
        !required(),
        "{REQUIRED} is set, but a test cannot run: {reason}"
    );
    println!("skipped: {reason}");
}

/// Whether this is root; otherwise the test is skipped.
///
/// # Panics
/// As [`skipped`].
#[must_use]
pub fn as_root() -> bool {
    let root = nix::unistd::geteuid().is_root();
    if !root {
        skipped("needs root");
    }
    root
}
