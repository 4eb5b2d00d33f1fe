//! The files of a case while they are put together.

use crate::accounts::Accounts;
use crate::attributes::{
    ACCESS_LIST_ATTRIBUTE, CAPABILITY_ATTRIBUTE, access_list, capabilities, mode,
};
use crate::fault::{Fault, Within};
use crate::model::{File, FileKind};
use sekisho_trial::{Content, PlannedFile};

/// Files in the order in which they are made, each path once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tree {
    files: Vec<PlannedFile>,
    /// Owner of what is put without one.
    pub(crate) default_owner: (u32, u32),
}

impl Tree {
    /// The files; hard links last, so that what they lead to is there.
    pub(crate) fn into_files(self) -> Vec<PlannedFile> {
        let is_link = |file: &PlannedFile| matches!(file.content, Content::Hardlink(_));
        let (links, mut files): (Vec<_>, Vec<_>) = self.files.into_iter().partition(is_link);
        files.extend(links);
        files
    }

    /// Puts a file at its path, in place of what is planned there. What lies
    /// beneath goes when it is no directory any more.
    pub(crate) fn put(&mut self, file: PlannedFile) {
        if file.content != Content::Directory {
            self.files
                .retain(|other| !is_beneath(&other.path, &file.path));
        }
        match self.get(&file.path) {
            Some(index) => self.files[index] = file,
            None => self.files.push(file),
        }
    }

    /// A file with the usual attributes.
    pub(crate) fn add(&mut self, path: &str, owner: (u32, u32), mode: u32, content: Content) {
        self.put(PlannedFile {
            path: path.to_owned(),
            uid: owner.0,
            gid: owner.1,
            mode,
            content,
            xattrs: Vec::new(),
        });
    }

    /// A canary file, or a line in the file that is there.
    pub(crate) fn add_canary(&mut self, name: &str, path: &str, owner: (u32, u32), mode: u32) {
        let line = format!("canary:{name}:{{nonce}}\n").into_bytes();
        let before = match self.get(path).map(|index| &self.files[index].content) {
            Some(Content::Bytes(bytes)) => bytes.clone(),
            _ => Vec::new(),
        };
        let content = Content::Template([before, line].concat());
        self.add(path, owner, mode, content);
    }

    /// Everything, in the order in which it was put.
    pub(crate) fn files(&self) -> &[PlannedFile] {
        &self.files
    }

    /// Everything in the order in which it can be made: hard links last.
    pub(crate) fn ordered(&self) -> impl Iterator<Item = &PlannedFile> {
        let is_link = |file: &&PlannedFile| matches!(file.content, Content::Hardlink(_));
        let links = self.files.iter().filter(is_link);
        self.files
            .iter()
            .filter(move |file| !is_link(file))
            .chain(links)
    }

    /// What is planned at a path.
    pub(crate) fn file(&self, path: &str) -> Option<&PlannedFile> {
        self.get(path).map(|index| &self.files[index])
    }

    /// Takes away what is at a path, and what is beneath it.
    pub(crate) fn remove(&mut self, path: &str) {
        self.files
            .retain(|other| other.path != path && !is_beneath(&other.path, path));
    }

    /// Moves what is at a path, and what is beneath it.
    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        for file in &mut self.files {
            if file.path == from || is_beneath(&file.path, from) {
                file.path = format!("{to}{}", &file.path[from.len()..]);
            }
        }
    }

    fn get(&self, path: &str) -> Option<usize> {
        self.files.iter().position(|file| file.path == path)
    }

    /// Puts or changes a file as a fixture says; `place` fills in the
    /// placeholders of a link's end.
    pub(crate) fn apply(
        &mut self,
        path: &str,
        file: &File,
        accounts: &Accounts,
        place: &dyn Fn(&str) -> String,
    ) -> Result<(), Fault> {
        let planned = self.get(path);
        if file.kind == Some(FileKind::Absent) {
            let index = planned.ok_or_else(|| {
                Fault::new("nothing would be there anyway: remove the entry").within("kind")
            })?;
            self.files.remove(index);
            self.files.retain(|other| !is_beneath(&other.path, path));
            return Ok(());
        }
        let content = match (content(path, file, place)?, planned) {
            (Some(content), _) => content,
            (None, Some(index)) => self.files[index].content.clone(),
            (None, None) => {
                let message = "no bundle makes a file at this path: give its kind";
                return Err(Fault::new(message).within("kind"));
            }
        };
        let (mut owner, mut bits) = match planned.map(|index| &self.files[index]) {
            Some(before) => ((before.uid, before.gid), before.mode),
            None => (self.default_owner, default_mode(&content)),
        };
        if let Content::Hardlink(to) = &content {
            // Owner and mode are those of the file itself.
            if file.owner.is_some() || file.mode.is_some() {
                let message = "a hard link has the owner and mode of its file: give them there";
                return Err(Fault::new(message));
            }
            let target = self.get(to).map(|index| &self.files[index]);
            let target = target.filter(|target| {
                target.path != path
                    && !matches!(target.content, Content::Directory | Content::Hardlink(_))
            });
            let target = target.ok_or_else(|| {
                let message = format!("`{to}` is no file of world, bundles or fixture");
                Fault::new(message).within("to")
            })?;
            (owner, bits) = ((target.uid, target.gid), target.mode);
        }
        if let Some(text) = &file.owner {
            owner = accounts.owner(text).within("owner")?;
        }
        if let Some(text) = &file.mode {
            bits = mode(text).within("mode")?;
        }
        // A file that is written in place keeps what it has.
        let mut xattrs = match planned.filter(|_| file.kind.is_none()) {
            Some(index) => self.files[index].xattrs.clone(),
            None => Vec::new(),
        };
        let mut give = |name: &str, value| {
            xattrs.retain(|(known, _): &(String, Vec<u8>)| known != name);
            xattrs.push((name.to_owned(), value));
        };
        if !file.capabilities.is_empty() {
            let value = capabilities(&file.capabilities).within("capabilities")?;
            give(CAPABILITY_ATTRIBUTE, value);
        }
        if !file.acl.is_empty() {
            let value = access_list(bits, &file.acl, accounts).within("acl")?;
            give(ACCESS_LIST_ATTRIBUTE, value);
        }
        self.put(PlannedFile {
            path: path.to_owned(),
            uid: owner.0,
            gid: owner.1,
            mode: bits,
            content,
            xattrs,
        });
        Ok(())
    }

    /// Refuses what could not be made: a file beneath something that is no
    /// directory. A symbolic link on the way would lead the arena astray.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        for file in &self.files {
            let above = self.files.iter().find(|other| {
                other.content != Content::Directory && is_beneath(&file.path, &other.path)
            });
            if let Some(above) = above {
                return Err(Fault::new(format!(
                    "`{}` lies beneath `{}`, which is no directory: name its real path",
                    file.path, above.path
                )));
            }
        }
        Ok(())
    }
}

