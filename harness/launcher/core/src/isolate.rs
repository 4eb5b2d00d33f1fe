//! The child's way from the host's world into the init's.

use alloc::vec::Vec;

use sekisho_sys::fd::{AsRawFd, OwnedFd};

use sekisho_sys::mount::attribute;
use sekisho_sys::process::{CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER, CLONE_NEWUTS};
use sekisho_sys::{Result, credentials, file, mount, open, process};

use crate::mounts::{self, Top};
use crate::phases::Phase;
use crate::start::Plan;
use crate::stop::{Stop, step};

/// What becomes the root of the init.
pub enum Root {
    /// A mount in a mount namespace of the init's own: pivot_root(2).
    Pivot(OwnedFd),
    /// A directory: chroot(2).
    Chroot(OwnedFd),
}

/// Joins and fills namespaces. The process still stands in the host's root.
pub fn prepare(plan: &mut Plan<'_>) -> core::result::Result<Root, Stop> {
    for (kind, fd) in &plan.namespaces.joined {
        if *kind != CLONE_NEWPID {
            process::setns(fd.as_raw_fd(), *kind).map_err(step("namespaces"))?;
        }
    }
    if plan.namespaces.leaves(CLONE_NEWUSER) {
        become_root_inside(plan).map_err(step("namespaces"))?;
    }
    plan.phases.end(Phase::Isolate);
    let root = if plan.namespaces.makes(CLONE_NEWNS) {
        let tree = own_mounts(plan)?;
        plan.phases.end(Phase::Mounts);
        Root::Pivot(tree)
    } else {
        // Mounts would be the host's: none is made.
        Root::Chroot(plan.rootfs.place.to_owned().map_err(step("rootfs"))?)
    };
    if let Some(name) = &plan.bundle.config.hostname
        && plan.namespaces.makes(CLONE_NEWUTS)
    {
        plan.ahead.join()?;
        process::set_host_name(name).map_err(step("hostname"))?;
    }
    Ok(root)
}

/// Takes on ids that the user namespace maps: files made with others would
/// have none there. uid 0 inside, or the first that is mapped; the
/// capabilities that came with the namespace stay.
fn become_root_inside(plan: &Plan<'_>) -> Result<()> {
    let linux = &plan.bundle.config.linux;
    let first = |mappings: &[crate::config::Mapping]| {
        let zero = crate::namespaces::outside(mappings, 0).map(|_| 0);
        zero.or_else(|| mappings.first().map(|mapping| mapping.container))
            .unwrap_or(0)
    };
    let (uid, gid) = (first(&linux.uid_mappings), first(&linux.gid_mappings));
    credentials::set_gids(gid, gid, gid)?;
    credentials::keep_capabilities(true)?;
    credentials::set_uids(uid, uid, uid)?;
    credentials::keep_capabilities(false)?;
    let mut sets = credentials::capabilities()?;
    sets.effective = sets.permitted;
    credentials::set_capabilities(sets)
}

fn own_mounts(plan: &mut Plan<'_>) -> core::result::Result<OwnedFd, Stop> {
    let failed = step("rootfs");
    mount::mount(b"", b"/", "", mount::MS_REC | mount::MS_PRIVATE, "").map_err(&failed)?;
    let (tree, top) = match plan.rootfs.tree.take() {
        Some(tree) => {
            // On top of the host's root, which the process does not see: its
            // root stays the mount beneath until the pivot.
            mount::attach(tree.as_raw_fd(), open::AT_FDCWD, b"/").map_err(&failed)?;
            let top = Top::Tree(tree.as_raw_fd());
            (tree, top)
        }
        None => by_path(&plan.rootfs.place.path).map_err(&failed)?,
    };
    let new_pids = plan.namespaces.makes(CLONE_NEWPID);
    let config = &plan.bundle.config;
    let bundle = &plan.bundle.place.path;
    let (rootfs, ahead) = (&mut plan.rootfs, &mut plan.ahead);
    mounts::make_all(&top, config, rootfs, bundle, new_pids, ahead)?;
    if mounts::masks_own_paths(config) {
        ahead.join()?;
    }
    mounts::mask(&top, config).map_err(step("mask"))?;
    if config.root()?.readonly {
        let set = mount::set_attributes(tree.as_raw_fd(), attribute::READ_ONLY, false);
        set.map_err(&failed)?;
    }
    Ok(tree)
}

/// The rootfs, found by its path again and mounted on itself.
fn by_path(path: &[u8]) -> Result<(OwnedFd, Top)> {
    let tree = mount::clone_tree(open::AT_FDCWD, path, true)?;
    mount::attach(tree.as_raw_fd(), open::AT_FDCWD, path)?;
    let root = file::stat(b"/")?;
    // A mount on `/` is reached by `/..` only: the walk from `/` itself
    // starts beneath it.
    let top = if file::stat(path)?.is_same(&root) {
        b"/..".to_vec()
    } else {
        path.to_vec()
    };
    Ok((tree, Top::Path(top)))
}

/// Changes the root and enters the working directory, still privileged.
pub fn enter(root: &Root, cwd: Option<&OwnedFd>, path: &str) -> core::result::Result<(), Stop> {
    let changed = match root {
        Root::Pivot(tree) => file::change_directory_to(tree.as_raw_fd())
            .and_then(|()| mount::pivot_here())
            .and_then(|()| mount::detach(b".")),
        Root::Chroot(dir) => {
            file::change_directory_to(dir.as_raw_fd()).and_then(|()| file::change_root(b"."))
        }
    };
    changed
        .and_then(|()| file::change_directory(b"/"))
        .map_err(step("root"))?;
    if let Some(dir) = cwd {
        return file::change_directory_to(dir.as_raw_fd()).map_err(step("cwd"));
    }
    let made = match file::change_directory(path.as_bytes()) {
        Err(error) if error.errno == sekisho_sys::Errno::ENOENT => {
            let top = Top::Path(Vec::new());
            top.open_or_make(path.as_bytes(), true)
                .and_then(|dir| file::change_directory_to(dir.as_raw_fd()))
        }
        entered => entered,
    };
    made.map_err(step("cwd"))
}
