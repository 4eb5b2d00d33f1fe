//! Looking things up in a layout, as the arena's host will hold them.

use std::collections::HashMap;

use sekisho_scenario::plan::{Content, Layout, PlannedFile};

/// Most symbolic links that are followed, as path_resolution(7) has it.
const MOST_LINKS: usize = 40;

/// The files of a layout by path.
#[derive(Debug)]
pub(crate) struct Places<'a> {
    files: HashMap<&'a str, &'a PlannedFile>,
}

impl<'a> Places<'a> {
    /// Of this layout; a later file of the same path replaces an earlier one.
    pub(crate) fn of(layout: &'a Layout) -> Self {
        let files = layout.files.iter();
        Self {
            files: files.map(|file| (file.path.as_str(), file)).collect(),
        }
    }

    /// The file at a path, with symbolic links followed, and whether any was.
    /// Directories that the layout does not name are taken for plain ones.
    pub(crate) fn find(&self, path: &str) -> Option<(&'a PlannedFile, bool)> {
        let mut rest: Vec<String> = path.split('/').rev().map(str::to_owned).collect();
        let mut here: Vec<String> = Vec::new();
        let mut links = 0;
        while let Some(part) = rest.pop() {
            match part.as_str() {
                "" | "." => continue,
                ".." => {
                    here.pop();
                    continue;
                }
                _ => here.push(part),
            }
            let at = format!("/{}", here.join("/"));
            let Some(Content::Symlink(to)) = self.files.get(at.as_str()).map(|file| &file.content)
            else {
                continue;
            };
            links += 1;
            if links > MOST_LINKS {
                return None;
            }
            if to.starts_with('/') {
                here.clear();
            } else {
                here.pop();
            }
            rest.extend(to.split('/').rev().map(str::to_owned));
        }
        let at = format!("/{}", here.join("/"));
        let found = self.files.get(at.as_str())?;
        Some((found, links > 0))
    }

    /// The bytes of the file at a path, hard links included.
    pub(crate) fn bytes(&self, path: &str) -> Option<&'a [u8]> {
        let (found, _) = self.find(path)?;
        match &found.content {
            Content::Bytes(bytes) | Content::Template(bytes) => Some(bytes),
            Content::Hardlink(to) => match &self.files.get(to.as_str())?.content {
                Content::Bytes(bytes) | Content::Template(bytes) => Some(bytes),
                _ => None,
            },
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(files: &[(&str, Content)]) -> Layout {
        let file = |(path, content): &(&str, Content)| PlannedFile {
            path: (*path).to_owned(),
            uid: 0,
            gid: 0,
            mode: 0o644,
            content: content.clone(),
            xattrs: Vec::new(),
        };
        Layout {
            files: files.iter().map(file).collect(),
            canaries: Vec::new(),
        }
    }

    #[test]
    fn links_and_dots_are_followed_as_the_kernel_does() {
        let text = || Content::Bytes(b"x".to_vec());
        let link = |to: &str| Content::Symlink(to.to_owned());
        let layout = layout(&[
            ("/a/real/config.json", text()),
            ("/a/link", link("real")),
            ("/b", link("/a/link/../real")),
            ("/loop", link("loop")),
            ("/hard", Content::Hardlink("/a/real/config.json".to_owned())),
        ]);
        let places = Places::of(&layout);
        for path in [
            "/a/real/config.json",
            "/a/link/config.json",
            "/b/config.json",
            "//a/./link/../real//config.json",
            "/hard",
        ] {
            assert_eq!(places.bytes(path), Some(&b"x"[..]), "{path}");
        }
        assert!(places.find("/b/config.json").unwrap().1);
        assert!(!places.find("/a/real/config.json").unwrap().1);
        for path in ["/loop/x", "/a/other", "/config.json"] {
            assert_eq!(places.bytes(path), None, "{path}");
        }
    }
}
