//! podman, as root, from a root file system (`podman run --rootfs`).
//!
//! `podman run --rm --network none --user UID:GID --workdir CWD --env …
//! --cap-drop all --cap-add … --security-opt no-new-privileges --volume …
//! --rootfs ROOTFS INIT ARGS`: the configuration becomes options, the file is
//! not read. Nothing of the caller's environment is passed on. `crun` runs the
//! container without a cgroup of its own, and limits are given, since podman's
//! defaults need `CAP_SYS_RESOURCE`, which not every root has.
//!
//! A refusal is a known `Error: …` as the last line on standard error and exit
//! status 125, 126 or 127 (podman-run(1), "Exit status").

use std::sync::OnceLock;

use sekisho_trial::{Conditions, Observation, PlannedFile, Setting};
use serde_json::Value;

use crate::asked::Asked;
use crate::config::{self, Mount};
use crate::part::{Expresses, Part};
use crate::reply::Reply;
use crate::said::{self, Own};
use crate::{Carried, Found, Prepared, Target, host};

const PROGRAM: &str = "podman";

/// Options before the command: everything of podman's lies in the trial.
const GLOBAL: [&str; 8] = [
    "--storage-driver=vfs",
    "--cgroup-manager=cgroupfs",
    "--events-backend=none",
    "--runtime=crun",
    "--root=/run/target/storage",
    "--runroot=/run/target/run",
    "--tmpdir=/run/target/tmp",
    "--log-level=error",
];

/// Where the pid of an init is written.
const PID: &str = "/run/target/pid";

/// Options of every start.
const RUN: [&str; 9] = [
    "run",
    "--pidfile=/run/target/pid",
    "--rm",
    "--cgroups=disabled",
    "--ulimit=nofile=1024:1024",
    "--ulimit=nproc=4096:4096",
    "--no-hosts",
    "--cap-drop=all",
    "--unsetenv-all",
];

/// How it speaks, its runtime's words included (podman-run(1), "Exit status").
const OWN: Own = Own {
    mark: "Error: ",
    statuses: &[125, 126, 127],
    refusals: &[
        ("crun: executable file ", ""),
        // The rootfs is the host's root.
        ("OCI runtime error: crun: pivot_root: ", ""),
        ("workdir ", ""),
        // The rootfs is no directory, or not there.
        ("create ", ": not a directory"),
        ("running container create option: stat ", ""),
        ("uids and gids must be in range ", ""),
        // What is to be mounted is not there.
        ("statfs ", ""),
    ],
};

/// How its runtime speaks in the process that becomes the init.
const RUNTIME: Own = Own {
    mark: "{\"msg\":\"exec container process ",
    statuses: &[1],
    refusals: &[("", "")],
};

struct Podman {
    found: OnceLock<Result<Found, String>>,
}

/// Makes the adapter.
pub(crate) fn adapter(_: &Carried) -> Box<dyn Target> {
    Box::new(Podman {
        found: OnceLock::new(),
    })
}

impl Target for Podman {
    fn name(&self) -> &str {
        PROGRAM
    }

    fn hint(&self) -> &str {
        "install the Debian packages podman and crun"
    }

