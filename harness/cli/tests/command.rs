//! The command as a whole, with real arenas: root's, or an ordinary user's in
//! a user namespace.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::{SEKISHO, can_run};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

fn eval(out: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(SEKISHO);
    command.arg("eval").arg("--out").arg(out).args(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The only run in the directory.
fn run_in(out: &Path) -> PathBuf {
    let runs: Vec<_> = std::fs::read_dir(out)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs[0].clone()
}

type Row = BTreeMap<String, String>;

fn rows(path: &Path) -> Vec<Row> {
    csv::Reader::from_path(path)
        .unwrap()
        .deserialize()
        .map(Result::unwrap)
        .collect()
}

fn key(row: &Row) -> Vec<String> {
    let columns = [
        "scenario",
        "case",
        "target",
        "rule_set",
        "resolution",
        "control",
        "repeat",
    ];
    columns.map(|column| row[column].clone()).to_vec()
}

/// Outcomes by trial; fails when a trial is there twice.
fn outcomes(run: &Path) -> BTreeMap<Vec<String>, String> {
    let rows = rows(&run.join("trials.csv"));
    let outcomes: BTreeMap<_, _> = rows
        .iter()
        .map(|row| (key(row), format!("{} {}", row["outcome"], row["rule"])))
        .collect();
    assert_eq!(outcomes.len(), rows.len(), "a trial is there twice");
    outcomes
}

fn run_file(run: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(run.join("run.json")).unwrap()).unwrap()
}

/// Waits until the run has written so many trials.
fn wait_for_trials(out: &Path, child: &mut Child, least: usize) {
    let limit = Instant::now() + Duration::from_secs(60);
    let written = || -> usize {
        let Ok(entries) = std::fs::read_dir(out) else {
            return 0;
        };
        let counts = entries.flatten().map(|entry| {
            let text = std::fs::read(entry.path().join("trials.csv")).unwrap_or_default();
            text.iter().filter(|byte| **byte == b'\n').count()
        });
        counts.max().unwrap_or(0)
    };
    while written() <= least {
        assert!(
            child.try_wait().unwrap().is_none(),
            "the run ended before it was interrupted"
        );
        assert!(Instant::now() < limit, "no trial was written for a minute");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
}

#[test]
fn a_run_ends_with_whole_files_and_one_object_on_standard_output() {
    if !can_run() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let filter = [
        "--filter",
        "target-user-is-root/*",
        "--rules",
        "all",
        "--format",
        "json",
    ];
    let output = eval(out.path(), &filter).output().unwrap();
    assert!(
        matches!(output.status.code(), Some(0 | 1)),
        "{}",
        text(&output.stderr)
    );
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let run = run_in(out.path());
    let file = run_file(&run);
    assert_eq!(file["complete"], true);
    assert_eq!(file["leftovers"].as_array().map(Vec::len), Some(0));
    assert_eq!(file["rule_sets"]["none"].as_array().map(Vec::len), Some(0));
    let trials = rows(&run.join("trials.csv"));
    assert_eq!(file["trials_planned"], trials.len());
    assert_eq!(summary["done"], trials.len());
    let outcome = |set: &str| -> BTreeSet<&str> {
        trials
            .iter()
            .filter(|row| row["rule_set"] == set && row["control"].is_empty())
            .map(|row| row["outcome"].as_str())
            .collect()
    };
    assert_eq!(outcome("none"), BTreeSet::from(["compromised"]));
    assert_eq!(outcome("all"), BTreeSet::from(["blocked"]));
    // Under `none` every rule was asked, and the one that the case is for
    // says no.
    let verdicts = rows(&run.join("verdicts.csv"));
    let rules = rows(&run.join("rules.csv")).len();
    let cases = rows(&run.join("scenarios.csv")).len();
    assert_eq!(verdicts.len(), rules * cases * 2);
    let denied = |row: &&Row| row["rule"] == "target-user-is-root" && row["verdict"] == "deny";
    assert_eq!(verdicts.iter().filter(denied).count(), cases * 2);
    compares(&run);
}

/// A run is the same as itself; with an outcome changed it is not.
fn compares(run: &Path) {
    let compare = |after: &Path| {
        let mut command = Command::new(SEKISHO);
        command.arg("compare").arg(run).arg(after).output().unwrap()
    };
    let same = compare(run);
    let said = text(&same.stdout);
    assert_eq!(same.status.code(), Some(0), "{said}");
    assert!(said.contains("Nothing changed."), "{said}");
    let other = tempfile::tempdir().unwrap();
    for file in [
        "run.json",
        "rules.csv",
        "scenarios.csv",
        "verdicts.csv",
        "mismatches.csv",
    ] {
        std::fs::copy(run.join(file), other.path().join(file)).unwrap();
    }
    let trials = std::fs::read_to_string(run.join("trials.csv")).unwrap();
    let changed = trials.replacen(",blocked,", ",compromised,", 1);
    assert_ne!(trials, changed);
    std::fs::write(other.path().join("trials.csv"), changed).unwrap();
    let differs = compare(other.path());
    assert_eq!(differs.status.code(), Some(1), "{}", text(&differs.stdout));
    let missing = compare(&run.join("nothing"));
    assert_eq!(missing.status.code(), Some(2), "{}", text(&missing.stderr));
}

#[test]
fn interrupted_and_killed_runs_resume_without_losing_or_doubling_a_trial() {
    if !can_run() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let filter = [
        "--filter=target-user-is-root",
        "--filter=target-user-reads-as-zero",
        "--resolution=by-descriptor",
        "--jobs=1",
    ];
    let resume = ["--resume", "--jobs=1"];
    let mut planned = 0;
    for (number, (sent, status)) in [
        (Signal::SIGINT, Some(130)),
        (Signal::SIGKILL, None),
        (Signal::SIGTERM, Some(143)),
    ]
    .into_iter()
    .enumerate()
    {
        let arguments = if number == 0 {
            &filter[..]
        } else {
            &resume[..]
        };
        let mut child = eval(out.path(), arguments).spawn().unwrap();
        wait_for_trials(out.path(), &mut child, planned + 40);
        signal(&child, sent);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), status, "{}", text(&output.stderr));
        if status.is_some() {
            assert!(
                text(&output.stderr).contains("--resume"),
                "{}",
                text(&output.stderr)
            );
        }
        let run = run_in(out.path());
        planned = text(&std::fs::read(run.join("trials.csv")).unwrap())
            .lines()
            .count();
        assert_eq!(run_file(&run)["complete"], false);
    }
    // As an unlucky kill may leave it: a line without its end.
    let run = run_in(out.path());
    let path = run.join("trials.csv");
    let content = std::fs::read(&path).unwrap();
    std::fs::write(&path, &content[..content.len() - 7]).unwrap();
    // What it runs is in run.json: other options make no sense.
    let other = eval(out.path(), &["--resume", "--seed", "99"])
        .output()
        .unwrap();
    assert_eq!(other.status.code(), Some(2));
    let said = text(&other.stderr);
    assert!(
        said.contains("--resume") && said.contains("--seed"),
        "{said}"
    );

    let output = eval(out.path(), &resume).output().unwrap();
    assert!(
        matches!(output.status.code(), Some(0 | 1)),
        "{}",
        text(&output.stderr)
    );
    let file = run_file(&run);
    assert_eq!(file["complete"], true);
    let interrupted = outcomes(&run);
    assert_eq!(file["trials_planned"], interrupted.len());
    assert_eq!(file["trials_done"], interrupted.len());
    let verdicts = rows(&run.join("verdicts.csv"));
    let unique: BTreeSet<_> = verdicts.iter().collect();
    assert_eq!(unique.len(), verdicts.len());

    // Another seed, another number of jobs, no interruption: the same results.
    let straight = tempfile::tempdir().unwrap();
    let other = [&filter[..3], &["--seed=7", "--jobs=3"]].concat();
    eval(straight.path(), &other).output().unwrap();
    assert_eq!(outcomes(&run_in(straight.path())), interrupted);
}

