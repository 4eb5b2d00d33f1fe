//! Facts about bundle, configuration and rootfs.

use alloc::borrow::ToOwned;
use alloc::vec::Vec;

use sekisho_sys::fd::AsRawFd;

use sekisho_rules::evidence::{
    AccessLists, Entry, Evidence, File, FileKind, Gathered, Links, Place, WorkingDirectory,
};
use sekisho_rules::{Cause, Fact, Needs};
use sekisho_sys::file::{self, Stat};
use sekisho_sys::{Errno, Error, Result, open};

use super::eyes::Eyes;
use super::{Subject, seen, text};
use crate::resolve::{Ascent, Handle, Located, join, open_noting_links};

impl Subject<'_> {
    pub(super) fn gather_files(&self, needs: Needs, eyes: &mut Eyes, e: &mut Evidence) {
        let bundle = self.bundle;
        let ways = self.ascents(needs);
        if needs.has(Fact::Bundle) {
            e.bundle = seen(self.place(&bundle.text, &bundle.place, known(&ways.bundle)));
        }
        if needs.has(Fact::BundleLinks) {
            e.bundle_links = seen(self.links(bundle.links, None, &bundle.text));
        }
        if needs.has(Fact::BundleAncestors) {
            let way = known(&ways.bundle);
            e.bundle_ancestors =
                seen(way.and_then(|way| Ok(self.bundle_ancestors(way, known(&ways.base)?))));
        }
        if let Some(allowed) = eyes.bundle.take() {
            e.bundle_entry = seen(self.bundle_entry(allowed));
        }
        if needs.has(Fact::ConfigFile) {
            e.config_file = seen(describe(&bundle.config_file, "config.json"));
        }
        if needs.has(Fact::ConfigLinks) {
            let from = Some(&bundle.place);
            e.config_links = seen(self.links(bundle.config_links, from, b"config.json"));
        }
        if needs.has(Fact::Rootfs) {
            let rootfs = &self.rootfs;
            e.rootfs = seen(self.place(&rootfs.text, &rootfs.place, known(&ways.rootfs)));
        }
        if needs.has(Fact::RootfsLinks) {
            let (links, reference) = (self.rootfs.links, &self.rootfs.text);
            e.rootfs_links = seen(self.links(links, Some(&bundle.place), reference));
        }
        if needs.has(Fact::AccessLists) {
            e.access_lists = self.access_lists();
        }
    }

    fn place(&self, reference: &[u8], place: &Located, way: Result<&Ascent>) -> Result<Place> {
        Ok(Place {
            text: reference.to_vec(),
            file: describe(place, &text(&place.path))?,
            beneath_base: way?.beneath_base,
        })
    }

    /// The way up from bundle and rootfs, as far as it is needed.
    fn ascents(&self, needs: Needs) -> Ascents {
        let (bundle, rootfs) = (&self.bundle.place, &self.rootfs.place);
        let of_bundle = [Fact::Bundle, Fact::BundleAncestors];
        let of_bundle = of_bundle.iter().any(|fact| needs.has(*fact));
        if !of_bundle && !needs.has(Fact::Rootfs) {
            return Ascents::default();
        }
        let base = match file::fstat(self.bundle.base.as_raw_fd()) {
            Ok(base) => base,
            Err(error) => {
                return Ascents {
                    bundle: Some(Err(error.clone())),
                    rootfs: Some(Err(error.clone())),
                    base: Some(Err(error)),
                };
            }
        };
        let bundle_way = of_bundle.then(|| up(bundle, &base, None));
        let rootfs_way = needs.has(Fact::Rootfs).then(|| {
            let stat = bundle.stat()?;
            let known = match &bundle_way {
                Some(Ok(way)) => Some((&stat, way)),
                _ => None,
            };
            up(rootfs, &base, known)
        });
        Ascents {
            bundle: bundle_way,
            rootfs: rootfs_way,
            base: Some(Ok(base)),
        }
    }

    /// Links that are known, else found now, on the way from a directory (the
    /// base when `None`).
    fn links(&self, known: Option<Links>, from: Option<&Located>, path: &[u8]) -> Result<Links> {
        if let Some(links) = known {
            return Ok(links);
        }
        let dir = match from {
            Some(from) => from.handle()?,
            None if self.request.bundle.is_none() => return Ok(Links::default()),
            None => Handle::Held(&self.bundle.base),
        };
        open_noting_links(dir.as_raw_fd(), path, open::O_PATH, 0).map(|(_, links)| links)
    }

    fn bundle_ancestors(&self, way: &Ascent, base: &Stat) -> Vec<File> {
        let mut files = Vec::new();
        let mut path = self.bundle.place.path.clone();
        for stat in &way.above {
            // The name is for people; with links on the way it is a guess.
            let end = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
            path.truncate(end.max(1));
            let name = if stat.is_same(base) {
                self.policy.base.clone()
            } else {
                text(&path)
            };
            files.push(to_file(stat, &name));
        }
        files.reverse();
        files
    }

    fn bundle_entry(&self, allowed: Result<bool>) -> Result<Entry> {
        Ok(Entry {
            allowed: allowed?,
            file: describe(&self.bundle.place, &text(&self.bundle.place.path))?,
        })
    }

    fn access_lists(&self) -> Gathered<AccessLists> {
        let Some(init) = self.init else {
            return Gathered::Unobservable(Cause::Depends("the init"));
        };
        let look = || {
            Ok(AccessLists {
                bundle: grants_writing(&self.bundle.place)?,
                rootfs: grants_writing(&self.rootfs.place)?,
                config: grants_writing(&self.bundle.config_file)?,
                init: grants_writing(init)?,
            })
        };
        seen(look())
    }

    /// The working directory, for the target's eyes to look at.
    pub(super) fn find_working_directory(&mut self) -> Result<Option<(Located, Links)>> {
        match self.cwd.take() {
            Some(found) => found,
            None => {
                let config = &self.bundle.config;
                let (cwd, bundle) = (config.cwd().as_bytes(), &self.bundle.place.path);
                self.rootfs.find(cwd, config, bundle, true)
            }
        }
    }

    /// What is known of it; `enterable` when it exists.
    pub(super) fn working_directory(
        &self,
        found: Option<&Links>,
        enterable: Option<Result<bool>>,
    ) -> Result<WorkingDirectory> {
        let cwd = self.bundle.config.cwd().as_bytes();
        let links = found.copied().unwrap_or_else(|| Links {
            // Nothing yet, but a link on the way decides where it will be, say
            // in /proc, which is not mounted yet.
            symbolic: self.rootfs.meets_link(cwd),
            magic: false,
        });
        Ok(WorkingDirectory {
            text: cwd.to_vec(),
            links,
            enterable: enterable.transpose()?,
        })
    }
}