    fn notes(&self) -> &'static str {
        "Started as root with --rootfs; the bundle's configuration becomes options. crun runs the \
         container without cgroups, and limits are given, so that no CAP_SYS_RESOURCE is needed. \
         Storage and state lie in /run/target of the trial."
    }

    fn find(&self) -> Result<Found, String> {
        let look = || {
            host::program("crun").ok_or("no program crun in /usr, which runs its containers")?;
            host::program("conmon").ok_or("no program conmon in /usr, which it needs")?;
            host::packaged(PROGRAM, &["--version"], "podman version ")
        };
        self.found.get_or_init(look).clone()
    }

    fn missing(&self, conditions: &Conditions) -> Option<String> {
        let user = conditions.mode != "root";
        user.then(|| "podman takes an arena in a user namespace for a rootless start".to_owned())
    }

    fn expresses(&self, part: Part) -> Expresses {
        match part {
            Part::Hooks => Expresses::No("its hooks come from directories of the host's"),
            Part::Mappings => Expresses::No("it maps ranges of its own"),
            Part::Rlimits | Part::Limits => Expresses::No("they are given for all its starts"),
            Part::ConfiguredTerminal => Expresses::No("a terminal needs one of the caller's"),
            Part::Devices => Expresses::No("it takes devices of the host's only"),
            Part::Mounts => Expresses::Partly("bind and tmpfs mounts"),
            Part::Namespaces => Expresses::Partly("leaving ipc, uts or network out"),
            Part::Capabilities => Expresses::Partly("those of the bounding set"),
            part => config::expresses(part),
        }
    }

    fn can_exactly(&self, asked: &Asked<'_>) -> Result<(), String> {
        config::startable(asked)?;
        shared(asked)?;
        for mount in config::mounts(asked)? {
            option_of(&mount)?;
        }
        Ok(())
    }

    fn equip(&self) -> Vec<PlannedFile> {
        // Its default sysctl cannot be set where /proc/sys is read-only.
        let text = "[containers]\ndefault_sysctls = []\n";
        vec![host::file("/etc/containers/containers.conf", 0o644, text)]
    }

    fn prepare(&self, asked: &Asked<'_>, _: &Setting) -> Prepared {
        let found = self.find().unwrap_or_default();
        let mut start = asked.request.to_start(found.path, words(asked));
        (start.uid, start.gid) = (0, 0);
        Prepared {
            files: vec![host::directory("/run/target", 0o755)],
            start,
            collect: vec![PID.to_owned()],
            pause: None,
        }
    }

    fn read(&self, observation: &Observation) -> Reply {
        match said::last_line(observation) {
            // Its runtime's words, in the process that becomes the init.
            Some(line) if line.starts_with(RUNTIME.mark) => said::answer(observation, &RUNTIME),
            _ => said::answer(observation, &OWN),
        }
    }

    fn init_ended(&self, observation: &Observation) -> bool {
        let pid = observation.collected.first().and_then(Option::as_ref);
        let made = pid.is_some_and(|pid| !pid.is_empty());
        made && self.read(observation) == Reply::Started
    }
}

fn words(asked: &Asked<'_>) -> Vec<Vec<u8>> {
    let mut words: Vec<String> = vec![PROGRAM.to_owned()];
    words.extend(GLOBAL.map(str::to_owned));
    words.extend(RUN.map(str::to_owned));
    // The init's output is the caller's own: through the socket of `none` a
    // start that is over at once can lose it. With a terminal that is refused.
    words.push(match asked.request.terminal {
        true => "--log-driver=none".to_owned(),
        false => "--log-driver=passthrough".to_owned(),
    });
    let (uid, gid) = asked.ids().unwrap_or_default();
    words.push(format!("--user={uid}:{gid}"));
    words.push(format!("--workdir={}", config::directory(asked)));
    let shared = shared(asked).unwrap_or_default();
    if let (Some(name), false) = (config::host_name(asked), shared.contains(&"uts")) {
        words.push(format!("--hostname={name}"));
    }
    words.extend(shared.iter().map(|kind| format!("--{kind}=host")));
    if !shared.contains(&"network") {
        words.push("--network=none".to_owned());
    }
    if asked.at("/process/noNewPrivileges") == &Value::Bool(true) {
        words.push("--security-opt=no-new-privileges".to_owned());
    }
    if config::is_read_only(asked) {
        words.push("--read-only".to_owned());
    }
    let capabilities = asked.at("/process/capabilities/bounding").as_array();
    for capability in capabilities.into_iter().flatten().filter_map(Value::as_str) {
        words.push(format!("--cap-add={capability}"));
    }
    let groups = config::additional_groups(asked);
    words.extend(groups.iter().map(|gid| format!("--group-add={gid}")));
    for mount in config::mounts(asked).unwrap_or_default() {
        words.extend(option_of(&mount));
    }
    let mut words: Vec<Vec<u8>> = words.into_iter().map(String::into_bytes).collect();
    for entry in config::environment(asked) {
        words.push([b"--env=", entry.as_slice()].concat());
    }
    words.push(b"--rootfs".to_vec());
    words.push(asked.rootfs().unwrap_or_default().into_bytes());
    words.extend(asked.init());
    words
}

