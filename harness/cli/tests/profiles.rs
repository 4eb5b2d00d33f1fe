//! Real configurations and recorded starts, with real arenas where they are
//! needed.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{SEKISHO, can_run};

type Row = BTreeMap<String, String>;

fn rows(text: &[u8]) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(text);
    reader.deserialize().map(Result::unwrap).collect()
}

fn file(path: &Path) -> Vec<Row> {
    rows(&std::fs::read(path).unwrap())
}

/// Runs the command and gives the only run in the directory.
fn profiles(out: &Path, arguments: &[&str]) -> PathBuf {
    let output = Command::new(SEKISHO)
        .args(["profiles", "--out"])
        .arg(out)
        .args(arguments)
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let runs: Vec<_> = std::fs::read_dir(out).unwrap().flatten().collect();
    assert_eq!(runs.len(), 1);
    runs[0].path()
}

/// Records of starts with no rule in force predict what the same starts come
/// to under other rule sets, the deciding rule included.
#[test]
fn a_replay_says_what_real_starts_come_to() {
    if !can_run() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let records = directory.path().join("records");
    let out = directory.path().join("out");
    // One at a time, so that records stand in the order of the starts.
    let worlds = [
        "--world",
        "ci",
        "--world",
        "hpc",
        "--world",
        "bitnami-images",
    ];
    let mut arguments = vec!["--policy", "default", "--jobs", "1", "--random-sets", "6"];
    arguments.extend(worlds);
    arguments.extend(["--records", records.to_str().unwrap()]);
    let run = profiles(&out, &arguments);

    let information: serde_json::Value =
        serde_json::from_slice(&std::fs::read(run.join("run.json")).unwrap()).unwrap();
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for (name, rules) in information["rule_sets"].as_object().unwrap() {
        let rules: Vec<_> = rules
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|id| id.as_str())
            .collect();
        if !rules.is_empty() {
            names.insert(rules.join(","), name.clone());
        }
    }
    assert!(names.len() >= 9, "{:?}", names.values());
    let mut replay = Command::new(SEKISHO);
    replay.arg("replay").arg(&records).args(["--format", "csv"]);
    for expression in names.keys() {
        replay.args(["--rules", expression]);
    }
    let replayed = rows(&replay.output().unwrap().stdout);

    let trials = file(&run.join("profile_trials.csv"));
    let observed = trials
        .iter()
        .filter(|row| row["rule_set"] == "none" && row["outcome"] != "skipped");
    let lines: BTreeSet<u64> = replayed
        .iter()
        .map(|row| row["line"].parse().unwrap())
        .collect();
    let started: BTreeMap<u64, &Row> = lines.into_iter().zip(observed).collect();
    let real: BTreeMap<(&str, &str), &Row> = trials
        .iter()
        .map(|row| ((row["profile"].as_str(), row["rule_set"].as_str()), row))
        .collect();
    let works = started
        .values()
        .filter(|row| row["outcome"] == "works")
        .count();
    println!(
        "{works} of {} configurations work with no rule in force",
        started.len()
    );
    assert!(
        works * 10 >= started.len() * 8,
        "most work: {works} of {}",
        started.len()
    );

    let (mut compared, mut repaired) = (0, 0);
    for predicted in &replayed {
        let without = started[&predicted["line"].parse().unwrap()];
        if without["outcome"] != "works" {
            continue;
        }
        let set = names[&predicted["rule_set"]].as_str();
        let seen = real[&(without["profile"].as_str(), set)];
        let outcome = match predicted["result"].as_str() {
            "refused" => "broken",
            "started" => "works",
            "repaired" => {
                repaired += 1;
                continue;
            }
            other => panic!("{other}"),
        };
        compared += 1;
        let whose = format!("{} under {set}: {}", without["profile"], seen["reason"]);
        assert_eq!(seen["outcome"], outcome, "{whose}");
        // Another PATH may lead to another init, or to none: then a rule about
        // it may refuse before the one that is predicted.
        if !predicted["repairing"].contains("path-differs-from-policy") {
            assert_eq!(seen["rule"], predicted["rule"], "{whose}");
        }
    }
    println!("{compared} starts as predicted, {repaired} that no verdict tells");
    assert!(compared > 100, "{compared}");
    // What repairs in real starts is in the set of repairing rules.
    let repairing = &information["rule_sets"]["sanitising"];
    for row in file(&run.join("profile_verdicts.csv")) {
        let listed = repairing
            .as_array()
            .unwrap()
            .iter()
            .any(|rule| *rule == row["rule"]);
        assert!(row["verdict"] != "sanitize" || listed, "{}", row["rule"]);
    }
}

