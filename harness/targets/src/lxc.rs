//! LXC, `lxc-start -F`, as root.
//!
//! The bundle's configuration becomes one of LXC's (lxc.container.conf(5)):
//! rootfs, host name, target ids, working directory, environment, mounts,
//! `no_new_privs`, the capabilities that are kept, and the init with its
//! arguments as one line, which cannot hold words with blanks or quotes. The network is empty.
//!
//! A refusal is a known error in the log that it was told to write (`-o`), with
//! a failing exit status. The init's own status is not passed on; that an init
//! ran and ended is in the log.

use std::sync::OnceLock;

use sekisho_trial::{End, Observation, PlannedFile, Setting};
use serde_json::Value;

use crate::asked::Asked;
use crate::config::{self, Mount};
use crate::part::{Expresses, Part};
use crate::reply::{Refusal, RefusalKind, Reply, is_exhausted};
use crate::{Carried, Found, Prepared, Target, host, said};

const PROGRAM: &str = "lxc-start";
const PLACE: &str = "/run/target";
const CONFIGURATION: &str = "/run/target/lxc.conf";
const LOG: &str = "/run/target/log";

/// The cgroup that its monitor moves to in order to remove its own one, and ends
/// in, so that nobody is left to remove this one. `lxc.cgroup.dir.monitor.pivot`
/// (lxc.container.conf(5)) says what it lies beneath, nothing that there be none
/// (lxc/lxc, `src/lxc/cgroups/cgfsng.c`, `cgfsng_monitor_destroy`).
const PIVOT: &str = "lxc.pivot";

/// What it says where it will not do what a request asks for; each was seen in
/// answer to such a request, and any other error is a failure. One error is
/// followed by those of the steps above it.
const REFUSALS: [(&str, &str); 5] = [
    ("Failed to mount rootfs ", ""),
    // The rootfs is not there.
    ("Failed to handle rootfs pinning ", ""),
    ("Failed to setup mount entries", ""),
    ("Could not change directory to ", ""),
    ("Failed to exec ", ""),
];

struct Lxc {
    found: OnceLock<Result<Found, String>>,
}

/// Makes the adapter.
pub(crate) fn adapter(_: &Carried) -> Box<dyn Target> {
    Box::new(Lxc {
        found: OnceLock::new(),
    })
}

impl Target for Lxc {
    fn name(&self) -> &str {
        "lxc"
    }

    fn hint(&self) -> &str {
        "install the Debian package lxc"
    }

    fn notes(&self) -> &'static str {
        "Started as root in the foreground (lxc-start -F); the bundle's configuration becomes one \
         of LXC's in /run/target of the trial, where its log lies too."
    }

    fn find(&self) -> Result<Found, String> {
        let found = || host::packaged(PROGRAM, &["--version"], "");
        self.found.get_or_init(found).clone()
    }

    fn expresses(&self, part: Part) -> Expresses {
        match part {
            Part::Hooks => Expresses::No("its hooks are given other words and another place"),
            Part::Mappings | Part::Devices | Part::Rlimits | Part::ConfiguredTerminal => {
                Expresses::No("not translated")
            }
            Part::AdditionalGroups => Expresses::No("it has no words for them in this version"),
            Part::Init | Part::ConfiguredInit | Part::ConfiguredEnvironment => {
                Expresses::Partly("UTF-8 without blanks, quotes and control characters")
            }
            Part::Mounts => Expresses::Partly("bind, tmpfs and proc mounts"),
            Part::Namespaces => Expresses::Partly("leaving pid, ipc, uts, network or cgroup out"),
            Part::Capabilities => {
                Expresses::No("it keeps a bounding set only, of which a user gets none")
            }
            part => config::expresses(part),
        }
    }

    fn can_exactly(&self, asked: &Asked<'_>) -> Result<(), String> {
        config::startable(asked)?;
        let bad = |word: &Vec<u8>| {
            std::str::from_utf8(word).map_or(true, |word| {
                word.contains(|c: char| c.is_control() || "\"'\\".contains(c))
            })
        };
        let blank = |word: &Vec<u8>| word.is_empty() || word.contains(&b' ');
        if asked.init().iter().any(|word| bad(word) || blank(word)) {
            return Err("init: a line of its configuration cannot hold a word".to_owned());
        }
        if config::environment(asked).iter().any(bad) {
            return Err("configured-environment: a line cannot hold an entry".to_owned());
        }
        kept(asked)?;
        for mount in config::mounts(asked)? {
            entry_of(&mount)?;
        }
        Ok(())
    }

    fn equip(&self) -> Vec<PlannedFile> {
        Vec::new()
    }

    fn prepare(&self, asked: &Asked<'_>, _: &Setting) -> Prepared {
        let found = self.find().unwrap_or_default();
        let words = [
            PROGRAM,
            "-F",
            "-n",
            "sekisho",
            "-P",
            PLACE,
            "-f",
            CONFIGURATION,
            "-o",
            LOG,
            "-l",
            "DEBUG",
        ];
        let words = words.map(|word| word.as_bytes().to_vec()).to_vec();
        let mut start = asked.request.to_start(found.path, words);
        (start.uid, start.gid) = (0, 0);
        Prepared {
            files: vec![
                host::directory(PLACE, 0o755),
                host::file(CONFIGURATION, 0o600, configuration(asked)),
                host::file(LOG, 0o600, ""),
            ],
            start,
            collect: vec![LOG.to_owned()],
            pause: None,
        }
    }

    fn leaves(&self) -> &'static [&'static str] {
        &[PIVOT]
    }

    fn read(&self, observation: &Observation) -> Reply {
        answer(observation)
    }

    fn init_ended(&self, observation: &Observation) -> bool {
        let ended = log(observation).contains("Container init process ");
        ended && answer(observation) == Reply::Started
    }
}

