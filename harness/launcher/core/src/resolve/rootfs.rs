//! Root filesystem, init and working directory.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::vec::Vec;

use sekisho_sys::fd::{AsRawFd, OwnedFd, RawFd};

use sekisho_rules::evidence::Links;
use sekisho_sys::{Errno, Result, file, mount, open};

use super::{Located, join, open_noting_links};
use crate::config::{Config, components};
use crate::settings::Resolution;
use crate::stop::{Stop, step};

/// The root filesystem of a start.
#[derive(Debug)]
pub struct Rootfs {
    /// The reference, `root.path`.
    pub text: Vec<u8>,
    /// The directory.
    pub place: Located,
    /// Links on the way from the bundle, where they are known already.
    pub links: Option<Links>,
    /// By descriptor and with a mount namespace: a detached copy of its
    /// mount. Init and working directory are opened in it, so that they
    /// belong to the mount that becomes the root of the init: one of the
    /// host's mounts would lead out, and setuid bits would not count on it.
    pub tree: Option<OwnedFd>,
    /// Bind mounts of the configuration, copied by now or not.
    pub binds: Binds,
}

/// Detached copies of what bind mounts mount, by position in `mounts`.
#[derive(Debug, Default)]
pub struct Binds(Vec<Option<OwnedFd>>);

impl Binds {
    /// Which copies there are.
    #[cfg(feature = "testing")]
    pub fn made(&self) -> Vec<bool> {
        self.0.iter().map(Option::is_some).collect()
    }

    /// Gives up all other copies.
    #[cfg(feature = "testing")]
    pub fn forget(&mut self, but: &[bool]) {
        self.0.truncate(but.len());
        for (copy, kept) in self.0.iter_mut().zip(but) {
            copy.take_if(|_| !kept);
        }
    }

    /// The copy for this mount; made when there is none yet. A relative
    /// source starts at the bundle.
    pub fn copy(&mut self, index: usize, config: &Config, bundle: &[u8]) -> Result<&OwnedFd> {
        if self.0.len() <= index {
            self.0.resize_with(index + 1, || None);
        }
        let mount = &config.mounts[index];
        let slot = &mut self.0[index];
        if slot.is_none() {
            let source = join(bundle, mount.source.as_bytes());
            *slot = Some(mount::clone_tree(
                open::AT_FDCWD,
                &source,
                !mount.has("bind"),
            )?);
        }
        slot.as_ref()
            .ok_or_else(|| sekisho_sys::Error::new("open_tree", Errno::EIO))
    }

    /// Takes the copy out.
    pub fn take(&mut self, index: usize) -> Option<OwnedFd> {
        self.0.get_mut(index).and_then(Option::take)
    }
}

impl Rootfs {
    /// Finds the root filesystem.
    pub fn open(
        bundle: &Located,
        config: &Config,
        resolution: Resolution,
        own_mounts: bool,
    ) -> core::result::Result<Self, Stop> {
        let text = config.root()?.path.as_bytes().to_vec();
        let path = join(&bundle.path, &text);
        let directory = open::O_PATH | open::O_DIRECTORY;
        let (mut fd, mut links, mut tree) = (None, None, None);
        match &bundle.fd {
            Some(dir) if resolution == Resolution::ByDescriptor => {
                let (root, met) = open_noting_links(dir.as_raw_fd(), &text, directory, 0)
                    .map_err(|error| Stop::Unusable(format!("root.path: {error}")))?;
                if own_mounts {
                    let copy = mount::clone_tree(root.as_raw_fd(), b"", true);
                    tree = Some(copy.map_err(step("rootfs"))?);
                }
                (fd, links) = (Some(root), Some(met));
            }
            _ => {
                let stat = file::stat(&path);
                let stat = stat.map_err(|error| Stop::Unusable(format!("root.path: {error}")))?;
                if stat.kind() != file::S_IFDIR {
                    return Err(Stop::Unusable("root.path: not a directory".to_owned()));
                }
            }
        }
        Ok(Self {
            text,
            place: Located::new(path, fd, true),
            links,
            tree,
            binds: Binds::default(),
        })
    }

    /// By descriptor: the directory that paths of the init start from.
    pub fn top(&self) -> Option<RawFd> {
        self.tree
            .as_ref()
            .or(self.place.fd.as_ref())
            .map(AsRawFd::as_raw_fd)
    }

    /// The file at a path as the init will see it; `None` when there is
    /// nothing. A bind mount of the configuration is looked through: what it
    /// covers is never executed.
    pub fn find(
        &mut self,
        path: &[u8],
        config: &Config,
        bundle: &[u8],
        follow: bool,
    ) -> Result<Option<(Located, Links)>> {
        let found = self.find_once(path, config, bundle, follow)?;
        if found.is_some() || config.mounts.is_empty() {
            return Ok(found);
        }
        // Perhaps a link of the rootfs leads to where something is mounted.
        let Some(led) = self.through_links(path, config) else {
            return Ok(None);
        };
        let found = self.find_once(&led, config, bundle, follow)?;
        Ok(found.map(|(located, links)| {
            (
                located,
                Links {
                    symbolic: true,
                    ..links
                },
            )
        }))
    }

