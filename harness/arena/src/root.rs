//! A trial's root: its fresh layer over the case and the base, what is
//! mounted into it, and what stands for the host in it.

use std::collections::BTreeMap;
use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, Result};
use nix::fcntl::{OFlag, open};
use nix::mount::{MntFlags, MsFlags, umount2};
use nix::sys::stat::Mode;
use sekisho_sys::mount;
use sekisho_witness::{Canary, Sheet, Try};

use crate::host::{BASE, NODES, TREES, TRIAL, mount_at};
use crate::layer::{Fresh, Layer};
use crate::protocol::Trial;
use crate::sight::Sight;
use crate::supervise::Place;

/// Port on 127.0.0.1 at which the arena's host listens.
pub const HOST_PORT: u16 = 7777;
/// Abstract socket at which the arena's host listens.
pub const HOST_ABSTRACT: &str = "sekisho-host";
/// Socket at which a trial's host listens.
pub const HOST_SOCKET: &str = "/run/host.sock";
/// Path of a node that an init should not have, whatever device it is.
pub const HOST_DEVICE: &str = "/dev/host-device";
/// Process id of the process that stands for the host's: the supervisor, which
/// is root's. The probe tries it only where it sees the host's pid namespace,
/// so a container's own process 1 is not taken for it.
pub const HOST_PROCESS: i32 = 1;

/// Size of what a trial may write.
const TRIAL_SIZE: &str = "mode=0755,size=256m,nr_inodes=50k";

/// Mounts the trial's root and goes there; the worker's root is then out of
/// reach. All mounts are shared then, as systemd makes a host's: what a start
/// mounts where it propagates is on the host. Gives what that is seen through.
///
/// # Errors
/// With the call that failed.
pub fn make_root(place: &Place, trial: &Trial) -> Result<Sight> {
    mount_at(
        Some("trial"),
        TRIAL,
        Some("tmpfs"),
        MsFlags::empty(),
        Some(TRIAL_SIZE),
    )?;
    let at = |name: &str| format!("{TRIAL}/{name}");
    // The upper layer's mode is that of the trial's `/`.
    for name in ["upper", "work", "root"] {
        fs::create_dir(at(name))?;
        fs::set_permissions(at(name), fs::Permissions::from_mode(0o755))?;
    }
    write_fresh(place, trial)?;
    // A directory of a lower layer can be renamed only with a redirection, which
    // an overlay of a user namespace cannot have (kernel, overlayfs.rst).
    let user = match place.host.user_namespace {
        true => ",userxattr",
        false => ",redirect_dir=on",
    };
    let layers = format!(
        "lowerdir={}:{BASE},upperdir={},workdir={}{user}",
        place.case.display(),
        at("upper"),
        at("work")
    );
    let root = at("root");
    mount_at(
        Some("overlay"),
        &root,
        Some("overlay"),
        MsFlags::empty(),
        Some(&layers),
    )?;
    let bind = |from: &str, to: &str, more: MsFlags| {
        mount_at(
            Some(from),
            &format!("{root}{to}"),
            None,
            MsFlags::MS_BIND | more,
            None,
        )
    };
    for tree in &place.host.trees {
        bind(
            &format!("{TREES}/{tree}"),
            &format!("/{tree}"),
            MsFlags::empty(),
        )?;
    }
    bind("/sys", "/sys", MsFlags::MS_REC)?;
    let no_programs = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    let safe = no_programs | MsFlags::MS_NODEV;
    mount_at(
        Some("proc"),
        &format!("{root}/proc"),
        Some("proc"),
        safe,
        None,
    )?;
    let hidden = match place.host.user_namespace {
        true => None,
        false => Some(hide_proc(&root, safe)?),
    };
    let pts = Some("newinstance,ptmxmode=0666,mode=0620,gid=5");
    mount_at(
        Some("devpts"),
        &format!("{root}/dev/pts"),
        Some("devpts"),
        no_programs,
        pts,
    )?;
    if place.host.user_namespace {
        for (name, _, _) in crate::host::DEVICES {
            bind(
                &format!("{NODES}/{name}"),
                &format!("/dev/{name}"),
                MsFlags::empty(),
            )?;
        }
    } else {
        let path = format!("{root}/proc/sys");
        mount_at(Some(&path), &path, None, MsFlags::MS_BIND, None)?;
        let read_only = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY | safe;
        mount_at(None, &path, None, read_only, None)?;
    }
    let case = place.case.display().to_string();
    let layers = Sight::layers(&at("upper"), &[&case, BASE])?;
    nix::unistd::chdir(root.as_str())?;
    nix::unistd::pivot_root(".", ".").context("pivot_root(\".\")")?;
    umount2(".", MntFlags::MNT_DETACH).context("umount2(\".\", MNT_DETACH)")?;
    nix::unistd::chdir("/")?;
    // Of this namespace alone: the worker's mounts are private.
    mount_at(None, "/", None, MsFlags::MS_REC | MsFlags::MS_SHARED, None)?;
    if let Some(hidden) = hidden {
        // No host has it: a launcher that goes through all shared mounts by path
        // would stumble over it.
        mount::set_propagation(hidden.as_raw_fd(), mount::MS_PRIVATE, false)?;
    }
    Sight::new(layers)
}

