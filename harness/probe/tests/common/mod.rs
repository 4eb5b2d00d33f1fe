//! The freestanding probe, built as the harness builds it, and its line.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

use sekisho_witness::{MARK, Report};

fn build(program: &sekisho_nested::Program) -> PathBuf {
    sekisho_nested::build_for_test(env!("CARGO_TARGET_TMPDIR"), program)
}

/// The probe as trials use it.
pub fn probe() -> &'static Path {
    static PROBE: OnceLock<PathBuf> = OnceLock::new();
    PROBE.get_or_init(|| build(&sekisho_nested::PROBE))
}

/// The object for dynamic loaders.
#[allow(dead_code, reason = "not every test file needs it")]
pub fn preload() -> &'static Path {
    static PRELOAD: OnceLock<PathBuf> = OnceLock::new();
    PRELOAD.get_or_init(|| build(&sekisho_nested::PRELOAD))
}

/// All reports that a program printed.
pub fn reports(output: &Output) -> Vec<Report> {
    let text = String::from_utf8(output.stdout.clone()).expect("UTF-8");
    text.lines()
        .filter_map(|line| line.strip_prefix(MARK))
        .map(|json| serde_json::from_str(json).expect("a report"))
        .collect()
}
