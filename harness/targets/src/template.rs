//! The file of a `command:` target: a launcher described in TOML. The fields
//! are documented in `docs/targets-setuid.md`; `docs/target.example.toml` is a whole
//! one.

use std::path::Path;

use regex::Regex;
use sekisho_trial::{Content, PlannedFile};
use serde::Deserialize;

use crate::part::Part;

/// A launcher, described.
#[derive(Debug)]
pub(crate) struct Template {
    /// Name after `command:` in result files.
    pub name: String,
    /// How to come by it.
    pub hint: String,
    /// Program on the host.
    pub program: String,
    /// Arguments that make it say its version.
    pub version: Vec<String>,
    /// Started by root rather than by the request's caller.
    pub by_root: bool,
    /// The init finds the rootfs as its root.
    pub changes_root: bool,
    /// Arguments after `argv[0]`.
    pub arguments: Vec<Argument>,
    /// Working directory; the request's when absent.
    pub directory: Option<Vec<Piece>>,
    /// Parts of a request that its words can express.
    pub expresses: Vec<Part>,
    /// Exit statuses of a refusal.
    pub statuses: Vec<i32>,
    /// What a line of its own looks like when it refuses.
    pub message: Regex,
    /// Its log, where such lines may stand as well.
    pub log: Option<String>,
    /// Files that it needs.
    pub files: Vec<PlannedFile>,
    /// Whether one of them is the program itself.
    pub carried: bool,
}

/// One argument, or all of the init's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Argument {
    /// One.
    One(Vec<Piece>),
    /// `{arguments}`: the init's arguments, each as one.
    All,
}

/// A piece of an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// As it stands.
    Text(String),
    /// Filled in.
    Place(Place),
}

/// What a placeholder stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Target user as written.
    User,
    /// Target group as written.
    Group,
    /// Bundle on the host.
    Bundle,
    /// Rootfs on the host.
    Rootfs,
    /// Init as seen in the rootfs.
    Init,
    /// Init as seen on the host.
    Program,
    /// Directory of the init on the host.
    Directory,
}

/// Placeholders by their words.
const PLACES: [(&str, Place); 7] = [
    ("user", Place::User),
    ("group", Place::Group),
    ("bundle", Place::Bundle),
    ("rootfs", Place::Rootfs),
    ("init", Place::Init),
    ("program", Place::Program),
    ("directory", Place::Directory),
];

/// The placeholder that stands for several arguments.
const ALL: &str = "{arguments}";