/// Mounts a `proc` with nothing over it where the mount that comes next hides
/// it from every path; gives it. A user namespace may mount `proc` only where its mount
/// namespace has such a one (mount_namespaces(7)), and `/proc` itself has
/// `/proc/sys` over it; a real host has neither.
fn hide_proc(root: &str, flags: MsFlags) -> Result<OwnedFd> {
    let place = format!("{root}/dev/pts/proc");
    fs::create_dir(&place).with_context(|| format!("mkdir({place:?})"))?;
    mount_at(Some("proc"), &place, Some("proc"), flags, None)?;
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    Ok(open(place.as_str(), flags, Mode::empty())?)
}

fn write_fresh(place: &Place, trial: &Trial) -> Result<()> {
    let upper = format!("{TRIAL}/upper");
    let below = vec![place.case, Path::new(BASE)];
    let mut layer = Layer::new(Path::new(&upper), below, &place.host.closed);
    with_fresh(place, trial, |fresh| {
        let mut files = place.fresh.iter().chain(&trial.files);
        files.try_for_each(|file| layer.make(file, place.named, Some(fresh)))
    })
}

/// Gives what the contents of this trial are made from.
///
/// # Errors
/// As `work`, or when the host's namespaces cannot be read.
pub fn with_fresh<T>(
    place: &Place,
    trial: &Trial,
    work: impl FnOnce(&Fresh<'_>) -> Result<T>,
) -> Result<T> {
    let namespaces = namespaces()?;
    let sheet = |at: &str| {
        let sheet = Sheet {
            nonce: trial.nonce.clone(),
            place: at.to_owned(),
            namespaces: namespaces.clone(),
            canaries: place
                .canaries
                .iter()
                .cloned()
                .chain(own_canaries())
                .collect(),
        };
        // Strings and numbers only: nothing in it can fail to be written.
        serde_json::to_vec(&sheet).unwrap_or_default()
    };
    work(&Fresh {
        nonce: &trial.nonce,
        sheet: &sheet,
    })
}

/// What the arena's host offers beside the canary files of a layout.
#[must_use]
pub fn own_canaries() -> [Canary; 5] {
    let canary = |name: &str, try_| Canary {
        name: name.to_owned(),
        try_,
    };
    [
        canary("host-socket", Try::UnixSocket(HOST_SOCKET.to_owned())),
        canary(
            "host-abstract",
            Try::UnixSocket(format!("@{HOST_ABSTRACT}")),
        ),
        canary("host-port", Try::LoopbackPort(HOST_PORT)),
        canary("host-process", Try::Process(HOST_PROCESS)),
        canary("host-device", Try::Device(HOST_DEVICE.to_owned())),
    ]
}

fn namespaces() -> Result<BTreeMap<String, u64>> {
    ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"]
        .iter()
        .filter_map(|name| {
            // A kernel without time namespaces has no such file.
            let found = fs::metadata(format!("/proc/self/ns/{name}")).ok()?;
            Some(Ok(((*name).to_owned(), found.ino())))
        })
        .collect()
}