fn configuration(asked: &Asked<'_>) -> String {
    let (uid, gid) = asked.ids().unwrap_or_default();
    let mut lines = vec![
        format!(
            "lxc.rootfs.path = dir:{}",
            asked.rootfs().unwrap_or_default()
        ),
        "lxc.apparmor.profile = unconfined".to_owned(),
        "lxc.console.path = none".to_owned(),
        "lxc.pty.max = 0".to_owned(),
        "lxc.tty.max = 0".to_owned(),
        "lxc.mount.auto = proc:mixed".to_owned(),
        "lxc.autodev = 1".to_owned(),
        format!("lxc.init.uid = {uid}"),
        format!("lxc.init.gid = {gid}"),
        format!("lxc.init.cwd = {}", config::directory(asked)),
    ];
    let kept = kept(asked).unwrap_or_default();
    match kept.is_empty() {
        true => lines.push("lxc.net.0.type = empty".to_owned()),
        // What is not kept is made anew, user and time namespaces too.
        false => lines.push(format!("lxc.namespace.keep = user time {}", kept.join(" "))),
    }
    if !kept.is_empty() && !kept.contains(&"net") {
        lines.push("lxc.net.0.type = empty".to_owned());
    }
    if let (Some(name), false) = (config::host_name(asked), kept.contains(&"uts")) {
        lines.push(format!("lxc.uts.name = {name}"));
    }
    if config::is_read_only(asked) {
        lines.push("lxc.rootfs.options = ro".to_owned());
    }
    if asked.at("/process/noNewPrivileges") == &Value::Bool(true) {
        lines.push("lxc.no_new_privs = 1".to_owned());
    }
    lines.push("lxc.cap.keep = none".to_owned());
    for entry in config::environment(asked) {
        lines.push(format!(
            "lxc.environment = {}",
            String::from_utf8_lossy(&entry)
        ));
    }
    for mount in config::mounts(asked).unwrap_or_default() {
        lines.extend(entry_of(&mount));
    }
    let init = asked.init();
    let init: Vec<_> = init
        .iter()
        .map(|word| String::from_utf8_lossy(word))
        .collect();
    lines.push(format!("lxc.init.cmd = {}", init.join(" ")));
    lines.join("\n") + "\n"
}

