//! Real starts through the setuid program, in a world of each test's own.

mod world;

use serde_json::json;
use world::{Seen, World};

/// Arguments of an ordinary start of a shell line as alice.
const ALICE: &str = "$L alice alice alice/web";

fn shell(line: &str) -> String {
    format!("{ALICE} /bin/sh -c '{line}'")
}

#[track_caller]
fn gives(seen: &Seen, status: i32, out: &str) {
    assert_eq!(
        (seen.status, seen.out.trim()),
        (Some(status), out),
        "{seen:?}"
    );
}

#[test]
fn an_init_runs_as_the_target_in_its_own_root_and_its_status_is_the_launchers() {
    for by_path in [false, true] {
        let world = World {
            by_path,
            ..World::default()
        };
        let line = shell("echo $$ $(id -u) $(id -g) $(pwd) $(ls /); exit 7");
        let Some(seen) = world.run(&line) else { return };
        gives(&seen, 7, "1 10001 10001 / app bin dev lib lib64 proc usr");
        assert!(
            seen.record.contains(r#""decision":"start""#),
            "{}",
            seen.record
        );
        assert!(
            seen.record.ends_with("{\"ended\":{\"status\":7}}\n"),
            "{}",
            seen.record
        );
    }
}

#[test]
fn nothing_of_the_launcher_leaks_into_the_init() {
    for by_path in [false, true] {
        let world = World {
            by_path,
            ..World::default()
        };
        let line = shell("ls -m /proc/$$/fd");
        let Some(seen) = world.run(&line) else { return };
        gives(&seen, 0, "0, 1, 2");
    }
}

#[test]
fn inherited_state_passes_with_no_rule_and_is_taken_away_by_rules() {
    let line = format!(
        "umask 077; trap '' PIPE HUP; ulimit -Sn 64; exec 9</etc/passwd; \
         X=1 exec {ALICE} /bin/sh -c 'umask; ulimit -n; echo $X; grep SigIgn /proc/self/status | tail -c 5; \
         ls -m /proc/$$/fd'"
    );
    let Some(seen) = World::default().run(&line) else {
        return;
    };
    let fds = "0, 1, 2";
    let passed = format!("0077\n64\n1\n1001\n{fds}, 9");
    gives(&seen, 0, &passed);
    let rules = "umask-inherited,limits-inherited,environment-not-allowed,signals-inherited,\
                 descriptor-inherited";
    let cleaned = World {
        rules,
        ..World::default()
    };
    let seen = cleaned.run(&line).expect("root, as above");
    gives(&seen, 0, &format!("0022\n1024\n\n0000\n{fds}"));
}

#[test]
fn a_start_whose_record_cannot_be_written_is_refused() {
    // The hard limit of the caller keeps every line out of the record.
    let line = format!("ulimit -f 0; {ALICE} /bin/sh -c 'echo ran'");
    let Some(seen) = World::default().run(&line) else {
        return;
    };
    gives(&seen, 104, "");
    assert!(seen.err.contains("failed: step=record"), "{}", seen.err);
    assert_eq!(seen.record, "");
}

#[test]
fn a_launcher_that_waits_for_its_caller_to_read_is_the_callers_to_end() {
    fn open_tmp() {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o1777);
        std::fs::set_permissions("/tmp", mode).expect("chmod");
    }
    let world = World {
        prepare: open_tmp,
        ..World::default()
    };
    // Standard error is a full pipe.
    let line = "mkfifo /tmp/p; exec 8<>/tmp/p; head -c 65536 /dev/zero >&8; \
                $L alice alice none 2>&8 >/dev/null & sleep 1; grep Uid: /proc/$!/status; \
                kill -9 $! && wait $!; echo $?";
    let Some(seen) = world.run(line) else { return };
    gives(&seen, 0, "Uid:\t33\t33\t33\t33\n137");
}

#[test]
fn a_configuration_that_is_no_regular_file_is_not_opened() {
    fn with_fifo() {
        let made = std::process::Command::new("/usr/bin/sh")
            .args([
                "-c",
                "mkdir -p /tmp/b/rootfs; mkfifo -m 644 /tmp/b/config.json",
            ])
            .status();
        assert!(made.is_ok_and(|status| status.success()));
    }
    for by_path in [false, true] {
        let world = World {
            by_path,
            prepare: with_fifo,
            ..World::default()
        };
        let line = "$L alice alice /tmp/b";
        let Some(seen) = world.run(line) else { return };
        assert_ne!(seen.status, Some(0));
        let told = "config.json: no regular file: EINVAL";
        assert!(seen.err.contains(told), "{}", seen.err);
    }
}

