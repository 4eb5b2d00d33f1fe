//! Runs that are cut off, empty, partial or wrong.

mod common;

use std::fs;
use std::path::Path;

use common::{Build, attack, legitimate};
use sekisho_reports::{ErrorKind, write};

fn run() -> Build {
    Build::new(
        &[("a", "fatal", "1")],
        vec![
            attack("one", "client", "bad-id", &["a"]),
            legitimate("plain", &[]),
        ],
    )
}

fn edit(dir: &Path, file: &str, change: impl FnOnce(String) -> String) {
    let path = dir.join(file);
    let text = fs::read_to_string(&path).expect("a file of the run");
    fs::write(path, change(text)).expect("a file of the run");
}

fn report(dir: &Path) -> String {
    fs::read_to_string(dir.join("report.md")).expect("report.md")
}

#[test]
fn a_last_line_that_was_cut_off_is_left_out_and_said() {
    let dir = run().write();
    let lines = run().sets.len() * 2 + 1;
    for cut in [1, 5, 25, 60] {
        let whole = fs::read_to_string(dir.path().join("trials.csv")).expect("trials.csv");
        edit(dir.path(), "trials.csv", |text| {
            text[..text.len() - cut].to_owned()
        });
        let summary = write(dir.path()).expect("a report");
        assert_eq!(
            summary.flaws,
            [format!(
                "trials.csv: line {lines} was cut off and is left out"
            )]
        );
        let error = summary.require_complete().expect_err("not complete");
        assert_eq!(error.kind(), ErrorKind::Incomplete);
        let text = report(dir.path());
        assert!(text.contains("trials.csv: the last line"), "{text}");
        assert!(text.contains("This run is not complete"), "{text}");
        fs::write(dir.path().join("trials.csv"), whole).expect("trials.csv");
    }
}

#[test]
fn a_line_cut_off_inside_a_quoted_line_break_is_left_out() {
    let dir = run().write();
    edit(dir.path(), "trials.csv", |text| {
        text + "r,one,default,malicious,client,4,bad-id,sekisho,all,1,by-descriptor,1,failed,,,\"a\n"
    });
    let summary = write(dir.path()).expect("a report");
    assert_eq!(summary.flaws.len(), 1);
    assert_eq!(summary.outcomes["failed"], 0);
}

#[test]
fn an_empty_run_says_so_and_fails() {
    let dir = run().write();
    edit(dir.path(), "trials.csv", |text| {
        format!("{}\n", text.lines().next().expect("a header"))
    });
    let summary = write(dir.path()).expect("a report");
    let error = summary.require_complete().expect_err("empty");
    assert_eq!(error.kind(), ErrorKind::Incomplete);
    assert!(error.to_string().contains("holds no trial"), "{error}");
    assert!(report(dir.path()).contains("This run holds no trial"));
}

#[test]
fn a_run_that_wrote_nothing_but_run_json_is_empty() {
    let dir = run().write();
    for file in [
        "rules.csv",
        "scenarios.csv",
        "trials.csv",
        "verdicts.csv",
        "mismatches.csv",
    ] {
        fs::remove_file(dir.path().join(file)).expect("a file of the run");
    }
    let summary = write(dir.path()).expect("a report");
    assert_eq!(summary.flaws.len(), 5);
    assert!(summary.require_complete().is_err());
    assert!(report(dir.path()).contains("trials.csv is missing"));
}

#[test]
fn a_partial_run_says_so_and_fails() {
    let mut build = run();
    build.complete = false;
    let dir = build.write();
    let error = write(dir.path())
        .expect("a report")
        .require_complete()
        .expect_err("partial");
    assert!(
        error.to_string().contains("not complete (10 of 20 trials)"),
        "{error}"
    );
    assert!(report(dir.path()).contains("10 of 20 trials"));
}

