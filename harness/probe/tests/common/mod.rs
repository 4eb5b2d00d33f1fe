//! The freestanding probe, built as the harness builds it, and its line.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use sekisho_witness::{MARK, Report};

const TARGET: &str = "x86_64-unknown-linux-gnu";

fn build(package: &str, flags: &str, file: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(package);
    let status = Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "--release",
            "--target",
            TARGET,
            "-p",
            package,
        ])
        .arg("--target-dir")
        .arg(&directory)
        .env("RUSTFLAGS", flags)
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .status()
        .expect("cargo runs");
    assert!(status.success(), "build {package}");
    directory.join(TARGET).join("release").join(file)
}

/// The probe as trials use it.
pub fn probe() -> &'static Path {
    static PROBE: OnceLock<PathBuf> = OnceLock::new();
    PROBE.get_or_init(|| {
        let flags = "-C target-feature=+crt-static -C panic=abort";
        build("sekisho-probe", flags, "sekisho-probe")
    })
}

/// The object for dynamic loaders.
#[allow(dead_code, reason = "not every test file needs it")]
pub fn preload() -> &'static Path {
    static PRELOAD: OnceLock<PathBuf> = OnceLock::new();
    PRELOAD.get_or_init(|| build("sekisho-preload", "-C panic=abort", "libsekisho_preload.so"))
}

/// All reports that a program printed.
pub fn reports(output: &Output) -> Vec<Report> {
    let text = String::from_utf8(output.stdout.clone()).expect("UTF-8");
    text.lines()
        .filter_map(|line| line.strip_prefix(MARK))
        .map(|json| serde_json::from_str(json).expect("a report"))
        .collect()
}