/// Configurations of one shape get the same verdicts when each is started.
#[test]
fn one_start_stands_for_every_configuration_of_its_shape() {
    if !can_run() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let arguments = [
        "--world",
        "bitnami-images",
        "--world",
        "hosting",
        "--every",
        "--policy",
        "default",
        "--rules",
        "none",
    ];
    let run = profiles(directory.path(), &arguments);
    let mut verdicts: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for row in file(&run.join("profile_verdicts.csv")) {
        verdicts
            .entry(row["profile"].clone())
            .or_default()
            .insert((row["rule"].clone(), row["verdict"].clone()));
    }
    let list = Command::new(SEKISHO)
        .args(["profiles", "list"])
        .output()
        .unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    let mut compared = 0;
    for line in list.lines() {
        let Some((profile, rest)) = line.trim().split_once("  [as ") else {
            continue;
        };
        let shape = rest.split(']').next().unwrap();
        if let (Some(own), Some(other)) = (verdicts.get(profile), verdicts.get(shape)) {
            compared += 1;
            assert_eq!(own, other, "{profile} and {shape}");
        }
    }
    println!("{compared} configurations have the verdicts of the one that stands for them");
    assert!(compared > 10, "{compared}");
}

#[test]
fn a_replay_needs_no_privileges_and_survives_damage() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("records");
    let good = r#"{"decision":"start","verdicts":{"target-user-is-root":"deny","caller-unknown":"permit"},"reasons":{"target-user-is-root":"uid 0"}}"#;
    let text =
        format!("{good}\n{{\"ended\":{{\"status\":0}}}}\nrubbish\n{good}\n{{\"decision\":\"sta");
    std::fs::write(&path, text).unwrap();
    let replay = |arguments: &[&str]| {
        let output = Command::new(SEKISHO)
            .arg("replay")
            .args(arguments)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (
            output.status.code(),
            text,
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let records = path.to_str().unwrap();
    let (status, text, _) = replay(&[
        records,
        "--rules",
        "target-user-is-root",
        "--rules",
        "caller-unknown",
        "--baseline",
        "none",
    ]);
    assert_eq!(status, Some(0));
    for part in [
        "2 starts with verdicts",
        "2 damaged",
        ":3:",
        ":5:",
        "2 (100.0 %)",
        "never fired: caller-unknown",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let (_, json, _) = replay(&[
        records,
        "--rules",
        "target-user-is-root",
        "--format",
        "json",
    ]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["sets"][0]["refused"], 2);
    assert_eq!(
        json["sets"][0]["refused_starts"][1]["at"],
        format!("{records}:4")
    );
    assert_eq!(json["damaged"].as_array().unwrap().len(), 2);

    let (status, _, error) = replay(&["/nowhere", "--rules", "all"]);
    assert_eq!(status, Some(2));
    assert!(error.contains("/nowhere"), "{error}");
    let (status, _, error) = replay(&[records, "--rules", "suexek"]);
    assert_eq!(status, Some(2));
    assert!(error.contains("did you mean `suexec`"), "{error}");
    std::fs::write(&path, "rubbish\n").unwrap();
    let (status, _, error) = replay(&[records, "--rules", "all"]);
    assert_eq!(status, Some(2));
    assert!(error.contains("observe = all"), "{error}");
}
