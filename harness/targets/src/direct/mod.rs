//! A start without a container: what is left of a start request when the
//! launcher only changes who runs a program that lies on the host.
//!
//! The bundle's configuration is read for what it names (rootfs, init,
//! arguments) and for what it asks beyond a plain start. Such a launcher has no
//! words for the latter, so the request is not applicable then. Namespaces,
//! host name, root and `no_new_privs` as in the corpus's standard
//! configuration are no question of the request; they are what a container
//! launcher does anyway.
//!
//! How a reference to the bundle is written is lost: the caller stands in a
//! directory or names a file, and both are where the reference leads.

mod configured;
mod executable;

use sekisho_scenario::request::ResolvedRequest;
use sekisho_trial::Start;
use serde_json::Value;

use crate::asked::{Asked, magic};
use crate::files::Files;
use crate::part::{Expresses, Part};
use configured::{beyond, configuration, configured, rootfs};
pub(crate) use executable::no_shell;

/// A start request as a caller of such a launcher would put it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Direct {
    /// Target user as written; `None` when the request leaves it out.
    pub user: Option<Vec<u8>>,
    /// Target group as written; `None` when the request leaves it out.
    pub group: Option<Vec<u8>>,
    /// Which program; `None` when the request leaves the bundle out, which
    /// names it.
    pub program: Option<Program>,
}

impl Direct {
    /// The program.
    ///
    /// # Errors
    /// The request names none.
    pub(crate) fn named(&self) -> Result<&Program, String> {
        let left_out = || {
            says(
                Part::ArgumentVector,
                "a bundle that is left out: it names the program",
            )
        };
        self.program.as_ref().ok_or_else(left_out)
    }
}

/// A program on the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Program {
    /// Directory to stand in, canonical.
    pub directory: String,
    /// Whether the configuration asks for that directory. Launchers that are
    /// given a path then have to be called from there as well.
    pub asked_for: bool,
    /// Program relative to it: a base name, or what the request says.
    pub name: Vec<u8>,
    /// Program as the request names it, by its path in the rootfs.
    pub init: Vec<u8>,
    /// Arguments after the program's name.
    pub arguments: Vec<Vec<u8>>,
    /// The rootfs, canonical.
    pub rootfs: String,
    /// The bundle, canonical.
    pub bundle: String,
}

impl Program {
    /// The program by its path, and its arguments.
    pub(crate) fn words(&self) -> Vec<Vec<u8>> {
        let mut words = vec![self.path()];
        words.extend(self.arguments.iter().cloned());
        words
    }

    /// Absolute path of the program.
    pub(crate) fn path(&self) -> Vec<u8> {
        let directory = match self.directory.as_str() {
            "/" => "",
            other => other,
        };
        [directory.as_bytes(), b"/", &self.name].concat()
    }
}

/// Whether such a launcher's words can express a part; the finer questions are
/// [`translate`]'s.
pub(crate) fn expresses(part: Part) -> Expresses {
    use Expresses::{No, Partly, Yes};
    match part {
        Part::BundleForm => Partly("by where the reference leads"),
        Part::ArgumentVector => Partly("word for word"),
        Part::ConfigurationFile => Partly("only read, for the init that it names"),
        Part::ConfiguredDirectory => Partly("the directory of the init"),
        Part::Root => Partly("another path, not read-only"),
        Part::Between => No("the launcher does not pause between check and use"),
        Part::AdditionalGroups => No("no groups beside those of the user"),
        Part::ConfiguredEnvironment => No("no environment beside the caller's"),
        Part::ConfiguredTerminal => No("no terminal beside the caller's"),
        Part::Capabilities => Partly("a bounding set alone; the host's is whole"),
        Part::Rlimits => No("no limits beside the caller's"),
        Part::Mounts | Part::Devices | Part::Mappings | Part::Namespaces => {
            No("the init runs on the host as it is")
        }
        Part::Hooks => No("no hooks"),
        Part::ConfigurationRest => No("no configuration"),
        _ => Yes,
    }
}

/// Translates a request.
///
/// # Errors
/// The part that cannot be said.
pub(crate) fn translate(asked: &Asked<'_>) -> Result<Direct, String> {
    translate_for(asked, false)
}

