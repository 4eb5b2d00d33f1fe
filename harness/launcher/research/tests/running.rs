//! What happens around a running init, and what a start gives it: signals,
//! hooks, joined namespaces, capabilities, limits, the record's times.

mod world;

use serde_json::{Value, json};
use world::{Seen, World};

/// An ordinary start of a shell line as alice.
fn shell(line: &str) -> String {
    format!("$L alice alice alice/web /bin/sh -c '{line}'")
}

#[track_caller]
fn gives(seen: &Seen, status: i32, out: &str) {
    assert_eq!(
        (seen.status, seen.out.trim()),
        (Some(status), out),
        "{seen:?}"
    );
}

fn with(config: Value) -> World {
    World {
        config,
        ..World::default()
    }
}

#[test]
fn the_installed_programs_need_no_loader_and_no_fixed_address() {
    let programs = world::installed::programs();
    for program in [&programs.research, &programs.hardened] {
        let half = |at: usize| u16::from_le_bytes([program[at], program[at + 1]]);
        assert_eq!(&program[..4], b"\x7fELF");
        // ET_DYN: position-independent.
        assert_eq!(half(16), 3);
        // Program headers of 56 bytes, from 64 on: none is PT_INTERP, one is
        // PT_GNU_RELRO, the stack is not executable.
        let headers: Vec<(u32, u32)> = (0..usize::from(half(56)))
            .map(|index| 64 + index * 56)
            .map(|at| {
                let word = |at: usize| u32::from_le_bytes(program[at..at + 4].try_into().unwrap());
                (word(at), word(at + 4))
            })
            .collect();
        assert!(headers.iter().all(|(kind, _)| *kind != 3), "{headers:x?}");
        let relro = |header: &(u32, u32)| header.0 == 0x6474_e552;
        assert!(headers.iter().any(relro), "{headers:x?}");
        assert!(headers.contains(&(0x6474_e551, 6)), "{headers:x?}");
        assert!(!has_libc(program), "libc in it");
    }
    let with_libc = world::installed::suexec();
    assert!(has_libc(&with_libc), "what is looked for is not there");
}

/// Whether a static program holds glibc, by a message of its allocator.
fn has_libc(program: &[u8]) -> bool {
    let message = b"free(): invalid pointer";
    program.windows(message.len()).any(|part| part == message)
}

#[test]
fn the_hardened_program_starts_what_its_rules_permit_and_nothing_else() {
    let world = World {
        // A file that switches rules is nothing to it.
        rules: "none",
        ..World::default()
    };
    let Some(seen) = world.run("X=1 $H alice alice alice/web /app/script a b") else {
        return;
    };
    gives(&seen, 0, "script a b");
    assert_eq!(seen.record, "");
    for (line, rule) in [
        ("$H root alice alice/web /app/script", "target-user-is-root"),
        (
            "$H alice alice /srv/containers/alice/web",
            "bundle-is-absolute",
        ),
        ("$H alice alice alice/web /app/setuid -u", "init-setuid"),
        ("cd /srv/containers/alice/web; $H", "arguments-too-few"),
    ] {
        let seen = world
            .run(&format!("{line}; exit $?"))
            .expect("root, as above");
        assert_eq!(seen.status, Some(101), "{line}: {seen:?}");
        let denied = format!("sekisho-launch-hardened: denied: rule={rule} ");
        assert!(seen.err.starts_with(&denied), "{line}: {}", seen.err);
    }
    let seen = world.run("$H --version --verbose").expect("root, as above");
    assert!(
        seen.out.contains("\nrules = caller-unknown,"),
        "{}",
        seen.out
    );
}

/// Sends a signal to `$pid`, for at most five seconds: the init may speak
/// before its launcher has the caller's uid and can be signalled.
fn send(signal: &str) -> String {
    format!(
        "i=0; until kill -{signal} $pid 2> /dev/null || [ $i -gt 500 ]; \
         do i=$((i + 1)); sleep 0.01; done"
    )
}

