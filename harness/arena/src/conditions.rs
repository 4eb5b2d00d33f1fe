//! What the host decides for an arena: found out by trying.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Result;
use nix::sys::stat::{Mode, SFlag, makedev, mknod};
use sekisho_sys::arena::{self, Side, SingleThread};
use sekisho_sys::credentials;
use sekisho_sys::process::{self, Ended};

use crate::host::{Host, TREES};
use sekisho_trial::{Conditions, Precondition};

/// All preconditions.
const PRECONDITIONS: [Precondition; 10] = [
    Precondition::RootArena,
    Precondition::Mknod,
    Precondition::UserNamespace,
    Precondition::ProtectedSymlinksOff,
    Precondition::ProtectedHardlinksOff,
    Precondition::AccessLists,
    Precondition::FileCapabilities,
    Precondition::Bash,
    Precondition::Perl,
    Precondition::Python3,
];

/// Settings of the kernel that decide what trials can show.
const SETTINGS: [&str; 8] = [
    "fs.protected_fifos",
    "fs.protected_hardlinks",
    "fs.protected_regular",
    "fs.protected_symlinks",
    "fs.suid_dumpable",
    "kernel.osrelease",
    "kernel.unprivileged_userns_clone",
    "kernel.yama.ptrace_scope",
];

/// Where things are tried; removed afterwards.
const SCRATCH: &str = "/scratch";

/// Finds out the conditions in the arena's worker.
///
/// # Errors
/// When a try leaves something that cannot be removed.
pub fn find(host: &Host, single: &SingleThread) -> Result<Conditions> {
    fs::create_dir(SCRATCH)?;
    let mut preconditions = BTreeMap::new();
    for precondition in PRECONDITIONS {
        let reason = try_out(precondition, host, single)
            .err()
            .unwrap_or_default();
        preconditions.insert(name_of(precondition)?, reason);
    }
    fs::remove_dir_all(SCRATCH)?;
    Ok(Conditions {
        mode: if host.user_namespace {
            "user-namespace"
        } else {
            "root"
        }
        .to_owned(),
        capabilities: capabilities(),
        facts: facts(host),
        preconditions,
    })
}

/// The name as scenarios write it.
fn name_of(precondition: Precondition) -> Result<String> {
    let name = serde_json::to_value(precondition)?;
    Ok(name.as_str().unwrap_or_default().to_owned())
}

fn try_out(precondition: Precondition, host: &Host, single: &SingleThread) -> Result<(), String> {
    match precondition {
        Precondition::RootArena if host.user_namespace => {
            Err("the arena was made in a user namespace; run as root".to_owned())
        }
        Precondition::RootArena => Ok(()),
        Precondition::Mknod => node(),
        Precondition::UserNamespace => user_namespace(single),
        Precondition::ProtectedSymlinksOff => is_zero("fs.protected_symlinks"),
        Precondition::ProtectedHardlinksOff => is_zero("fs.protected_hardlinks"),
        Precondition::AccessLists => access_list(),
        Precondition::FileCapabilities => file_capabilities(),
        Precondition::Bash => program("bash"),
        Precondition::Perl => program("perl"),
        Precondition::Python3 => program("python3"),
    }
}

/// Makes a `/dev/null` and writes to it.
fn node() -> Result<(), String> {
    let path = format!("{SCRATCH}/node");
    let mode = Mode::from_bits_truncate(0o600);
    mknod(path.as_str(), SFlag::S_IFCHR, mode, makedev(1, 3))
        .map_err(|errno| format!("mknod(c 1:3): {errno:?}"))?;
    fs::write(&path, "x").map_err(|error| format!("cannot write to an own c 1:3: {error}"))
}

fn user_namespace(single: &SingleThread) -> Result<(), String> {
    let side = single.fork(0, None).map_err(|error| error.to_string())?;
    match side {
        Side::Child => {
            let done = process::unshare(arena::CLONE_NEWUSER);
            process::exit(done.err().map_or(0, |error| error.errno.raw()))
        }
        Side::Parent(pid) => match process::wait(pid, true) {
            Ok(Some(Ended::Status(0))) => Ok(()),
            Ok(Some(Ended::Status(errno))) => {
                let errno = nix::errno::Errno::from_raw(errno);
                Err(format!("unshare(CLONE_NEWUSER): {errno:?}"))
            }
            other => Err(format!("unshare(CLONE_NEWUSER): {other:?}")),
        },
    }
}

