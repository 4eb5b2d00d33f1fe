//! The host that starts are measured in: a mount namespace of its own with a
//! private `/etc`, `/srv`, `/run` and `/var/log` on tmpfs, on top of the real
//! one. Nothing of it is seen outside, and it is gone with the last process.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::Signal;
use sekisho_sys::signals;
use serde_json::{Value, json};

use crate::built;

/// The allowed caller: the front service.
pub const CALLER: u32 = 33;
/// The target user and group.
pub const TARGET: u32 = 10001;
/// Where the programs lie.
pub const LAUNCHER: &str = "/srv/bin/sekisho-launch";
/// The floor, owned by root.
pub const FLOOR: &str = "/srv/bin/sekisho-floor";
/// What launchers say.
pub const LOG: &str = "/run/bench.log";
/// The network namespace that was made beforehand.
pub const NETNS: &str = "/run/netns-made-before";

/// Where bundles lie.
pub const BASE: &str = "/srv/containers";
/// The isolations compared share these with the host, as most launchers do.
pub const POLICY: &str = "shared-namespaces = cgroup network\nmost-environment = 20000\n";
/// The init, inside every rootfs.
pub const INIT: &str = "/app/init";
/// The probe, inside every rootfs.
pub const PROBE: &str = "/app/probe";

/// What a bundle asks for, and the floor's letters for the same.
#[derive(Debug, Clone, Copy)]
pub struct Isolation {
    /// Name in result files.
    pub name: &'static str,
    /// Name of the bundle, beneath `alice/`.
    pub bundle: &'static str,
    /// `sekisho-floor start` (`benches/floor/src/start.rs`).
    pub letters: &'static str,
}

/// Four namespaces and a fresh /proc: little of the kernel's own work, so that
/// differences between rule sets stand out.
pub const FOUR: Isolation = Isolation {
    name: "m,p,i,u+proc",
    bundle: "four",
    letters: "mpiuP",
};
/// What a container usually gets.
pub const FIVE: Isolation = Isolation {
    name: "m,p,i,u,n+proc+dev",
    bundle: "five",
    letters: "mpiunPD",
};
/// The same in a network namespace that was made before.
pub const JOINED: Isolation = Isolation {
    name: "m,p,i,u,joined-n+proc+dev",
    bundle: "joined",
    letters: "mpiuNPD",
};
/// With what OCI engines hide in /proc hidden.
pub const MASKED: Isolation = Isolation {
    name: "m,p,i,u,n+proc+dev+masks",
    bundle: "masked",
    letters: "mpiunPDM",
};

/// What evidence is gathered of in process: made anew for each request.
pub const GATHERED: Isolation = Isolation {
    bundle: "gathered",
    ..FIVE
};

/// All that are started.
pub const ISOLATIONS: [Isolation; 4] = [FOUR, FIVE, JOINED, MASKED];

impl Isolation {
    /// The bundle directory.
    #[must_use]
    pub fn bundle(&self) -> String {
        format!("{BASE}/alice/{}", self.bundle)
    }

    /// The root filesystem.
    #[must_use]
    pub fn rootfs(&self) -> String {
        format!("{}/rootfs", self.bundle())
    }
}

/// Enters the host that is measured: the calling thread leaves the real one
/// for good. `own_pids`: the process is in a pid namespace of its own and
/// needs a `/proc` that shows it.
///
/// # Errors
/// Not root, or a step was refused; the real host is as before.
pub fn enter(own_pids: bool) -> Result<()> {
    unshare(CloneFlags::CLONE_NEWNS).context("unshare a mount namespace; run as root")?;
    // What this process was started with is no part of a start.
    sekisho_sys::open::close_range(3, true).map_err(|error| anyhow::anyhow!("{error}"))?;
    // nohup(1) leaves SIGHUP ignored, which costs a launcher one call more. SIGPIPE
    // is ignored by this process itself; what it starts gets the default back.
    let ignored = signals::ignored().map_err(|error| anyhow::anyhow!("{error}"))?;
    signals::reset(ignored & !signals::bit(Signal::SIGPIPE as i32));
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).context("private /")?;
    if own_pids {
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
        mount(Some("proc"), "/proc", Some("proc"), flags, none).context("mount /proc")?;
    }
    // crun refuses the hybrid layout of cgroups; without this it is plain v1.
    let unified = Path::new("/sys/fs/cgroup/unified");
    if unified.is_dir() {
        let _ = umount2(unified, MntFlags::MNT_DETACH);
    }
    let etc = "/mnt";
    tmpfs(etc)?;
    let copied = Command::new("cp").args(["-a", "/etc/.", "/mnt"]).status();
    ensure!(copied.context("run cp")?.success(), "cp -a /etc failed");
    mount(Some(etc), "/etc", none, MsFlags::MS_BIND, none).context("bind /etc")?;
    for place in ["/srv", "/run", "/var/log"] {
        tmpfs(place)?;
    }
    databases(50)?;
    fill()
}

