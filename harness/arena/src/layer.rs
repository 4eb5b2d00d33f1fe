//! Making planned files in one layer of an overlay.
//!
//! A layer is written before it is mounted, so nothing is ever copied up.
//! Directories that a layer shares with the layers below get their
//! attributes from there, since the topmost layer decides what is seen.

use std::collections::{HashMap, HashSet};
use std::ffi::CString;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{
    DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, lchown, symlink,
};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use nix::sys::stat::{Mode, SFlag, makedev, mknod};
use sekisho_trial::{Content, PlannedFile};

/// The bytes of contents that layouts only name.
#[derive(Debug, Default)]
pub struct Named {
    /// The probe.
    pub probe: Vec<u8>,
    /// The preload object.
    pub preload: Vec<u8>,
}

/// What per-trial contents are made from.
#[derive(Clone, Copy)]
pub struct Fresh<'a> {
    /// The trial's nonce.
    pub nonce: &'a str,
    /// A sheet for this place.
    pub sheet: &'a dyn Fn(&str) -> Vec<u8>,
}

/// A layer that is being written.
#[derive(Debug)]
pub struct Layer<'a> {
    root: PathBuf,
    below: Vec<&'a Path>,
    closed: &'a [String],
    known: HashSet<String>,
}

/// Owner, group, mode and extended attributes.
struct Attributes {
    uid: u32,
    gid: u32,
    mode: u32,
    xattrs: Vec<(String, Vec<u8>)>,
}

impl<'a> Layer<'a> {
    /// A layer at `root`, which exists, above the layers `below` (topmost
    /// first). Nothing can be made beneath the paths in `closed`, because
    /// something is mounted over them.
    #[must_use]
    pub fn new(root: &Path, below: Vec<&'a Path>, closed: &'a [String]) -> Self {
        Self {
            root: root.to_owned(),
            below,
            closed,
            known: HashSet::new(),
        }
    }

    /// Makes one file.
    ///
    /// # Errors
    /// With the file's path, when it cannot be made as planned.
    pub fn make(&mut self, file: &PlannedFile, named: &Named, fresh: Option<&Fresh>) -> Result<()> {
        self.make_unnamed(file, named, fresh)
            .with_context(|| format!("cannot make {:?}", file.path))
    }

    fn make_unnamed(
        &mut self,
        file: &PlannedFile,
        named: &Named,
        fresh: Option<&Fresh>,
    ) -> Result<()> {
        let path = self.place(&file.path)?;
        self.make_parents(&file.path)?;
        match &file.content {
            Content::Directory => return self.make_directory(file, &path),
            Content::Hardlink(to) => {
                let target = self.place(to)?;
                clear(&path)?;
                return fs::hard_link(&target, &path).with_context(|| {
                    format!("link to {to:?}, which must be a file of the same plan")
                });
            }
            _ => clear(&path)?,
        }
        let fresh = || fresh.context("content of a trial in a file that is made once");
        match &file.content {
            Content::Probe => write(&path, &named.probe)?,
            Content::Preload => write(&path, &named.preload)?,
            Content::Bytes(bytes) => write(&path, bytes)?,
            Content::Sheet { place } => write(&path, &(fresh()?.sheet)(place))?,
            Content::Template(bytes) => write(&path, &replaced(bytes, fresh()?.nonce))?,
            Content::Symlink(to) => symlink(to, &path)?,
            Content::Fifo => nix::unistd::mkfifo(&path, Mode::from_bits_truncate(0o600))?,
            Content::Device {
                block,
                major,
                minor,
            } => {
                let kind = if *block {
                    SFlag::S_IFBLK
                } else {
                    SFlag::S_IFCHR
                };
                let device = makedev((*major).into(), (*minor).into());
                mknod(&path, kind, Mode::from_bits_truncate(0o600), device)?;
            }
            Content::Directory | Content::Hardlink(_) => {}
        }
        set(
            &path,
            file.uid,
            file.gid,
            (!matches!(file.content, Content::Symlink(_))).then_some(file.mode),
            &file.xattrs,
        )
    }

    /// Where a path of the arena's host lies in this layer.
    fn place(&self, path: &str) -> Result<PathBuf> {
        let Some(relative) = path.strip_prefix('/') else {
            bail!("{path:?} is not absolute");
        };
        if relative.is_empty()
            || relative
                .split('/')
                .any(|part| part.is_empty() || part == "." || part == "..")
        {
            bail!("{path:?} is not a plain path");
        }
        if let Some(closed) = self
            .closed
            .iter()
            .find(|closed| Path::new(path).starts_with(closed))
        {
            bail!("{path:?} lies in {closed}, which is the host's; choose a place outside");
        }
        Ok(self.root.join(relative))
    }