fn is_zero(name: &str) -> Result<(), String> {
    match setting(name) {
        Some(value) if value == "0" => Ok(()),
        Some(value) => Err(format!("{name} is {value}")),
        None => Err(format!("{name} is unknown to this kernel")),
    }
}

fn setting(name: &str) -> Option<String> {
    let path = Path::new("/proc/sys").join(name.replace('.', "/"));
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

/// Gives user 1 the right to write (acl(5), as `system.posix_acl_access` of
/// version 2 stores it).
fn access_list() -> Result<(), String> {
    const NOBODY: u32 = u32::MAX;
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in [
        (0x01_u16, 6_u16, NOBODY),
        (0x02, 2, 1),
        (0x04, 4, NOBODY),
        (0x10, 6, NOBODY),
        (0x20, 4, NOBODY),
    ] {
        list.extend(tag.to_le_bytes());
        list.extend(permissions.to_le_bytes());
        list.extend(id.to_le_bytes());
    }
    keep_attribute("acl", "system.posix_acl_access", &list)
}

/// `CAP_NET_RAW`, permitted and effective (`struct vfs_cap_data`, revision 2).
fn file_capabilities() -> Result<(), String> {
    let mut data = 0x0200_0001_u32.to_le_bytes().to_vec();
    data.extend((1_u32 << 13).to_le_bytes());
    data.extend([0; 12]);
    keep_attribute("capable", "security.capability", &data)
}

fn keep_attribute(name: &str, attribute: &str, value: &[u8]) -> Result<(), String> {
    let path = format!("{SCRATCH}/{name}");
    fs::write(&path, "").map_err(|error| error.to_string())?;
    let path = std::ffi::CString::new(path).map_err(|error| error.to_string())?;
    arena::set_attribute(&path, attribute, value).map_err(|error| error.to_string())?;
    let kept = arena::attributes(&path).map_err(|error| error.to_string())?;
    if kept.iter().any(|(name, _)| name == attribute) {
        Ok(())
    } else {
        Err(format!("{attribute} was set and is not there"))
    }
}

fn program(name: &str) -> Result<(), String> {
    let path = Path::new(TREES).join("usr/bin").join(name);
    fs::metadata(path)
        .map(drop)
        .map_err(|_| format!("/usr/bin/{name} is not there; install it"))
}

fn capabilities() -> Vec<String> {
    let have = credentials::capabilities().map_or(0, |sets| sets.effective);
    (0_u32..)
        .zip(credentials::CAPABILITIES)
        .filter(|(number, _)| have & 1 << number != 0 && credentials::is_bounded(*number))
        .map(|(_, name)| name.to_owned())
        .collect()
}

fn facts(host: &Host) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::new();
    for name in SETTINGS {
        let value = setting(name).unwrap_or_else(|| "absent".to_owned());
        facts.insert(name.to_owned(), value);
    }
    let mut file = |name: &str, path: &str| {
        let text = fs::read_to_string(path);
        let value = text.map_or_else(|error| format!("unknown: {error}"), |t| t.trim().to_owned());
        facts.insert(name.to_owned(), value);
    };
    file("cgroup-controllers", "/sys/fs/cgroup/cgroup.controllers");
    file("lsm", "/sys/kernel/security/lsm");
    for (name, why) in &host.missing {
        facts.insert(format!("missing {name}"), why.clone());
    }
    facts
}

/// Why an ordinary user cannot make a user namespace, as far as the host's
/// settings tell.
#[must_use]
pub fn why_no_user_namespace() -> String {
    let reasons = [
        ("kernel.unprivileged_userns_clone", "0", "1"),
        ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
        ("user.max_user_namespaces", "0", "65536"),
    ];
    for (name, bad, good) in reasons {
        if setting(name).is_some_and(|value| value == bad) {
            return format!(
                "this host forbids user namespaces: {name} is {bad}; as root: sysctl {name}={good}"
            );
        }
    }
    "cannot make a user namespace; run as root instead".to_owned()
}
