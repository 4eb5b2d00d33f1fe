//! Several runs read as one: parts of one corpus that were replayed apart.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{Build, Case, attack, legitimate};
use sekisho_reports::analysis::Analysis;
use sekisho_reports::read::{Run, merge};
use sekisho_reports::{ErrorKind, Lang, write_merged};
use tempfile::TempDir;

const RULES: [(&str, &str, &str); 3] = [
    ("a", "fatal", "1"),
    ("b", "deferred", "14"),
    ("c", "further", ""),
];

fn cases() -> Vec<Case> {
    vec![
        attack("one", "client", "bad-id", &["a"]),
        attack("two", "tenant", "bad-id", &["a", "b"]),
        legitimate("plain", &[]),
        attack("three", "tenant", "descriptors", &["c"]),
        attack("four", "front", "descriptors", &[]),
        legitimate("shared", &["b"]),
    ]
}

/// A run of some of the cases, with an id of its own.
fn part(cases: &[Case], id: &str) -> TempDir {
    let directory = Build::new(&RULES, cases.to_vec()).write();
    edit(directory.path(), "run.json", "2026-01-02T03-04-05", id);
    directory
}

fn edit(directory: &Path, file: &str, from: &str, to: &str) {
    let path = directory.join(file);
    let text = fs::read_to_string(&path).expect("a file of the run");
    assert!(text.contains(from), "no {from} in {file}");
    fs::write(path, text.replacen(from, to, 1)).expect("written");
}

#[test]
fn parts_read_as_one_have_the_numbers_of_the_whole() {
    let all = cases();
    let (one, other) = (part(&all[..3], "one"), part(&all[3..], "other"));
    let whole = Build::new(&RULES, all).write();
    let whole = Run::load(whole.path()).expect("a run");
    let merged = merge::load(&[one.path(), other.path()]).expect("parts that fit");
    let numbers = |run: &Run| serde_json::to_value(Analysis::of(run)).expect("JSON");
    assert_eq!(numbers(&merged), numbers(&whole));
    assert_eq!(merged.info.run, "one + other");
    assert_eq!(merged.planned_and_done(), whole.planned_and_done());
    assert!(merged.is_complete());
    // From the first alone, other numbers.
    let first = merge::load(&[one.path()]).expect("a run");
    assert_ne!(numbers(&first), numbers(&whole));
}

#[test]
fn the_report_of_several_runs_names_them_in_every_caption_and_leaves_theirs_alone() {
    let all = cases();
    let runs = [part(&all[..3], "one"), part(&all[3..], "other")];
    let paths: Vec<PathBuf> = runs.iter().map(|run| run.path().to_owned()).collect();
    let place = tempfile::tempdir().expect("a directory");
    let out = place.path().join("both");
    let summary = write_merged(&paths, &out, None, Lang::English).expect("a report");
    assert!(summary.complete);
    assert_eq!(summary.run, "one + other");
    for file in ["report.html", "report.md", "plots/q1_pareto.svg"] {
        let text = fs::read_to_string(out.join(file)).expect(file);
        assert!(text.contains("one + other"), "{file}");
    }
    for path in &paths {
        assert!(!path.join("report.html").exists());
        let taken = write_merged(&paths, path, None, Lang::English).expect_err("a run's own");
        assert!(taken.to_string().contains("--out"), "{taken}");
    }
}

#[test]
fn a_part_that_is_not_whole_makes_the_whole_partial() {
    let all = cases();
    let (one, other) = (part(&all[..3], "one"), part(&all[3..], "other"));
    fs::remove_file(other.path().join("mismatches.csv")).expect("a file of the run");
    edit(
        other.path(),
        "run.json",
        "\"complete\":true",
        "\"complete\":false",
    );
    let merged = merge::load(&[one.path(), other.path()]).expect("parts that fit");
    assert!(!merged.is_complete());
    assert_eq!(merged.flaws[0].file, "other/mismatches.csv");
}

#[test]
fn runs_that_do_not_fit_are_refused_with_file_field_and_remedy() {
    let all = cases();
    let refused = |change: &dyn Fn(&Path), parts: &[&str]| {
        let (one, other) = (part(&all[..3], "one"), part(&all[3..], "other"));
        change(other.path());
        let error = merge::load(&[one.path(), other.path()]).expect_err(parts[0]);
        assert_eq!(error.kind(), ErrorKind::Input);
        let text = error.to_string();
        let named = other.path().join(parts[0]).display().to_string();
        for part in parts.iter().copied().chain([&*named]) {
            assert!(text.contains(part), "no {part} in {text}");
        }
    };
    for (from, to, field) in [
        ("abcdef", "fedcba", "`commit`"),
        ("6.18", "6.19", "`kernel`"),
        (
            "\"mode\":\"root\"",
            "\"mode\":\"user-namespace\"",
            "`arena.mode`",
        ),
        ("\"seed\":7", "\"seed\":8", "`seed`"),
        ("\"repeat\":1", "\"repeat\":2", "`repeat`"),
        (
            "\"version\"",
            "\"policy\":\"caller = 34\",\"version\"",
            "`policy`",
        ),
        (
            "\"version\"",
            "\"plan\":{\"programs\":\"00\"},\"version\"",
            "`programs`",
        ),
        ("\"only:a\":[\"a\"]", "\"only:a\":[\"b\"]", "`rule_sets`"),
    ] {
        let change = |path: &Path| edit(path, "run.json", from, to);
        refused(&change, &["run.json", field, "sekisho compare"]);
    }
    let rules = |path: &Path| edit(path, "rules.csv", "about a", "about others");
    refused(&rules, &["rules.csv", "sekisho compare"]);
    let other_set = |path: &Path| {
        for _ in 0..3 {
            edit(path, "trials.csv", ",only:a,", ",only:x,");
        }
    };
    refused(&other_set, &["trials.csv", "rule_set", "sekisho compare"]);

    let twice = [part(&all[..3], "one"), part(&all[2..], "other")];
    let error = merge::load(&[twice[0].path(), twice[1].path()]).expect_err("a case twice");
    let text = error.to_string();
    for part in ["scenarios.csv", "`plain` is in both", "--filter"] {
        assert!(text.contains(part), "{text}");
    }

    let benched = [part(&all[..3], "one"), part(&all[3..], "other")];
    for run in &benched {
        let rows = "bench,subject,parameter,value,round,position,unit,sample,iterations,error\n\
            start,none,x,four,1,1,ns,5,1,\n";
        fs::write(run.path().join("overhead.csv"), rows).expect("written");
        fs::write(
            run.path().join("bench.json"),
            r#"{"run":"r","complete":true,"quick":true,"commit":"c","kernel":"6","cpu":"x","cpus":2,
                "governor":null,"virtualisation":null}"#,
        )
        .expect("written");
    }
    let error = merge::load(&[benched[0].path(), benched[1].path()]).expect_err("two benches");
    assert!(error.to_string().contains("overhead.csv"), "{error}");
}