/// Translates a request for a launcher that may make the rootfs the root.
///
/// # Errors
/// The part that cannot be said.
pub(crate) fn translate_for(asked: &Asked<'_>, changes_root: bool) -> Result<Direct, String> {
    let request = asked.request;
    let words = Words::of(request);
    let program = match &words.bundle {
        Some(bundle) => {
            let files = asked.files();
            let program = program(request, bundle, &words.init, files)?;
            if !changes_root {
                executable::interpreter(files, &program)?;
            }
            Some(program)
        }
        None => None,
    };
    Ok(Direct {
        user: words.user,
        group: words.group,
        program,
    })
}

/// The words of a container start.
struct Words {
    user: Option<Vec<u8>>,
    group: Option<Vec<u8>>,
    bundle: Option<Vec<u8>>,
    init: Vec<Vec<u8>>,
}

impl Words {
    fn of(request: &ResolvedRequest) -> Self {
        let Some(arguments) = &request.arguments else {
            return Self {
                user: Some(request.target_user.clone()),
                group: Some(request.target_group.clone()),
                bundle: Some(request.bundle.clone()),
                init: request.init.clone(),
            };
        };
        let mut words = arguments.iter().skip(1).cloned();
        Self {
            user: words.next(),
            group: words.next(),
            bundle: words.next(),
            init: words.collect(),
        }
    }
}

fn program(
    request: &ResolvedRequest,
    bundle: &[u8],
    init: &[Vec<u8>],
    files: &Files,
) -> Result<Program, String> {
    let magic = |path: &str| magic(request, path);
    let bundle = text(bundle, Part::BundleForm)?;
    let bundle = match bundle.starts_with('/') {
        true => bundle.to_owned(),
        false => format!("{}/{bundle}", request.base),
    };
    let bundle = files
        .resolve("", &bundle, &magic)
        .map_err(|error| says(Part::BundleForm, &error))?;
    let (config, unusual) = configuration(files, &bundle, &magic)?;
    if let Some(what) = beyond(&config) {
        let part = match what.split('/').nth(1) {
            Some("root") => Part::Root,
            Some("process") if what.contains("/capabilities") => Part::Capabilities,
            _ => Part::ConfigurationRest,
        };
        return Err(says(part, &format!("{what} is asked for")));
    }
    let rootfs = rootfs(files, &bundle, &config, &magic)?;
    let mut words = match init {
        [] => configured(&config, unusual)?,
        given => given.to_vec(),
    };
    let init = words.remove(0);
    let init = text(&init, Part::Init)?;
    let wanted = match config.pointer("/process/cwd") {
        None => "/",
        Some(Value::String(cwd)) => cwd,
        Some(_) => return Err(says(Part::ConfiguredDirectory, "it is no text")),
    };
    let inside = |path: &str| {
        files
            .resolve(&rootfs, path, &|_| None)
            .map_err(|error| says(Part::Init, &error))
    };
    let (directory, name) = match init.rsplit_once('/') {
        None => return Err(says(Part::Init, "one that is searched for in PATH")),
        Some(_) if !init.starts_with('/') => (inside(wanted)?, init),
        Some((above, name)) => {
            let directory = inside(above)?;
            if wanted != "/" && inside(wanted)? != directory {
                return Err(says(
                    Part::ConfiguredDirectory,
                    "one that is not the directory of the init",
                ));
            }
            (directory, name)
        }
    };
    if !files.is_directory(&directory) {
        return Err(says(Part::Init, &format!("{directory} is not a directory")));
    }
    Ok(Program {
        asked_for: wanted != "/",
        directory,
        name: name.as_bytes().to_vec(),
        init: init.as_bytes().to_vec(),
        arguments: words,
        rootfs,
        bundle,
    })
}

fn text(bytes: &[u8], part: Part) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| says(part, "a path that is not UTF-8"))
}

/// What cannot be said, by the part that it belongs to.
pub(crate) fn says(part: Part, what: &str) -> String {
    format!("{part}: {what}")
}

/// The start of a launcher that is given the program's path and leaves the
/// working directory as it is.
pub(crate) fn start(
    asked: &Asked<'_>,
    program: String,
    words: Vec<Vec<u8>>,
    direct: Option<&Direct>,
) -> Start {
    let mut start = asked.request.to_start(program, words);
    let named = direct.and_then(|direct| direct.program.as_ref());
    if let Some(program) = named.filter(|program| program.asked_for) {
        start.working_directory.clone_from(&program.directory);
    }
    start
}

#[cfg(test)]
mod tests;