#[test]
fn scripts_and_unrecognised_files_run() {
    for by_path in [false, true] {
        let world = World {
            by_path,
            ..World::default()
        };
        for kind in ["script", "plain"] {
            let Some(seen) = world.run(&format!("{ALICE} /app/{kind} a b")) else {
                return;
            };
            gives(&seen, 0, &format!("{kind} a b"));
        }
        let seen = world
            .run(&format!("{ALICE} id -u"))
            .expect("root, as above");
        gives(&seen, 0, "10001");
    }
}

#[test]
fn attacks_that_real_launchers_fell_for_succeed_with_no_rule_on() {
    let world = World::default();
    let Some(seen) = world.run("$L '' '' alice/web") else {
        return;
    };
    gives(&seen, 0, "0");
    gives(
        &world.run("$L 4294967295 alice alice/web").expect("root"),
        0,
        "0",
    );
    gives(
        &world
            .run("$L alice alice ../containers/alice/web")
            .expect("root"),
        0,
        "10001",
    );
    let setuid = world.run(&format!("{ALICE} /app/setuid -u")).expect("root");
    gives(&setuid, 0, "0");
    let cwd =
        json!({"process": {"cwd": "/proc/self/fd/9", "args": ["/bin/sh", "-c", "ls passwd"]}});
    let world = World {
        config: cwd,
        ..World::default()
    };
    gives(
        &world.run(&format!("exec 9</etc; {ALICE}")).expect("root"),
        0,
        "passwd",
    );
}