fn tmpfs(place: &str) -> Result<()> {
    mount(
        Some("tmpfs"),
        place,
        Some("tmpfs"),
        MsFlags::empty(),
        Some("mode=755"),
    )
    .with_context(|| format!("mount a tmpfs on {place}"))
}

/// Writes `/etc/passwd` and `/etc/group` with about so many entries, the
/// target's last; what launchers need is always there.
///
/// # Errors
/// The files cannot be written.
pub fn databases(entries: usize) -> Result<()> {
    let mut passwd = String::from(
        "root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n",
    );
    let mut group = String::from("root:x:0:\nwww-data:x:33:\n");
    for n in 0..entries.saturating_sub(3) {
        let id = 20_000 + n;
        passwd.push_str(&format!(
            "user{n}:x:{id}:{id}:user {n}:/home/user{n}:/bin/sh\n"
        ));
        group.push_str(&format!("user{n}:x:{id}:\n"));
    }
    passwd.push_str("alice:x:10001:10001:alice:/srv/www/alice:/bin/sh\n");
    group.push_str("alice:x:10001:\n");
    put("/etc/passwd", passwd.as_bytes(), 0o644, 0)?;
    put("/etc/group", group.as_bytes(), 0o644, 0)
}

/// Writes `/etc/group` with so many groups that list the target as a member.
///
/// # Errors
/// The file cannot be written.
pub fn memberships(groups: usize) -> Result<()> {
    let mut group = String::from("root:x:0:\nwww-data:x:33:\nalice:x:10001:\n");
    for (n, id) in member_of(groups).enumerate() {
        group.push_str(&format!("group{n}:x:{id}:alice\n"));
    }
    put("/etc/group", group.as_bytes(), 0o644, 0)
}

/// The groups of [`memberships`].
pub fn member_of(groups: usize) -> impl Iterator<Item = u32> {
    (30_000..).take(groups)
}

/// The configuration of a bundle with so many more bytes, in a field that is
/// not used, and so many more mounts, tmpfs each.
///
/// # Errors
/// The file cannot be written.
pub fn grown_config(isolation: &Isolation, bytes: usize, mounts: usize) -> Result<()> {
    let mut config = config(isolation);
    if bytes > 0 {
        // Of many strings, as annotations are.
        let count = (bytes / 50).max(1);
        let texts = (0..count).map(|n| format!("annotation {n:>8} of this bundle, no use"));
        config["annotations"] = Value::from(texts.collect::<Vec<_>>());
    }
    if let Some(list) = config["mounts"].as_array_mut() {
        list.extend((0..mounts).map(|n| {
            json!({ "destination": format!("/tmp/{n}"), "type": "tmpfs", "source": "tmpfs",
                "options": ["nosuid", "nodev"] })
        }));
    }
    let path = format!("{}/config.json", isolation.bundle());
    put(&path, config.to_string().as_bytes(), 0o644, 0)
}

/// A bundle so many components beneath the base; gives the reference to it.
///
/// # Errors
/// It cannot be made.
pub fn deep_bundle(depth: usize) -> Result<String> {
    let mut reference = String::from("alice");
    for n in 1..depth {
        reference.push_str(&format!("/d{depth}-{n}"));
        make(&format!("{BASE}/{reference}"), TARGET)?;
    }
    let bundle = format!("{BASE}/{reference}");
    let copied = Command::new("cp")
        .args(["-a", &format!("{}/.", FOUR.bundle()), &bundle])
        .status();
    ensure!(
        copied.context("run cp")?.success(),
        "cp -a of a bundle failed"
    );
    Ok(reference)
}

/// What the rule set and the rest of `launcher.conf` are.
///
/// # Errors
/// The file cannot be written.
pub fn configure(rules: &str, further: &str) -> Result<()> {
    // Always of one length: how often a file is read depends on it.
    const LENGTH: usize = 255;
    let text = format!("{:<LENGTH$}\n", format!("rules = {rules}\n{further}#"));
    put("/etc/sekisho/launcher.conf", text.as_bytes(), 0o644, 0)
}

fn fill() -> Result<()> {
    for directory in ["/srv/bin", "/etc/sekisho", BASE] {
        make(directory, 0)?;
    }
    make(&format!("{BASE}/alice"), TARGET)?;
    put(LAUNCHER, built::LAUNCHER, 0o4755, 0)?;
    put(FLOOR, built::FLOOR, 0o755, 0)?;
    put("/etc/sekisho/policy.conf", POLICY.as_bytes(), 0o644, 0)?;
    configure("none", "")?;
    for isolation in ISOLATIONS {
        bundle(&isolation)?;
    }
    // A thread of its own makes a network namespace and binds it to a file.
    put(NETNS, b"", 0o644, 0)?;
    let made = std::thread::spawn(|| -> Result<()> {
        unshare(CloneFlags::CLONE_NEWNET).context("unshare a network namespace")?;
        let source = Some("/proc/thread-self/ns/net");
        mount(source, NETNS, None::<&str>, MsFlags::MS_BIND, None::<&str>)
            .context("bind the network namespace")
    });
    made.join()
        .map_err(|_| anyhow::anyhow!("a thread panicked"))?
}

