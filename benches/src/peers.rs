//! Real launchers, each asked for a start as near as its words come to the
//! floor's. One that is missing or refuses is skipped, with its reason.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::rounds::Subject;
use crate::spawn::{Start, Watchdog};
use crate::stage::PREFIX;
use crate::subjects::subject;
use crate::world::{self, CALLER, FIVE, INIT, LOG, TARGET};

/// One launcher.
struct Peer {
    name: &'static str,
    /// What it isolates, in the words of [`crate::world::Isolation`].
    isolation: &'static str,
    program: &'static str,
    /// Words after the program; `{rootfs}` and `{bundle}` are filled in.
    words: &'static [&'static str],
    caller: u32,
    directory: &'static str,
}

/// The init of launchers that make no root of their own.
const PLAIN_INIT: &str = "/srv/www/alice/init";

const PEERS: &[Peer] = &[
    Peer {
        name: "suexec-custom",
        isolation: "none (setuid)",
        program: "/usr/lib/apache2/suexec-custom",
        words: &["alice", "alice", "init"],
        caller: CALLER,
        directory: "/srv/www/alice",
    },
    Peer {
        name: "sudo",
        isolation: "none (setuid)",
        program: "sudo",
        words: &["-n", "-u", "alice", PLAIN_INIT],
        caller: CALLER,
        directory: "/",
    },
    Peer {
        name: "doas",
        isolation: "none (setuid)",
        program: "doas",
        words: &["-n", "-u", "alice", PLAIN_INIT],
        caller: CALLER,
        directory: "/",
    },
    Peer {
        name: "setpriv",
        isolation: "none",
        program: "setpriv",
        words: &[
            "--reuid=10001",
            "--regid=10001",
            "--clear-groups",
            PLAIN_INIT,
        ],
        caller: 0,
        directory: "/",
    },
    Peer {
        name: "chroot",
        isolation: "chroot",
        program: "chroot",
        words: &["--userspec=10001:10001", "{rootfs}", INIT],
        caller: 0,
        directory: "/",
    },
    Peer {
        name: "unshare",
        isolation: "m,p,i,u,n+proc",
        program: "unshare",
        words: &[
            "--mount",
            "--pid",
            "--fork",
            "--ipc",
            "--uts",
            "--net",
            "--root={rootfs}",
            "--mount-proc",
            "--setuid=10001",
            "--setgid=10001",
            INIT,
        ],
        caller: 0,
        directory: "/",
    },
    Peer {
        name: "bubblewrap",
        isolation: "m,p,i,u,n+proc+dev",
        program: "bwrap",
        words: &[
            "--unshare-pid",
            "--unshare-net",
            "--unshare-ipc",
            "--unshare-uts",
            "--ro-bind",
            "{rootfs}",
            "/",
            "--proc",
            "/proc",
            "--dev",
            "/dev",
            INIT,
        ],
        caller: 0,
        directory: "/",
    },
    Peer {
        name: "crun without cgroups",
        isolation: "m,p,i,u,n+proc+dev",
        program: "crun",
        words: &["--cgroup-manager=disabled", "run", "-b", "{bundle}", "{id}"],
        caller: 0,
        directory: "/",
    },
    Peer {
        name: "crun",
        isolation: "m,p,i,u,n+proc+dev, cgroups",
        program: "crun",
        words: &["run", "-b", "{bundle}", "{id}"],
        caller: 0,
        directory: "/",
    },
    Peer {
        name: "runc",
        isolation: "m,p,i,u,n+proc+dev, cgroups",
        program: "runc",
        words: &["run", "-b", "{bundle}", "{id}"],
        caller: 0,
        directory: "/",
    },
];

/// Name of a launcher that cannot be measured, and why.
pub type Missing = (&'static str, String);

/// Every launcher that works here, and why the others do not.
///
/// # Errors
/// What they need cannot be written into the private host.
pub fn find(watchdog: &Watchdog) -> Result<(Vec<Subject>, Vec<Missing>)> {
    prepare()?;
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for peer in PEERS {
        match peer.start()?.map_or_else(Err, |mut start| {
            // Three times: one that works once and then no more is no peer.
            (0..3)
                .try_for_each(|_| start.run(watchdog).map(drop))
                .map(|()| start)
        }) {
            Ok(start) => found.push(subject(peer.name, peer.isolation, start)),
            Err(why) => missing.push((peer.name, why)),
        }
    }
    Ok((found, missing))
}

impl Peer {
    fn start(&self) -> Result<std::result::Result<Start, String>> {
        let Some(program) = which(self.program) else {
            return Ok(Err(format!("no program {}", self.program)));
        };
        let fill = |word: &&str| {
            word.replace("{rootfs}", &peer_rootfs())
                .replace("{bundle}", PEER_BUNDLE)
                .replace("{id}", &format!("{PREFIX}{}", self.name.replace(' ', "-")))
        };
        let words: Vec<String> = self.words.iter().map(fill).collect();
        let mut all = vec![program.as_str()];
        all.extend(words.iter().map(String::as_str));
        let log = Path::new(LOG);
        let start = Start::new(&all, self.caller, Path::new(self.directory), log)?;
        Ok(Ok(start.with_variable("XDG_RUNTIME_DIR", "/run")))
    }
}

/// The program's path, where the caller would find it.
fn which(program: &str) -> Option<String> {
    if program.starts_with('/') {
        return Path::new(program).exists().then(|| program.to_owned());
    }
    ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"]
        .iter()
        .map(|directory| format!("{directory}/{program}"))
        .find(|path| Path::new(path).exists())
}

const PEER_BUNDLE: &str = "/srv/peers";

fn peer_rootfs() -> String {
    format!("{PEER_BUNDLE}/rootfs")
}

/// Accounts, permissions and files that the launchers ask for.
fn prepare() -> Result<()> {
    world::make_for_target("/srv/www")?;
    world::make_for_target("/srv/www/alice")?;
    world::put(PLAIN_INIT, crate::built::FLOOR, 0o755, TARGET)?;
    // suexec(8) of Debian: a file named after the caller, first line the
    // document root, second the directory of users.
    if Path::new("/etc/apache2/suexec").is_dir() {
        let text = b"/srv/www\npublic_html\n";
        world::put("/etc/apache2/suexec/www-data", text, 0o644, 0)?;
        fs::create_dir_all("/var/log/apache2").context("mkdir /var/log/apache2")?;
    }
    if Path::new("/etc/sudoers.d").is_dir() {
        let text = format!("www-data ALL=(alice) NOPASSWD: {PLAIN_INIT}\n");
        world::put("/etc/sudoers.d/sekisho-bench", text.as_bytes(), 0o440, 0)?;
    }
    let text = format!("permit nopass www-data as alice cmd {PLAIN_INIT}\n");
    world::put("/etc/doas.conf", text.as_bytes(), 0o600, 0)?;
    // A bundle of their own: runtimes make mount points in the rootfs.
    let rootfs = peer_rootfs();
    for directory in ["", "/app", "/proc", "/dev", "/sys", "/etc", "/tmp"] {
        world::make_for_target(&format!("{rootfs}{directory}"))?;
    }
    world::put(
        &format!("{rootfs}{INIT}"),
        crate::built::FLOOR,
        0o755,
        TARGET,
    )?;
    let config: Value = world::config(&FIVE);
    let path = format!("{PEER_BUNDLE}/config.json");
    world::put(&path, config.to_string().as_bytes(), 0o644, 0)
}
