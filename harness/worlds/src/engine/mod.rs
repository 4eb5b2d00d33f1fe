//! What an engine makes of a configuration: a bundle, where it lies, who asks
//! for its start, and what that one hands over.
//!
//! An engine's front is taken to speak the launcher's grammar: it names target
//! user and group and the bundle relative to the base. What it *means* is kept:
//! which ids, which environment, which mounts, which namespaces.
//!
//! To add an engine: a file here with a `pub static` of [`Engine`].

mod apptainer;
mod build;
mod docker;
mod haconiwa;
mod kubernetes;

use sekisho_rules::Policy;
use sekisho_scenario::model::Scenario;
use serde_json::Value;

use crate::record::{Record, Sharing};
use crate::world::World;

pub use apptainer::APPTAINER;
pub use docker::DOCKER;
pub use haconiwa::HACONIWA;
pub use kubernetes::KUBERNETES;

/// An engine, or what stands in its place.
#[derive(Debug)]
pub struct Engine {
    /// Name for people.
    pub name: &'static str,
    /// Who calls the launcher: name and uid.
    pub caller: (&'static str, u32),
    /// Directory that its bundles lie in.
    pub base: &'static str,
    /// The bundle, relative to the base.
    pub bundle: &'static str,
    /// Owner and mode of the bundle directory.
    pub bundle_owner: &'static str,
    /// Mode of the bundle directory.
    pub bundle_mode: &'static str,
    /// Host path of the root filesystem when it lies elsewhere.
    pub rootfs: Option<&'static str>,
    /// Owner of the root filesystem's directory.
    pub rootfs_owner: (u32, u32),
    /// Accounts of the host beyond those of the standard world: name and id.
    pub accounts: &'static [(&'static str, u32)],
    /// Capabilities of a container that asks for none.
    pub capabilities: &'static [&'static str],
    /// Kinds of namespaces that it makes.
    pub namespaces: &'static [&'static str],
    /// Kinds of namespaces that it joins by path.
    pub joins: &'static [&'static str],
    /// What it adds to the configuration's own.
    pub own: fn(&Record) -> Own,
}

/// What an engine adds for one configuration.
#[derive(Debug, Default)]
pub struct Own {
    /// Environment of the init before the configuration's; that wins.
    pub environment: Vec<String>,
    /// Environment that the front hands to the launcher.
    pub caller_environment: Vec<String>,
    /// Of these, the ones that the init is meant to get.
    pub meant_for_init: Vec<String>,
    /// Mounts before the configuration's, as the OCI configuration has them.
    pub mounts: Vec<Value>,
    /// Files of the host that it binds: source and destination.
    pub files: Vec<(String, String)>,
    /// The front has a terminal.
    pub terminal: bool,
    /// Target user and group in the front's words, when not numbers.
    pub target: Option<(String, String)>,
    /// A symbolic link on the host: path and where it leads.
    pub link: Option<(String, String)>,
    /// The base or the bundle differ for this one.
    pub bundle: Option<String>,
}

/// The legitimate scenario of a configuration under a policy, on a host whose
/// root has the capabilities `held` (all when empty).
///
/// # Errors
/// What of the configuration cannot be expressed.
pub fn scenario(
    world: &World,
    record: &Record,
    policy: &Policy,
    held: &[String],
) -> Result<Scenario, String> {
    build::scenario(world, record, policy, held)
}

/// Capabilities that a configuration names itself: an engine whose host lacks
/// one of them cannot start it.
#[must_use]
pub fn named_capabilities(record: &Record) -> Vec<&str> {
    let names = record.capabilities_added.iter().map(String::as_str);
    names.filter(|name| *name != "ALL").collect()
}

/// Capabilities that the configuration ends up with, by number. What an engine
/// adds of itself, or when everything is asked for, is what the host's root
/// has: engines pass on their own (containerd/containerd
/// `WithAllCurrentCapabilities`; Haconiwa only lowers the bounding set).
#[must_use]
pub fn capabilities(engine: &Engine, record: &Record, held: &[String]) -> Vec<&'static str> {
    let every = sekisho_scenario::CAPABILITIES;
    let has = |list: &[String], name: &str| list.iter().any(|word| word == name || word == "ALL");
    let named = |name: &&&str| {
        let added = record.privileged || has(&record.capabilities_added, name);
        // Dropping every one is done before adding, dropping one after it.
        let dropped_all = record.capabilities_dropped.iter().any(|word| word == "ALL");
        let dropped = record
            .capabilities_dropped
            .iter()
            .any(|word| word == **name);
        let granted = added || !dropped_all && engine.capabilities.contains(name);
        let there = held.is_empty()
            || held.iter().any(|known| known == **name)
            || named_capabilities(record).contains(*name);
        granted && !dropped && there
    };
    every.iter().filter(named).copied().collect()
}