/// Makes a bundle anew, and the directory above it.
///
/// # Errors
/// It cannot be made.
pub fn rebuild(isolation: &Isolation) -> Result<()> {
    let directory = isolation.bundle();
    if Path::new(&directory).exists() {
        fs::remove_dir_all(&directory).with_context(|| format!("remove {directory}"))?;
    }
    make(&format!("{BASE}/alice"), TARGET)?;
    bundle(isolation)
}

fn bundle(isolation: &Isolation) -> Result<()> {
    let rootfs = isolation.rootfs();
    make(&isolation.bundle(), TARGET)?;
    for directory in ["", "/app", "/proc", "/dev", "/sys", "/tmp", "/etc"] {
        make(&format!("{rootfs}{directory}"), TARGET)?;
    }
    put(&format!("{rootfs}{INIT}"), built::FLOOR, 0o755, TARGET)?;
    put(&format!("{rootfs}{PROBE}"), built::PROBE, 0o755, TARGET)?;
    let null = format!("{rootfs}/dev/null");
    let device = nix::sys::stat::makedev(1, 3);
    let mode = nix::sys::stat::Mode::from_bits_truncate(0o666);
    nix::sys::stat::mknod(null.as_str(), nix::sys::stat::SFlag::S_IFCHR, mode, device)
        .with_context(|| format!("mknod {null}"))?;
    let config = config(isolation).to_string();
    let path = format!("{}/config.json", isolation.bundle());
    put(&path, config.as_bytes(), 0o644, 0)
}

/// The configuration of a bundle: one that every rule permits.
#[must_use]
pub fn config(isolation: &Isolation) -> Value {
    let mut namespaces = vec![];
    for (letter, kind) in [
        ('m', "mount"),
        ('p', "pid"),
        ('i', "ipc"),
        ('u', "uts"),
        ('n', "network"),
    ] {
        if isolation.letters.contains(letter) {
            namespaces.push(json!({ "type": kind }));
        }
    }
    if isolation.letters.contains('N') {
        namespaces.push(json!({ "type": "network", "path": NETNS }));
    }
    let proc = json!({ "destination": "/proc", "type": "proc", "source": "proc",
        "options": ["nosuid", "noexec", "nodev"] });
    let dev = json!({ "destination": "/dev", "type": "tmpfs", "source": "tmpfs",
        "options": ["nosuid", "mode=755", "size=65536k"] });
    let mounts = match isolation.letters.contains('D') {
        true => vec![proc, dev],
        false => vec![proc],
    };
    let mut config = json!({
        "ociVersion": "1.0.2",
        "process": {
            "terminal": false,
            "user": { "uid": TARGET, "gid": TARGET },
            "args": [INIT],
            "env": ["PATH=/usr/local/bin:/usr/bin:/bin"],
            "cwd": "/",
            "noNewPrivileges": true,
        },
        "root": { "path": "rootfs" },
        "mounts": mounts,
        "linux": { "namespaces": namespaces },
    });
    if !isolation.letters.contains('M') {
        config["linux"]["maskedPaths"] = json!([]);
        config["linux"]["readonlyPaths"] = json!([]);
    }
    config
}

fn make(directory: &str, owner: u32) -> Result<()> {
    fs::create_dir_all(directory).with_context(|| format!("mkdir {directory}"))?;
    chown(directory, Some(owner), Some(owner)).with_context(|| format!("chown {directory}"))?;
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(directory, mode).with_context(|| format!("chmod {directory}"))
}

/// A directory of the target user's.
///
/// # Errors
/// It cannot be made.
pub fn make_for_target(directory: &str) -> Result<()> {
    make(directory, TARGET)
}

/// A symbolic link, in place of whatever was there.
///
/// # Errors
/// It cannot be made.
pub fn link(to: &str, path: &str) -> Result<()> {
    let _ = fs::remove_file(path);
    symlink(to, path).with_context(|| format!("symlink {path}"))
}

/// A file with content, mode and owner, made anew.
///
/// # Errors
/// It cannot be written.
pub fn put(path: &str, content: &[u8], mode: u32, owner: u32) -> Result<()> {
    let what = || format!("write {path}");
    // Not over the old one: a program that runs cannot be written.
    let partial = format!("{path}.partial");
    fs::write(&partial, content).with_context(what)?;
    chown(&partial, Some(owner), Some(owner)).with_context(what)?;
    // Last: chown takes setuid bits away.
    fs::set_permissions(&partial, fs::Permissions::from_mode(mode)).with_context(what)?;
    fs::rename(&partial, path).with_context(what)
}
