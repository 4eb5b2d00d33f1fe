//! One request of suEXEC's shape and the files it meets, as plain data that a
//! person can read and that a regression case keeps.

use sekisho_suexec::record::{escaped, unescaped};
use sekisho_trial::OpenFile;
use serde::{Deserialize, Serialize};

/// Bytes that are written as text, everything unprintable as `\xNN`; `-` for
/// none.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Bytes(pub Vec<u8>);

impl From<&str> for Bytes {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<Bytes> for String {
    fn from(bytes: Bytes) -> Self {
        escaped(&bytes.0)
    }
}

impl TryFrom<String> for Bytes {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let bytes = unescaped(&text);
        bytes
            .map(Self)
            .ok_or_else(|| format!("`{text}` is no escaped text: write a backslash as \\x5c"))
    }
}

impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&escaped(&self.0))
    }
}

/// A request with all it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Request {
    /// Who asks.
    pub caller: Caller,
    /// Arguments after the launcher's own name.
    pub arguments: Vec<Bytes>,
    /// Working directory.
    pub directory: String,
    /// Environment.
    pub environment: Vec<Bytes>,
    /// Files beside the world's, in the order in which they are made.
    pub files: Vec<File>,
    /// What else the caller passes on.
    #[serde(default)]
    pub state: State,
    /// Whether the launcher is started in a special way.
    #[serde(default)]
    pub wrap: Wrap,
}

/// Real, effective and saved ids of the caller, and its groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Caller {
    /// uid.
    pub uid: u32,
    /// gid.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
}

/// Process state that the caller passes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct State {
    /// umask.
    pub umask: u32,
    /// Blocked signals.
    pub blocked: Vec<i32>,
    /// Ignored signals.
    pub ignored: Vec<i32>,
    /// Limits: name, soft, hard.
    pub limits: Vec<(String, u64, u64)>,
    /// Open descriptors.
    pub descriptors: Vec<OpenFile>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            umask: 0o022,
            blocked: Vec::new(),
            ignored: Vec::new(),
            limits: Vec::new(),
            descriptors: Vec::new(),
        }
    }
}

/// How the launcher is started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wrap {
    /// Executed by the caller.
    #[default]
    Plain,
    /// With `CAP_SETGID` taken out of the bounding set (`setpriv(1)`).
    WithoutSetgid,
    /// With `CAP_SETUID` taken out of it.
    WithoutSetuid,
    /// With `no_new_privs`, so that the setuid bit does nothing.
    NoNewPrivileges,
    /// In a directory that is removed first.
    RemovedDirectory,
    /// Held up at the system call that executes the program (`strace(1)`),
    /// while bob renames `a/evil` to `a/sub` in the working directory.
    Exchanged,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct File {
    /// Absolute path.
    pub path: String,
    /// uid and gid.
    #[serde(default)]
    pub owner: (u32, u32),
    /// Mode, octal.
    #[serde(with = "octal")]
    pub mode: u32,
    /// What it is.
    pub content: Content,
}

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// A directory.
    Directory,
    /// The probe.
    Probe,
    /// These bytes.
    Text(Bytes),
    /// A symbolic link.
    Symlink(String),
    /// A hard link to a file before it.
    Hardlink(String),
    /// A FIFO.
    Fifo,
}

impl Request {
    /// The word at a position of the argument vector; 1 is USER.
    #[must_use]
    pub fn word(&self, position: usize) -> &[u8] {
        let word = position
            .checked_sub(1)
            .and_then(|at| self.arguments.get(at));
        word.map_or(&[], |bytes| &bytes.0)
    }

    /// The content of the file at a path.
    #[must_use]
    pub fn content(&self, path: &str) -> Option<&Content> {
        let file = self.files.iter().rev().find(|file| file.path == path)?;
        Some(&file.content)
    }
}

mod octal {
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub fn serialize<S: Serializer>(mode: &u32, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&format!("{mode:04o}"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
        let text = String::deserialize(from)?;
        let mode = u32::from_str_radix(&text, 8)
            .ok()
            .filter(|mode| *mode <= 0o7777);
        mode.ok_or_else(|| de::Error::custom(format!("`{text}` is no octal mode up to 7777")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_is_octal_and_a_text_may_hold_anything() {
        let file = File {
            path: "/a".to_owned(),
            owner: (1, 2),
            mode: 0o4755,
            content: Content::Text(Bytes(b"\x7fELF \\\n".to_vec())),
        };
        let text = serde_json::to_string(&file).unwrap();
        assert!(text.contains(r#""mode":"4755""#), "{text}");
        assert!(text.contains(r#"\\x7fELF\\x20\\x5c\\x0a"#), "{text}");
        assert_eq!(serde_json::from_str::<File>(&text).unwrap(), file);
        assert!(serde_json::from_str::<File>(&text.replace("4755", "9")).is_err());
    }
}