/// The namespaces that are to be the host's, by podman's words.
///
/// # Errors
/// The part that cannot be expressed.
fn shared(asked: &Asked<'_>) -> Result<Vec<&'static str>, String> {
    let made = config::new_namespaces(asked)?;
    let has = |kind: &str| made.iter().any(|one| one == kind);
    if !has("mount") || has("user") || has("time") {
        return Err("namespaces: mount always, user and time never".to_owned());
    }
    if !has("pid") {
        return Err("namespaces: pid always, since it gets no cgroup of its own".to_owned());
    }
    let words = [("ipc", "ipc"), ("uts", "uts"), ("network", "network")];
    let shared = words.iter().filter(|(kind, _)| !has(kind));
    let mut shared: Vec<_> = shared.map(|(_, word)| *word).collect();
    if !has("cgroup") {
        shared.push("cgroupns");
    }
    Ok(shared)
}

/// # Errors
/// The part that cannot be expressed.
fn option_of(mount: &Mount) -> Result<String, String> {
    let end = if mount.read_only { ":ro" } else { "" };
    let colon = mount.source.contains(':') || mount.destination.contains(':');
    match mount.kind.as_str() {
        "bind" if !colon => Ok(format!(
            "--volume={}:{}{end}",
            mount.source, mount.destination
        )),
        "tmpfs" if !mount.read_only => Ok(format!("--tmpfs={}", mount.destination)),
        kind => Err(format!("{}: no option for type `{kind}`", Part::Mounts)),
    }
}

#[cfg(test)]
mod tests {
    use sekisho_trial::End;

    use super::*;
    use crate::testing::{observation, planned};

    fn said(text: &str) -> String {
        let planned = planned(text);
        let asked = Asked::new(&planned.request, &planned.layout);
        let words = words(&asked);
        let words = words.iter().skip(1 + GLOBAL.len() + RUN.len());
        let words: Vec<_> = words.map(|word| String::from_utf8_lossy(word)).collect();
        words.join(" ")
    }

    #[test]
    fn the_configuration_becomes_options() {
        assert_eq!(
            said(""),
            "--log-driver=passthrough --user=10001:10001 --workdir=/ --hostname=app --network=none \
             --security-opt=no-new-privileges --env=PATH=/usr/local/bin:/usr/bin:/bin --rootfs \
             /srv/containers/alice/web/rootfs /app/server"
        );
        let rich = said(
            "[fixture.bundles.'alice/web'.config]\nroot.readonly = true\n\
             process.noNewPrivileges = false\nprocess.capabilities.bounding = ['CAP_CHOWN']\n\
             process.user.additionalGids = [27]\n\
             mounts = [{ destination = '/x', type = 'bind', source = '/y', options = ['ro'] }]",
        );
        for part in [
            "--read-only",
            "--cap-add=CAP_CHOWN",
            "--group-add=27",
            "--volume=/y:/x:ro",
        ] {
            assert!(rich.contains(part), "{rich}");
        }
        assert!(!rich.contains("no-new-privileges"), "{rich}");
        // A source is relative to the bundle.
        let mount = "{ destination = '/x', type = 'bind', source = '../y' }";
        let relative = said(&format!(
            "[fixture.bundles.'alice/web']\nconfig.mounts = [{mount}]"
        ));
        let wanted = "--volume=/srv/containers/alice/web/../y:/x ";
        assert!(relative.contains(wanted), "{relative}");
        let terminal = said("[request]\nterminal = true");
        assert!(terminal.contains("--log-driver=none"), "{terminal}");
    }

    #[test]
    fn what_it_cannot_say_beside_the_options_of_every_start_is_not_applicable() {
        let namespaces = |kinds: &str| {
            let list = kinds
                .split(' ')
                .map(|kind| format!("{{ type = '{kind}' }}"));
            let list = list.collect::<Vec<_>>().join(", ");
            let planned = planned(&format!(
                "[fixture.bundles.'alice/web']\nconfig.linux.namespaces = [{list}]"
            ));
            adapter(&crate::testing::carried()).can(&Asked::new(&planned.request, &planned.layout))
        };
        assert_eq!(namespaces("mount pid"), Ok(()));
        let why = namespaces("mount ipc").unwrap_err();
        assert!(why.starts_with("namespaces: pid always"), "{why}");
    }

    #[test]
    fn its_own_errors_and_the_inits_statuses_are_told_apart() {
        let adapter = adapter(&crate::testing::carried());
        let read =
            |status, stderr: &str| adapter.read(&observation(End::Exited(status), stderr, &[]));
        assert!(matches!(
            read(127, "Error: crun: executable file `x` not found in $PATH\n"),
            Reply::Refused(_)
        ));
        assert!(matches!(
            read(126, "Error: create /etc: not a directory\n"),
            Reply::Refused(_)
        ));
        assert!(matches!(
            read(126, "Error: create /etc: permission denied\n"),
            Reply::Failed { .. }
        ));
        assert!(matches!(
            read(127, "Error: something new\n"),
            Reply::Failed { .. }
        ));
        assert!(matches!(
            read(125, "Error: creating storage: x\n"),
            Reply::Failed { .. }
        ));
        let exec =
            "{\"msg\":\"exec container process `/x`: Exec format error\",\"level\":\"error\"}";
        assert!(matches!(read(1, exec), Reply::Refused(_)));
        // An init that ends so, and one that says so and ends otherwise.
        assert_eq!(read(127, ""), Reply::Started);
        assert!(matches!(
            read(1, "Error: of the init\n"),
            Reply::Failed { .. }
        ));
    }
}
