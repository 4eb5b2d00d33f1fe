//! Builds programs of this workspace by a cargo of their own: those that the
//! command carries inside itself, those that benches measure and tests start.
//!
//! Each is built alone (`-p`), so that features of the harness never reach the
//! setuid launcher. Launcher and probe are static: a trial's root holds no
//! libraries. For build scripts and tests.
#![forbid(unsafe_code)]

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// How one program is built.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// Package of this workspace; a program has its directory's name last.
    pub package: &'static str,
    /// Name of its own below the directory that all are built in.
    pub name: &'static str,
    /// Flags for it alone, not for build scripts and macros.
    pub rustflags: &'static str,
    /// Profile of the workspace.
    pub profile: &'static str,
    /// Features instead of the default ones; `None`: the default ones.
    pub features: Option<&'static str>,
}

/// Without start-up code of a libc (`sekisho_sys::start`, the probe's `main.rs`):
/// that costs more than all rules.
const FREESTANDING: &str = "-C target-feature=+crt-static -C panic=abort";

const fn program(package: &'static str, name: &'static str) -> Program {
    Program {
        package,
        name,
        rustflags: FREESTANDING,
        profile: "installed",
        features: None,
    }
}

/// The reference launcher, research build.
pub const LAUNCHER: Program = program("sekisho-launcher-research", "launcher");

/// The reference launcher, hardened build, with its default rules.
pub const HARDENED: Program = program("sekisho-launcher-hardened", "hardened");

/// The start of suEXEC's shape.
pub const SUEXEC: Program = Program {
    rustflags: "-C target-feature=+crt-static",
    profile: "release",
    ..program("sekisho-suexec", "suexec")
};

/// The probe.
pub const PROBE: Program = Program {
    profile: "release",
    ..program("sekisho-probe", "probe")
};

/// The object that a loader runs the probe from.
pub const PRELOAD: Program = Program {
    rustflags: "-C panic=abort",
    profile: "release",
    ..program("sekisho-preload", "preload.so")
};

/// The least program that makes the same namespaces and mounts.
pub const FLOOR: Program = Program {
    profile: "release",
    ..program("sekisho-floor", "floor")
};

/// Directories beneath `harness/` whose files end up in these programs.
const SOURCES: [&str; 7] = [
    "rules",
    "freestanding",
    "sys",
    "launcher",
    "suexec",
    "witness",
    "probe",
];

/// The only variables of cargo that the nested cargo may see: where its
/// caches are, how it reaches the network, and the jobserver. Everything else
/// describes the outer build (its flags, wrappers, target directory) and
/// would change what is built.
const KEPT: [&str; 7] = [
    "CARGO_HOME",
    "CARGO_MAKEFLAGS",
    "CARGO_NET_",
    "CARGO_HTTP_",
    "CARGO_REGISTRIES_",
    "CARGO_REGISTRY_",
    "CARGO_SOURCE_",
];

/// The top of the workspace.
#[must_use]
pub fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// Builds a program in a build script and gives the path of its file. All
/// profiles of the outer build share it.
///
/// # Panics
/// With the compiler's output when it cannot be built.
#[must_use]
pub fn build_for_script(program: &Program) -> PathBuf {
    let out = PathBuf::from(variable("OUT_DIR"));
    // OUT_DIR is <target>/<profile>/build/<package>/out.
    build_in(out.ancestors().nth(4).unwrap_or(&out), program)
}

/// Builds a program in an integration test, whose `CARGO_TARGET_TMPDIR` is
/// given, and gives the path of its file. What the outer build made is not made
/// again.
///
/// # Panics
/// With the compiler's output when it cannot be built.
#[must_use]
pub fn build_for_test(target_tmp: &str, program: &Program) -> PathBuf {
    let tmp = Path::new(target_tmp);
    build_in(tmp.parent().unwrap_or(tmp), program)
}