/// `linux.namespaces` of a configuration.
fn namespaces(engine: &Engine, record: &Record) -> Vec<Value> {
    let mut list = Vec::new();
    for kind in ["pid", "mount", "ipc", "uts", "network", "cgroup", "user"] {
        let made = engine.namespaces.contains(&kind);
        match record.sharing(kind) {
            Some(Sharing::Host) => {}
            Some(Sharing::Joined) => list.push(joined(kind)),
            Some(Sharing::Own) => list.push(serde_json::json!({"type": kind})),
            None if made => list.push(serde_json::json!({"type": kind})),
            None if engine.joins.contains(&kind) => list.push(joined(kind)),
            None => {}
        }
    }
    list
}

/// A namespace that is joined by its path. The arena has none prepared: its own
/// is joined, which a rule sees in the same way.
fn joined(kind: &str) -> Value {
    let name = match kind {
        "network" => "net",
        "mount" => "mnt",
        other => other,
    };
    serde_json::json!({"type": kind, "path": format!("/proc/self/ns/{name}")})
}

/// A mount of `config.json`.
fn mount(kind: &str, destination: &str, options: &[&str]) -> Value {
    serde_json::json!({
        "destination": destination,
        "type": kind,
        "source": kind,
        "options": options,
    })
}

/// `PATH` of Docker, containerd and Apptainer when the image has none.
const DEFAULT_PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Capabilities of a container under Docker and containerd
/// (moby/moby `daemon/pkg/oci/caps/defaults.go`, containerd/containerd
/// `pkg/oci/spec.go`).
const FOURTEEN: &[&str] = &[
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FSETID",
    "CAP_FOWNER",
    "CAP_MKNOD",
    "CAP_NET_RAW",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETFCAP",
    "CAP_SETPCAP",
    "CAP_NET_BIND_SERVICE",
    "CAP_SYS_CHROOT",
    "CAP_KILL",
    "CAP_AUDIT_WRITE",
];

/// Environment of a containerd shim, which calls the runtime
/// (containerd/containerd `pkg/shim/util.go`, systemd.exec(5)).
fn shim_environment(namespace: &str) -> Vec<String> {
    let address = "/run/containerd/containerd.sock";
    [
        DEFAULT_PATH.to_owned(),
        "LANG=C.UTF-8".to_owned(),
        "INVOCATION_ID=0123456789abcdef0123456789abcdef".to_owned(),
        "JOURNAL_STREAM=8:1000".to_owned(),
        "SYSTEMD_EXEC_PID=1000".to_owned(),
        "GOMAXPROCS=2".to_owned(),
        "MAX_SHIM_VERSION=2".to_owned(),
        format!("TTRPC_ADDRESS={address}.ttrpc"),
        format!("GRPC_ADDRESS={address}"),
        format!("NAMESPACE={namespace}"),
    ]
    .to_vec()
}

/// The mounts that Docker and containerd have in common.
fn engine_mounts() -> Vec<Value> {
    let safe = ["nosuid", "noexec", "nodev"];
    vec![
        mount("proc", "/proc", &safe),
        mount(
            "tmpfs",
            "/dev",
            &["nosuid", "strictatime", "mode=755", "size=65536k"],
        ),
        mount(
            "devpts",
            "/dev/pts",
            &[
                "nosuid",
                "noexec",
                "newinstance",
                "ptmxmode=0666",
                "mode=0620",
                "gid=5",
            ],
        ),
        mount("mqueue", "/dev/mqueue", &safe),
        mount("sysfs", "/sys", &["nosuid", "noexec", "nodev", "ro"]),
        mount(
            "cgroup",
            "/sys/fs/cgroup",
            &["ro", "nosuid", "noexec", "nodev"],
        ),
    ]
}

/// `HOME`, which runc takes from the container's passwd
/// (opencontainers/runc `libcontainer/env.go`).
fn home(record: &Record) -> String {
    match record.user {
        0 => "HOME=/root".to_owned(),
        _ => "HOME=/".to_owned(),
    }
}
