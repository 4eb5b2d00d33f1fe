//! From references to files, in either of two ways.
//!
//! By descriptor, each reference is opened once and the descriptor is what
//! rules look at and later steps use: whatever is renamed meanwhile, the file
//! stays the same. By path, only names are kept; every look and every use
//! resolves them anew, as suEXEC does.

mod bundle;
mod rootfs;

use alloc::vec::Vec;

pub use bundle::Bundle;
pub use rootfs::Rootfs;

use core::cell::OnceCell;

use sekisho_sys::fd::{AsRawFd, OwnedFd, RawFd};

use sekisho_rules::evidence::Links;
use sekisho_sys::file::Stat;
use sekisho_sys::{Errno, Result, file, open};

/// A file that a reference led to.
#[derive(Debug)]
pub struct Located {
    /// Path on the host; by descriptor it serves messages only.
    pub path: Vec<u8>,
    /// The file itself (`O_PATH`), by descriptor.
    pub fd: Option<OwnedFd>,
    /// By path: whether a final link is looked through (`stat`, not `lstat`).
    pub follow: bool,
    /// By descriptor: what `stat` said first. Rules that look at one file one
    /// after the other see one state of it.
    stat: OnceCell<Stat>,
    /// By descriptor: the same file, readable, once somebody has read it.
    readable: OnceCell<OwnedFd>,
}

/// A descriptor of somebody else, or one opened for this use.
pub enum Handle<'a> {
    Held(&'a OwnedFd),
    Opened(OwnedFd),
}

impl AsRawFd for Handle<'_> {
    fn as_raw_fd(&self) -> RawFd {
        match self {
            Self::Held(fd) => fd.as_raw_fd(),
            Self::Opened(fd) => fd.as_raw_fd(),
        }
    }
}

impl Located {
    /// By descriptor when there is one, else by path.
    pub fn new(path: Vec<u8>, fd: Option<OwnedFd>, follow: bool) -> Self {
        Self {
            path,
            fd,
            follow,
            stat: OnceCell::new(),
            readable: OnceCell::new(),
        }
    }

    /// What `stat` says: by path, now.
    pub fn stat(&self) -> Result<Stat> {
        if let Some(stat) = self.stat.get() {
            return Ok(*stat);
        }
        match &self.fd {
            Some(fd) => {
                let stat = file::fstat(fd.as_raw_fd())?;
                Ok(*self.stat.get_or_init(|| stat))
            }
            None if self.follow => file::stat(&self.path),
            None => file::lstat(&self.path),
        }
    }

    /// What was looked at so far, to [`Self::forget`] the rest later.
    #[cfg(feature = "testing")]
    pub fn looked_at(&self) -> Option<Stat> {
        self.stat.get().copied()
    }

    /// Forgets what it has found out but for what is given.
    #[cfg(feature = "testing")]
    pub fn forget(&mut self, but: Option<Stat>) {
        self.stat = but.map_or_else(OnceCell::new, OnceCell::from);
        self.readable.take();
    }

    /// An extended attribute.
    pub fn attribute(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let Some(fd) = &self.fd else {
            return file::attribute_by_path(&self.path, name);
        };
        let fd = self.readable.get().unwrap_or(fd).as_raw_fd();
        let directory = self.stat()?.kind() == file::S_IFDIR;
        file::attribute(fd, directory, name)
    }

    /// Whether the current effective ids may access it.
    pub fn may_access(&self, mode: i32) -> Result<bool> {
        match &self.fd {
            Some(fd) => file::may_access(fd.as_raw_fd(), b"", mode),
            None => file::may_access(open::AT_FDCWD, &self.path, mode),
        }
    }

