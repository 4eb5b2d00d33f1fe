//! Agreement with the real suEXEC, in real arenas.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;

const SEKISHO: &str = env!("CARGO_BIN_EXE_sekisho");
const ORIGINAL: &str = "/usr/lib/apache2/suexec-custom";

/// Whether the real one can be run here; if not, says why, and fails where it
/// must.
fn can_run() -> bool {
    let reason = match std::fs::metadata(ORIGINAL) {
        _ if !nix::unistd::geteuid().is_root() => "not root".to_owned(),
        Err(error) => format!("{ORIGINAL}: {error}; install apache2-suexec-custom"),
        Ok(_) => return true,
    };
    sekisho_skips::skipped(format!("the real suEXEC: {reason}"));
    false
}

/// Runs the comparison; gives its exit status, its last line and its results.
fn conform(out: &Path, arguments: &[&str]) -> (Option<i32>, String, PathBuf) {
    let mut command = Command::new(SEKISHO);
    command
        .args(["conform", "suexec", "--out"])
        .arg(out)
        .args(arguments);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    println!("{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let last = text.lines().last().unwrap_or_default().to_owned();
    let mut runs = std::fs::read_dir(out.join("conform")).unwrap().flatten();
    let run = runs.next().unwrap().path();
    (output.status.code(), last, run)
}

fn rows(run: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(run.join("requests.csv")).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

fn summary(run: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(run.join("conform.json")).unwrap()).unwrap()
}

#[test]
fn two_thousand_requests_get_the_same_answer_from_the_real_suexec() {
    if !can_run() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let (status, last, run) = conform(out.path(), &["--count", "2000", "--seed", "1"]);
    let summary = summary(&run);
    let all = 2000 + summary["kept"].as_u64().unwrap();
    assert_eq!(last, format!("{all} of {all} agree"));
    assert_eq!(status, Some(0), "all reachable statuses must be reached");
    assert_eq!(summary["complete"], true);
    assert_eq!(rows(&run).len() as u64, all);
    let allowed = summary["allowed"].as_u64().unwrap();
    assert!(allowed * 4 >= all, "only {allowed} of {all} are allowed");
    assert!(
        summary["kept"].as_u64().unwrap() > 0,
        "kept cases are run first"
    );
    let count: u64 = summary["statuses"]
        .as_object()
        .unwrap()
        .values()
        .map(|n| n.as_u64().unwrap())
        .sum();
    assert_eq!(count, all);
}

#[test]
fn strict_mode_differs_in_documented_ways_only() {
    if !can_run() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let (status, last, run) = conform(
        out.path(),
        &["--count", "700", "--seed", "4", "--mode", "strict"],
    );
    let all = 700 + summary(&run)["kept"].as_u64().unwrap();
    assert_eq!(
        last,
        format!("{all} of {all} agree or differ as documented")
    );
    assert_eq!(status, Some(0));
    let explained = rows(&run)
        .iter()
        .any(|row| row["differs"].starts_with("as documented: "));
    assert!(explained);
}

#[test]
fn every_documented_difference_is_shown_by_its_request() {
    if !can_run() {
        return;
    }
    let output = Command::new(SEKISHO)
        .args(["conform", "suexec", "--differences"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(
        text.trim_end().ends_with("differences as documented"),
        "{text}"
    );
}

#[test]
fn a_launcher_that_answers_otherwise_is_told_and_its_request_kept() {
    if !can_run() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    // Something else in place of the real one: whatever it does, it is no
    // agreement.
    let (status, last, run) = conform(
        out.path(),
        &["--count", "3", "--jobs", "1", "--suexec", "/bin/true"],
    );
    assert_eq!(status, Some(1));
    assert!(last.starts_with("0 of "), "{last}");
    let told = summary(&run)["disagreements"].as_array().unwrap().len();
    assert_eq!(told, 10, "the first ones are named");
    let kept = std::fs::read_dir(run.join("regressions")).unwrap().count();
    assert_eq!(kept as u64, 3 + summary(&run)["kept"].as_u64().unwrap());
    assert!(
        rows(&run)
            .iter()
            .all(|row| row["agree"] == "false" && row["verdict"] == "failed")
    );
}

/// What a run says at its end, without times and the words of its start.
fn result(run: &Path) -> serde_json::Value {
    let mut summary = summary(run);
    let object = summary.as_object_mut().unwrap();
    for field in ["started", "ended", "command", "wall_time_s"] {
        assert!(object.remove(field).is_some(), "{field}");
    }
    summary
}

#[test]
fn interrupted_and_killed_runs_resume_and_end_like_one_that_was_not() {
    if !can_run() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let asked = ["--count=60", "--seed=5", "--mode=strict", "--first=40"];
    let start = |arguments: &[&str]| {
        let mut command = Command::new(SEKISHO);
        command.args(["conform", "suexec", "--out"]).arg(out.path());
        command.args(arguments).stderr(Stdio::piped());
        command.stdout(Stdio::piped()).spawn().unwrap()
    };
    let run = || {
        let mut runs = std::fs::read_dir(out.path().join("conform")).ok()?;
        Some(runs.next()?.ok()?.path())
    };
    let done = || {
        let content = run().and_then(|run| std::fs::read(run.join("requests.csv")).ok());
        let lines = content.unwrap_or_default();
        lines.iter().filter(|byte| **byte == b'\n').count()
    };
    let mut enough = 0;
    for (sent, status) in [(Signal::SIGINT, Some(130)), (Signal::SIGKILL, None)] {
        let first = [&asked[..], &["--jobs=2"]].concat();
        let arguments = match enough {
            0 => &first[..],
            _ => &["--resume", "--jobs=2"],
        };
        enough = done() + 100;
        let mut child = start(arguments);
        while done() < enough {
            assert!(child.try_wait().unwrap().is_none(), "it ended too early");
            std::thread::sleep(Duration::from_millis(5));
        }
        let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
        nix::sys::signal::kill(pid, sent).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), status, "{said}");
        assert!(status.is_none() || said.contains("--resume"), "{said}");
        assert_eq!(summary(&run().unwrap())["complete"], false);
    }
    let run = run().unwrap();
    let path = run.join("requests.csv");
    // As an unlucky kill may leave it: a line without its end.
    let content = std::fs::read(&path).unwrap();
    std::fs::write(&path, &content[..content.len() - 3]).unwrap();
    let named = run.to_str().unwrap();
    let fails = |arguments: &[&str], word: &str| {
        let output = start(arguments).wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(word), "{said}");
    };
    fails(&["--resume", named, "--seed", "6"], "--seed");
    fails(
        &["--resume", named, "--suexec", "/bin/true"],
        "the real suEXEC changed",
    );
    let output = start(&["--resume", named]).wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    fails(&["--resume", named], "nothing to resume");

    let straight = tempfile::tempdir().unwrap();
    let (status, last, other) = conform(straight.path(), &asked);
    assert_eq!(status, Some(0));
    assert!(said.ends_with(&format!("{last}\n")), "{said}");
    assert_eq!(result(&run), result(&other));
    let sorted = |run: &Path| {
        let mut rows = rows(run);
        rows.sort();
        rows
    };
    assert_eq!(sorted(&run), sorted(&other));
}

#[test]
fn without_the_real_one_nothing_is_claimed() {
    let output = Command::new(SEKISHO)
        .args(["conform", "suexec", "--suexec", "/nowhere/suexec"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("install apache2-suexec-custom"), "{said}");
}
