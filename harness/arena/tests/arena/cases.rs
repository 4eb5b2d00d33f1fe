//! What an arena must hold.

use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use sekisho_arena::Arena;
use sekisho_arena::protocol::Trial;
use sekisho_trial::{Access, Action, Content, Deed, End, HostChange, Observation, OpenFile, Step};

use crate::equipment::{equipped, file, layout, report, shell, start, trial};

/// First argument of the process that is killed while it has an arena.
pub const VICTIM: &str = "--victim";

/// Names and tests.
pub const CASES: &[(&str, fn())] = &[
    ("the_probe_runs_as_it_was_asked_to", runs_as_asked),
    ("empty_arguments_stay_empty", empty_arguments),
    ("a_terminal_is_controlling_and_its_output_comes", terminal),
    ("a_program_that_cannot_start_says_why", not_started),
    ("misbehaviour_is_survived_and_leaves_nothing", misbehaviour),
    ("the_deadline_ends_a_trial", deadline),
    ("setuid_and_file_capabilities_count", privileges),
    ("a_trial_does_not_see_the_one_before", isolation),
    ("an_attack_as_root_changes_nothing", attack),
    ("known_remains_are_cleared_and_others_are_told", remains),
    ("what_a_trial_does_to_its_host_is_seen", host_changes),
    ("steps_between_check_and_use_run_as_their_user", steps),
    ("files_are_observed_and_collected_afterwards", afterwards),
    ("the_canaries_of_the_host_answer", canaries),
    ("a_case_that_cannot_be_made_is_a_fault", faults),
    (
        "many_at_once_have_a_cgroup_each_and_leave_others_alone",
        many_at_once,
    ),
    ("killing_the_runner_takes_everything_away", killed),
];

/// Arena with the standard layout.
fn prepared() -> Arena {
    let mut arena = start().expect("an arena starts");
    arena.prepare(layout()).expect("the case is prepared");
    arena
}

/// Runs a trial that must leave nothing.
fn run(arena: &mut Arena, trial: Trial) -> Observation {
    let seen = arena.run(trial).expect("the trial runs");
    assert_eq!(seen.leftovers, Vec::<String>::new(), "leftovers");
    seen
}

fn ends_clean(arena: Arena) {
    assert_eq!(arena.quit().expect("the arena ends"), Vec::<String>::new());
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn runs_as_asked() {
    let mut arena = prepared();
    let mut asked = trial("n1");
    asked.start.arguments = vec![b"name".to_vec(), Vec::new(), b"x y".to_vec()];
    asked.start.environment = vec![b"A=1".to_vec(), b"A=2".to_vec(), b"odd".to_vec()];
    (asked.start.uid, asked.start.gid) = (1234, 2345);
    asked.start.groups = vec![7, 8];
    asked.start.umask = 0o137;
    asked.start.limits = vec![("nofile".to_owned(), 77, 88), ("core".to_owned(), 0, 0)];
    asked.start.blocked = vec![10, 40];
    asked.start.ignored = vec![1, 41];
    asked.start.working_directory = "/root".to_owned();
    asked.start.descriptors = vec![
        OpenFile {
            number: 9,
            path: "/root/secret".to_owned(),
            access: Access::Read,
        },
        OpenFile {
            number: 3,
            path: "/root".to_owned(),
            access: Access::Path,
        },
    ];
    let seen = run(&mut arena, asked);
    assert_eq!(seen.end, End::Exited(0));
    assert!(seen.duration_us > 0 && seen.total_us >= seen.duration_us);
    let report = report(&seen.stdout);
    assert_eq!(report.nonce, "n1");
    assert_eq!(report.place, "host");
    assert_eq!(report.argv, ["name", "", "x y"]);
    assert_eq!(report.environment, ["A=1", "A=2", "odd"]);
    let uid = report.uid;
    assert_eq!(
        (uid.real, uid.effective, uid.saved, uid.filesystem),
        (1234, 1234, 1234, 1234)
    );
    let gid = report.gid;
    assert_eq!(
        (gid.real, gid.effective, gid.saved, gid.filesystem),
        (2345, 2345, 2345, 2345)
    );
    assert_eq!(report.groups, [7, 8]);
    assert_eq!(report.umask, "0137");
    assert_eq!(report.limits["nofile"], ["77", "88"]);
    assert_eq!(report.limits["core"], ["0", "0"]);
    assert_eq!(
        report.blocked_signals.len(),
        2,
        "{:?}",
        report.blocked_signals
    );
    assert_eq!(report.blocked_signals[0], "SIGUSR1");
    assert_eq!(
        report.ignored_signals.len(),
        2,
        "{:?}",
        report.ignored_signals
    );
    assert_eq!(report.ignored_signals[0], "SIGHUP");
    assert_eq!(report.cwd, "/root");
    let numbers: Vec<i32> = report.descriptors.iter().map(|one| one.number).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 9]);
    assert_eq!(report.descriptors[3].target, "/root");
    assert_eq!(report.descriptors[4].target, "/root/secret");
    for set in ["inheritable", "permitted", "effective", "ambient"] {
        assert_eq!(report.capabilities[set], Vec::<String>::new(), "{set}");
    }
    let bounding = &report.capabilities["bounding"];
    assert!(bounding.contains(&"CAP_SYS_ADMIN".to_owned()));
    assert!(!bounding.contains(&"CAP_SYS_MODULE".to_owned()));
    assert_eq!((report.securebits, report.no_new_privileges), (0, false));
    assert!(!report.controlling_terminal && !report.session_leader);
    ends_clean(arena);
}

