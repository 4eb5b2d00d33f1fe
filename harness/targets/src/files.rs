//! Looking at planned files as the arena will make them: where a path leads,
//! what lies there.
//!
//! An adapter has to know, before anything runs, which directory and which
//! program a request means. What the fixture does not plan (the host's
//! `/usr`) is not seen.

use std::collections::HashMap;

use sekisho_trial::{Content, PlannedFile};

/// Most symbolic links in one path, as in path_resolution(7).
const MOST_LINKS: u32 = 40;

/// What is taken to be where nothing is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unplanned {
    /// Nothing.
    Missing,
    /// A directory that is no link.
    Directory,
}

/// Planned files by path, with the directories above them; a later file of the
/// same path replaces an earlier one.
#[derive(Debug)]
pub(crate) struct Files<'a> {
    files: HashMap<&'a str, Option<&'a PlannedFile>>,
}

impl<'a> Files<'a> {
    /// The files of a case.
    pub(crate) fn of(planned: &'a [PlannedFile]) -> Self {
        let mut files = HashMap::new();
        for file in planned {
            for (at, _) in file.path.match_indices('/').skip(1) {
                files.entry(&file.path[..at]).or_insert(None);
            }
            files.insert(file.path.as_str(), Some(file));
        }
        Self { files }
    }