#[test]
fn parts_of_a_plan_merge_into_the_run_as_a_whole() {
    if !can_run() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let options = ["--filter=target-user-is-root", "--rules=suexec", "--seed=3"];
    let run = |more: &str| {
        let place = out.path().join(more.replace(['-', '/', '='], "_"));
        let output = eval(&place, &[&options[..], &[more]].concat())
            .output()
            .unwrap();
        assert!(
            matches!(output.status.code(), Some(0 | 1)),
            "{}",
            text(&output.stderr)
        );
        run_in(&place)
    };
    let parts = [run("--shard=1/3"), run("--shard=3/3"), run("--shard=2/3")];
    let whole = run("--shard=1/1");
    let merge = |parts: &[PathBuf], place: &str| {
        let place = out.path().join(place);
        let merged = Command::new(SEKISHO)
            .arg("merge")
            .args(parts)
            .arg("--out")
            .arg(&place)
            .output();
        (merged.unwrap(), place)
    };
    let (output, place) = merge(&parts, "merged");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let merged = run_in(&place);
    assert_eq!(outcomes(&merged), outcomes(&whole));
    let verdicts = |run: &Path| -> BTreeSet<Vec<String>> {
        let columns = ["scenario", "case", "resolution", "rule", "verdict"];
        let row = |row: &Row| columns.map(|column| row[column].clone()).to_vec();
        rows(&run.join("verdicts.csv")).iter().map(row).collect()
    };
    assert_eq!(verdicts(&merged), verdicts(&whole));
    assert_eq!(
        run_file(&merged)["trials_done"],
        run_file(&whole)["trials_done"]
    );
    assert!(merged.join("report.html").exists());

    for (parts, told) in [
        (&parts[..2], "--shard 2/3"),
        (&[parts[0].clone(), parts[0].clone()][..], "both part 1/3"),
        (&[parts[0].clone(), whole.clone()][..], "options differs"),
    ] {
        let (output, place) = merge(parts, "refused");
        assert_eq!(output.status.code(), Some(2));
        assert!(
            text(&output.stderr).contains(told),
            "{}",
            text(&output.stderr)
        );
        assert!(!place.exists(), "nothing is written");
    }
}