fn empty_arguments() {
    let mut arena = prepared();
    let mut asked = trial("n1");
    asked.start.arguments = Vec::new();
    let seen = run(&mut arena, asked);
    // Since Linux 5.18 the kernel puts an empty argv[0] there.
    let argv = report(&seen.stdout).argv;
    assert!(argv.is_empty() || argv == [""], "{argv:?}");
    ends_clean(arena);
}

fn terminal() {
    let mut arena = prepared();
    let mut asked = trial("n1");
    asked.start.terminal = true;
    let seen = run(&mut arena, asked);
    let report = report(&seen.stdout);
    assert!(report.controlling_terminal && report.session_leader);
    assert!(
        report
            .descriptors
            .iter()
            .all(|one| one.target == "/dev/pts/0")
    );
    ends_clean(arena);
}

fn not_started() {
    let mut arena = prepared();
    let mut asked = trial("n1");
    asked.start.program = "/absent".to_owned();
    let seen = run(&mut arena, asked);
    assert_eq!(
        seen.end,
        End::NotStarted("execve(\"/absent\"): ENOENT".to_owned())
    );
    // The exec must be judged by the caller's ids, not by root's.
    let mut asked = trial("n2");
    asked.files = vec![file("/private", 0o700, Content::Probe)];
    asked.start.program = "/private".to_owned();
    let seen = run(&mut arena, asked);
    assert_eq!(
        seen.end,
        End::NotStarted("execve(\"/private\"): EACCES".to_owned())
    );
    ends_clean(arena);
}

fn misbehaviour() {
    let mut arena = prepared();
    for (behaviour, deadline_ms) in [
        ("fork", 1500),
        ("hang", 300),
        ("flood", 1000),
        ("orphan", 3000),
        ("crash", 3000),
        ("zombies", 3000),
    ] {
        let mut asked = trial(behaviour);
        asked
            .start
            .arguments
            .push(format!("--behave={behaviour}").into_bytes());
        asked.deadline_ms = deadline_ms;
        // As root, whom no resource limit stops.
        (asked.start.uid, asked.start.gid) = (0, 0);
        let begin = Instant::now();
        let seen = run(&mut arena, asked);
        let took = begin.elapsed();
        assert!(
            took < Duration::from_millis(deadline_ms + 2000),
            "{behaviour} took {took:?}"
        );
        assert_eq!(report(&seen.stdout).nonce, behaviour);
        match behaviour {
            "fork" | "hang" => assert_eq!(seen.end, End::Timeout, "{behaviour}"),
            "flood" => {
                assert_eq!(seen.end, End::Timeout);
                assert!(seen.truncated);
                assert_eq!(seen.stdout.len(), sekisho_trial::MOST_OUTPUT);
            }
            "crash" => assert_eq!(seen.end, End::Signalled(11)),
            _ => assert_eq!(seen.end, End::Exited(0), "{behaviour}"),
        }
        // And the next trial is as good as ever.
        assert_eq!(run(&mut arena, trial("after")).end, End::Exited(0));
    }
    ends_clean(arena);
}

