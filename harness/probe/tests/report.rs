//! What a start hands over appears in the report exactly.

mod common;

use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use common::{probe, reports};
use sekisho_witness::Report;

/// Runs a shell script in which `"$0"` is the probe.
fn shell(probe: &Path, script: &str) -> Output {
    Command::new("/bin/sh")
        .args(["-c", script])
        .arg(probe)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::null())
        .output()
        .expect("sh runs")
}

fn one(output: &Output) -> Report {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let mut all = reports(output);
    assert_eq!(all.len(), 1, "{output:?}");
    all.remove(0)
}

/// Numbers of the descriptors above 2 that whoever started the tests left open.
fn left_open() -> Vec<i32> {
    let report = one(&shell(probe(), "exec \"$0\""));
    let numbers = report.descriptors.iter().map(|one| one.number);
    numbers.filter(|number| *number > 2).collect()
}

/// Without the two signals that libc keeps for itself: `env` cannot reset them,
/// so they are as whoever started the tests had them.
fn resettable(signals: &[String]) -> Vec<&str> {
    let reserved = ["SIG32", "SIG33"];
    let signals = signals.iter().map(String::as_str);
    signals.filter(|name| !reserved.contains(name)).collect()
}

/// Both builds.
fn builds() -> [&'static Path; 2] {
    [probe(), Path::new(env!("CARGO_BIN_EXE_sekisho-probe"))]
}

#[test]
fn inherited_state_is_reported_as_it_was() {
    let left_open = left_open();
    for probe in builds() {
        let report = one(&shell(
            probe,
            "umask 0137; ulimit -S -n 17; ulimit -c 0; exec 7</etc/passwd 9>>/dev/null; cd /usr
            exec env -i A=b 'C=d=e' env --default-signal --block-signal=USR1,TERM --ignore-signal=PIPE,HUP \\
            \"$0\" one --via=x ''",
        ));
        assert_eq!(report.nonce, "");
        assert_eq!(report.via, "init");
        assert_eq!(report.argv[1..], ["one", "--via=x", ""]);
        assert_eq!(report.environment, ["A=b", "C=d=e"]);
        assert_eq!(report.umask, "0137");
        assert_eq!(report.cwd, "/usr");
        assert_eq!(report.limits["nofile"][0], "17");
        assert_eq!(report.limits["core"], ["0", "0"]);
        assert_eq!(report.limits.len(), 16);
        assert_eq!(report.blocked_signals, ["SIGUSR1", "SIGTERM"]);
        assert_eq!(resettable(&report.ignored_signals), ["SIGHUP", "SIGPIPE"]);
        let descriptors: Vec<_> = report
            .descriptors
            .iter()
            .map(|one| (one.number, one.access.as_str(), one.target.as_str()))
            .filter(|(number, ..)| !matches!(number, 1 | 2) && !left_open.contains(number))
            .collect();
        let expected = [
            (0, "r", "/dev/null"),
            (7, "r", "/etc/passwd"),
            (9, "w", "/dev/null"),
        ];
        assert_eq!(descriptors, expected);
        assert_eq!(
            Path::new(&report.exe),
            probe.canonicalize().expect("a path")
        );
        assert!(report.mounts.iter().any(|mount| mount.target == "/proc"));
        assert!(!report.secure_execution);
    }
}

#[test]
fn nothing_inherited_is_reported_as_nothing() {
    let left_open = left_open();
    for probe in builds() {
        let report = one(&shell(
            probe,
            "exec env -i --default-signal \"$0\" 0<&- 2>&-",
        ));
        let numbers: Vec<_> = report.descriptors.iter().map(|one| one.number).collect();
        assert_eq!(numbers, [&[1], &left_open[..]].concat());
        assert!(report.environment.is_empty());
        assert!(report.blocked_signals.is_empty());
        assert!(resettable(&report.ignored_signals).is_empty());
    }
}

