//! Real launchers beside the reference launcher, in a small run whose numbers
//! were worked out by hand.

mod common;

use std::fs;
use std::io::Write as _;
use std::path::Path;

use common::{Build, attack, legitimate};
use sekisho_reports::analysis::Analysis;
use sekisho_reports::analysis::targets::Counts;
use sekisho_reports::read::Run;
use sekisho_reports::write;

const NOT_TRIED: &str = "the kernel refuses it";

/// `one` and `two` are demonstrated, `three` is not; `plain` is the twin of
/// `one`.
fn build() -> Build {
    let cases = vec![
        attack("one", "client", "bad-id", &["a"]),
        attack("two", "tenant", "bad-id", &[]),
        common::Case {
            not_demonstrated: NOT_TRIED.to_owned(),
            ..attack("three", "tenant", "races", &["a"])
        },
        attack("four", "front", "races", &["a"]),
        legitimate("plain", &[]),
        legitimate("other", &[]),
    ];
    Build::new(&[("a", "fatal", "1")], cases)
}

/// Adds trials of a real launcher.
fn add(directory: &Path, lines: &[(&str, &str, &str, &str)]) {
    let path = directory.join("trials.csv");
    let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
    for (scenario, kind, outcome, reason) in lines {
        let (attacker, verdict) = match (*kind, *outcome) {
            ("malicious", "blocked") => ("client", "refused"),
            ("malicious", _) => ("client", ""),
            (_, "broken") => ("", "refused"),
            _ => ("", ""),
        };
        writeln!(
            file,
            "r,{scenario},default,{kind},{attacker},,f,runc,own,0,,,1,{outcome},{verdict},,{reason},1,5,0,0"
        )
        .unwrap();
    }
    let path = directory.join("scenarios.csv");
    let text = fs::read_to_string(&path).unwrap();
    let twin = |line: &str| match line.starts_with("one,") {
        true => line.replacen("synthetic,,", "synthetic,plain/default,", 1),
        false => line.to_owned(),
    };
    let lines: Vec<_> = text.lines().map(twin).collect();
    fs::write(&path, lines.join("\n") + "\n").unwrap();
}

fn latency(directory: &Path) {
    let mut text = "run,round,position,target,rule_set,resolution,duration_us,error\n".to_owned();
    for round in 1..=6 {
        text.push_str(&format!(
            "r,{round},1,sekisho,none,by-descriptor,{round}000,\n"
        ));
        text.push_str(&format!("r,{round},2,runc,own,,{round}0000,\n"));
    }
    text.push_str("r,7,1,runc,own,,,it broke\n");
    fs::write(directory.join("latency.csv"), text).unwrap();
}

#[test]
fn attacks_are_demonstrated_on_the_reference_launcher_and_counted_on_the_real_one() {
    let directory = build().write();
    add(
        directory.path(),
        &[
            ("one", "malicious", "blocked", "no such user"),
            ("two", "malicious", "compromised", ""),
            ("three", "malicious", "compromised", ""),
            ("four", "malicious", "not-applicable", "between: no pause"),
            ("plain", "legitimate", "broken", "no such user"),
            ("other", "legitimate", "works", ""),
        ],
    );
    let run = Run::load(directory.path()).unwrap();
    let analysis = Analysis::of(&run);
    // The real launcher is no view of its own: nothing is demonstrated on it.
    assert_eq!(analysis.views.len(), 1);
    let targets = analysis.targets.unwrap();
    assert_eq!((targets.demonstrated, targets.working), (3, 2));
    let names: Vec<_> = targets
        .columns
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    let reference = "sekisho by-descriptor";
    let wanted = [
        &format!("{reference} none"),
        &format!("{reference} suexec"),
        &format!("{reference} all"),
        "runc",
    ];
    assert_eq!(names, wanted);
    let runc = &targets.columns[3];
    let bad_id = Counts {
        blocked: 1,
        compromised: 1,
        twin_too: 1,
        ..Counts::default()
    };
    assert_eq!(runc.families["bad-id"], bad_id);
    let races = Counts {
        not_applicable: 1,
        ..Counts::default()
    };
    assert_eq!(runc.families["races"], races);
    assert_eq!((runc.legitimate.works, runc.legitimate.broken), (1, 1));
    let through: Vec<_> = runc
        .let_through
        .iter()
        .map(|one| (one.case.as_str(), one.demonstrated))
        .collect();
    assert_eq!(through, [("two", true), ("three", false)]);
    assert_eq!(runc.stopped[0].told.reason, "no such user");
    assert_eq!(runc.stopped[0].told.exit_status, "1");
}

#[test]
fn the_comparison_is_in_report_and_tables_and_the_latency_beside_it() {
    let directory = build().write();
    let path = directory.path();
    add(path, &[("two", "malicious", "compromised", "")]);
    latency(path);
    write(path).unwrap();
    let report = fs::read_to_string(path.join("report.md")).unwrap();
    for part in [
        "## Real launchers",
        "| `bad-id` | 2 C |",
        "`runc` | 6 | 35000 µs",
    ] {
        assert!(report.contains(part), "{part}: {report}");
    }
    let through = fs::read_to_string(path.join("tables/target-let-through.csv")).unwrap();
    assert!(
        through.contains("runc,two,tenant,bad-id,title of two,demonstrated"),
        "{through}"
    );
    for file in [
        "tables/target-families.tex",
        "tables/target-outcomes.csv",
        "tables/target-latency.csv",
        "plots/q4_targets.svg",
        "plots/q1_targets.svg",
    ] {
        assert!(path.join(file).exists(), "{file}");
    }
    assert!(report.contains("](plots/q4_targets.svg)"));
    let svg = fs::read_to_string(path.join("plots/q1_targets.svg")).unwrap();
    // Of three demonstrated attacks the real launcher ran one and stopped none.
    let after = svg.split("runc").nth(1).expect("a row");
    assert!(after.contains("0/1"), "{after}");
}

#[test]
fn a_run_without_real_launchers_has_no_such_part() {
    let directory = build().write();
    write(directory.path()).unwrap();
    let report = fs::read_to_string(directory.path().join("report.md")).unwrap();
    assert!(!report.contains("Real launchers"));
    assert!(!directory.path().join("tables/target-families.csv").exists());
}