fn deadline() {
    let mut arena = prepared();
    let mut asked = shell("n1", "echo begun; exec sleep 60");
    asked.deadline_ms = 200;
    let begin = Instant::now();
    let seen = run(&mut arena, asked);
    assert_eq!(seen.end, End::Timeout);
    assert_eq!(text(&seen.stdout), "begun\n");
    assert!(begin.elapsed() < Duration::from_secs(2));
    assert!(seen.duration_us >= 200_000);
    ends_clean(arena);
}

fn privileges() {
    let mut arena = start().expect("an arena starts");
    let mut files = layout();
    files.files.push(file("/setuid", 0o4755, Content::Probe));
    let mut capable = file("/capable", 0o755, Content::Probe);
    // `struct vfs_cap_data`, revision 2, effective: CAP_NET_RAW.
    let mut data = 0x0200_0001_u32.to_le_bytes().to_vec();
    data.extend((1_u32 << 13).to_le_bytes());
    data.extend([0; 12]);
    capable.xattrs = vec![("security.capability".to_owned(), data)];
    files.files.push(capable);
    arena.prepare(files).expect("the case is prepared");
    let mut asked = trial("n1");
    asked.start.program = "/setuid".to_owned();
    let seen = report(&run(&mut arena, asked).stdout);
    assert_eq!(
        (seen.uid.real, seen.uid.effective, seen.uid.saved),
        (1000, 0, 0)
    );
    assert!(seen.secure_execution);
    let mut asked = trial("n2");
    asked.start.program = "/capable".to_owned();
    let seen = report(&run(&mut arena, asked).stdout);
    assert_eq!(seen.uid.effective, 1000);
    assert_eq!(seen.capabilities["effective"], ["CAP_NET_RAW"]);
    ends_clean(arena);
}

fn remains() {
    let mut arena = prepared();
    let make = "cd /sys/fs/cgroup && mkdir known full full/inner";
    let mut asked = shell("n1", make);
    (asked.start.uid, asked.start.gid) = (0, 0);
    asked.clear = ["known", "full", "absent", "..", "full/inner"]
        .map(str::to_owned)
        .to_vec();
    let seen = arena.run(asked.clone()).expect("the trial runs");
    if !nix::unistd::geteuid().is_root() {
        // Where the cgroups are not the arena's own, nothing is touched.
        assert_eq!(seen.cleared, Vec::<String>::new());
        return;
    }
    assert_eq!(seen.cleared, ["known"]);
    assert_eq!(seen.leftovers, ["cgroups: 2 before, 3 after"]);
    asked.start.arguments[2] = b"mkdir /sys/fs/cgroup/known".to_vec();
    let seen = run(&mut arena, asked.clone());
    assert_eq!(seen.cleared, ["known"]);
    asked.start.arguments[2] = b"mkdir /sys/fs/cgroup/other".to_vec();
    let seen = arena.run(asked).expect("the trial runs");
    assert_eq!(seen.cleared, Vec::<String>::new());
    assert_eq!(seen.leftovers, ["cgroups: 2 before, 3 after"]);
    ends_clean(arena);
}