/// The file as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Written {
    name: String,
    #[serde(default)]
    hint: String,
    program: String,
    version: Vec<String>,
    run_as: RunAs,
    #[serde(default)]
    changes_root: bool,
    arguments: Vec<String>,
    directory: Option<String>,
    expresses: Vec<String>,
    refusal: WrittenRefusal,
    #[serde(default)]
    files: Vec<WrittenFile>,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum RunAs {
    Root,
    Caller,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct WrittenRefusal {
    statuses: Vec<i32>,
    message: String,
    log: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct WrittenFile {
    path: String,
    text: Option<String>,
    copy: Option<String>,
    #[serde(default)]
    directory: bool,
    #[serde(default)]
    owner: [u32; 2],
    mode: Option<String>,
}

impl Template {
    /// Reads a file.
    ///
    /// # Errors
    /// Names file and field, and what would be right.
    pub(crate) fn read(path: &str) -> Result<Self, String> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read {path}: {error}"))?;
        Self::parse(&text).map_err(|error| format!("{path}: {error}"))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let written: Written =
            toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        let name = written.name;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || !name.chars().all(plain) {
            return Err(format!(
                "name: `{name}` must be letters, digits, `-`, `_` and `.`"
            ));
        }
        absolute("program", &written.program)?;
        if written.version.is_empty() {
            return Err("version: give the arguments that make it say its version".to_owned());
        }
        let message = Regex::new(&written.refusal.message)
            .map_err(|error| format!("refusal.message: {error}"))?;
        if message.is_match("") {
            return Err(format!(
                "refusal.message: `{}` matches any line, so that nothing would be a start; say \
                 what the launcher's own lines begin with",
                written.refusal.message
            ));
        }
        let statuses = written.refusal.statuses;
        if statuses.is_empty() || statuses.iter().any(|status| !(1..=255).contains(status)) {
            return Err("refusal.statuses: give exit statuses from 1 to 255".to_owned());
        }
        if let Some(log) = &written.refusal.log {
            absolute("refusal.log", log)?;
        }
        let files: Vec<_> = numbered("files", &written.files, planned)?;
        Ok(Self {
            carried: files.iter().any(|file| file.path == written.program),
            hint: match written.hint.as_str() {
                "" => format!("install {}", written.program),
                hint => hint.to_owned(),
            },
            name,
            program: written.program,
            version: written.version,
            by_root: written.run_as == RunAs::Root,
            changes_root: written.changes_root,
            arguments: numbered("arguments", &written.arguments, |text| argument(text))?,
            directory: written
                .directory
                .map(|text| pieces(&text).map_err(|error| format!("directory: {error}")))
                .transpose()?,
            expresses: numbered("expresses", &written.expresses, part)?,
            statuses,
            message,
            log: written.refusal.log,
            files,
        })
    }
}

/// Each with its place in the list in front of an error.
fn numbered<T, U>(
    field: &str,
    list: &[T],
    each: impl Fn(&T) -> Result<U, String>,
) -> Result<Vec<U>, String> {
    let numbered = list.iter().enumerate();
    numbered
        .map(|(at, one)| each(one).map_err(|error| format!("{field}[{at}]: {error}")))
        .collect()
}

fn absolute(field: &str, path: &str) -> Result<(), String> {
    match path.starts_with('/') {
        true => Ok(()),
        false => Err(format!("{field}: `{path}` must be an absolute path")),
    }
}

fn argument(text: &str) -> Result<Argument, String> {
    if text == ALL {
        return Ok(Argument::All);
    }
    if text.contains(ALL) {
        return Err(format!(
            "`{text}`: {ALL} stands for several arguments, so it must stand alone"
        ));
    }
    pieces(text).map(Argument::One)
}

fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (word, after) = after
            .split_once('}')
            .ok_or_else(|| format!("`{text}`: `{{` without `}}`"))?;
        let place = PLACES.iter().find(|(known, _)| *known == word);
        let Some((_, place)) = place else {
            let known: Vec<_> = PLACES
                .iter()
                .map(|(word, _)| format!("{{{word}}}"))
                .collect();
            return Err(format!(
                "`{text}`: unknown placeholder {{{word}}}; there are {} and {ALL}",
                known.join(", ")
            ));
        };
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        pieces.push(Piece::Place(*place));
        rest = after;
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    Ok(pieces)
}

fn part(word: &String) -> Result<Part, String> {
    let found = Part::ALL.iter().find(|part| part.word() == word);
    found
        .copied()
        .ok_or_else(|| format!("unknown part `{word}`; `sekisho targets NAME` lists them all"))
}

fn planned(file: &WrittenFile) -> Result<PlannedFile, String> {
    absolute("path", &file.path)?;
    let content = match (&file.text, &file.copy, file.directory) {
        (Some(text), None, false) => Content::Bytes(text.clone().into_bytes()),
        (None, Some(from), false) => {
            absolute("copy", from)?;
            let bytes = std::fs::read(Path::new(from))
                .map_err(|error| format!("copy: cannot read {from}: {error}"))?;
            Content::Bytes(bytes)
        }
        (None, None, true) => Content::Directory,
        _ => return Err("give one of `text`, `copy` and `directory = true`".to_owned()),
    };
    let usual = match content {
        Content::Directory => "0755",
        _ => "0644",
    };
    let mode = file.mode.as_deref().unwrap_or(usual);
    let bits = u32::from_str_radix(mode, 8)
        .ok()
        .filter(|bits| *bits <= 0o7777)
        .ok_or_else(|| format!("mode: `{mode}` is no octal mode such as \"4755\""))?;
    let [uid, gid] = file.owner;
    Ok(PlannedFile {
        path: file.path.clone(),
        uid,
        gid,
        mode: bits,
        content,
        xattrs: Vec::new(),
    })
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
