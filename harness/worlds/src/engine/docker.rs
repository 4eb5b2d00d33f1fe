//! Docker: moby hands a bundle to containerd, whose shim calls the runtime
//! (moby/moby `daemon/pkg/oci/defaults.go`, `daemon/oci_linux.go`).
//!
//! The bundle is in containerd's state directory, root's alone; the root
//! filesystem is a mount in Docker's data directory, named by its absolute path.

use serde_json::json;

use super::{Engine, FOURTEEN, Own, home, mount, shim_environment};
use crate::record::Record;

/// The engine.
pub static DOCKER: Engine = Engine {
    name: "Docker",
    caller: ("root", 0),
    base: "/run/containerd/io.containerd.runtime.v2.task/moby",
    bundle: "4f53cda18c2b",
    bundle_owner: "root:root",
    bundle_mode: "0700",
    rootfs: Some("/var/lib/docker/overlay2/4f53cda18c2b/merged"),
    rootfs_owner: (0, 0),
    // The first account that an installer makes.
    accounts: &[("operator", 1000)],
    capabilities: FOURTEEN,
    namespaces: &["pid", "mount", "ipc", "uts", "network", "cgroup"],
    joins: &[],
    own,
};

/// Directory of the files that Docker writes for a container.
const CONTAINER: &str = "/var/lib/docker/containers/4f53cda18c2b";

fn own(record: &Record) -> Own {
    let mut mounts = super::engine_mounts();
    mounts.push(mount(
        "tmpfs",
        "/dev/shm",
        &["nosuid", "noexec", "nodev", "mode=1777"],
    ));
    let mut files = Vec::new();
    for name in ["resolv.conf", "hostname", "hosts"] {
        let (source, destination) = (format!("{CONTAINER}/{name}"), format!("/etc/{name}"));
        mounts.push(json!({
            "destination": destination,
            "type": "bind",
            "source": source,
            "options": ["rbind", "rprivate"],
        }));
        files.push((source, destination));
    }
    Own {
        environment: vec![
            super::DEFAULT_PATH.to_owned(),
            "HOSTNAME=4f53cda18c2b".to_owned(),
            home(record),
        ],
        caller_environment: shim_environment("moby"),
        mounts,
        files,
        ..Own::default()
    }
}