#[test]
fn a_hook_runs_as_root_even_when_the_init_cannot() {
    let hook = json!({"path": "/usr/bin/sh", "args": ["sh", "-c", "id -u > /run/hook"]});
    let world = World {
        config: json!({"hooks": {"prestart": [hook]}}),
        ..World::default()
    };
    let line = format!("{ALICE} /app/absent; echo $?; cat /run/hook");
    let Some(seen) = world.run(&line) else { return };
    gives(&seen, 0, "104\n0");
    assert!(seen.err.contains("failed: step=exec"), "{}", seen.err);
    assert!(seen.record.contains(r#"{"failed":{"#), "{}", seen.record);
}

#[test]
fn root_inside_a_user_namespace_is_the_target_outside() {
    let one = json!([{"containerID": 0, "hostID": world::ALICE, "size": 1}]);
    let config = json!({"linux": {
        "namespaces": [{"type": "user"}, {"type": "mount"}, {"type": "pid"}],
        "uidMappings": one, "gidMappings": one,
    }});
    for by_path in [false, true] {
        let world = World {
            by_path,
            config: config.clone(),
            ..World::default()
        };
        let line = shell("id -u; cat /proc/self/uid_map | xargs echo");
        let Some(seen) = world.run(&line) else { return };
        gives(&seen, 0, "0\n0 10001 1");
    }
}

#[test]
fn a_mount_point_that_may_not_be_entered_is_mounted_on() {
    // Nobody's inside the user namespace, whose root may not enter it.
    fn close() {
        let point = "/srv/containers/alice/web/rootfs/proc";
        let line = format!("mkdir -m 700 {point} && chown 5:5 {point}");
        let done = std::process::Command::new("/usr/bin/sh")
            .args(["-c", &line])
            .status();
        assert!(done.expect("sh").success());
    }
    let one = json!([{"containerID": 0, "hostID": world::ALICE, "size": 1}]);
    let config = json!({"linux": {
        "namespaces": [{"type": "user"}, {"type": "mount"}, {"type": "pid"}],
        "uidMappings": one, "gidMappings": one,
    }});
    for by_path in [false, true] {
        let world = World {
            by_path,
            config: config.clone(),
            prepare: close,
            ..World::default()
        };
        let Some(seen) = world.run(&shell("readlink /proc/self/exe")) else {
            return;
        };
        gives(&seen, 0, "/usr/bin/readlink");
    }
}

#[test]
fn without_namespaces_the_init_is_in_a_chroot_and_its_signal_is_the_status() {
    let config = json!({"linux": {"namespaces": []}, "process": {"args": ["/app/id", "-u"]}});
    fn copy() {
        // A static way is not at hand: take what `id` loads along.
        let root = "/srv/containers/alice/web/rootfs";
        let line = format!(
            "cp /usr/bin/id {root}/app/id; cp /usr/bin/dash {root}/app/sh; \
             for f in $(ldd /usr/bin/id /usr/bin/dash | grep -o '/[^ :]*\\.so[^ :]*' | sort -u); \
             do mkdir -p {root}/usr/$(dirname ${{f#/usr}}); cp $f {root}/usr/${{f#/usr}}; done"
        );
        let done = std::process::Command::new("/usr/bin/sh")
            .args(["-c", &line])
            .status();
        assert!(done.expect("sh").success());
    }
    let world = World {
        config,
        prepare: copy,
        ..World::default()
    };
    let Some(seen) = world.run(ALICE) else { return };
    gives(&seen, 0, "10001");
    let seen = world
        .run(&format!("{ALICE} /app/sh -c 'kill -TERM $$'"))
        .expect("root");
    gives(&seen, 128 + 15, "");
    assert!(
        seen.record.ends_with("{\"ended\":{\"signal\":15}}\n"),
        "{}",
        seen.record
    );
}

#[test]
fn a_denial_names_rule_requirement_and_observation() {
    let world = World {
        rules: "target-user-is-root",
        ..World::default()
    };
    let Some(seen) = world.run("$L root alice alice/web") else {
        return;
    };
    gives(&seen, 101, "");
    let start = "sekisho-launch: denied: rule=target-user-is-root required=\"";
    assert!(seen.err.starts_with(start), "{}", seen.err);
    assert!(
        seen.record.contains(r#""decision":"denied""#),
        "{}",
        seen.record
    );
    assert!(
        seen.record.contains(r#""rule":"target-user-is-root""#),
        "{}",
        seen.record
    );
}

#[test]
fn what_the_caller_cannot_look_at_is_withheld_from_it_but_recorded() {
    let rules = "rootfs-writable-by-others";
    fn open_rootfs() {
        let done = std::process::Command::new("/usr/bin/sh")
            .args([
                "-c",
                "cd /srv/containers/alice; chmod 777 web/rootfs; chmod 700 .",
            ])
            .status();
        assert!(done.expect("sh").success());
    }
    let world = World {
        rules,
        prepare: open_rootfs,
        ..World::default()
    };
    let Some(seen) = world.run(ALICE) else { return };
    gives(&seen, 101, "");
    assert!(seen.err.contains(r#"observed="withheld""#), "{}", seen.err);
    assert!(!seen.record.contains("withheld"), "{}", seen.record);
    let seen = world
        .run("$L alice alice alice/absent")
        .expect("root, as above");
    gives(&seen, 103, "");
    assert!(
        seen.err.contains("withheld") && !seen.err.contains("ENOENT"),
        "{}",
        seen.err
    );
}

#[test]
fn statuses_tell_a_bad_launcher_from_a_bad_request() {
    let writable = World {
        conf_mode: 0o666,
        ..World::default()
    };
    let Some(seen) = writable.run(ALICE) else {
        return;
    };
    gives(&seen, 100, "");
    assert!(
        seen.err
            .contains("misconfigured: /etc/sekisho/launcher.conf"),
        "{}",
        seen.err
    );
    let plain = World {
        prepare: || world::put("/opt/copy", b"", 0o755, 0),
        ..World::default()
    };
    let seen = plain
        .run("cat $L > /tmp/l 2>/dev/null; $L --version")
        .expect("root");
    gives(
        &seen,
        105,
        concat!("sekisho-launch ", env!("CARGO_PKG_VERSION")),
    );
    let seen = World::default()
        .run("$L alice alice nowhere")
        .expect("root");
    gives(&seen, 103, "");
    let broken = World {
        config: json!({"process": {"args": 5}}),
        ..World::default()
    };
    let seen = broken.run(ALICE).expect("root");
    gives(&seen, 103, "");
    assert!(seen.err.contains("unusable: config.json"), "{}", seen.err);
}

#[test]
fn verification_after_the_drop_denies_an_init_that_would_keep_root() {
    let world = World {
        rules: "privileges-not-dropped",
        ..World::default()
    };
    let Some(seen) = world.run("$L 4294967295 alice alice/web") else {
        return;
    };
    gives(&seen, 101, "");
    assert!(
        seen.err.contains("denied: rule=privileges-not-dropped"),
        "{}",
        seen.err
    );
    assert!(
        seen.record.contains(r#""privileges-not-dropped":"deny""#),
        "{}",
        seen.record
    );
    gives(&world.run(ALICE).expect("root"), 0, "10001");
}

#[test]
fn closed_standard_descriptors_and_no_arguments_do_not_confuse_it() {
    let world = World::default();
    let Some(seen) = world.run(&format!("{ALICE} /bin/sh -c 'exit 3' 0<&- 1>&- 2>&-")) else {
        return;
    };
    gives(&seen, 3, "");
    gives(
        &world.run("cd /srv/containers/alice/web; $L").expect("root"),
        0,
        "10001",
    );
}