    fn make_directory(&mut self, file: &PlannedFile, path: &Path) -> Result<()> {
        match fs::symlink_metadata(path) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => {
                clear(path)?;
                fs::create_dir(path)?;
            }
            Err(_) => fs::create_dir(path)?,
        }
        self.known.insert(file.path.clone());
        set(path, file.uid, file.gid, Some(file.mode), &file.xattrs)
    }

    /// Makes the directories above a path as they are below, or root's.
    fn make_parents(&mut self, path: &str) -> Result<()> {
        let ends: Vec<usize> = path
            .match_indices('/')
            .map(|(at, _)| at)
            .filter(|at| *at > 0)
            .collect();
        // From the nearest one up to the first that is there already.
        let missing = ends
            .iter()
            .rposition(|end| self.known.contains(&path[..*end]))
            .map_or(0, |at| at + 1);
        for end in &ends[missing..] {
            let parent = &path[..*end];
            let here = self.root.join(&parent[1..]);
            match fs::symlink_metadata(&here) {
                Ok(found) if found.is_dir() => {}
                Ok(_) => bail!("{parent:?} above it is not a directory"),
                Err(_) => {
                    let attributes = self.inherited(parent)?;
                    fs::DirBuilder::new()
                        .mode(attributes.mode & 0o1777)
                        .create(&here)?;
                    set(
                        &here,
                        attributes.uid,
                        attributes.gid,
                        Some(attributes.mode),
                        &attributes.xattrs,
                    )?;
                }
            }
            self.known.insert(parent.to_owned());
        }
        Ok(())
    }

    /// What a directory looks like in the layers below.
    fn inherited(&self, path: &str) -> Result<Attributes> {
        for below in &self.below {
            let there = below.join(&path[1..]);
            let Ok(found) = fs::symlink_metadata(&there) else {
                continue;
            };
            if !found.is_dir() {
                bail!("{path:?} above it is not a directory in the layer below");
            }
            return Ok(Attributes {
                uid: found.uid(),
                gid: found.gid(),
                mode: found.mode() & 0o7777,
                xattrs: sekisho_sys::arena::attributes(&c_path(&there)?)?
                    .into_iter()
                    .filter(|(name, _)| !name.contains(".overlay."))
                    .collect(),
            });
        }
        Ok(Attributes {
            uid: 0,
            gid: 0,
            mode: 0o755,
            xattrs: Vec::new(),
        })
    }
}

/// Which files have to be made anew for each trial: those with the trial's
/// content and the links to them.
#[must_use]
pub fn split(files: &[PlannedFile]) -> (Vec<&PlannedFile>, Vec<PlannedFile>) {
    let mut fresh: HashMap<&str, ()> = HashMap::new();
    let (mut once, mut each) = (Vec::new(), Vec::new());
    for file in files {
        let is_fresh = match &file.content {
            Content::Sheet { .. } | Content::Template(_) => true,
            Content::Hardlink(to) => fresh.contains_key(to.as_str()),
            _ => false,
        };
        if is_fresh {
            fresh.insert(&file.path, ());
            each.push(file.clone());
        } else {
            once.push(file);
        }
    }
    (once, each)
}

/// Removes what is there, so that the last of two plans for a path counts.
fn clear(path: &Path) -> Result<()> {
    match fs::symlink_metadata(path) {
        Err(_) => Ok(()),
        Ok(found) if found.is_dir() => fs::remove_dir_all(path).map_err(Into::into),
        Ok(_) => fs::remove_file(path).map_err(Into::into),
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    Ok(())
}

/// Owner first: changing it takes away setuid bits and file capabilities.
fn set(
    path: &Path,
    uid: u32,
    gid: u32,
    mode: Option<u32>,
    xattrs: &[(String, Vec<u8>)],
) -> Result<()> {
    let found = fs::symlink_metadata(path)?;
    // A new file in a setgid directory has that directory's group.
    if (uid, gid) != (found.uid(), found.gid()) {
        lchown(path, Some(uid), Some(gid))
            .with_context(|| format!("cannot give it to {uid}:{gid}"))?;
    }
    if let Some(mode) = mode {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    }
    for (name, value) in xattrs {
        sekisho_sys::arena::set_attribute(&c_path(path)?, name, value)?;
    }
    Ok(())
}

fn c_path(path: &Path) -> Result<CString> {
    Ok(CString::new(path.as_os_str().as_bytes())?)
}

/// The bytes with every `{nonce}` replaced.
pub fn replaced(bytes: &[u8], nonce: &str) -> Vec<u8> {
    const MARK: &[u8] = b"{nonce}";
    let mut out = Vec::with_capacity(bytes.len() + nonce.len());
    let mut rest = bytes;
    while let Some(at) = rest.windows(MARK.len()).position(|part| part == MARK) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(nonce.as_bytes());
        rest = &rest[at + MARK.len()..];
    }
    out.extend_from_slice(rest);
    out
}