    /// The planned file at a canonical path.
    pub(crate) fn at(&self, path: &str) -> Option<&'a PlannedFile> {
        self.files.get(path).copied().flatten()
    }

    /// The planned file that a path leads to, and whether it leads through a
    /// planned link. Directories that are not planned are taken for plain ones.
    pub(crate) fn find(
        &self,
        path: &str,
        magic: &dyn Fn(&str) -> Option<String>,
    ) -> Option<(&'a PlannedFile, bool)> {
        let followed = self.follow("", path, magic, Unplanned::Directory);
        let (path, linked) = followed.ok()?;
        Some((self.at(&path)?, linked))
    }

    /// The bytes of a regular file at a canonical path, hard links included.
    pub(crate) fn bytes(&self, path: &str) -> Option<&'a [u8]> {
        let content = match &self.at(path)?.content {
            Content::Hardlink(to) => &self.at(to)?.content,
            content => content,
        };
        match content {
            Content::Bytes(bytes) | Content::Template(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Whether a directory is at a canonical path.
    pub(crate) fn is_directory(&self, path: &str) -> bool {
        match self.files.get(path) {
            Some(Some(file)) => file.content == Content::Directory,
            Some(None) => true,
            None => path.is_empty() || path == "/",
        }
    }

    /// Where a path leads when `root` is taken for `/` (empty for the arena's
    /// own root), by its canonical path on the arena's host. Every link is
    /// followed, the last one too; `magic` says where links in `/proc` lead.
    ///
    /// # Errors
    /// What is missing, or not a directory.
    pub(crate) fn resolve(
        &self,
        root: &str,
        path: &str,
        magic: &dyn Fn(&str) -> Option<String>,
    ) -> Result<String, String> {
        let followed = self.follow(root, path, magic, Unplanned::Missing);
        followed.map(|(path, _)| path)
    }

    /// As [`Self::resolve`], and whether a planned link was followed.
    fn follow(
        &self,
        root: &str,
        path: &str,
        magic: &dyn Fn(&str) -> Option<String>,
        unplanned: Unplanned,
    ) -> Result<(String, bool), String> {
        let strict = unplanned == Unplanned::Missing;
        let mut here = root.to_owned();
        let mut rest: Vec<String> = path.split('/').rev().map(str::to_owned).collect();
        let (mut links, mut linked) = (0, false);
        while let Some(part) = rest.pop() {
            match part.as_str() {
                "" | "." => continue,
                ".." => {
                    if here.len() > root.len() {
                        here.truncate(here.rfind('/').unwrap_or_default());
                    }
                    continue;
                }
                _ => {}
            }
            let next = format!("{here}/{part}");
            let link = match self.files.get(next.as_str()) {
                Some(Some(file)) => match &file.content {
                    Content::Symlink(to) => Some(to.clone()),
                    _ => None,
                },
                Some(None) => None,
                None if root.is_empty() && is_process(&next) => magic(&next),
                None if strict => return Err(format!("{next} does not exist")),
                None => None,
            };
            let Some(to) = link else {
                here = next;
                let passable = self.is_directory(&here) || is_process(&here);
                if strict && !rest.is_empty() && !passable {
                    return Err(format!("{here} is not a directory"));
                }
                continue;
            };
            links += 1;
            linked |= !is_process(&next);
            if links > MOST_LINKS {
                return Err(format!("{next} leads through too many links"));
            }
            if to.starts_with('/') {
                root.clone_into(&mut here);
            }
            rest.extend(to.split('/').rev().map(str::to_owned));
        }
        if here.is_empty() {
            here.push('/');
        }
        Ok((here, linked))
    }
}

/// Whether the kernel makes what lies there.
fn is_process(path: &str) -> bool {
    path == "/proc" || path.starts_with("/proc/")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A planned file of alice's.
    pub(crate) fn file(path: &str, content: Content) -> PlannedFile {
        PlannedFile {
            path: path.to_owned(),
            uid: 10001,
            gid: 10001,
            mode: 0o755,
            content,
            xattrs: Vec::new(),
        }
    }

    fn planned() -> Vec<PlannedFile> {
        let link = |path, to: &str| file(path, Content::Symlink(to.to_owned()));
        vec![
            file("/srv/a/app/run", Content::Probe),
            link("/srv/a/app/current", "../app"),
            link("/srv/a/out", "/etc"),
            link("/srv/a/loop", "loop"),
            file("/etc/passwd", Content::Bytes(b"x".to_vec())),
        ]
    }

    #[test]
    fn paths_lead_where_the_kernel_would_lead_them() {
        let planned = planned();
        let files = Files::of(&planned);
        let to = |path: &str| files.resolve("", path, &|_| None);
        assert_eq!(to("/srv//a/./app/run").unwrap(), "/srv/a/app/run");
        assert_eq!(to("/srv/a/app/current/run").unwrap(), "/srv/a/app/run");
        assert_eq!(to("/srv/a/out/passwd").unwrap(), "/etc/passwd");
        assert_eq!(to("/srv/a/out/../srv").unwrap(), "/srv");
        assert_eq!(to("/../../srv/..").unwrap(), "/");
        assert!(to("/srv/a/loop").unwrap_err().contains("too many"));
        assert!(to("/srv/b/app").unwrap_err().contains("/srv/b"));
        assert!(to("/srv/a/app/run/x").unwrap_err().contains("not a dir"));
    }

    #[test]
    fn what_is_found_tells_whether_a_link_led_there() {
        let mut planned = planned();
        planned.push(file("/hard", Content::Hardlink("/etc/passwd".to_owned())));
        let files = Files::of(&planned);
        let found = |path: &str| {
            let (file, linked) = files.find(path, &|_| None)?;
            Some((file.path.as_str(), linked))
        };
        assert_eq!(found("//etc/./passwd"), Some(("/etc/passwd", false)));
        assert_eq!(found("/srv/a/out/passwd"), Some(("/etc/passwd", true)));
        // The host may have such a directory.
        assert_eq!(
            found("/usr/lib/../../etc/passwd"),
            Some(("/etc/passwd", false))
        );
        for none in ["/srv/a/loop/x", "/etc/other", "/"] {
            assert_eq!(found(none), None, "{none}");
        }
        assert_eq!(files.bytes("/hard"), Some(&b"x"[..]));
    }

    #[test]
    fn a_root_is_not_left() {
        let planned = planned();
        let files = Files::of(&planned);
        let to = |path: &str| files.resolve("/srv/a", path, &|_| None);
        assert_eq!(to("/app/run").unwrap(), "/srv/a/app/run");
        assert_eq!(to("/../../app").unwrap(), "/srv/a/app");
        // The link leads to /etc of the root, where there is none.
        assert!(to("/out/passwd").unwrap_err().contains("/srv/a/etc"));
    }

    #[test]
    fn magic_links_lead_where_they_are_said_to_lead() {
        let planned = planned();
        let files = Files::of(&planned);
        let magic = |path: &str| (path == "/proc/self/fd/9").then(|| "/srv/a".to_owned());
        let to = files.resolve("", "../proc/self/fd/9/app", &magic);
        assert_eq!(to.unwrap(), "/srv/a/app");
    }
}