/// Mounts and masks beneath a bound directory, and a link that leads a mount
/// there, leave the mount table of the host alone, which is shared in the arena as
/// systemd makes it.
#[test]
fn no_start_changes_the_mounts_of_its_host() {
    if !can_run() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let options = [
        "--target=sekisho",
        "--filter=mounts-beneath-mounts",
        "--filter=mount-point-is-a-link",
        "--rules=suexec",
        "--rules=all",
    ];
    let output = eval(out.path(), &options).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    let rows = rows(&run_in(out.path()).join("trials.csv"));
    // Five cases under three sets in two ways to resolve, and two controls of the
    // attack.
    assert_eq!(rows.len(), 5 * 3 * 2 + 2 * 2);
    for row in rows {
        if !row["control"].is_empty() {
            assert_eq!(row["outcome"], "absent", "{row:?}");
            continue;
        }
        let expected: &[&str] = match (row["kind"].as_str(), row["resolution"].as_str()) {
            ("legitimate", _) => &["works"],
            // The link itself is refused. That copies are private would also
            // keep the mount from the host, but is the second defence.
            (_, "by-descriptor") => &["blocked"],
            _ => &["blocked", "neutralised"],
        };
        assert!(expected.contains(&row["outcome"].as_str()), "{row:?}");
    }
}

/// A step that the kernel refuses is the same refusal whether the decision was
/// recorded before it or not: that depends on the rules.
#[test]
fn what_a_failed_step_means_does_not_depend_on_the_rules() {
    if !can_run() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let options = [
        "--filter=mount-point-is-a-link/programs-of-the-host",
        "--rules=all",
        "--rules=only:umask-inherited",
        "--rules=only:privileges-not-dropped",
    ];
    eval(out.path(), &options).output().unwrap();
    let mut rows = rows(&run_in(out.path()).join("trials.csv"));
    rows.retain(|row| row["control"].is_empty() && row["resolution"] == "by-descriptor");
    assert_eq!(rows.len(), 4);
    for row in rows {
        let told = (row["outcome"].as_str(), row["verdict"].as_str());
        assert_eq!(told, ("blocked", "unusable"), "{row:?}");
        assert!(row["reason"].starts_with("step mounts: "), "{row:?}");
    }
}

#[test]
fn two_processes_do_not_write_one_run() {
    if !can_run() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let mut child = eval(out.path(), &["--filter", "bad-id"]).spawn().unwrap();
    wait_for_trials(out.path(), &mut child, 1);
    let second = eval(out.path(), &["--resume"]).output().unwrap();
    signal(&child, Signal::SIGINT);
    child.wait().unwrap();
    assert_eq!(second.status.code(), Some(2));
    assert!(
        text(&second.stderr).contains("another process"),
        "{}",
        text(&second.stderr)
    );
}

