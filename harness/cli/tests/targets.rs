//! Real launchers: every installed one starts the plain request, under the
//! same witness as the reference launcher, and lets the plain attack through
//! unless it has rules of its own against it.

mod common;

use std::process::Command;

use common::{SEKISHO, can_run};
use sekisho_skips::skipped;
use serde_json::Value;

/// Launchers that judge the target user by rules of their own.
const JUDGES: [&str; 4] = ["doas", "sudo", "suexec-custom", "suexec-pristine"];

/// A start that every launcher can express, and root as the target.
const STARTS: &str = "dotted-names/leading";
const ROOT: &str = "target-user-is-root/by-name";

fn sekisho(arguments: &[&str]) -> Value {
    let output = Command::new(SEKISHO).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
}

#[test]
fn every_installed_launcher_starts_what_is_legitimate_and_root_on_demand() {
    let listed = sekisho(&["targets", "--format", "json"]);
    let mut names = Vec::new();
    for target in listed.as_array().unwrap() {
        let name = target["name"].as_str().unwrap();
        match target["missing"].as_str() {
            None if target["has_rules"] == false => names.push(name.to_owned()),
            None => {}
            Some(reason) => skipped(format!("{name}: {reason}; {}", target["hint"])),
        }
    }
    if !can_run() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().to_str().unwrap();
    let summary = sekisho(&[
        "eval",
        "--target",
        "all",
        "--filter",
        STARTS,
        "--filter",
        ROOT,
        "--rules",
        "none",
        "--resolution",
        "by-descriptor",
        "--latency-rounds",
        "1",
        "--timeout",
        "20000",
        "--format",
        "json",
        "--out",
        out,
    ]);
    for name in &names {
        let targets = summary["targets"].as_array().unwrap();
        let target = targets
            .iter()
            .find(|target| target["name"] == name.as_str());
        let target = target.unwrap_or_else(|| panic!("{name} is not told of"));
        let share = |what: &str| (target[what]["hits"].as_u64(), target[what]["n"].as_u64());
        let skipped = target["skipped"].as_u64() > Some(0);
        assert_eq!(target["failed"], 0, "{name}: {target}");
        assert!(
            share("broken") == (Some(0), Some(1)) || skipped,
            "{name}: {target}"
        );
        let expected = match JUDGES.contains(&name.as_str()) {
            true => (Some(0), Some(1)),
            false => (Some(1), Some(1)),
        };
        let as_expected = share("let_through") == expected || target["not_applicable"] == 1;
        assert!(as_expected || skipped, "{name}: {target}");
        let latencies = summary["start_latency"].as_array().unwrap();
        let latency = latencies.iter().find(|one| one[0] == name.as_str());
        let started = latency.is_some_and(|one| one[2] == 1);
        assert!(started || skipped, "{name}: {latency:?}");
    }
    assert_eq!(summary["leftovers"], serde_json::json!([]));
    if names.iter().any(|name| name == "lxc") && nix::unistd::geteuid().is_root() {
        let cleared = &summary["cleared"]["lxc: empty cgroup lxc.pivot"];
        assert_eq!(*cleared, 2, "what it always leaves is told apart");
    }
    for file in ["latency.csv", "targets.csv", "report.md"] {
        let run = summary["directory"].as_str().unwrap();
        assert!(std::path::Path::new(run).join(file).exists(), "{file}");
    }
}

#[test]
fn oci_runtimes_start_legitimate_bundles_with_the_same_report_up_to_known_differences() {
    for runtime in ["runc", "crun"] {
        let listed = sekisho(&["targets", runtime, "--format", "json"]);
        if let Some(reason) = listed[0]["missing"].as_str() {
            skipped(format!("{runtime}: {reason}"));
            return;
        }
    }
    if !can_run() {
        return;
    }
    let filter = [
        "--filter",
        "tenant-static-init",
        "--filter",
        "umask-of-the-platform",
    ];
    let output = Command::new(SEKISHO)
        .args(["conform", "oci"])
        .args(filter)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    for runtime in ["runc", "crun"] {
        let line = said
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{runtime}: ")));
        let words: Vec<_> = line.unwrap_or_default().split(' ').collect();
        assert!(
            words.len() > 2 && words[0] == words[2] && words[0] != "0",
            "{said}"
        );
    }
}
