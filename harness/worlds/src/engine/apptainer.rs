//! Apptainer's setuid starter on a compute cluster (apptainer/apptainer
//! `internal/pkg/runtime/engine/apptainer/prepare_linux.go`,
//! `internal/pkg/util/env/create.go`).
//!
//! The caller is the user, and so is the target; only the mount namespace is
//! new; the caller's environment is meant to pass.

use super::{Engine, Own, mount};
use crate::record::Record;

/// The engine.
pub static APPTAINER: Engine = Engine {
    name: "Apptainer",
    caller: ("researcher", 20001),
    base: "/var/lib/apptainer/mnt",
    bundle: "session",
    bundle_owner: "root:root",
    bundle_mode: "0755",
    rootfs: None,
    rootfs_owner: (20001, 20001),
    accounts: &[("researcher", 20001)],
    capabilities: &[],
    namespaces: &["mount"],
    joins: &[],
    own,
};

/// A login environment with modules loaded.
const LOGIN: [&str; 9] = [
    super::DEFAULT_PATH,
    "HOME=/home/researcher",
    "USER=researcher",
    "SHELL=/bin/bash",
    "LANG=C.UTF-8",
    "TERM=xterm-256color",
    "MODULEPATH=/etc/modulefiles",
    "LOADEDMODULES=openmpi/5.0",
    "LD_LIBRARY_PATH=/opt/openmpi/lib",
];

fn own(record: &Record) -> Own {
    let job = |entry: &&String| {
        ["SLURM_", "OMP_", "PMI", "CUDA_"]
            .iter()
            .any(|prefix| entry.starts_with(prefix))
    };
    let job: Vec<String> = record.environment.iter().filter(job).cloned().collect();
    let mut caller_environment: Vec<String> = LOGIN.map(str::to_owned).to_vec();
    caller_environment.extend(job.iter().cloned());
    // Apptainer never passes HOME and PATH, and omits LD_LIBRARY_PATH.
    let mut meant_for_init = job;
    if !record.is_noted("clean") {
        meant_for_init
            .extend(["USER=researcher", "MODULEPATH=/etc/modulefiles"].map(str::to_owned));
    }
    Own {
        environment: vec![
            super::DEFAULT_PATH.to_owned(),
            "HOME=/home/researcher".to_owned(),
        ],
        caller_environment,
        meant_for_init,
        mounts: vec![
            // The host's as long as its process ids are shared.
            match record.sharing("pid") {
                Some(_) => bind("/proc"),
                None => mount("proc", "/proc", &["nosuid", "nodev"]),
            },
            mount("sysfs", "/sys", &["nosuid", "nodev", "ro"]),
            bind("/dev"),
        ],
        terminal: record.is_noted("terminal"),
        target: Some(("researcher".to_owned(), "researcher".to_owned())),
        ..Own::default()
    }
}

/// A place of the host at the same place.
fn bind(place: &str) -> serde_json::Value {
    serde_json::json!({
        "destination": place,
        "type": "bind",
        "source": place,
        "options": ["rbind", "nosuid"],
    })
}
