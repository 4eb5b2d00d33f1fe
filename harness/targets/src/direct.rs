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

use sekisho_scenario::plan::Start;
use sekisho_scenario::request::ResolvedRequest;
use serde_json::{Map, Value};

use crate::asked::Asked;
use crate::files::Files;
use crate::part::{Expresses, Part};

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
    /// Absolute path of the program.
    pub(crate) fn path(&self) -> Vec<u8> {
        let directory = match self.directory.as_str() {
            "/" => "",
            other => other,
        };
        [directory.as_bytes(), b"/", &self.name].concat()
    }
}

/// Init of the corpus's standard configuration.
const STANDARD_INIT: &[u8] = b"/app/server";

/// Pointers into the configuration that such a start says in its own words,
/// or that say nothing about it.
const SAID: [&str; 8] = [
    "/ociVersion",
    "/process/args",
    "/process/cwd",
    // Used only where the request names nobody.
    "/process/user/uid",
    "/process/user/gid",
    // Never set by these launchers: off is what they do, and on is the
    // container launcher's standard.
    "/process/noNewPrivileges",
    "/root/path",
    // By itself it grants nothing.
    "/process/capabilities/bounding",
];

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
            let files = Files::of(&asked.layout.files);
            let program = program(request, bundle, &words.init, &files)?;
            if !changes_root {
                interpreter(&files, &program)?;
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

/// Where a link in `/proc` leads that the caller's own process has.
fn magic(request: &ResolvedRequest, path: &str) -> Option<String> {
    let path = path
        .strip_prefix("/proc/self/")
        .or_else(|| path.strip_prefix("/proc/thread-self/"))?;
    match path {
        "cwd" => Some(request.working_directory.clone()),
        "root" => Some("/".to_owned()),
        _ => {
            let number: i32 = path.strip_prefix("fd/")?.parse().ok()?;
            let open = request.descriptors.iter().find(|fd| fd.number == number)?;
            Some(open.path.clone())
        }
    }
}

/// The configuration, and whether somebody other than root may have written
/// it.
fn configuration(
    files: &Files,
    bundle: &str,
    magic: &dyn Fn(&str) -> Option<String>,
) -> Result<(Value, bool), String> {
    let unusable = |why: String| {
        says(
            Part::ConfigurationFile,
            &format!("{why}, so it names no init"),
        )
    };
    let path = files
        .resolve("", &format!("{bundle}/config.json"), magic)
        .map_err(unusable)?;
    let bytes = files
        .bytes(&path)
        .ok_or_else(|| unusable(format!("{path} is not a file")))?;
    let value = serde_json::from_slice(bytes).map_err(|error| unusable(error.to_string()))?;
    let foreign = files.at(&path).is_none_or(|file| {
        (file.uid, file.gid, file.mode) != (0, 0, 0o644) || !file.xattrs.is_empty()
    });
    Ok((value, foreign))
}

/// What cannot be said, by the part that it belongs to.
pub(crate) fn says(part: Part, what: &str) -> String {
    format!("{part}: {what}")
}

/// What the configuration asks for that differs from the corpus's standard
/// one: the first pointer in its order.
fn beyond(config: &Value) -> Option<String> {
    let standard = sekisho_scenario::bundle::standard("", (0, 0));
    let mut found = None;
    compare(&standard, config, String::new(), &mut found);
    found
}

fn compare(standard: &Value, config: &Value, at: String, found: &mut Option<String>) {
    if found.is_some() || SAID.contains(&at.as_str()) || standard == config {
        return;
    }
    // What the standard lacks is compared with nothing.
    let nothing = Map::new();
    let standard = match standard {
        Value::Null if *config == Value::Array(Vec::new()) => return,
        Value::Null => Some(&nothing),
        standard => standard.as_object(),
    };
    let (Some(standard), Value::Object(config)) = (standard, config) else {
        *found = Some(at);
        return;
    };
    // Left out is the standard, or nothing that a plain start could say.
    for (key, value) in config {
        let absent = Value::Null;
        let standard = standard.get(key).unwrap_or(&absent);
        compare(standard, value, format!("{at}/{key}"), found);
    }
}

fn rootfs(
    files: &Files,
    bundle: &str,
    config: &Value,
    magic: &dyn Fn(&str) -> Option<String>,
) -> Result<String, String> {
    let Some(Value::String(path)) = config.pointer("/root/path") else {
        return Err(says(Part::Root, "the configuration names no rootfs"));
    };
    let path = match path.starts_with('/') {
        true => path.clone(),
        false => format!("{bundle}/{path}"),
    };
    let path = files
        .resolve("", &path, magic)
        .map_err(|error| says(Part::Root, &error))?;
    Ok(match path.as_str() {
        "/" => String::new(),
        _ => path,
    })
}

/// The configuration's words. The caller says them, so who wrote them into the
/// file is out of sight: a request that says something by that is another one.
fn configured(config: &Value, unusual: bool) -> Result<Vec<Vec<u8>>, String> {
    let none = || says(Part::ConfiguredInit, "the configuration names no init");
    let Some(Value::Array(words)) = config.pointer("/process/args") else {
        return Err(none());
    };
    let words: Option<Vec<_>> = words
        .iter()
        .map(|word| Some(word.as_str()?.as_bytes().to_vec()))
        .collect();
    let words = words.filter(|words| !words.is_empty()).ok_or_else(none)?;
    if unusual && words != [STANDARD_INIT] {
        return Err(says(
            Part::ConfigurationFile,
            "who may write the words that it gives the init",
        ));
    }
    Ok(words)
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

/// Whether the launcher would leave the init to the host's shell, as
/// execvp(3) does with a file that the kernel does not recognise: then the
/// request cannot be said, since it means the image's shell.
///
/// # Errors
/// Says so.
pub(crate) fn no_shell(asked: &Asked<'_>, program: &Program) -> Result<(), String> {
    let files = Files::of(&asked.layout.files);
    let path = String::from_utf8_lossy(&program.path()).into_owned();
    let path = files.resolve("", &path, &|_| None).unwrap_or_default();
    match files.bytes(&path) {
        Some(bytes) if !bytes.starts_with(b"#!") && !is_native(bytes) => Err(says(
            Part::Init,
            "no program: the host's shell would read it, not the image's",
        )),
        _ => Ok(()),
    }
}

/// Whether the kernel recognises a program of this machine (elf(5)).
fn is_native(bytes: &[u8]) -> bool {
    // `e_machine`, the 19th and 20th byte.
    let machine: &[u8] = match std::env::consts::ARCH {
        "x86_64" => &[62, 0],
        "aarch64" => &[183, 0],
        _ => return bytes.starts_with(b"\x7fELF"),
    };
    bytes.starts_with(b"\x7fELF") && bytes.get(18..20) == Some(machine)
}

/// A script names its interpreter by a path, which means another file where
/// the rootfs is not the root.
fn interpreter(files: &Files, program: &Program) -> Result<(), String> {
    let Ok(mut path) = std::str::from_utf8(&program.path())
        .map(str::to_owned)
        .map_err(|error| error.to_string())
        .and_then(|path| files.resolve("", &path, &|_| None))
    else {
        // The launcher will see for itself.
        return Ok(());
    };
    for _ in 0..5 {
        let Some(line) = files
            .bytes(&path)
            .and_then(|bytes| bytes.strip_prefix(b"#!"))
        else {
            return Ok(());
        };
        let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line);
        let Some(interpreter) = line.split_whitespace().next() else {
            return Ok(());
        };
        // The probe lies at the same path in the rootfs and on the host.
        let Ok(inside) = files.resolve(&program.rootfs, interpreter, &|_| None) else {
            return Ok(());
        };
        let same = files
            .resolve("", interpreter, &|_| None)
            .ok()
            .and_then(|host| Some((files.at(&host)?, files.at(&inside)?)))
            .is_some_and(|(host, inside)| host.content == inside.content);
        if !same {
            return Err(says(
                Part::Init,
                &format!("its interpreter {interpreter} is a path in the rootfs"),
            ));
        }
        path = inside;
    }
    Ok(())
}

#[cfg(test)]
#[path = "direct_tests.rs"]
mod tests;