/// Whether the path lies beneath the other, itself excluded.
pub(crate) fn is_beneath(path: &str, above: &str) -> bool {
    path.strip_prefix(above)
        .is_some_and(|rest| rest.starts_with('/'))
}

fn default_mode(content: &Content) -> u32 {
    match content {
        Content::Directory | Content::Probe => 0o755,
        Content::Symlink(_) => 0o777,
        Content::Sheet { .. } => 0o444,
        _ => 0o644,
    }
}

/// What a fixture's file holds; `None` when it says nothing of that.
fn content(
    path: &str,
    file: &File,
    place: &dyn Fn(&str) -> String,
) -> Result<Option<Content>, Fault> {
    let kind = match (file.kind, &file.text) {
        (Some(kind), _) => kind,
        (None, Some(_)) => FileKind::Text,
        (None, None) => {
            only(file, None)?;
            return Ok(None);
        }
    };
    only(file, Some(kind))?;
    let to = || {
        let to = file.to.as_deref().map(place);
        let missing = || Fault::new("a link needs the path that it leads to").within("to");
        to.filter(|to| !to.is_empty()).ok_or_else(missing)
    };
    Ok(Some(match kind {
        FileKind::Probe => Content::Probe,
        FileKind::Preload => Content::Preload,
        FileKind::Sheet => Content::Sheet {
            place: parent(path),
        },
        FileKind::Text => match &file.text {
            Some(text) => Content::Bytes(text.one().within("text")?),
            None => Content::Bytes(Vec::new()),
        },
        FileKind::Directory => Content::Directory,
        FileKind::Symlink => Content::Symlink(no_nul(to()?).within("to")?),
        FileKind::Hardlink => {
            let to = to()?;
            absolute(&to).within("to")?;
            Content::Hardlink(to)
        }
        FileKind::Fifo => Content::Fifo,
        FileKind::Device => device(file.device.as_deref().unwrap_or_default()).within("device")?,
        // The caller has dealt with it.
        FileKind::Absent => return Ok(None),
    }))
}

/// Refuses fields that belong to another kind of file.
fn only(file: &File, kind: Option<FileKind>) -> Result<(), Fault> {
    let wrong = [
        (
            "text",
            file.text.is_some(),
            kind == Some(FileKind::Text),
            "text",
        ),
        (
            "to",
            file.to.is_some(),
            matches!(kind, Some(FileKind::Symlink | FileKind::Hardlink)),
            "symlink or hardlink",
        ),
        (
            "device",
            file.device.is_some(),
            kind == Some(FileKind::Device),
            "device",
        ),
    ];
    match wrong
        .into_iter()
        .find(|(_, given, fits, _)| *given && !fits)
    {
        Some((field, _, _, kind)) => {
            Err(Fault::new(format!("only a file of kind {kind} has `{field}`")).within(field))
        }
        None => Ok(()),
    }
}

/// The place that a sheet names: the directory it lies in, `host` for `/`.
fn parent(path: &str) -> String {
    match path.rsplit_once('/') {
        Some((directory, _)) if !directory.is_empty() => directory.to_owned(),
        _ => "host".to_owned(),
    }
}

fn device(text: &str) -> Result<Content, String> {
    let parsed = || {
        let (kind, numbers) = text.split_once(' ')?;
        let (major, minor) = numbers.split_once(':')?;
        Some(Content::Device {
            block: match kind {
                "b" => true,
                "c" => false,
                _ => return None,
            },
            major: major.parse().ok()?,
            minor: minor.parse().ok()?,
        })
    };
    parsed().ok_or_else(|| format!("`{text}` is no device: write `c 1:3` or `b 7:0`"))
}

fn no_nul(text: String) -> Result<String, String> {
    match text.contains('\0') {
        true => Err("a path cannot hold a NUL byte: leave it out".to_owned()),
        false => Ok(text),
    }
}

/// Refuses paths on the arena's host that are not absolute and plain.
pub(crate) fn absolute(path: &str) -> Result<(), String> {
    let plain = |part: &str| !["", ".", ".."].contains(&part);
    let rest = path.strip_prefix('/');
    if rest.is_some_and(|rest| rest.split('/').all(plain)) && !path.contains('\0') {
        return Ok(());
    }
    Err(format!(
        "`{}` is no path on the arena's host: write it absolute, without `.`, `..`, `//` or a \
         trailing `/`",
        path.escape_debug()
    ))
}
