//! A small host in a mount namespace of one test's thread: its own `/etc`, a
//! base with one bundle, the real `/usr` beneath.

pub mod installed;

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use sekisho_sys::{mount, process};
use serde_json::{Value, json};

use installed::Installed;

/// Owner of the bundle.
pub const ALICE: u32 = 10001;

/// What differs from test to test.
#[derive(Clone)]
pub struct World {
    pub rules: &'static str,
    pub by_path: bool,
    /// Merged over the configuration; `null` takes a key out.
    pub config: Value,
    /// Runs in the world before the launcher does.
    pub prepare: fn(),
    /// Mode of `launcher.conf`.
    pub conf_mode: u32,
    /// More lines of it.
    pub more: &'static str,
}

impl Default for World {
    fn default() -> Self {
        Self {
            rules: "none",
            by_path: false,
            config: json!({}),
            prepare: || {},
            conf_mode: 0o644,
            more: "",
        }
    }
}

/// What a start gave.
#[derive(Debug)]
pub struct Seen {
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
    pub record: String,
}

impl World {
    /// Runs a shell line as the caller, uid 33; `$L` is the research build of the
    /// launcher, `$H` the hardened one.
    /// `None` when the test cannot run here.
    pub fn run(&self, line: &str) -> Option<Seen> {
        if !sekisho_skips::as_root() {
            return None;
        }
        // One at a time: a process forked meanwhile would hold the launcher
        // open for writing, and exec would answer ETXTBSY.
        static ONE: Mutex<()> = Mutex::new(());
        let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let programs = installed::programs();
        let top = tempfile::tempdir().expect("a directory");
        // A thread of its own: its namespace and root end with it.
        let seen = std::thread::scope(|scope| {
            let thread = scope.spawn(|| self.run_here(line, top.path(), programs));
            thread.join().expect("the world stands")
        });
        Some(seen)
    }

    fn run_here(&self, line: &str, top: &Path, programs: &Installed) -> Seen {
        process::unshare(process::CLONE_NEWNS).expect("a mount namespace");
        mount::mount(b"", b"/", "", mount::MS_REC | mount::MS_PRIVATE, "").expect("private");
        let path = top.as_os_str().as_encoded_bytes().to_vec();
        mount::mount(b"tmpfs", &path, "tmpfs", 0, "mode=755").expect("tmpfs");
        std::env::set_current_dir(top).expect("enter");
        for dir in ["usr", "proc", "dev", "tmp", "run", "opt", "etc/sekisho"] {
            fs::create_dir_all(dir).expect("mkdir");
        }
        for (source, target, recursive) in [("/usr", "usr", true), ("/dev", "dev", true)] {
            let flags = mount::MS_BIND | if recursive { mount::MS_REC } else { 0 };
            mount::mount(source.as_bytes(), target.as_bytes(), "", flags, "").expect("bind");
        }
        mount::mount(b"proc", b"proc", "proc", 0, "").expect("proc");
        self.fill(programs);
        mount::pivot_here().expect("pivot_root");
        mount::detach(b".").expect("detach");
        std::env::set_current_dir("/").expect("enter");
        (self.prepare)();
        // Whatever this test process was started with stays out of it.
        sekisho_sys::open::close_range(3, true).expect("close_range");
        let output = Command::new("/usr/bin/sh")
            .args(["-c", line])
            .env_clear()
            .env("PATH", "/usr/bin")
            .env("L", "/opt/launch")
            .env("H", "/opt/hardened")
            .uid(33)
            .gid(33)
            .output()
            .expect("sh runs");
        Seen {
            status: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            record: fs::read_to_string("/run/record").unwrap_or_default(),
        }
    }

    fn fill(&self, programs: &Installed) {
        for (name, to) in [
            ("bin", "usr/bin"),
            ("lib", "usr/lib"),
            ("lib64", "usr/lib64"),
        ] {
            symlink(to, name).expect("symlink");
        }
        put("opt/launch", &programs.research, 0o4755, 0);
        put("opt/hardened", &programs.hardened, 0o4755, 0);
        let passwd = "root:x:0:0::/:/bin/sh\nwww-data:x:33:33::/:/bin/sh\nalice:x:10001:10001:::\n";
        put("etc/passwd", passwd.as_bytes(), 0o644, 0);
        put(
            "etc/group",
            b"root:x:0:\nalice:x:10001:\nteam:x:777:alice\n",
            0o644,
            0,
        );
        let resolution = if self.by_path {
            "by-path"
        } else {
            "by-descriptor"
        };
        let conf = format!(
            "rules = {}\nobserve = all\nresolution = {resolution}\nrecord = /run/record\n{}",
            self.rules, self.more
        );
        put(
            "etc/sekisho/launcher.conf",
            conf.as_bytes(),
            self.conf_mode,
            0,
        );
        put("etc/sekisho/policy.conf", b"", 0o644, 0);
        let bundle = "srv/containers/alice/web";
        for dir in ["rootfs/app", "rootfs/usr"] {
            fs::create_dir_all(format!("{bundle}/{dir}")).expect("mkdir");
        }
        for (name, to) in [
            ("bin", "usr/bin"),
            ("lib", "usr/lib"),
            ("lib64", "usr/lib64"),
        ] {
            symlink(to, format!("{bundle}/rootfs/{name}")).expect("symlink");
        }
        for dir in ["", "rootfs", "rootfs/app", "rootfs/usr"] {
            chown(format!("{bundle}/{dir}"), Some(ALICE), Some(ALICE)).expect("chown");
        }
        let app = format!("{bundle}/rootfs/app");
        put(
            &format!("{app}/script"),
            b"#!/bin/sh\necho \"script $*\"\n",
            0o755,
            ALICE,
        );
        put(
            &format!("{app}/plain"),
            b"echo \"plain $*\"\n",
            0o755,
            ALICE,
        );
        let id = fs::read("/usr/bin/id").expect("/usr/bin/id");
        put(&format!("{app}/setuid"), &id, 0o4755, 0);
        let mut config = json!({
            "ociVersion": "1.0.2",
            "process": {
                "user": {"uid": ALICE, "gid": ALICE},
                "args": ["/bin/sh", "-c", "id -u"],
                "env": ["PATH=/usr/bin:/bin"],
                "cwd": "/",
            },
            "root": {"path": "rootfs"},
            "mounts": [{"destination": "/usr", "type": "bind", "source": "/usr",
                        "options": ["rbind", "ro"]}],
        });
        merge(&mut config, &self.config);
        put(
            &format!("{bundle}/config.json"),
            config.to_string().as_bytes(),
            0o644,
            0,
        );
    }
}

/// A file with content, mode and owner.
pub fn put(path: &str, content: &[u8], mode: u32, owner: u32) {
    let path = Path::new(path);
    fs::write(path, content).expect("write");
    chown(path, Some(owner), Some(owner)).expect("chown");
    // Last: chown takes setuid bits away.
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("chmod");
}

fn merge(into: &mut Value, from: &Value) {
    let (Value::Object(into), Value::Object(from)) = (&mut *into, from) else {
        into.clone_from(from);
        return;
    };
    for (key, value) in from {
        if value.is_null() {
            into.remove(key);
        } else {
            merge(into.entry(key).or_insert(Value::Null), value);
        }
    }
}