/// The positive control of the look at the host: mounts of a process in the
/// host's namespace, mounts that propagate from one that left it, and names in
/// the tree.
fn host_changes() {
    let mut arena = prepared();
    let told = |seen: &Observation| -> Vec<String> {
        seen.host_changes.iter().map(ToString::to_string).collect()
    };
    let mut as_root = |nonce: &str, script: &str| {
        let mut asked = shell(nonce, script);
        (asked.start.uid, asked.start.gid) = (0, 0);
        let seen = run(&mut arena, asked);
        assert_eq!(seen.end, End::Exited(0), "{}", text(&seen.stderr));
        seen
    };
    assert_eq!(told(&as_root("n1", "true")), Vec::<String>::new());
    let mounted = |seen: &Observation| -> Vec<String> {
        let places = seen.host_changes.iter().filter_map(HostChange::mounted_at);
        places.map(str::to_owned).collect()
    };
    let seen = as_root("n2", "mount -t tmpfs none /mnt");
    assert_eq!(mounted(&seen), ["/mnt"]);
    // The host's mounts are shared, as systemd makes them: what is mounted in
    // another namespace on a mount of the same peer group is on the host, too.
    let seen = as_root(
        "n3",
        "unshare -m --propagation unchanged mount -t tmpfs none /srv",
    );
    assert_eq!(mounted(&seen), ["/srv"], "{:?}", told(&seen));
    let seen = as_root(
        "n4",
        "unshare -m --propagation private mount -t tmpfs none /srv",
    );
    assert_eq!(mounted(&seen), Vec::<String>::new());
    let seen = as_root("n5", "mount -t tmpfs none /proc; mount -t tmpfs none /sys");
    assert_eq!(mounted(&seen), ["/proc", "/sys"]);
    let seen = as_root("n6", "umount /dev/pts 2>/dev/null || umount -l /dev/pts");
    assert!(
        seen.host_changes
            .iter()
            .any(|one| matches!(one, HostChange::MountRemoved(_)))
    );
    let seen = as_root(
        "n7",
        "mkdir /srv/new; echo x > /srv/new/file; ln -s /etc /tmp/link; chmod 0700 /home; \
         rm /root/secret; mkfifo /tmp/pipe",
    );
    let told = told(&seen);
    for part in [
        "new: /srv/new (directory, 0:0",
        "new: /srv/new/file (file of 2 bytes, 0:0",
        "new: /tmp/link (link to /etc",
        "new: /tmp/pipe (FIFO",
        "changed: /home (directory, 0:0 0700)",
        "removed: /root/secret",
    ] {
        assert!(
            told.iter().any(|line| line.starts_with(part)),
            "{part}: {told:?}"
        );
    }
    if nix::unistd::geteuid().is_root() {
        let seen = as_root("n8", "mknod /tmp/node c 1 3; ipcmk -M 4096 >/dev/null");
        let lines: Vec<_> = seen.host_changes.iter().map(ToString::to_string).collect();
        for part in ["new: /tmp/node (character device 1:3", "System V objects"] {
            assert!(
                lines.iter().any(|line| line.starts_with(part)),
                "{part}: {lines:?}"
            );
        }
    }
    let seen = as_root("n9", "sleep 100 & exit 0");
    assert_eq!(seen.survivors, 1);
    ends_clean(arena);
}

fn isolation() {
    let mut arena = prepared();
    let write = "echo x > /tmp/mark && echo x > /etc/mark && rm /root/secret && mkdir /srv/d \
                 && hostname other && chmod 0777 /etc && echo written";
    let mut asked = shell("n1", write);
    (asked.start.uid, asked.start.gid) = (0, 0);
    let seen = run(&mut arena, asked);
    assert_eq!(text(&seen.stdout), "written\n", "{}", text(&seen.stderr));
    let look = "ls -d /tmp/mark /etc/mark /srv/d 2>/dev/null; cat /root/secret; hostname; \
                stat -c %a /etc /tmp";
    let mut asked = shell("n2", look);
    (asked.start.uid, asked.start.gid) = (0, 0);
    let seen = run(&mut arena, asked);
    assert_eq!(text(&seen.stdout), "canary:secret:n2\narena\n755\n1777\n");
    ends_clean(arena);
}