#[test]
fn a_hostile_environment_and_no_room_for_descriptors_are_survived() {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", "ulimit -n 3; exec \"$0\" \"$@\""])
        .arg(probe());
    command.arg(std::ffi::OsString::from_vec(b"\xff\xfe".to_vec()));
    command.env_clear();
    for number in 0..10_000 {
        let value = std::ffi::OsString::from_vec(vec![0x80; 100]);
        command.env(format!("V{number}"), value);
    }
    let report = one(&command.output().expect("sh runs"));
    let variables = report
        .environment
        .iter()
        .filter(|entry| entry.starts_with('V'));
    assert_eq!(variables.count(), 10_000);
    assert_eq!(report.argv[1], "\u{fffd}\u{fffd}");
    assert_eq!(report.limits["nofile"], ["3", "3"]);
    let numbers: Vec<_> = report.descriptors.iter().map(|one| one.number).collect();
    assert_eq!(numbers[..3], [0, 1, 2]);
}
#[test]
fn a_long_report_passes_through_an_output_that_does_not_block() {
    use std::io::Read;
    let (mut reader, writer) = std::os::unix::net::UnixStream::pair().expect("a pair");
    writer.set_nonblocking(true).expect("a flag");
    let mut command = Command::new(probe());
    command.args((0..20).map(|_| "x".repeat(100_000)));
    command.stdout(Stdio::from(std::os::fd::OwnedFd::from(writer)));
    let mut child = command.spawn().expect("the probe runs");
    // Its copy of the writing end must go, or the reading never ends.
    drop(command);
    std::thread::sleep(std::time::Duration::from_millis(50));
    let mut text = Vec::new();
    reader.read_to_end(&mut text).expect("a text");
    assert!(
        text.len() > 2_000_000 && text.ends_with(b"}\n"),
        "{}",
        text.len()
    );
    assert_eq!(child.wait().expect("an end").code(), Some(0));
}

#[test]
fn nobody_reading_is_no_failure() {
    for probe in builds() {
        for script in ["\"$0\" >&-", "\"$0\" >/dev/full", "exec 2>&- >&-; \"$0\""] {
            let output = shell(probe, script);
            assert_eq!(output.status.code(), Some(0), "{script}: {output:?}");
        }
    }
}

#[test]
fn it_behaves_as_asked() {
    let output = shell(probe(), "exec \"$0\" --behave=exit:41");
    assert_eq!(
        (output.status.code(), reports(&output).len()),
        (Some(41), 1)
    );

    let output = shell(
        probe(),
        "exec env --ignore-signal=SEGV \"$0\" --behave=crash",
    );
    assert_eq!(
        (output.status.signal(), reports(&output).len()),
        (Some(11), 1)
    );

    let output = shell(
        probe(),
        "\"$0\" --behave=hang & sleep 0.3; kill -9 $!; wait $!",
    );
    assert_eq!(
        (output.status.code(), reports(&output).len()),
        (Some(137), 1)
    );

    let output = shell(probe(), "\"$0\" --behave=flood | head -c 1000000 | wc -c");
    assert_eq!(output.stdout.trim_ascii(), b"1000000");

    let output = shell(
        probe(),
        "\"$0\" --behave=signals & sleep 0.3; kill -TERM $!; wait $!",
    );
    let vias: Vec<_> = reports(&output)
        .into_iter()
        .map(|report| report.via)
        .collect();
    assert_eq!(vias, ["init", "signal:SIGTERM"]);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_script_names_its_interpreters_argument() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().expect("a directory");
    let script = directory.path().join("script");
    // The kernel reads 256 bytes of that line, so the probe lies near.
    let near = directory.path().join("probe");
    std::fs::copy(probe(), &near).expect("a copy");
    std::fs::write(&script, format!("#!{} --via=script\n", near.display())).expect("a script");
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).expect("a mode");
    let report = one(&shell(&script, "exec \"$0\" word"));
    assert_eq!(report.via, "script");
    assert_eq!(
        report.argv[2..],
        [script.display().to_string(), "word".into()]
    );
}
