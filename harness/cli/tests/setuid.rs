//! Real setuid launchers: Apache's suexec, sudo and doas, and setpriv as the
//! baseline. Everything happens in an arena; nothing on the host changes.

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use common::SEKISHO;

fn sekisho(arguments: &[&str]) -> Output {
    Command::new(SEKISHO).args(arguments).output().unwrap()
}

/// Whether trials of these targets can run here.
fn can_run_with(targets: &[&str]) -> bool {
    let is_there = |name: &&str| {
        let said = sekisho(&["targets", name, "--format", "json"]);
        let said: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
        let missing = said[0]["missing"].as_str();
        if let Some(why) = missing {
            sekisho_skips::skipped(format!("{name}: {why}; {}", said[0]["hint"]));
        }
        missing.is_none()
    };
    common::can_run() && targets.iter().all(is_there)
}

type Row = BTreeMap<String, String>;

/// Trials of these targets on these cases, by target and `scenario/case`.
fn trials(targets: &[&str], cases: &[&str]) -> BTreeMap<(String, String), Row> {
    trials_of(None, targets, cases)
}

/// The same of a corpus of its own.
fn trials_of(
    corpus: Option<&str>,
    targets: &[&str],
    cases: &[&str],
) -> BTreeMap<(String, String), Row> {
    let out = tempfile::tempdir().unwrap();
    let (place, targets) = (out.path().to_str().unwrap(), targets.join(","));
    let mut arguments = vec!["eval", "--out", place, "--target", &targets];
    arguments.extend(["--resolution", "by-descriptor", "--rules", "none"]);
    arguments.extend(corpus.iter().flat_map(|corpus| ["--scenarios", corpus]));
    arguments.extend(["--no-profiles", "--latency-rounds", "0"]);
    for case in cases {
        arguments.extend(["--filter", case]);
    }
    let done = sekisho(&arguments);
    let status = done.status.code();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(matches!(status, Some(0 | 1)), "{status:?}: {said}");
    let run = std::fs::read_dir(out.path()).unwrap().next().unwrap();
    rows(&run.unwrap().path())
}

fn rows(run: &Path) -> BTreeMap<(String, String), Row> {
    let rows = csv::Reader::from_path(run.join("trials.csv"))
        .unwrap()
        .into_deserialize()
        .map(|row| {
            let row: Row = row.unwrap();
            let case = format!("{}/{}", row["scenario"], row["case"]);
            ((row["target"].clone(), case), row)
        });
    rows.collect()
}

fn row<'a>(rows: &'a BTreeMap<(String, String), Row>, target: &str, case: &str) -> &'a Row {
    rows.get(&(target.to_owned(), case.to_owned()))
        .unwrap_or_else(|| panic!("no trial of {case} on {target}"))
}

/// Starts that suexec refuses: names of cases, which begin with the exit status.
const STATUSES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/statuses");

#[test]
fn each_exit_status_of_suexec_is_read_with_its_line_of_the_log() {
    const TARGETS: [&str; 2] = ["suexec-custom", "suexec-pristine"];
    if !can_run_with(&TARGETS) {
        return;
    }
    let rows = trials_of(Some(STATUSES), &TARGETS, &[]);
    assert_eq!(
        rows.keys()
            .filter(|(target, _)| target == TARGETS[0])
            .count(),
        21
    );
    for ((target, case), row) in &rows {
        let Some((status, _)) = case.trim_start_matches("statuses/").split_once('-') else {
            panic!("{case}: the name of the case begins with the status")
        };
        if !TARGETS.contains(&target.as_str()) {
            continue;
        }
        // Of the two, only the one with compiled settings knows its caller.
        let status = match (target.as_str(), status) {
            ("suexec-custom", "103") => "123",
            _ => status,
        };
        assert_eq!(row["exit_status"], status, "{target} {case} {row:?}");
        assert_eq!(row["verdict"], "refused", "{target} {case}");
        let begin = format!("condition {status}: ");
        assert!(row["reason"].starts_with(&begin), "{target} {case} {row:?}");
        assert!(row["rule"].starts_with("suexec:"), "{target} {case}");
        assert_eq!(row["outcome"], "broken", "{case}");
    }
}

