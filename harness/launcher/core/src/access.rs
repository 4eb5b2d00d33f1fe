//! Looking with somebody else's eyes: what the target may see, what the
//! caller may be told.

use alloc::vec::Vec;

use sekisho_sys::credentials as ids;
use sekisho_sys::{Result, process};

/// Somebody's filesystem credentials.
#[derive(Debug, Clone, Default)]
pub struct Viewer {
    /// uid.
    pub uid: u32,
    /// gid.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
}

/// Runs `look` with the viewer's effective ids and groups, and without
/// effective capabilities, which the kernel takes away with effective uid 0
/// and gives back with it. Real and saved uid stay 0, so the viewer can
/// neither signal nor trace the launcher meanwhile.
///
/// # Errors
/// When the viewer's ids cannot be taken on. When the way back fails the
/// process ends: it would go on with the wrong privileges.
pub fn with<T>(viewer: &Viewer, look: impl FnOnce() -> T) -> Result<T> {
    const SAME: u32 = u32::MAX;
    let groups = ids::groups()?;
    let gid = ids::gids()[1];
    let taken = ids::set_groups(&viewer.groups)
        .and_then(|()| ids::set_gids(SAME, viewer.gid, SAME))
        .and_then(|()| ids::set_uids(SAME, viewer.uid, SAME));
    let seen = taken.map(|()| look());
    let back = ids::set_uids(SAME, 0, SAME)
        .and_then(|()| ids::set_gids(SAME, gid, SAME))
        .and_then(|()| ids::set_groups(&groups));
    if back.is_err() {
        process::exit(104);
    }
    seen
}