    /// A readable descriptor: by path, opened now. By descriptor it is the same
    /// file; `top` is a directory beneath which its path probably still leads
    /// there, a shorter way than through `/proc`.
    pub fn readable(&self, top: Option<RawFd>) -> Result<Handle<'_>> {
        let flags = open::O_RDONLY | open::O_NONBLOCK;
        match (&self.fd, self.readable.get()) {
            (_, Some(readable)) => Ok(Handle::Held(readable)),
            (Some(fd), None) => {
                let again = top.and_then(|top| self.open_again(top, flags));
                let opened = match again {
                    Some(opened) => opened,
                    None => open::reopen(fd.as_raw_fd(), flags)?,
                };
                Ok(Handle::Held(self.readable.get_or_init(|| opened)))
            }
            (None, None) => open::openat2(open::AT_FDCWD, &self.path, flags, 0).map(Handle::Opened),
        }
    }

    /// Opens the path, if it leads to the same file without a link.
    fn open_again(&self, top: RawFd, flags: i32) -> Option<OwnedFd> {
        let scope = open::RESOLVE_IN_ROOT | open::RESOLVE_NO_SYMLINKS;
        let opened = open::openat2(top, &self.path, flags | open::O_NOCTTY, scope).ok()?;
        let same = file::fstat(opened.as_raw_fd())
            .ok()?
            .is_same(&self.stat().ok()?);
        same.then_some(opened)
    }

    /// A copy of the descriptor, or one opened by path now.
    pub fn to_owned(&self) -> Result<OwnedFd> {
        match self.handle()? {
            Handle::Held(fd) => open::duplicate(fd.as_raw_fd(), 3),
            Handle::Opened(fd) => Ok(fd),
        }
    }

    /// The descriptor, or one opened by path now.
    pub fn handle(&self) -> Result<Handle<'_>> {
        match &self.fd {
            Some(fd) => Ok(Handle::Held(fd)),
            None => open::openat2(open::AT_FDCWD, &self.path, open::O_PATH, 0).map(Handle::Opened),
        }
    }
}

/// Opens without following any link if that is possible, else following, and
/// says which links were met. The usual case costs one system call.
pub fn open_noting_links(
    dir: RawFd,
    path: &[u8],
    flags: i32,
    scope: u64,
) -> Result<(OwnedFd, Links)> {
    let no_magic = open::RESOLVE_NO_MAGICLINKS;
    let strict = no_magic | open::RESOLVE_NO_SYMLINKS;
    let strictly = open::openat2(dir, path, flags, scope | strict);
    match strictly {
        Ok(fd) => return Ok((fd, Links::default())),
        Err(error) if error.errno == Errno::ELOOP => {}
        Err(error) => return Err(error),
    }
    match open::openat2(dir, path, flags, scope | no_magic) {
        Ok(fd) => Ok((
            fd,
            Links {
                symbolic: true,
                magic: false,
            },
        )),
        Err(error) if error.errno == Errno::ELOOP => {
            let fd = open::openat2(dir, path, flags, scope)?;
            Ok((
                fd,
                Links {
                    symbolic: true,
                    magic: true,
                },
            ))
        }
        Err(error) => Err(error),
    }
}

/// The way from a directory up to the base, or to `/` when it does not lie
/// beneath the base.
#[derive(Debug, Clone, Default)]
pub struct Ascent {
    /// The directories above, innermost first, up to and with the end.
    pub above: Vec<Stat>,
    /// Whether that end is the base.
    pub beneath_base: bool,
}

impl Ascent {
    /// Goes up from a directory. `known` is another directory with its way:
    /// where it is met, the rest is known.
    pub fn from(
        dir: RawFd,
        mut here: Stat,
        base: &Stat,
        known: Option<(&Stat, &Self)>,
    ) -> Result<Self> {
        let mut way = Self::default();
        let mut opened: Option<OwnedFd> = None;
        loop {
            let from = opened.as_ref().map_or(dir, AsRawFd::as_raw_fd);
            let parent = open::openat2(from, b"..", open::O_PATH | open::O_DIRECTORY, 0)?;
            let stat = file::fstat(parent.as_raw_fd())?;
            if stat.is_same(&here) {
                return Ok(way);
            }
            way.above.push(stat);
            if stat.is_same(base) {
                way.beneath_base = true;
                return Ok(way);
            }
            if let Some((other, rest)) = known
                && other.is_same_place(&stat)
            {
                way.above.extend(&rest.above);
                way.beneath_base = rest.beneath_base;
                return Ok(way);
            }
            here = stat;
            opened = Some(parent);
        }
    }
}

/// `a/b` from `a` and `b`; `b` alone when it is absolute.
pub fn join(dir: &[u8], path: &[u8]) -> Vec<u8> {
    if path.starts_with(b"/") {
        path.to_vec()
    } else {
        [dir, path].join(&b"/"[..])
    }
}
