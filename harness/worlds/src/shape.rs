//! What of a configuration a rule can see. Configurations of the same shape
//! get the same verdicts, so one real start stands for all of them.
//!
//! Left out are names and values that no rule of this project looks at: of the
//! configuration's environment those that load no code, of paths everything but
//! where they lie. That this holds is not taken for granted: `sekisho profiles
//! run --every` starts each configuration, and a test compares.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use sekisho_rules::Policy;

use crate::engine::capabilities;
use crate::record::{Bind, Record};
use crate::world::World;

/// The shape of a configuration in its world.
#[must_use]
pub fn of(world: &World, record: &Record) -> String {
    let engine = world.engine(record);
    let policy = Policy::default();
    let mut loading = BTreeSet::new();
    let mut path = "engine's";
    for entry in &record.environment {
        let name = entry.split('=').next().unwrap_or_default();
        if policy.is_loading_environment(name.as_bytes()) {
            loading.insert(name);
        }
        if name == "PATH" {
            path = "own";
        }
    }
    let where_ = match (
        record.init.starts_with('/'),
        on_policy_path(record, &policy),
    ) {
        (true, _) => "absolute",
        (false, true) => "on the policy's PATH",
        (false, false) => "on another PATH",
    };
    let cwd = match record.cwd.as_str() {
        "/" => "/".to_owned(),
        _ => format!("{:?} {}", record.cwd_owner, record.cwd_mode),
    };
    let binds: BTreeSet<_> = record.binds.iter().map(source).collect();
    let in_volume = record
        .binds
        .iter()
        .any(|bind| bind.place_of(&record.init_path).is_some());
    let mut shape = String::new();
    // Writing to a string cannot fail.
    let _ = write!(
        shape,
        "{} {}:{} {:?} init {where_} in volume {in_volume} {:?} {} in {} {:?}; cwd {cwd}; PATH {path}; loads {loading:?}; \
         caps {:?}; namespaces {:?}; nnp {}; ro {}; binds {binds:?}; tmpfs {}; devices {}; \
         limits {:?}; {:?}",
        engine.name,
        record.user,
        record.group,
        record.groups,
        record.init_owner,
        record.init_mode,
        record.directory_mode,
        record.init_capabilities,
        capabilities(engine, record, &[]),
        record.namespaces,
        record.no_new_privileges,
        record.read_only,
        !record.tmpfs.is_empty(),
        !record.devices.is_empty(),
        record.limits,
        seen_notes(record),
    );
    shape
}

/// Whether a bare name is found where the default policy's `PATH` looks.
fn on_policy_path(record: &Record, policy: &Policy) -> bool {
    let directory = record
        .init_path
        .rsplit_once('/')
        .map_or("", |(before, _)| before);
    policy.path.split(':').any(|known| known == directory)
}

/// Notes that change the start.
fn seen_notes(record: &Record) -> Vec<&str> {
    let matters = |note: &&str| {
        note.starts_with("front-")
            || note.starts_with("independent-")
            || note.starts_with("engine-")
            || ["caller-environment", "terminal", "clean", "slurm"].contains(note)
    };
    record
        .notes
        .iter()
        .map(String::as_str)
        .filter(matters)
        .collect()
}

/// A bind by what its source is.
fn source(bind: &Bind) -> (&'static str, bool) {
    /// Directories of volumes that an engine manages.
    const MANAGED: [&str; 3] = [
        "/var/lib/docker/volumes/",
        "/var/lib/kubelet/pods/",
        "/var/lib/containerd/",
    ];
    /// Where operators keep data of services.
    const DATA: [&str; 9] = [
        "/srv/",
        "/home/",
        "/mnt/",
        "/opt/",
        "/data",
        "/path/",
        "/scratch/",
        "/media/",
        "/var/haconiwa/",
    ];
    let what = if bind.devtmpfs {
        "devices"
    } else if MANAGED.iter().any(|place| bind.source.starts_with(place)) {
        "volume"
    } else if DATA.iter().any(|place| bind.source.starts_with(place)) {
        "data"
    } else if bind.source == "/" {
        "root"
    } else if bind.source.ends_with(".sock") {
        "socket"
    } else if ["/dev", "/proc", "/sys"]
        .iter()
        .any(|place| bind.source.starts_with(place))
    {
        "kernel"
    } else if bind.source.starts_with("/etc/") {
        "etc"
    } else {
        "host"
    };
    (what, bind.read_only)
}