#[test]
fn a_signal_to_the_launcher_reaches_the_init_and_its_status_comes_back() {
    // The init first says that it is ready; a shell that waits runs its trap
    // at once.
    let init = r#"trap "echo got; exit 5" TERM; echo up; while :; do sleep 0.02; done"#;
    let line = format!(
        "sh -c 'echo $$; exec \"$@\"' sh $L alice alice alice/web /bin/sh -c '{init}' | \
         {{ read pid; read up; {}; cat; }}",
        send("TERM")
    );
    let Some(seen) = World::default().run(&line) else {
        return;
    };
    gives(&seen, 0, "got");
    let end = "{\"ended\":{\"status\":5}}\n";
    assert!(seen.record.ends_with(end), "{}", seen.record);
}

#[test]
fn the_init_dies_with_its_launcher() {
    let init = r#"echo up; sleep 30; echo late"#;
    let line = format!(
        "sh -c 'echo $$; exec \"$@\"' sh $L alice alice alice/web /bin/sh -c '{init}' | \
         {{ read pid; read up; {}; cat; echo end; }}",
        send("KILL")
    );
    let Some(seen) = World::default().run(&line) else {
        return;
    };
    // `cat` ends once nobody has the pipe any more.
    gives(&seen, 0, "end");
}

#[test]
fn a_failed_exec_is_told_and_recorded_with_and_without_hooks() {
    let hook = json!({"path": "/usr/bin/true"});
    for config in [json!({}), json!({"hooks": {"prestart": [hook]}})] {
        for by_path in [false, true] {
            let world = World {
                by_path,
                ..with(config.clone())
            };
            let Some(seen) = world.run("$L alice alice alice/web /app/absent") else {
                return;
            };
            gives(&seen, 104, "");
            assert!(seen.err.contains("failed: step=exec"), "{}", seen.err);
            let failed = "{\"failed\":{\"error\":\"";
            assert!(seen.record.contains(failed), "{}", seen.record);
        }
    }
}

#[test]
fn a_hook_that_fails_or_takes_too_long_ends_the_start() {
    for (hook, part) in [
        (json!({"path": "/usr/bin/false"}), "Status(1)"),
        (json!({"path": "/absent"}), "Status(127)"),
        (
            json!({"path": "/usr/bin/sleep", "args": ["sleep", "30"], "timeout": 1}),
            "timeout",
        ),
    ] {
        let world = with(json!({"hooks": {"createRuntime": [hook]}}));
        let Some(seen) = world.run(&shell("echo started")) else {
            return;
        };
        gives(&seen, 104, "");
        let failed = "failed: step=hooks";
        assert!(seen.err.contains(failed), "{}", seen.err);
        assert!(seen.err.contains(part), "{}", seen.err);
    }
}

/// Makes namespaces that last as long as the world: `/run/<kind>`.
fn make_namespaces() {
    use sekisho_sys::{mount, process};
    let kinds = [
        ("net", process::CLONE_NEWNET),
        ("uts", process::CLONE_NEWUTS),
        ("ipc", process::CLONE_NEWIPC),
    ];
    let made = std::thread::spawn(move || {
        for (name, flag) in kinds {
            process::unshare(flag).expect("a namespace");
            let (from, to) = (
                format!("/proc/thread-self/ns/{name}"),
                format!("/run/{name}"),
            );
            std::fs::write(&to, "").expect("a file");
            mount::mount(from.as_bytes(), to.as_bytes(), "", mount::MS_BIND, "").expect("bind");
        }
    });
    made.join().expect("namespaces");
}

#[test]
fn namespaces_that_were_made_beforehand_are_joined_by_path() {
    let kinds = [("network", "net"), ("uts", "uts"), ("ipc", "ipc")];
    let mut list = vec![json!({"type": "mount"}), json!({"type": "pid"})];
    list.extend(kinds.map(|(kind, name)| json!({"type": kind, "path": format!("/run/{name}")})));
    let config = json!({"linux": {"namespaces": list}});
    let line = format!(
        "stat -Lc %i /run/net /run/uts /run/ipc; {}",
        shell("stat -Lc %i /proc/self/ns/net /proc/self/ns/uts /proc/self/ns/ipc")
    );
    for by_path in [false, true] {
        let world = World {
            by_path,
            prepare: make_namespaces,
            ..with(config.clone())
        };
        let Some(seen) = world.run(&line) else { return };
        assert_eq!(seen.status, Some(0), "{seen:?}");
        let inodes: Vec<&str> = seen.out.lines().collect();
        assert_eq!(inodes.len(), 6, "{seen:?}");
        assert_eq!(inodes[..3], inodes[3..], "{seen:?}");
    }
    // Whose namespace that is the launcher cannot know.
    let refused = World {
        rules: "namespace-shared-with-host",
        prepare: make_namespaces,
        ..with(config)
    };
    let seen = refused.run(&shell("true")).expect("root, as above");
    assert_eq!(seen.status, Some(101), "{seen:?}");
    assert!(seen.err.contains("is shared"), "{}", seen.err);
    let absent = json!({"linux": {"namespaces": [{"type": "network", "path": "/run/absent"}]}});
    let seen = with(absent).run(&shell("true")).expect("root, as above");
    gives(&seen, 104, "");
    assert!(seen.err.contains("step=namespaces"), "{}", seen.err);
}

