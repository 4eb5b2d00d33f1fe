//! The floor does what it says, and a bench of whole starts works: real ones,
//! in the private host.

use std::path::Path;
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use sekisho_benches::rounds::{self, Method};
use sekisho_benches::sheet::Sheet;
use sekisho_benches::spawn::Watchdog;
use sekisho_benches::subjects::{floor, launcher};
use sekisho_benches::world::{
    self, FIVE, FLOOR, FOUR, Isolation, JOINED, MASKED, NETNS, PROBE, TARGET,
};
use sekisho_witness::{MARK, SHEET_PATH, Sheet as ProbeSheet};

/// Runs in a thread of its own, whose mount namespace is the private host.
fn in_private_host(test: fn()) {
    if !sekisho_skips::as_root() {
        return;
    }
    let thread = thread::spawn(move || {
        world::enter(false).expect("the private host");
        test();
    });
    thread.join().expect("the test passes");
}

fn started(letters: &str, rootfs: &str, program: &str) -> Output {
    let id = TARGET.to_string();
    Command::new(FLOOR)
        .args(["start", letters, rootfs, &id, &id, NETNS, program])
        .output()
        .expect("the floor runs")
}

#[test]
fn the_floor_isolates_as_it_says() {
    in_private_host(|| {
        let kinds = [
            ('m', "mnt"),
            ('p', "pid"),
            ('i', "ipc"),
            ('u', "uts"),
            ('n', "net"),
        ];
        let inode = |kind: &str| {
            let own = std::fs::metadata(format!("/proc/thread-self/ns/{kind}"));
            std::os::unix::fs::MetadataExt::ino(&own.expect("a namespace"))
        };
        let namespaces = kinds.map(|(_, kind)| (kind.to_owned(), inode(kind)));
        let sheet = ProbeSheet {
            nonce: "floor".to_owned(),
            place: String::new(),
            namespaces: namespaces.into(),
            canaries: Vec::new(),
        };
        let sheet = serde_json::to_vec(&sheet).expect("as JSON");
        let ahead = Isolation {
            letters: "mpiunPDA",
            ..FIVE
        };
        for isolation in [FOUR, FIVE, ahead, JOINED, MASKED] {
            let path = format!("{}{SHEET_PATH}", isolation.rootfs());
            world::put(&path, &sheet, 0o644, 0).expect("written");
            let output = started(isolation.letters, &isolation.rootfs(), PROBE);
            let text = String::from_utf8_lossy(&output.stdout);
            let line = text.lines().find_map(|line| line.strip_prefix(MARK));
            let line = line.unwrap_or_else(|| panic!("no report of the probe: {output:?}"));
            let seen: serde_json::Value = serde_json::from_str(line).expect("a report");
            let name = isolation.name;
            assert_eq!(
                (&seen["nonce"], &seen["pid"]),
                (&"floor".into(), &1.into()),
                "{name}"
            );
            assert_eq!(seen["uid"]["effective"], TARGET, "{name}");
            assert_eq!(seen["gid"]["saved"], TARGET, "{name}");
            assert_eq!(seen["groups"].as_array().map(Vec::len), Some(0), "{name}");
            let made = |letter| {
                let joined = letter == 'n' && isolation.letters.contains('N');
                joined || isolation.letters.contains(letter)
            };
            let shared = kinds.iter().filter(|(letter, _)| !made(*letter));
            let shared: Vec<_> = shared.map(|(_, kind)| *kind).collect();
            assert_eq!(
                seen["namespaces_shared"],
                serde_json::json!(shared),
                "{name}"
            );
            let mounts = seen["mounts"].as_array().map_or(0, Vec::len);
            match (
                isolation.letters.contains('M'),
                isolation.letters.contains('D'),
            ) {
                (true, _) => assert!(mounts > 6, "{name}: {line}"),
                (false, dev) => assert_eq!(mounts, 2 + usize::from(dev), "{name}: {line}"),
            }
        }
    });
}

#[test]
fn a_floor_that_cannot_start_says_which_step_and_is_no_sample() {
    in_private_host(|| {
        let output = started("mpiu", "/no/such/root", "/app/init");
        assert_eq!(output.status.code(), Some(99), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("errno 002 in bind"), "{said}");
        assert_eq!(started("x", "/", "/").status.code(), Some(99));
    });
}

#[test]
fn two_rounds_of_whole_starts_are_samples() {
    in_private_host(|| {
        let directory = tempfile::tempdir().expect("a directory");
        let mut sheet = Sheet::create(directory.path()).expect("a sheet");
        let mut subjects = vec![floor(&FIVE).expect("ready")];
        for rules in ["none", "all"] {
            subjects.push(launcher(rules, rules, &FIVE).expect("ready"));
        }
        let method = Method {
            rounds: 2,
            warm_up: 1,
            pause: Duration::ZERO,
            budget: Duration::MAX,
        };
        let (mut random, dog) = (Rng::with_seed(1), Watchdog::new());
        rounds::take(
            "start",
            &mut subjects,
            method,
            &mut random,
            &dog,
            &mut sheet,
        )
        .expect("taken");
        let text = std::fs::read_to_string(&sheet.path).expect("the file");
        assert_eq!((sheet.failures, text.lines().count()), (0, 7), "{text}");
        // A start that a rule refuses is no sample.
        world::put("/srv/containers/alice/five/config.json", b"{}", 0o666, 0).expect("written");
        let mut refused = [launcher("all", "all", &FIVE).expect("ready")];
        rounds::take("start", &mut refused, method, &mut random, &dog, &mut sheet).expect("taken");
        assert_eq!(sheet.failures, 2);
    });
    assert!(
        !Path::new("/srv/bin/sekisho-launch").exists(),
        "left on the host"
    );
}