/// The namespaces that are to be the host's, by LXC's words.
///
/// # Errors
/// The part that cannot be expressed.
fn kept(asked: &Asked<'_>) -> Result<Vec<&'static str>, String> {
    let made = config::new_namespaces(asked)?;
    let has = |kind: &str| made.iter().any(|one| one == kind);
    if !has("mount") || has("user") || has("time") {
        return Err("namespaces: mount always, user and time never".to_owned());
    }
    let words = [
        ("pid", "pid"),
        ("ipc", "ipc"),
        ("uts", "uts"),
        ("network", "net"),
        ("cgroup", "cgroup"),
    ];
    let kept = words.iter().filter(|(kind, _)| !has(kind));
    Ok(kept.map(|(_, word)| *word).collect())
}

/// # Errors
/// The part that cannot be expressed.
fn entry_of(mount: &Mount) -> Result<String, String> {
    let blank = |text: &str| text.contains(char::is_whitespace);
    if blank(&mount.source) || blank(&mount.destination) {
        return Err(format!("{}: a path with blanks", Part::Mounts));
    }
    let to = mount.destination.trim_start_matches('/');
    let mode = if mount.read_only { "ro" } else { "rw" };
    match mount.kind.as_str() {
        "bind" => Ok(format!(
            "lxc.mount.entry = {} {to} none bind,{mode},create=dir 0 0",
            mount.source
        )),
        kind @ ("tmpfs" | "proc") => Ok(format!(
            "lxc.mount.entry = {kind} {to} {kind} {mode},create=dir 0 0"
        )),
        kind => Err(format!("{}: type `{kind}` is not translated", Part::Mounts)),
    }
}

fn log(observation: &Observation) -> String {
    let bytes = observation.collected.first().and_then(Option::as_deref);
    String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
}

/// The errors in the log: `lxc-start NAME TIME ERROR module - file:line - text`,
/// the text with the kernel's error before it where there is one.
fn logged(observation: &Observation) -> Option<String> {
    let text = log(observation);
    let errors: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_once(" ERROR "))
        .filter_map(|(_, told)| told.splitn(3, " - ").nth(2).map(str::trim))
        .collect();
    (!errors.is_empty()).then(|| errors.join("; "))
}

fn answer(observation: &Observation) -> Reply {
    let status = match observation.end {
        End::Exited(status) => status,
        End::Timeout => return Reply::Started,
        _ => return Reply::failed(format!("lxc-start's end was {:?}", observation.end)),
    };
    match logged(observation) {
        None => Reply::Started,
        Some(error) if status == 0 => {
            Reply::failed(format!("the log says `{error}`, but the exit status was 0"))
        }
        Some(error) if is_refusal(&error) => Reply::Refused(Refusal {
            verdict: RefusalKind::Refused,
            rule: String::new(),
            reason: error,
        }),
        Some(error) => Reply::failed(format!("no known refusal: {error}")),
    }
}

fn is_refusal(error: &str) -> bool {
    let mut parts = error.split("; ").flat_map(|one| one.split(" - "));
    !is_exhausted(error) && parts.any(|part| said::is_one(part, &REFUSALS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{observation, planned};

    #[test]
    fn the_usual_request_becomes_a_configuration() {
        let planned = planned("[request]\ninit = ['/bin/x', 'a']");
        let text = configuration(&Asked::new(&planned.request, &planned.layout));
        for line in [
            "lxc.rootfs.path = dir:/srv/containers/alice/web/rootfs",
            "lxc.init.uid = 10001",
            "lxc.no_new_privs = 1",
            "lxc.cap.keep = none",
            "lxc.net.0.type = empty",
            "lxc.environment = PATH=/usr/local/bin:/usr/bin:/bin",
            "lxc.init.cmd = /bin/x a",
        ] {
            assert!(text.lines().any(|one| one == line), "{line}: {text}");
        }
    }

    #[test]
    fn errors_of_the_log_count_with_a_failing_status_only() {
        let line = "lxc-start sekisho 20261124 ERROR start - ../src/start.c:start:2196 - No such file or directory - Failed to exec \"/x\"";
        let seen = |end, log: &str| answer(&observation(end, "", &[Some(log)]));
        assert!(
            matches!(seen(End::Exited(1), line), Reply::Refused(refusal) if refusal.reason == "No such file or directory - Failed to exec \"/x\"")
        );
        assert!(matches!(seen(End::Exited(0), line), Reply::Failed { .. }));
        assert!(matches!(
            seen(End::Signalled(6), line),
            Reply::Failed { .. }
        ));
        let fault =
            "lxc-start sekisho 2026 ERROR cgfsng - ../src/cg.c:x:1 - Failed to create cgroup";
        assert!(matches!(seen(End::Exited(1), fault), Reply::Failed { .. }));
        let chain = format!(
            "{fault}\n{}",
            line.replace("Failed to exec \"/x\"", "Failed to setup mount entries")
        );
        assert!(matches!(seen(End::Exited(1), &chain), Reply::Refused(_)));
        let exhausted = chain.replace("Failed to create cgroup", "Too many open files - x");
        assert!(matches!(
            seen(End::Exited(1), &exhausted),
            Reply::Failed { .. }
        ));
        assert_eq!(seen(End::Exited(3), ""), Reply::Started);
    }
}