/// FIFOs at which a start waits once it is decided.
fn make_pause() {
    std::fs::create_dir("/run/pause").expect("mkdir");
    for name in ["reached", "go"] {
        sekisho_sys::file::make_node(
            sekisho_sys::open::AT_FDCWD,
            format!("/run/pause/{name}").as_bytes(),
            sekisho_sys::file::S_IFIFO | 0o600,
            0,
            0,
        )
        .expect("a FIFO");
        let owner = Some(33);
        std::os::unix::fs::chown(format!("/run/pause/{name}"), owner, owner).expect("chown");
    }
}

#[test]
fn namespaces_can_be_made_while_the_request_is_examined() {
    let cpus = sekisho_sys::cpus::Cpus::allowed().expect("known");
    if cpus.elsewhere().is_empty() {
        sekisho_skips::skipped("needs a second CPU");
        return;
    }
    let sysfs = json!([
        {"destination": "/usr", "type": "bind", "source": "/usr", "options": ["rbind", "ro"]},
        {"destination": "/sys", "type": "sysfs", "source": "sysfs"},
    ]);
    let configs = [
        json!({}),
        json!({"hostname": "inside"}),
        json!({"mounts": sysfs}),
        json!({"linux": {"maskedPaths": ["/proc/net/dev"], "readonlyPaths": []}}),
    ];
    let kinds = ["net", "uts", "ipc", "cgroup", "mnt", "pid"];
    let files = kinds.map(|kind| format!("/proc/self/ns/{kind}")).join(" ");
    let init = shell(&format!(
        "stat -Lc %i {files}; uname -n; ls /sys/class/net; echo end"
    ));
    // Children of the launcher while it waits: whoever makes the namespaces.
    let line = format!(
        "stat -Lc %i {files}; {init} & read x </run/pause/reached; \
         cut -d\" \" -f4 /proc/[0-9]*/stat 2>/dev/null | grep -cx $!; \
         echo >/run/pause/go; wait $!; \
         cat /proc/[0-9]*/comm 2>/dev/null | grep -cx launch"
    )
    .replace("\\\"", "'");
    for (more, makers) in [
        ("pause = /run/pause\nnamespaces = while-deciding\n", "1"),
        ("pause = /run/pause\n", "0"),
    ] {
        for (by_path, config) in [false, true]
            .iter()
            .flat_map(|by_path| configs.iter().map(move |config| (*by_path, config)))
        {
            let world = World {
                by_path,
                more,
                prepare: make_pause,
                ..with(config.clone())
            };
            let Some(seen) = world.run(&line) else { return };
            let lines: Vec<&str> = seen.out.lines().collect();
            let [host, rest] = [&lines[..6], &lines[6..]];
            assert_eq!(rest[0], makers, "{more}{config}: {seen:?}");
            let inside = &rest[1..7];
            assert!(
                host.iter().zip(inside).all(|(a, b)| a != b),
                "{config}: {seen:?}"
            );
            let named = rest[7] == "inside";
            assert_eq!(named, config.get("hostname").is_some(), "{seen:?}");
            let network: &[&str] = match config.get("mounts") {
                Some(_) => &["lo"],
                None => &[],
            };
            let end = 8 + network.len();
            assert_eq!(&rest[8..end], network, "{config}: {seen:?}");
            assert_eq!(&rest[end..], ["end", "0"], "{config}: {seen:?}");
        }
    }
}