fn attack() {
    let before = host_state();
    let mut arena = prepared();
    let script = r#"
        try() { if "$@" 2>/dev/null; then echo "done: $*"; fi; }
        try sh -c 'echo 1 > /proc/sys/kernel/panic'
        try sh -c 'echo x > /usr/bin/mark'
        try mount -o remount,rw /usr
        try mount -o remount,bind,rw /usr
        try sh -c 'echo x > /usr/bin/mark'
        try sh -c 'echo x > /sys/kernel/mark'
        mount -t tmpfs none /mnt
        mkdir /sys/fs/cgroup/mark
        mkdir /dev/shm/mark
        ls /proc/1/root/work /old /proc/1/cwd/work 2>/dev/null
        [ -e /dev/vda ] && echo disk
        for disk in $(cat /sys/class/block/*/dev); do
            mknod /mnt/disk b ${disk%:*} ${disk#*:} \
                && head -c1 /mnt/disk >/mnt/read && echo opened $disk
            rm -f /mnt/disk
        done 2>/dev/null
        mknod /mnt/mem c 1 1 2>/dev/null && try sh -c 'head -c1 /mnt/mem >/mnt/read'
        echo end
    "#;
    let mut asked = shell("n1", script);
    (asked.start.uid, asked.start.gid) = (0, 0);
    let seen = arena.run(asked).expect("the trial runs");
    let said = text(&seen.stdout);
    let root = nix::unistd::geteuid().is_root();
    assert!(said.ends_with("end\n"), "{said}");
    // A bind mount's flag may be taken off; what lies beneath must not change.
    let allowed = [
        "done: mount -o remount,bind,rw /usr",
        "done: mount -o remount,rw /usr",
        "end",
    ];
    for line in said.lines() {
        assert!(allowed.contains(&line), "{line}");
    }
    for leftover in &seen.leftovers {
        assert!(root && leftover.starts_with("cgroups"), "{leftover}");
    }
    assert_eq!(
        seen.leftovers.len(),
        usize::from(root),
        "the cgroup is noticed"
    );
    let mut asked = shell(
        "n2",
        "ls -A /mnt; ls -A /dev/shm; ls -d /sys/fs/cgroup/mark",
    );
    (asked.start.uid, asked.start.gid) = (0, 0);
    assert_eq!(text(&run(&mut arena, asked).stdout), "");
    ends_clean(arena);
    assert_eq!(host_state(), before);
}

/// Each arena looks for orphaned cgroups when it begins, which must not take
/// those away that others just made.
fn many_at_once() {
    let root = nix::unistd::geteuid().is_root();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(move || {
                for _ in 0..if root { 12 } else { 2 } {
                    let (mut arena, conditions) = equipped().expect("an arena starts");
                    let facts = conditions.facts;
                    assert_eq!(facts.get("missing cgroup"), None);
                    arena.prepare(layout()).expect("the case is prepared");
                    run(&mut arena, shell("n1", "true"));
                    ends_clean(arena);
                }
            });
        }
    });
}

/// What the attack tries to change, on the host of this test.
fn host_state() -> Vec<String> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let groups = std::fs::read_dir("/sys/fs/cgroup/unified")
        .or_else(|_| std::fs::read_dir("/sys/fs/cgroup"))
        .map_or(0, |entries| {
            let kinds = entries.flatten().filter_map(|entry| entry.file_type().ok());
            kinds.filter(std::fs::FileType::is_dir).count()
        });
    vec![
        read("/proc/self/mountinfo"),
        read("/proc/sys/kernel/panic"),
        std::path::Path::new("/usr/bin/mark").exists().to_string(),
        groups.to_string(),
    ]
}

fn steps() {
    let mut arena = start().expect("an arena starts");
    let mut files = layout();
    for (path, words) in [("/tmp/one", "one"), ("/tmp/two", "two")] {
        let mut planned = file(path, 0o644, Content::Bytes(words.into()));
        planned.uid = 1000;
        files.files.push(planned);
    }
    arena.prepare(files).expect("the case is prepared");
    let mut asked = shell(
        "n1",
        "cat /tmp/one; echo r > /run/pause/reached; head -c1 /run/pause/go >/dev/null; cat /tmp/one; \
         stat -c %u /tmp/link",
    );
    (asked.start.uid, asked.start.gid) = (0, 0);
    asked.pause = Some("/run/pause".to_owned());
    let names = |one: &str, two: &str| [one.to_owned(), two.to_owned()];
    let deed = |step| Deed {
        uid: 1000,
        gid: 1000,
        groups: Vec::new(),
        action: Action::Step(step),
    };
    asked.start.between = vec![
        deed(Step::Exchange(names("/tmp/one", "/tmp/two"))),
        deed(Step::Symlink(names("/etc", "/tmp/link"))),
        deed(Step::Write(names("/tmp/one", "new"))),
        deed(Step::Remove("/root/secret".to_owned())),
    ];
    asked.observe = vec!["/root/secret".to_owned()];
    asked.deadline_ms = 5000;
    let seen = run(&mut arena, asked);
    assert_eq!(text(&seen.stdout), "onenew1000\n", "{seen:?}");
    assert_eq!(seen.steps_failed.len(), 1, "{:?}", seen.steps_failed);
    assert!(seen.steps_failed[0].contains("/root/secret"));
    assert!(seen.observed[0].is_some());
    // A launcher that never pauses is told.
    let mut asked = shell("n2", "true");
    asked.pause = Some("/run/pause".to_owned());
    asked.start.between = vec![deed(Step::Remove("/tmp/one".to_owned()))];
    assert_eq!(
        run(&mut arena, asked).steps_failed,
        ["the launcher never paused"]
    );
    ends_clean(arena);
}

fn afterwards() {
    let mut arena = prepared();
    let mut asked = shell(
        "n1",
        "umask 027; echo made > /tmp/made; ln -s /etc/passwd /tmp/link",
    );
    asked.observe = ["/tmp/made", "/tmp/absent", "/tmp/link"]
        .map(str::to_owned)
        .to_vec();
    asked.collect = ["/tmp/made", "/tmp/absent"].map(str::to_owned).to_vec();
    let seen = run(&mut arena, asked);
    let made = seen.observed[0].as_ref().expect("the file is seen");
    assert_eq!((made.uid, made.gid, made.mode), (1000, 1000, 0o100_640));
    assert_eq!(made.content, b"made\n");
    assert_eq!(seen.observed[1], None);
    let link = seen.observed[2].as_ref().expect("the link is seen");
    assert_eq!((link.mode & 0o170_000, link.content.len()), (0o120_000, 0));
    assert_eq!(seen.collected, [Some(b"made\n".to_vec()), None]);
    ends_clean(arena);
}

fn canaries() {
    let mut arena = prepared();
    for round in 0..3 {
        let mut asked = trial(&format!("n{round}"));
        (asked.start.uid, asked.start.gid) = (0, 0);
        let seen = report(&run(&mut arena, asked).stdout);
        for name in ["host-socket", "host-abstract", "host-port", "host-process"] {
            assert!(seen.canaries[name].used, "{name} in round {round}");
        }
        assert!(seen.canaries["secret"].read && seen.canaries["secret"].write);
        assert!(seen.namespaces_shared.contains(&"mnt".to_owned()));
    }
    let seen = report(&run(&mut arena, trial("other")).stdout);
    assert!(!seen.canaries["host-process"].used && !seen.canaries["secret"].read);
    ends_clean(arena);
}

fn faults() {
    let mut arena = prepared();
    for (path, part) in [
        ("relative", "not absolute"),
        ("/tmp/../x", "not a plain path"),
        ("/usr/bin/x", "choose a place outside"),
        ("/bin/x", "not a directory"),
    ] {
        let mut files = layout();
        files.files.push(file(path, 0o644, Content::Directory));
        let error = arena.prepare(files).expect_err(path).to_string();
        assert!(error.contains(part) && error.contains(path), "{error}");
        assert!(arena.run(trial("n")).is_err(), "no case is prepared");
    }
    arena.prepare(layout()).expect("the next case is prepared");
    assert_eq!(run(&mut arena, trial("n")).end, End::Exited(0));
    ends_clean(arena);
}

/// Prints the guard's pid and runs a trial that hangs.
pub fn victim() -> ExitCode {
    let mut arena = prepared();
    println!("{}", arena.pid());
    let mut asked = shell("n1", "sleep 60 & exec sleep 60");
    asked.deadline_ms = 60_000;
    let _ = arena.run(asked);
    ExitCode::SUCCESS
}

fn killed() {
    let before = host_state();
    let mut victim = Command::new("/proc/self/exe")
        .arg(VICTIM)
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program starts");
    let mut line = String::new();
    let output = victim.stdout.take().expect("a pipe");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut line).expect("a line");
    let guard: u32 = line.trim().parse().expect("a pid");
    let deadline = Instant::now() + Duration::from_secs(10);
    let family = || -> Vec<u32> {
        let mut all = vec![guard];
        let mut at = 0;
        while at < all.len() {
            let path = format!("/proc/{0}/task/{0}/children", all[at]);
            let children = std::fs::read_to_string(path).unwrap_or_default();
            all.extend(
                children
                    .split_whitespace()
                    .filter_map(|pid| pid.parse::<u32>().ok()),
            );
            at += 1;
        }
        all
    };
    // Guard, worker, supervisor, the two that sleep.
    while family().len() < 5 {
        assert!(
            Instant::now() < deadline,
            "the trial does not start: {:?}",
            family()
        );
        std::thread::sleep(Duration::from_millis(10));
    }
    let all = family();
    victim.kill().expect("the runner is killed");
    victim.wait().expect("the runner is reaped");
    let alive = |pid: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        !stat.is_empty() && !stat.contains(") Z ")
    };
    while all.iter().any(alive) {
        assert!(Instant::now() < deadline, "still there: {all:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(host_state(), before);
}