#[test]
fn a_full_disk_is_told_and_what_was_written_is_whole() {
    if !nix::unistd::geteuid().is_root() {
        sekisho_skips::skipped("a small filesystem can only be mounted by root");
        return;
    }
    if !can_run() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let kept = tempfile::tempdir().unwrap();
    let script = "mount -t tmpfs -o size=256k none \"$1\" && { \"$3\" eval --filter bad-id --out \"$1\"; \
                  status=$?; cp \"$1\"/*/trials.csv \"$2\"; exit $status; }";
    let output = Command::new("unshare")
        .args(["-m", "--propagation", "private", "sh", "-c", script, "sh"])
        .args([out.path(), kept.path(), Path::new(SEKISHO)])
        .output()
        .unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for part in ["No space left on device", "trials.csv", "--out", "--resume"] {
        assert!(
            said.contains(part) || part == "trials.csv" && said.contains(".csv"),
            "{said}"
        );
    }
    let content = std::fs::read(kept.path().join("trials.csv")).unwrap();
    let whole = content.iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    let read: Vec<Row> = csv::Reader::from_reader(&content[..whole])
        .deserialize()
        .map(Result::unwrap)
        .collect();
    assert!(read.len() > 10, "only {} trials were kept", read.len());
}

fn refused(arguments: &[&str]) -> String {
    let output: Output = Command::new(SEKISHO).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    text(&output.stderr)
}

#[test]
fn what_is_not_known_is_named_with_the_nearest_known() {
    let cases = [
        (
            ["eval", "--rules", "all,-target-user-is-rot"],
            "`target-user-is-root`",
        ),
        (["eval", "--filter", "bad-ids"], "`bad-id`"),
        (["eval", "--target", "sekiso"], "`sekisho`"),
        (
            ["rules", "show", "target-user-is-rot"],
            "`target-user-is-root`",
        ),
        (
            ["scenarios", "show", "target-user-is-rot"],
            "target-user-is-root",
        ),
    ];
    for (arguments, nearest) in cases {
        let said = refused(&arguments);
        assert!(said.contains(nearest), "{arguments:?}: {said}");
    }
}

#[test]
fn an_output_place_that_cannot_be_written_is_named() {
    if !can_run() {
        return;
    }
    let said = refused(&[
        "eval",
        "--filter",
        "target-user-is-root",
        "--out",
        "/proc/none",
    ]);
    assert!(
        said.contains("/proc/none") && said.contains("--out"),
        "{said}"
    );
}

#[test]
fn every_fault_of_a_directory_of_scenarios_is_told_with_its_line() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(
        directory.path().join("one.toml"),
        "id = \"one\"\ntitel = \"x\"\n",
    )
    .unwrap();
    std::fs::write(directory.path().join("two.toml"), "id = \n").unwrap();
    let place = directory.path().to_str().unwrap();
    for arguments in [
        ["scenarios", "check", "--scenarios", place],
        ["eval", "--scenarios", place, "--repeat=1"],
    ] {
        let said = refused(&arguments);
        assert!(
            said.contains("one.toml:2") && said.contains("title"),
            "{said}"
        );
        assert!(said.contains("two.toml:1"), "{said}");
    }
}

#[test]
fn listings_hold_what_they_list() {
    let list = |arguments: &[&str]| {
        let output = Command::new(SEKISHO).args(arguments).output().unwrap();
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            text(&output.stderr)
        );
        text(&output.stdout)
    };
    assert!(list(&["rules"]).contains("target-user-is-root"));
    assert!(list(&["rules", "show", "target-user-is-root"]).contains("## Why"));
    assert!(list(&["targets"]).contains("/opt/sekisho/bin/sekisho-launch"));
    assert!(list(&["scenarios", "check"]).contains("malicious: "));
    assert!(list(&["scenarios", "explain", "witness"]).contains("via"));
    assert!(list(&["scenarios", "list", "--filter", "bad-id"]).contains("target-user-is-root/"));
    assert!(list(&["--help"]).contains("130, 143"));
}