#[test]
fn errors_name_file_line_and_column() {
    for (file, from, to, said) in [
        (
            "trials.csv",
            "compromised",
            "conquered",
            "trials.csv:2 (column outcome): unknown variant `conquered`",
        ),
        (
            "trials.csv",
            ",1001,",
            ",soon,",
            "trials.csv:2 (column duration_us): invalid digit",
        ),
        (
            "trials.csv",
            "r,one",
            "r,eleven",
            "trials.csv:2 (column case): `eleven/default` is not in scenarios.csv",
        ),
        (
            "trials.csv",
            ",outcome,",
            ",result,",
            "trials.csv:1 (column outcome): this column is missing",
        ),
        (
            "trials.csv",
            "r,one,",
            "r,one,two,",
            "trials.csv:2: 22 fields where the header has 21",
        ),
        (
            "verdicts.csv",
            ",a,deny",
            ",b,deny",
            "verdicts.csv:2 (column rule): `b` is not in rules.csv",
        ),
        (
            "verdicts.csv",
            "deny",
            "denied",
            "verdicts.csv:2 (column verdict): unknown variant `denied`",
        ),
        (
            "scenarios.csv",
            ",client,",
            ",,",
            "scenarios.csv:2 (column attacker): a malicious case must name",
        ),
        (
            "scenarios.csv",
            "plain,",
            "one,",
            "scenarios.csv:3 (column case): two lines are about this case",
        ),
        (
            "run.json",
            "\"version\":",
            "\"version\"",
            "run.json:1 (column ",
        ),
    ] {
        let dir = run().write();
        edit(dir.path(), file, |text| {
            assert!(text.contains(from), "{file} has no {from}");
            text.replacen(from, to, 1)
        });
        let error = write(dir.path()).expect_err(said);
        assert!(error.to_string().contains(said), "{error}");
        assert_eq!(error.kind(), ErrorKind::Input);
        assert!(!dir.path().join("report.md").exists());
    }
}

#[test]
fn a_directory_without_a_run_says_what_to_give() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let error = write(dir.path()).expect_err("no run");
    assert!(
        error.to_string().contains("give the directory of a run"),
        "{error}"
    );
}

#[test]
fn text_of_the_corpus_cannot_break_the_page() {
    let mut build = run();
    build.cases[0].not_demonstrated = "\"a | b\n<script> `c`\"".to_owned();
    let dir = build.write();
    write(dir.path()).expect("a report");
    let text = report(dir.path());
    assert!(text.contains(r"a \| b \<script\> \`c\`"), "{text}");
}

#[test]
fn a_run_with_every_trial_that_did_not_end_is_not_complete() {
    let dir = run().write();
    edit(dir.path(), "run.json", |text| {
        text.replace("\"complete\":true", "\"complete\":false")
    });
    let summary = write(dir.path()).expect("a report");
    assert_eq!(summary.done, summary.planned);
    assert!(summary.require_complete().is_err());
}

#[test]
fn a_trial_that_is_there_twice_is_refused_with_both_lines() {
    for again in ["compromised", "blocked"] {
        let dir = run().write();
        edit(dir.path(), "trials.csv", |text| {
            let line = text.lines().nth(1).expect("a trial").to_owned();
            let line = line.replace("compromised", again);
            format!("{text}{line}\n")
        });
        let error = write(dir.path()).expect_err("twice").to_string();
        assert!(error.contains("trials.csv:"), "{error}");
        assert!(error.contains("line 2 is about this trial too"), "{error}");
    }
}

#[test]
fn verdicts_that_were_lost_make_a_run_incomplete_and_are_named() {
    let dir = run().write();
    edit(dir.path(), "verdicts.csv", |text| {
        let mut lines: Vec<_> = text.lines().collect();
        lines.remove(1);
        lines.join("\n") + "\n"
    });
    let summary = write(dir.path()).expect("a report");
    assert!(
        summary.flaws[0].contains("verdicts.csv: 1 lines that belong to trials are not there"),
        "{:?}",
        summary.flaws
    );
    let error = summary.require_complete().expect_err("not complete");
    assert_eq!(error.kind(), ErrorKind::Incomplete);
    assert!(error.to_string().contains(&summary.flaws[0]), "{error}");
}

#[test]
fn a_run_of_another_schema_is_refused_by_name() {
    let dir = run().write();
    edit(dir.path(), "run.json", |text| {
        text.replace("\"schema\":3", "\"schema\":1")
    });
    let error = write(dir.path()).expect_err("another schema").to_string();
    assert!(
        error.contains("run.json") && error.contains("schema 1"),
        "{error}"
    );
}
