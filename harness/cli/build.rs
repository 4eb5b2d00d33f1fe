//! Builds what the command carries inside itself (reference launcher, probe,
//! preload object) and lists the scenario files, so that one file is all that
//! a run needs.
//!
//! They are built by a nested cargo, each alone (`-p`), so that features
//! of the harness never reach the setuid launcher. Launcher and probe are
//! static: a trial's root holds no libraries.

use std::collections::BTreeSet;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// One program to be built and embedded.
pub(crate) struct Part {
    pub(crate) package: &'static str,
    /// Name in `OUT_DIR` that the source includes.
    pub(crate) name: &'static str,
    pub(crate) rustflags: &'static str,
    pub(crate) profile: &'static str,
}

pub(crate) const PARTS: [Part; 4] = [
    Part {
        package: "sekisho-launcher-research",
        name: "launcher",
        // With these it is free of libc, whose start-up costs more than all rules
        // (`sekisho_sys::start`).
        rustflags: "-C target-feature=+crt-static -C panic=abort",
        profile: "installed",
    },
    Part {
        package: "sekisho-suexec",
        name: "suexec",
        rustflags: "-C target-feature=+crt-static",
        profile: "release",
    },
    Part {
        package: "sekisho-probe",
        name: "probe",
        // Likewise free of any start-up code (its `main.rs`).
        rustflags: "-C target-feature=+crt-static -C panic=abort",
        profile: "release",
    },
    Part {
        package: "sekisho-preload",
        name: "preload.so",
        rustflags: "",
        profile: "release",
    },
];

/// Directories beneath `harness/` whose files end up in the parts.
pub(crate) const SOURCES: [&str; 7] = [
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

fn main() {
    let root = root();
    let out = PathBuf::from(variable("OUT_DIR"));
    for source in SOURCES {
        watch(&root.join("harness").join(source));
    }
    watch(&root.join("Cargo.toml"));
    watch(&root.join("Cargo.lock"));
    watch(&root.join("harness/cli/build.rs"));
    println!("cargo::rerun-if-env-changed=CARGO_NET_OFFLINE");
    for part in &PARTS {
        let built = build(&root, &out, part);
        let place = out.join(part.name);
        fs::copy(&built, &place).unwrap_or_else(|error| {
            panic!("copy {} to {}: {error}", built.display(), place.display())
        });
    }
    list_scenarios(&root.join("scenarios"), &out.join("scenarios.rs"));
    name_commit(&root);
}

fn root() -> PathBuf {
    let here = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(&here).to_path_buf()
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set: build with cargo"))
}

pub(crate) fn watch(path: &Path) {
    println!("cargo::rerun-if-changed={}", path.display());
}

/// Builds one part and gives the path of its file.
pub(crate) fn build(root: &Path, out: &Path, part: &Part) -> PathBuf {
    // Everything in the parts is in the runner's own tree, so it is on this
    // machine already; the network is only a way out when it is not.
    let mut output = cargo(root, out, part, true);
    if !output.status.success() && text(&output.stderr).contains("--offline") {
        output = cargo(root, out, part, false);
    }
    assert!(
        output.status.success(),
        "building {} for embedding failed ({}); its output:\n{}\nto see it alone: cargo build \
         --profile {} -p {}",
        part.package,
        output.status,
        text(&output.stderr),
        part.profile,
        part.package,
    );
    artefact(&text(&output.stdout), part.package)
        .unwrap_or_else(|| panic!("cargo built {} but named no file", part.package))
}

fn cargo(root: &Path, out: &Path, part: &Part, offline: bool) -> Output {
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
        .current_dir(root)
        .env("RUSTFLAGS", part.rustflags)
        .args(["build", "--profile", part.profile, "--locked", "--target"])
        .arg(variable("TARGET"))
        .args(["-p", part.package])
        .arg("--config")
        .arg(format!("profile.{}.strip=\"symbols\"", part.profile))
        .arg("--message-format=json-render-diagnostics")
        .arg("--target-dir")
        .arg(shared(out).join(part.name));
    if offline {
        command.arg("--offline");
    }
    command
        .output()
        .unwrap_or_else(|error| panic!("start cargo for {}: {error}", part.package))
}

/// Where parts are built: one place in the outer target directory, so that
/// build scripts which need the same part build it once.
fn shared(out: &Path) -> PathBuf {
    // OUT_DIR is <target>/<profile>/build/<package>/out.
    out.ancestors().nth(3).unwrap_or(out).join("embedded")
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

/// Writes a table of `(path beneath scenarios/, content)`.
fn list_scenarios(directory: &Path, table: &Path) {
    watch(directory);
    let mut found = BTreeSet::new();
    collect(directory, &mut found);
    let mut source = String::from("&[\n");
    for path in found {
        let name = path.strip_prefix(directory).unwrap_or(&path);
        let (name, path) = (name.display().to_string(), path.display().to_string());
        let _ = writeln!(source, "    ({name:?}, include_str!({path:?})),");
    }
    source.push_str("]\n");
    fs::write(table, source).unwrap_or_else(|error| panic!("write {}: {error}", table.display()));
}

fn collect(directory: &Path, found: &mut BTreeSet<PathBuf>) {
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            collect(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            found.insert(path);
        }
    }
}

/// The commit that results are labelled with; `unknown` outside a checkout.
pub(crate) fn name_commit(root: &Path) {
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .current_dir(root)
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
