//! The programs as they are installed: freestanding, each built alone. What
//! `cargo test` builds of them starts through libc and serves as a host of
//! their unit tests only.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// Content of both programs.
pub struct Installed {
    pub research: Vec<u8>,
    pub hardened: Vec<u8>,
}

/// Builds them, once for each test program; later builds find all done.
pub fn programs() -> &'static Installed {
    static BUILT: OnceLock<Installed> = OnceLock::new();
    BUILT.get_or_init(|| Installed {
        research: build("sekisho-launcher-research", "sekisho-launch", &[]),
        hardened: build("sekisho-launcher-hardened", "sekisho-launch-hardened", &[]),
    })
}

/// The hardened program with every rule in it.
#[allow(dead_code, reason = "one of the tests asks for it")]
pub fn hardened_with_all() -> Vec<u8> {
    let features = ["--features", "all"];
    build(
        "sekisho-launcher-hardened",
        "sekisho-launch-hardened",
        &features,
    )
}

fn build(package: &str, program: &str, more: &[&str]) -> Vec<u8> {
    // Named, so that flags reach only what is built for it, not build scripts
    // and macros, which cannot be freestanding.
    let target = concat!(env!("SEKISHO_TARGET"));
    let place = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("installed");
    let mut command = Command::new(env!("CARGO"));
    for (name, _) in std::env::vars_os() {
        // What the outer cargo tells would change what is built.
        let known = name.to_string_lossy();
        if known.starts_with("CARGO_ENCODED") || known.starts_with("RUSTC_") {
            command.env_remove(&name);
        }
    }
    let output = command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("RUSTFLAGS", "-C target-feature=+crt-static -C panic=abort")
        .args([
            "build",
            "--profile",
            "installed",
            "--locked",
            "--offline",
            "--target",
            target,
        ])
        .args(more)
        .args(["--package", package, "--target-dir"])
        .arg(&place)
        .output()
        .expect("cargo runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "building {package}: {errors}");
    std::fs::read(place.join(target).join("installed").join(program)).expect("the program")
}