fn up(from: &Located, base: &Stat, known: Option<(&Stat, &Ascent)>) -> Result<Ascent> {
    Ascent::from(from.handle()?.as_raw_fd(), from.stat()?, base, known)
}

/// Ways up; `None` where nobody needs them.
#[derive(Default)]
pub(super) struct Ascents {
    bundle: Option<Result<Ascent>>,
    rootfs: Option<Result<Ascent>>,
    base: Option<Result<Stat>>,
}

fn known<T>(found: &Option<Result<T>>) -> Result<&T> {
    match found {
        Some(Ok(found)) => Ok(found),
        Some(Err(error)) => Err(error.clone()),
        None => Err(Error::new("not looked at", Errno::EINVAL)),
    }
}

/// Links on a path through `/proc`, which in the rootfs is not mounted yet:
/// looked up in the launcher's own, whose descriptors the init inherits.
/// `None` when the path does not lead there or to nothing.
pub(super) fn links_in_proc(path: &[u8]) -> Option<Links> {
    if path
        .split(|byte| *byte == b'/')
        .find(|name| !matches!(*name, b"" | b"."))?
        != b"proc"
    {
        return None;
    }
    let found = open_noting_links(open::AT_FDCWD, &join(b"/", path), open::O_PATH, 0);
    found.ok().map(|(_, links)| links)
}

/// What `stat` says, as evidence.
pub fn describe(place: &Located, name: &str) -> Result<File> {
    place.stat().map(|stat| to_file(&stat, name))
}

/// `stat` as evidence.
pub fn to_file(stat: &Stat, name: &str) -> File {
    File {
        name: name.to_owned(),
        uid: stat.uid,
        gid: stat.gid,
        mode: stat.mode & 0o7777,
        kind: match stat.kind() {
            file::S_IFREG => FileKind::Regular,
            file::S_IFDIR => FileKind::Directory,
            file::S_IFLNK => FileKind::Symlink,
            _ => FileKind::Special,
        },
        links: stat.links,
    }
}

/// Whether a POSIX ACL lets a named user or group write.
fn grants_writing(place: &Located) -> Result<bool> {
    Ok(place
        .attribute("system.posix_acl_access")?
        .is_some_and(|list| names_a_writer(&list)))
}

/// The attribute's form (`linux/posix_acl_xattr.h`): a version word, then
/// entries of tag, permissions and id, little-endian. What named users and
/// groups may do is limited by the mask entry.
fn names_a_writer(list: &[u8]) -> bool {
    const USER: u16 = 0x02;
    const GROUP: u16 = 0x08;
    const MASK: u16 = 0x10;
    let entries = || {
        list.get(4..)
            .unwrap_or_default()
            .chunks_exact(8)
            .map(|entry| {
                let word = |at: usize| u16::from_le_bytes([entry[at], entry[at + 1]]);
                (word(0), word(2))
            })
    };
    let mask = entries()
        .find(|(tag, _)| *tag == MASK)
        .map_or(7, |(_, may)| may);
    entries().any(|(tag, may)| matches!(tag, USER | GROUP) && may & mask & 2 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[(u16, u16)]) -> Vec<u8> {
        let mut bytes = 2_u32.to_le_bytes().to_vec();
        for (tag, may) in entries {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(may.to_le_bytes());
            bytes.extend(1000_u32.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn a_named_writer_counts_unless_the_mask_takes_it_away() {
        assert!(names_a_writer(&list(&[(1, 7), (2, 6), (4, 5), (0x10, 7)])));
        assert!(names_a_writer(&list(&[(8, 2)])));
        assert!(!names_a_writer(&list(&[(2, 6), (0x10, 5)])));
        assert!(!names_a_writer(&list(&[(1, 7), (4, 7), (0x20, 7), (2, 5)])));
        assert!(!names_a_writer(b"\x02"));
    }

    #[test]
    fn a_descriptor_in_proc_is_a_magic_link() {
        let magic = Links {
            symbolic: true,
            magic: true,
        };
        assert_eq!(links_in_proc(b"/proc/self/fd/0"), Some(magic));
        assert_eq!(links_in_proc(b"//proc/./self/cwd/x/.."), None);
        assert_eq!(links_in_proc(b"/proc"), Some(Links::default()));
        assert_eq!(links_in_proc(b"/srv"), None);
    }
}
