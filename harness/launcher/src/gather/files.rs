//! Facts about bundle, configuration and rootfs.

use alloc::borrow::ToOwned;
use alloc::vec::Vec;

use sekisho_sys::fd::AsRawFd;

use sekisho_rules::evidence::{
    AccessLists, Entry, Evidence, File, FileKind, Gathered, Links, Place, WorkingDirectory,
};
use sekisho_rules::{Cause, Fact, Needs};
use sekisho_sys::file::{self, Stat};
use sekisho_sys::{Errno, Result, open};

use super::{Subject, seen, text};
use crate::access;
use crate::resolve::{Located, ancestors, join, open_noting_links};

impl Subject<'_> {
    pub(super) fn gather_files(&mut self, needs: Needs, e: &mut Evidence) {
        let bundle = self.bundle;
        if needs.has(Fact::Bundle) {
            e.bundle = seen(self.place(&bundle.text, &bundle.place));
        }
        if needs.has(Fact::BundleLinks) {
            e.bundle_links = seen(self.links(bundle.links, None, &bundle.text));
        }
        if needs.has(Fact::BundleAncestors) {
            e.bundle_ancestors = seen(self.bundle_ancestors());
        }
        if needs.has(Fact::BundleEntry) {
            e.bundle_entry = seen(self.bundle_entry());
        }
        if needs.has(Fact::ConfigFile) {
            e.config_file = seen(describe(&bundle.config_file, "config.json"));
        }
        if needs.has(Fact::ConfigLinks) {
            let from = Some(&bundle.place);
            e.config_links = seen(self.links(bundle.config_links, from, b"config.json"));
        }
        if needs.has(Fact::Rootfs) {
            e.rootfs = seen(self.place(&self.rootfs.text, &self.rootfs.place));
        }
        if needs.has(Fact::RootfsLinks) {
            let (links, reference) = (self.rootfs.links, &self.rootfs.text);
            e.rootfs_links = seen(self.links(links, Some(&bundle.place), reference));
        }
        if needs.has(Fact::AccessLists) {
            e.access_lists = self.access_lists();
        }
        if needs.has(Fact::WorkingDirectory) {
            e.working_directory = seen(self.working_directory());
        }
    }

    fn place(&self, reference: &[u8], place: &Located) -> Result<Place> {
        let base = file::fstat(self.bundle.base.as_raw_fd())?;
        let mut beneath = false;
        for dir in ancestors(place.handle()?.as_raw_fd())? {
            beneath |= file::fstat(dir.as_raw_fd())?.is_same(&base);
        }
        Ok(Place {
            text: reference.to_vec(),
            file: describe(place, &text(&place.path))?,
            beneath_base: beneath,
        })
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
            None => open::duplicate(self.bundle.base.as_raw_fd(), 3)?,
        };
        open_noting_links(dir.as_raw_fd(), path, open::O_PATH, 0).map(|(_, links)| links)
    }

    fn bundle_ancestors(&self) -> Result<Vec<File>> {
        let base = file::fstat(self.bundle.base.as_raw_fd())?;
        let mut files = Vec::new();
        let mut path = self.bundle.place.path.clone();
        for dir in ancestors(self.bundle.place.handle()?.as_raw_fd())? {
            let stat = file::fstat(dir.as_raw_fd())?;
            // The name is for people; with links on the way it is a guess.
            let end = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
            path.truncate(end.max(1));
            let name = if stat.is_same(&base) {
                self.policy.base.clone()
            } else {
                text(&path)
            };
            files.push(to_file(&stat, &name));
            if stat.is_same(&base) {
                break;
            }
        }
        files.reverse();
        Ok(files)
    }

    fn bundle_entry(&self) -> Result<Entry> {
        let path = &self.bundle.place.path;
        let allowed = access::with(&self.target(), || {
            let flags = open::O_PATH | open::O_DIRECTORY;
            match open::openat2(open::AT_FDCWD, path, flags, 0) {
                Ok(_) => self.bundle.place.may_access(file::X_OK),
                Err(error) if error.errno == Errno::EACCES => Ok(false),
                Err(error) => Err(error),
            }
        })??;
        Ok(Entry {
            file: describe(&self.bundle.place, &text(path))?,
            allowed,
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

    fn working_directory(&mut self) -> Result<WorkingDirectory> {
        let config = &self.bundle.config;
        let cwd = config.cwd().as_bytes();
        let fact = |links, enterable| WorkingDirectory {
            text: cwd.to_vec(),
            links,
            enterable,
        };
        if let Some(links) = links_in_proc(cwd) {
            return Ok(fact(links, Some(true)));
        }
        let target = self.target();
        let Some((place, links)) = self
            .rootfs
            .find(cwd, config, &self.bundle.place.path, true)?
        else {
            // Nothing yet, but a link on the way decides where it will be,
            // say in /proc, which is not mounted yet.
            let symbolic = self.rootfs.meets_link(cwd);
            let magic = false;
            return Ok(fact(Links { symbolic, magic }, None));
        };
        // The way as well as the directory itself must be open to the target.
        let top = self.rootfs.top();
        let covered = crate::resolve::covering(config, cwd).is_some();
        let enterable = access::with(&target, || {
            let way = match top {
                Some(top) if !covered => {
                    let flags = open::O_PATH | open::O_DIRECTORY;
                    open::openat2(top, cwd, flags, open::RESOLVE_IN_ROOT).map(drop)
                }
                _ => Ok(()),
            };
            match way {
                Ok(()) => place.may_access(file::X_OK),
                Err(error) if error.errno == Errno::EACCES => Ok(false),
                Err(error) => Err(error),
            }
        })??;
        Ok(fact(links, Some(enterable)))
    }
}

/// Links on a path through `/proc`, which in the rootfs is not mounted yet:
/// looked up in the launcher's own, whose descriptors the init inherits.
/// `None` when the path does not lead there or to nothing.
fn links_in_proc(path: &[u8]) -> Option<Links> {
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
