//! Haconiwa, by hand or behind FastContainer's front (haconiwa/haconiwa
//! `mrblib/haconiwa/base.rb`; FastContainer/nginx-haconiwa
//! `provision/containers/nginx/conf.d`).
//!
//! Haconiwa has no OCI bundle: its configuration is a Ruby file. Here it is a
//! bundle at that place, and the root filesystem where the file says.

use serde_json::json;

use super::{Engine, Own, mount};
use crate::record::{Record, Sharing};

/// The engine.
pub static HACONIWA: Engine = Engine {
    name: "Haconiwa",
    // FastContainer's nginx runs as root, and so does who types the command.
    caller: ("root", 0),
    base: "/var/lib/haconiwa",
    bundle: "hacos/container",
    bundle_owner: "root:root",
    bundle_mode: "0755",
    rootfs: Some("/var/lib/haconiwa/rootfs/container"),
    rootfs_owner: (0, 0),
    accounts: &[("vagrant", 1000)],
    capabilities: &[
        "CAP_AUDIT_READ",
        "CAP_CHOWN",
        "CAP_DAC_OVERRIDE",
        "CAP_FOWNER",
        "CAP_FSETID",
        "CAP_NET_BIND_SERVICE",
        "CAP_NET_RAW",
        "CAP_SETGID",
        "CAP_SETFCAP",
        "CAP_SETPCAP",
        "CAP_SETUID",
    ],
    namespaces: &["pid", "mount", "ipc", "uts"],
    joins: &[],
    own,
};

/// What FastContainer's dispatcher gives to the runtime: six directories of
/// `PATH` and who the container is.
const DISPATCHER: [&str; 4] = [
    "IP=10.1.100.11",
    "PORT=80",
    "ID=nginx-10-1-100-11",
    super::DEFAULT_PATH,
];

/// What root's shell has (sudo(8), environ(7)).
const SHELL: [&str; 8] = [
    super::DEFAULT_PATH,
    "HOME=/root",
    "USER=root",
    "LOGNAME=root",
    "SHELL=/bin/bash",
    "TERM=xterm-256color",
    "LANG=C.UTF-8",
    "SUDO_USER=vagrant",
];

fn own(record: &Record) -> Own {
    let front = record.is_noted("front-nginx");
    let caller_environment: Vec<String> = match front {
        true => DISPATCHER.map(str::to_owned).to_vec(),
        false => SHELL.map(str::to_owned).to_vec(),
    };
    let meant_for_init = match record.is_noted("caller-environment") {
        true => caller_environment[..3].to_vec(),
        false => Vec::new(),
    };
    let mut mounts = Vec::new();
    if record.sharing("mount") != Some(Sharing::Host) {
        let independent = |word: &str| {
            let list = record
                .notes
                .iter()
                .find_map(|note| note.strip_prefix("independent-"));
            list.is_some_and(|list| list.split('+').any(|known| known == word))
        };
        // The launcher makes /proc of itself.
        for (word, kind, place) in [
            ("sysfs", "sysfs", "/sys"),
            ("devpts", "devpts", "/dev/pts"),
            ("shm", "tmpfs", "/dev/shm"),
        ] {
            if independent(word) {
                mounts.push(mount(kind, place, &[]));
            }
        }
    }
    // FastContainer's provisioning makes the directory of configurations a
    // link to a shared folder.
    let link = front.then(|| {
        (
            "/var/lib/haconiwa/hacos".to_owned(),
            "/data/hacos".to_owned(),
        )
    });
    Own {
        caller_environment,
        meant_for_init,
        mounts,
        bundle: front.then(|| "/data/hacos/container".to_owned()),
        link,
        terminal: false,
        target: match record.user {
            0 => Some(("root".to_owned(), "root".to_owned())),
            _ => None,
        },
        ..Own::default()
    }
}

/// A user namespace as Haconiwa maps it: root inside, this id outside.
pub(super) fn mapping(host: u32) -> serde_json::Value {
    json!([{"containerID": 0, "hostID": host, "size": 1}])
}
