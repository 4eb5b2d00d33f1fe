//! The setuid programs take few dependencies, for ever.

use std::collections::BTreeSet;
use std::process::Command;

/// Everything that may be in the tree of a setuid program.
const ALLOWED: [&str; 11] = [
    "itoa",
    "linux-raw-sys",
    "memchr",
    "zmij",
    "serde",
    "serde_core",
    "serde_json",
    "sekisho-freestanding",
    "sekisho-launcher",
    "sekisho-rules",
    "sekisho-sys",
];

/// The setuid programs.
const PROGRAMS: [&str; 3] = [
    "sekisho-launcher-research",
    "sekisho-launcher-hardened",
    "sekisho-suexec",
];

/// Lines of `cargo tree`, by their first word.
fn tree(package: &str, edges: &str, format: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--prefix=none"])
        .args(["--format", format, "--edges", edges, "--package", package])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo tree runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo tree: {errors}");
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    lines
        .lines()
        .filter_map(|line| line.split(' ').next().map(str::to_owned))
        .collect()
}

#[test]
fn the_setuid_programs_take_nothing_but_what_is_listed() {
    for package in PROGRAMS {
        let tree = tree(package, "normal,no-proc-macro", "{p}");
        assert!(
            tree.contains("sekisho-sys") && tree.contains("sekisho-rules"),
            "{package}: not the whole tree: {tree:?}"
        );
        let is_launcher = package.starts_with("sekisho-launcher-");
        assert_eq!(tree.contains("sekisho-launcher"), is_launcher, "{package}");
        for heavy in ["tokio", "plotters", "criterion", "clap"] {
            assert!(!tree.contains(heavy), "{package} depends on {heavy}");
        }
        for name in tree.iter().filter(|name| *name != package) {
            assert!(
                ALLOWED.contains(&name.as_str()),
                "{package} depends on {name}"
            );
        }
    }
}

#[test]
fn no_setuid_program_has_what_is_for_benches_or_readers() {
    for package in PROGRAMS {
        let features = tree(package, "normal,no-proc-macro", "{lib}:{f}");
        let of = |name: &str| features.iter().find(|line| line.starts_with(name));
        assert!(of("sekisho_rules:").is_some(), "not in {features:?}");
        for library in ["sekisho_launcher:", "sekisho_rules:"] {
            let found = of(library).map_or("", String::as_str);
            for feature in ["testing", "document"] {
                assert!(!found.contains(feature), "{package} has {found}");
            }
        }
    }
}