/// What the source of suexec suggests, in the order of its manual; each is
/// demonstrated by its witness on the real one.
const LET_THROUGH: [&str; 8] = [
    "bundle-chosen-by-the-client/dot-dot",
    "init-chosen-by-the-client/dot-dot",
    "init-chosen-by-the-client/absolute",
    "program-of-the-tenant-chosen/in-the-bundle",
    "program-of-the-tenant-chosen/in-the-directory-above",
    "descriptor-left-open/file-for-reading",
    "descriptor-left-open/file-for-writing",
    "descriptor-left-open/directory",
];

#[test]
fn attacks_that_the_real_suexec_lets_through_are_seen_by_their_witness() {
    if !can_run_with(&["suexec-custom"]) {
        return;
    }
    let rows = trials(&["suexec-custom"], &LET_THROUGH);
    for case in LET_THROUGH {
        let row = row(&rows, "suexec-custom", case);
        assert_eq!(row["outcome"], "compromised", "{case} {row:?}");
    }
}

#[test]
fn legitimate_starts_work_and_refusals_are_the_launchers_own() {
    const TARGETS: [&str; 5] = [
        "suexec-custom",
        "suexec-pristine",
        "sudo",
        "doas",
        "setpriv",
    ];
    if !can_run_with(&TARGETS) {
        return;
    }
    let cases = [
        "tenant-static-init/bob",
        "numeric-user/both",
        "http-environment/get",
        "script-init/plain",
        "root-image/by-name",
        "engine-bundle/outside-the-base",
        "host-directory-mounted",
    ];
    let rows = trials(&TARGETS, &cases);
    for target in TARGETS {
        let outcome = |case| row(&rows, target, case)["outcome"].as_str();
        for case in &cases[..4] {
            let row = row(&rows, target, case);
            assert_eq!(row["outcome"], "works", "{target} {case} {row:?}");
        }
        let root = row(&rows, target, "root-image/by-name");
        match target {
            "setpriv" => assert_eq!(root["outcome"], "works", "{root:?}"),
            "sudo" | "doas" => {
                assert_eq!(root["outcome"], "broken", "{root:?}");
                assert!(root["reason"].starts_with("exit status 1: "), "{root:?}");
            }
            _ => assert_eq!(root["rule"], "suexec:7", "{root:?}"),
        }
        // Only a base that the launcher can be told of is kept.
        let base = outcome("engine-bundle/outside-the-base");
        let kept = !["doas", "setpriv"].contains(&target);
        assert_eq!(base, if kept { "broken" } else { "works" }, "{target}");
        let mounts = rows.iter().filter(|((name, case), _)| {
            name == target && case.starts_with("host-directory-mounted")
        });
        for (case, row) in mounts {
            assert_eq!(row["outcome"], "not-applicable", "{case:?}");
            assert!(row["reason"].starts_with("mounts: "), "{row:?}");
        }
    }
}

#[test]
fn a_launcher_that_a_file_describes_is_judged() {
    if !can_run_with(&[]) {
        return;
    }
    let example = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/target.example.toml"
    );
    let target = format!("command:{example}");
    let cases = [
        "tenant-static-init/bob",
        "root-image/by-number",
        "target-user-reads-as-zero/unknown-name",
        "host-directory-mounted",
    ];
    let rows = trials(&[&target], &cases);
    let outcome = |case| row(&rows, "command:bare-setpriv", case)["outcome"].as_str();
    assert_eq!(outcome("tenant-static-init/bob"), "works");
    assert_eq!(outcome("root-image/by-number"), "works");
    // Unknown users are a form that the file does not list.
    assert_eq!(
        outcome("target-user-reads-as-zero/unknown-name"),
        "not-applicable"
    );

    let broken = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(broken.path(), "name = 'x'\nprogramme = '/bin/x'\n").unwrap();
    let target = format!("command:{}", broken.path().display());
    let done = sekisho(&["trial", "tenant-static-init/bob", "--target", &target]);
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(2), "{said}");
    assert!(
        said.contains("programme") && said.contains("line 2"),
        "{said}"
    );
}
