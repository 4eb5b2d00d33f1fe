//! Dropping privileges in the process that becomes the init, and looking
//! whether they are gone.

use alloc::vec::Vec;

use sekisho_rules::evidence::Dropped;
use sekisho_rules::{Sanitation, evidence::Membership};
use sekisho_sys::credentials::{self as ids, Capabilities};
use sekisho_sys::{Result, process};

use crate::config::{Config, Mapping, capability_bits};
use crate::namespaces;
use crate::stop::{Stop, step};

/// Whom the init runs as.
#[derive(Debug)]
pub struct Target<'a> {
    /// Host uid.
    pub uid: u32,
    /// Host gid.
    pub gid: u32,
    /// Groups of the target user.
    pub membership: Membership,
    /// Mappings, when the init has a user namespace of its own.
    pub mappings: Option<(&'a [Mapping], &'a [Mapping])>,
}

impl Target<'_> {
    /// The uid to set: inside a user namespace the one that maps to the
    /// target, else the configuration's.
    fn uid_inside(&self, config: &Config) -> u32 {
        match self.mappings {
            Some((uids, _)) => {
                namespaces::inside(uids, self.uid).unwrap_or(config.process.user.uid)
            }
            None => self.uid,
        }
    }

    fn gid_inside(&self, config: &Config) -> u32 {
        match self.mappings {
            Some((_, gids)) => {
                namespaces::inside(gids, self.gid).unwrap_or(config.process.user.gid)
            }
            None => self.gid,
        }
    }

    /// Supplementary groups to set; `None` leaves the caller's alone. A group
    /// that does not map into the user namespace cannot be set there.
    fn groups(&self, config: &Config, exact: bool) -> Result<Option<Vec<u32>>> {
        let additional = &config.process.user.additional_gids;
        if !exact && additional.is_empty() {
            return Ok(None);
        }
        let inside = |gid: &u32| match self.mappings {
            Some((_, gids)) => namespaces::inside(gids, *gid),
            None => Some(*gid),
        };
        let mut groups: Vec<u32> = if exact {
            let own = core::iter::once(&self.gid).chain(&self.membership.member_of);
            own.filter_map(inside).collect()
        } else {
            // These are inside ids already; an unmapped one shows as 65534.
            ids::groups()?
        };
        if self.mappings.is_some() {
            groups.retain(|gid| self.maps_gid(*gid));
            groups.extend(additional.iter().filter(|gid| self.maps_gid(**gid)));
        } else {
            groups.extend(additional);
        }
        // setgroups(2) refuses the id that means "unchanged" elsewhere; that
        // it was wanted is for rules to say.
        groups.retain(|gid| *gid != u32::MAX);
        groups.sort_unstable();
        groups.dedup();
        Ok(Some(groups))
    }

    fn maps_gid(&self, inside: u32) -> bool {
        self.mappings
            .is_none_or(|(_, gids)| namespaces::outside(gids, inside).is_some())
    }
}

/// Takes what the configuration does not grant out of the bounding set, which
/// limits what an exec can give and nothing before.
pub fn bound(config: &Config) -> core::result::Result<(), Stop> {
    let bounding = capability_bits(&config.process.capabilities.bounding)?;
    ids::bound_to(bounding).map_err(step("drop"))
}

/// Gives away everything else that the configuration does not grant. In this
/// order, since each step needs a privilege that a later one takes.
pub fn drop_privileges(
    target: &Target<'_>,
    config: &Config,
    sanitations: &[Sanitation],
) -> core::result::Result<(), Stop> {
    let failed = step("drop");
    let exact = sanitations.contains(&Sanitation::SetExactGroups);
    if config.process.no_new_privileges {
        process::set_no_new_privileges().map_err(&failed)?;
    }
    if let Some(groups) = target.groups(config, exact).map_err(&failed)? {
        ids::set_groups(&groups).map_err(&failed)?;
    }
    let sets = &config.process.capabilities;
    let permitted = capability_bits(&sets.permitted)?;
    let granted = Capabilities {
        effective: capability_bits(&sets.effective)?,
        permitted,
        inheritable: capability_bits(&sets.inheritable)?,
    };
    let ambient = capability_bits(&sets.ambient)?;
    ids::clear_ambient().map_err(&failed)?;
    let (uid, gid) = (target.uid_inside(config), target.gid_inside(config));
    ids::set_gids(gid, gid, gid).map_err(&failed)?;
    ids::keep_capabilities(true).map_err(&failed)?;
    ids::set_uids(uid, uid, uid).map_err(&failed)?;
    ids::keep_capabilities(false).map_err(&failed)?;
    // What the launcher does not have it cannot grant: say so.
    ids::set_capabilities(granted).map_err(&failed)?;
    for number in 0..u64::BITS {
        if ambient >> number & 1 == 1 {
            ids::raise_ambient(number).map_err(&failed)?;
        }
    }
    Ok(())
}

/// What the kernel says about this process after the drop, as host ids. Tries
/// to become uid 0 again; if that works, goes back to the target and to the
/// capabilities that it had: looking must not change what the init gets.
pub fn dropped(target: &Target<'_>, config: &Config) -> Dropped {
    let host_uid = |uid: u32| match target.mappings {
        Some((uids, _)) => namespaces::outside(uids, uid).unwrap_or(u32::MAX),
        None => uid,
    };
    let host_gid = |gid: u32| match target.mappings {
        Some((_, gids)) => namespaces::outside(gids, gid).unwrap_or(u32::MAX),
        None => gid,
    };
    let (uids, gids) = (ids::uids().map(host_uid), ids::gids().map(host_gid));
    let root = match target.mappings {
        Some((uids, _)) => namespaces::inside(uids, 0),
        None => Some(0),
    };
    let held = ids::capabilities();
    let irrevocable = root.is_none_or(|root| ids::set_uids(root, root, root).is_err());
    if !irrevocable {
        // On failure the rule that asked denies anyway.
        let _ = held.and_then(|held| go_back(target, config, held));
    }
    Dropped {
        uids,
        gids,
        wanted_uid: target.uid,
        wanted_gid: target.gid,
        irrevocable,
    }
}

/// From uid 0 to the target again, with the capabilities that it held: going
/// from uid 0 to another one takes them away.
fn go_back(target: &Target<'_>, config: &Config, held: Capabilities) -> Result<()> {
    let uid = target.uid_inside(config);
    ids::keep_capabilities(true)?;
    ids::set_uids(uid, uid, uid)?;
    ids::keep_capabilities(false)?;
    ids::set_capabilities(held)?;
    // Names that are none were refused at the drop.
    let ambient = capability_bits(&config.process.capabilities.ambient).unwrap_or_default();
    (0..u64::BITS)
        .filter(|number| ambient >> number & 1 == 1)
        .try_for_each(ids::raise_ambient)
}
