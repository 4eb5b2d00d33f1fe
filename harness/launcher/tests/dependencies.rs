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

fn tree(package: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--locked",
            "--prefix=none",
            "--format={p}",
        ])
        .args(["--edges=normal,no-proc-macro", "--package", package])
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
    for package in ["sekisho-launcher-research", "sekisho-launcher-hardened"] {
        let tree = tree(package);
        assert!(
            tree.contains("sekisho-sys"),
            "{package}: not the whole tree: {tree:?}"
        );
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