#[test]
fn granted_capabilities_are_there_after_the_drop_was_verified() {
    let all = |name: &str| {
        let list = json!([name]);
        json!({"process": {"capabilities": {
            "bounding": list, "effective": list, "permitted": list, "inheritable": list,
            "ambient": list,
        }}})
    };
    let line = shell("grep -E \"Cap(Inh|Prm|Eff|Bnd|Amb)\" /proc/self/status | cut -f2 | xargs");
    let world = World {
        rules: "privileges-not-dropped",
        ..with(all("CAP_NET_BIND_SERVICE"))
    };
    let Some(seen) = world.run(&line) else { return };
    gives(&seen, 0, &["0000000000000400"; 5].join(" "));
    // With this one it can become root again: a rule in force denies, one that
    // only looks leaves everything as it was.
    let setuid = all("CAP_SETUID");
    let seen = with(setuid.clone()).run(&line).expect("root, as above");
    gives(&seen, 0, &["0000000000000080"; 5].join(" "));
    let looked = r#""privileges-not-dropped":"deny""#;
    assert!(seen.record.contains(looked), "{}", seen.record);
    let world = World {
        rules: "privileges-not-dropped",
        ..with(setuid)
    };
    gives(&world.run(&line).expect("root, as above"), 101, "");
}

#[test]
fn limits_of_the_configuration_come_before_those_of_the_policy() {
    let limits = json!([{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}]);
    let config = json!({"process": {"rlimits": limits}});
    for (rules, core) in [("none", "7"), ("limits-inherited", "0")] {
        let world = World {
            rules,
            ..with(config.clone())
        };
        let init = shell("ulimit -Sn; ulimit -Hn; ulimit -Sc");
        // The caller's soft limit is below its hard one: the launcher raises it
        // for itself.
        let Some(seen) = world.run(&format!("ulimit -c 7; ulimit -Sn 90; {init}")) else {
            return;
        };
        gives(&seen, 0, &format!("100\n200\n{core}"));
    }
}

#[test]
fn variables_that_libc_hides_from_setuid_programs_do_not_pass_either() {
    let line = format!(
        "LD_PRELOAD=/x TMPDIR=/y LD_X=1 KEPT=2 {}",
        shell("echo $LD_PRELOAD,$TMPDIR,$LD_X,$KEPT")
    );
    let Some(seen) = World::default().run(&line) else {
        return;
    };
    gives(&seen, 0, ",,1,2");
}

#[test]
fn a_script_is_executed_by_its_descriptor_and_reads_itself() {
    let Some(seen) = World::default().run("$L alice alice alice/web /app/script x") else {
        return;
    };
    gives(&seen, 0, "script x");
    // Its name is the descriptor's, not the path that was looked at.
    let line = "$L alice alice alice/web /app/named";
    let named = || {
        let path = "/srv/containers/alice/web/rootfs/app/named";
        world::put(path, b"#!/bin/sh\necho $0\n", 0o755, world::ALICE);
    };
    for (by_path, name) in [(false, "/dev/fd/"), (true, "/app/named")] {
        let world = World {
            by_path,
            prepare: named,
            ..World::default()
        };
        let seen = world.run(line).expect("root, as above");
        assert!(seen.out.starts_with(name), "{seen:?}");
    }
}

#[test]
fn the_record_tells_where_the_time_went_when_asked() {
    let world = World {
        more: "phases = on\n",
        ..World::default()
    };
    let Some(seen) = world.run(&shell("true")) else {
        return;
    };
    let first = seen.record.lines().next().expect("a line");
    let line: Value = serde_json::from_str(first).expect("JSON");
    let phases = line["phases"].as_object().expect("phases");
    let names = [
        "began", "drop", "exec", "identify", "isolate", "mounts", "open", "rules", "sanitise",
        "settings",
    ];
    assert!(phases.keys().eq(names), "{phases:?}");
    for (name, value) in phases {
        assert!(value.as_u64() > Some(0), "{name}: {phases:?}");
    }
    // The late rule's verdict is in the same line.
    assert_eq!(line["verdicts"]["privileges-not-dropped"], "permit");
    let seen = World::default().run(&shell("true")).expect("root");
    assert!(!seen.record.contains("phases"), "{}", seen.record);
}
