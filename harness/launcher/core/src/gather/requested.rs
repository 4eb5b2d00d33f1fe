//! What the configuration asks for.

use alloc::borrow::ToOwned;
use alloc::format;

use sekisho_rules::Cause;
use sekisho_rules::evidence::{Gathered, Mapping, MountRequest, Requested};
use sekisho_sys::process::CLONE_NEWUSER;

use crate::config::{Config, Mount, capability_bits};
use crate::namespaces;

/// The fact.
pub fn requested(config: &Config) -> Gathered<Requested> {
    let sets = &config.process.capabilities;
    let all = [
        &sets.bounding,
        &sets.effective,
        &sets.permitted,
        &sets.inheritable,
        &sets.ambient,
    ];
    let mut capabilities = 0;
    for set in all {
        match capability_bits(set) {
            Ok(bits) => capabilities |= bits,
            Err(_) => return Gathered::Unobservable(Cause::Depends("known capability names")),
        }
    }
    let linux = &config.linux;
    let own_user = namespaces::made(config) & CLONE_NEWUSER != 0;
    let mappings = linux.uid_mappings.iter().chain(&linux.gid_mappings);
    let mapping = |m: &crate::config::Mapping| Mapping {
        container: m.container,
        host: m.host,
        size: m.size,
    };
    Gathered::Seen(Requested {
        capabilities,
        mounts: config
            .mounts
            .iter()
            .filter(|mount| !is_usual(mount))
            .map(mount)
            .collect(),
        hooks: config.hooks.all().map(|hook| hook.path.clone()).collect(),
        namespaces_shared: namespaces::shared(config),
        devices: linux
            .devices
            .iter()
            .map(|d| format!("{} ({} {}:{})", d.path, d.kind, d.major, d.minor))
            .collect(),
        mappings: mappings.filter(|_| own_user).map(mapping).collect(),
        no_new_privileges: config.process.no_new_privileges,
    })
}

/// Whether every start gets this mount anyway.
fn is_usual(mount: &Mount) -> bool {
    let pair = (mount.kind.as_str(), mount.destination.as_str());
    matches!(pair, ("proc", "/proc") | ("tmpfs", "/dev")) && !mount.is_bind()
}

fn mount(mount: &Mount) -> MountRequest {
    MountRequest {
        destination: mount.destination.clone(),
        kind: if mount.is_bind() {
            "bind".to_owned()
        } else {
            mount.kind.clone()
        },
        source: mount.source.clone(),
        read_only: mount.has("ro"),
    }
}