fn build_in(target: &Path, program: &Program) -> PathBuf {
    let place = target.join("embedded").join(program.name);
    // Everything in the programs is in the outer build's tree, so it is on this
    // machine already; the network is only a way out when it is not.
    let mut output = cargo(&place, program, true);
    if !output.status.success() && text(&output.stderr).contains("--offline") {
        output = cargo(&place, program, false);
    }
    assert!(
        output.status.success(),
        "building {} failed ({}); its output:\n{}\nto see it alone: cargo build --profile {} -p {}",
        program.package,
        output.status,
        text(&output.stderr),
        program.profile,
        program.package,
    );
    artefact(&text(&output.stdout), program.package)
        .unwrap_or_else(|| panic!("cargo built {} but named no file", program.package))
}

/// Tells cargo to run the build script again when a source of the programs
/// changes.
pub fn watch_sources() {
    let root = workspace();
    for source in SOURCES {
        watch(&root.join("harness").join(source));
    }
    for file in ["Cargo.toml", "Cargo.lock"] {
        watch(&root.join(file));
    }
    println!("cargo::rerun-if-env-changed=CARGO_NET_OFFLINE");
}

/// Tells cargo to run the build script again when a file or directory changes.
pub fn watch(path: &Path) {
    println!("cargo::rerun-if-changed={}", path.display());
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set: build with cargo"))
}

fn cargo(place: &Path, program: &Program, offline: bool) -> Output {
    let mut command = Command::new(variable("CARGO"));
    for (name, _) in env::vars_os() {
        let known = name.to_string_lossy();
        let foreign =
            known.starts_with("CARGO") && !KEPT.iter().any(|kept| known.starts_with(kept));
        let wrapper = known.starts_with("RUSTC_") || known == "RUSTFLAGS" || known == "CLIPPY_ARGS";
        if foreign || wrapper {
            command.env_remove(name);
        }
    }
    // Flags reach only what is built for `--target`, not build scripts and
    // macros, which cannot be static.
    command
        .current_dir(workspace())
        .env("RUSTFLAGS", program.rustflags)
        .args(["build", "--profile", program.profile, "--locked"])
        .arg("--target")
        .arg(format!("{}-unknown-linux-gnu", env::consts::ARCH))
        .args(["-p", program.package])
        .arg("--config")
        .arg(format!("profile.{}.strip=\"symbols\"", program.profile))
        .arg("--message-format=json-render-diagnostics")
        .arg("--target-dir")
        .arg(place);
    if let Some(features) = program.features {
        command.args(["--no-default-features", "--features", features]);
    }
    if offline {
        command.arg("--offline");
    }
    command
        .output()
        .unwrap_or_else(|error| panic!("start cargo for {}: {error}", program.package))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The executable, or the shared object, that cargo's messages name for the
/// package.
fn artefact(messages: &str, package: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["reason"] == "compiler-artifact")
        .filter(|message| {
            let manifest = message["manifest_path"].as_str().unwrap_or_default();
            let directory = package.rsplit('-').next().unwrap_or_default();
            manifest.ends_with(&format!("{directory}/Cargo.toml"))
        })
        .filter_map(|message| match message["executable"].as_str() {
            Some(executable) => Some(PathBuf::from(executable)),
            None => message["filenames"]
                .as_array()?
                .iter()
                .filter_map(|name| name.as_str())
                .find(|name| name.ends_with(".so"))
                .map(PathBuf::from),
        })
        .next_back()
}

/// The commit that results are labelled with; `unknown` outside a checkout:
/// `SEKISHO_COMMIT` of the crate that the build script belongs to.
pub fn name_commit() {
    let root = workspace();
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .current_dir(&root)
            .args(arguments)
            .output()
            .ok()?;
        let line = text(&output.stdout).trim().to_owned();
        (output.status.success() && !line.is_empty()).then_some(line)
    };
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
        let log = root.join(log);
        if log.exists() {
            watch(&log);
        }
    }
    let commit = git(&["rev-parse", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env=SEKISHO_COMMIT={commit}");
}