    /// Whether a link stands on the way to a path, even to one where there is
    /// nothing.
    pub fn meets_link(&self, path: &[u8]) -> bool {
        let strict = open::RESOLVE_NO_SYMLINKS | open::RESOLVE_NO_MAGICLINKS;
        let met =
            match self.top() {
                Some(top) => open::openat2(top, path, open::O_PATH, open::RESOLVE_IN_ROOT | strict),
                None => open::openat2(open::AT_FDCWD, &self.place.path, open::O_PATH, 0).and_then(
                    |top| open::openat2(top.as_raw_fd(), relative(path), open::O_PATH, strict),
                ),
            };
        met.is_err_and(|error| error.errno == Errno::ELOOP)
    }

    /// The path with the links of the rootfs on it followed, up to where a
    /// mount covers it; `None` when there is no link or no end of them.
    fn through_links(&self, path: &[u8], config: &Config) -> Option<Vec<u8>> {
        /// As many as the kernel follows (`MAXSYMLINKS`).
        const MOST: usize = 40;
        let mut todo: Vec<Vec<u8>> = components(path)?.iter().rev().map(|n| n.to_vec()).collect();
        let mut done: Vec<Vec<u8>> = Vec::new();
        let mut links = 0;
        while let Some(name) = todo.pop() {
            if name == b".." {
                done.pop();
                continue;
            }
            done.push(name);
            let here = [&b"/"[..], &done.join(&b'/')].concat();
            if config.covering(&here).is_some() {
                break;
            }
            let target = match self.top() {
                Some(top) => {
                    let flags = open::O_PATH | open::O_NOFOLLOW;
                    let fd = open::openat2(top, &here, flags, open::RESOLVE_IN_ROOT).ok()?;
                    file::read_link(fd.as_raw_fd(), b"")
                }
                None => {
                    let host = [&self.place.path[..], &here].concat();
                    file::read_link(open::AT_FDCWD, &host)
                }
            };
            // Anything but a link answers EINVAL or ENOENT.
            let Ok(target) = target else {
                continue;
            };
            links += 1;
            if links > MOST {
                return None;
            }
            done.pop();
            if target.starts_with(b"/") {
                done.clear();
            }
            let names = target.split(|byte| *byte == b'/');
            let names = names.filter(|name| !matches!(*name, b"" | b"."));
            todo.extend(names.rev().map(<[u8]>::to_vec));
        }
        done.extend(todo.into_iter().rev());
        (links > 0).then(|| [&b"/"[..], &done.join(&b'/')].concat())
    }

    fn find_once(
        &mut self,
        path: &[u8],
        config: &Config,
        bundle: &[u8],
        follow: bool,
    ) -> Result<Option<(Located, Links)>> {
        let covering = config.covering(path);
        let bind = covering
            .as_ref()
            .filter(|(index, _)| config.mounts[*index].is_bind());
        if covering.is_some() && bind.is_none() {
            return Ok(None);
        }
        let found = if self.place.fd.is_some() {
            let (dir, rest) = match bind {
                Some((index, rest)) => (
                    self.binds.copy(*index, config, bundle)?.as_raw_fd(),
                    rest.as_slice(),
                ),
                None => (self.top().unwrap_or(open::AT_FDCWD), path),
            };
            let rest = if rest.is_empty() { b"." } else { rest };
            open_noting_links(dir, rest, open::O_PATH, open::RESOLVE_IN_ROOT)
                .map(|(fd, links)| (Located::new(path.to_vec(), Some(fd), follow), links))
        } else {
            let top = match bind {
                Some((index, _)) => join(bundle, config.mounts[*index].source.as_bytes()),
                None => self.place.path.clone(),
            };
            let rest = bind.map_or(path, |(_, rest)| rest.as_slice());
            let links = links_beneath(&top, rest);
            let host = if rest.is_empty() {
                top
            } else {
                [top.as_slice(), b"/", rest].concat()
            };
            let located = Located::new(host, None, follow);
            located.stat().map(|_| (located, links.unwrap_or_default()))
        };
        match found {
            Ok(found) => Ok(Some(found)),
            Err(error) if matches!(error.errno, Errno::ENOENT | Errno::ENOTDIR) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// By path: links on the way from a directory of the host to what lies beneath
/// it. Those on the way to the directory are other facts.
fn links_beneath(top: &[u8], rest: &[u8]) -> Result<Links> {
    let top = open::openat2(open::AT_FDCWD, top, open::O_PATH, 0)?;
    open_noting_links(top.as_raw_fd(), relative(rest), open::O_PATH, 0).map(|(_, links)| links)
}

/// A path of the init from the directory that is its root.
fn relative(path: &[u8]) -> &[u8] {
    let start = path.iter().position(|byte| *byte != b'/');
    start.map_or(b".", |start| &path[start..])
}
