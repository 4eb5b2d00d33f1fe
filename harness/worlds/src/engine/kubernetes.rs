//! Kubernetes: the kubelet asks containerd's CRI plugin, whose shim calls the
//! runtime (containerd/containerd `internal/cri/server/container_create.go`).
//!
//! The container joins the namespaces of its pod's sandbox by their paths.

use serde_json::json;

use super::{Engine, FOURTEEN, Own, home, shim_environment};
use crate::record::Record;

/// The engine.
pub static KUBERNETES: Engine = Engine {
    name: "Kubernetes with containerd",
    caller: ("root", 0),
    base: "/run/containerd/io.containerd.runtime.v2.task/k8s.io",
    bundle: "4f53cda18c2b",
    bundle_owner: "root:root",
    bundle_mode: "0700",
    rootfs: None,
    rootfs_owner: (0, 0),
    accounts: &[],
    capabilities: FOURTEEN,
    namespaces: &["pid", "mount", "cgroup"],
    // The sandbox's.
    joins: &["network", "ipc", "uts"],
    own,
};

/// Directory of what the CRI plugin writes for a sandbox.
const SANDBOX: &str = "/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/pod";
/// Directory of what the kubelet writes for a pod.
const POD: &str = "/var/lib/kubelet/pods/pod";

/// Variables of the one service that every pod is told of.
const SERVICE: [&str; 7] = [
    "KUBERNETES_SERVICE_HOST=10.96.0.1",
    "KUBERNETES_SERVICE_PORT=443",
    "KUBERNETES_SERVICE_PORT_HTTPS=443",
    "KUBERNETES_PORT=tcp://10.96.0.1:443",
    "KUBERNETES_PORT_443_TCP=tcp://10.96.0.1:443",
    "KUBERNETES_PORT_443_TCP_PROTO=tcp",
    "KUBERNETES_PORT_443_TCP_ADDR=10.96.0.1",
];

fn own(record: &Record) -> Own {
    let mut mounts = super::engine_mounts();
    let mut files = Vec::new();
    for (source, destination) in [
        (format!("{POD}/etc-hosts"), "/etc/hosts"),
        (format!("{POD}/termination-log"), "/dev/termination-log"),
        (format!("{SANDBOX}/hostname"), "/etc/hostname"),
        (format!("{SANDBOX}/resolv.conf"), "/etc/resolv.conf"),
    ] {
        mounts.push(json!({
            "destination": destination,
            "type": "bind",
            "source": source,
            "options": ["rbind", "rprivate", "rw"],
        }));
        files.push((source, destination.to_owned()));
    }
    for (source, destination, mode) in [
        (
            "/run/containerd/io.containerd.grpc.v1.cri/sandboxes/pod/shm",
            "/dev/shm",
            "rw",
        ),
        (
            "/var/lib/kubelet/pods/pod/volumes/kubernetes.io~projected/api-access",
            "/var/run/secrets/kubernetes.io/serviceaccount",
            "ro",
        ),
    ] {
        mounts.push(json!({
            "destination": destination,
            "type": "bind",
            "source": source,
            "options": ["rbind", "rprivate", mode],
        }));
    }
    let mut environment = vec![
        super::DEFAULT_PATH.to_owned(),
        "HOSTNAME=pod".to_owned(),
        home(record),
    ];
    environment.extend(SERVICE.map(str::to_owned));
    Own {
        environment,
        caller_environment: shim_environment("k8s.io"),
        mounts,
        files,
        ..Own::default()
    }
}
