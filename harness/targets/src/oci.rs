//! OCI runtimes under an engine: `runc`, `crun`, and any other by its path
//! (`oci:/path/to/runtime`).
//!
//! The adapter is the engine. As root it takes the bundle's `config.json`,
//! puts target user and group (`process.user`) and the init of the request
//! (`process.args`) into it, and calls `RUNTIME run --bundle BUNDLE`. Owner,
//! mode and place of the file stay, and so does everything else in it, except
//! that a `proc` mount is added where the configuration has none: engines
//! always ask for one, and a runtime cannot start an init without.
//!
//! What is inherited from the caller (environment, descriptors, limits, umask,
//! signals, working directory, terminal, supplementary groups) is what the
//! runtime's process has. The caller's uid is not: root asks.
//!
//! A refusal is an error in the log that the runtime was told to write
//! (`--log`, `--log-format json`), which no init can reach, together with a
//! failing exit status. Of runc and crun those errors count that are known for
//! refusals; of others all but those that speak of the place rather than of the
//! request, which are failures.

use std::sync::OnceLock;

use sekisho_trial::{Content, End, Observation, PlannedFile, Setting};
use sekisho_witness::LINES_PATH;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::asked::{Asked, inside};
use crate::part::{Expresses, Part};
use crate::reply::{Refusal, RefusalKind, Reply, is_exhausted};
use crate::{Carried, Found, Prepared, Target, host, said};

/// Where the adapter's own files lie in a trial.
const PLACE: &str = "/run/target";
const LOG: &str = "/run/target/log";
const PID: &str = "/run/target/pid";
const STATE: &str = "/run/target/state";
/// Where a runtime from outside `/usr` is put.
const COPY: &str = "/opt/target/runtime";

/// Beginning of the name of a runtime by path.
pub(crate) const PREFIX: &str = "oci:";

struct Oci {
    name: String,
    /// Path on the host, or why there is none.
    path: Result<String, String>,
    hint: String,
    /// Options before the command.
    options: &'static [&'static str],
    /// What it says where it will not do what a request asks for, by beginnings
    /// and ends, each seen in answer to such a request; nothing when that is
    /// not known of the runtime.
    refusals: &'static [(&'static str, &'static str)],
    found: OnceLock<Result<Found, String>>,
}

/// `runc`.
pub(crate) fn runc(_: &Carried) -> Box<dyn Target> {
    packaged("runc", &[], &RUNC)
}

/// `crun`, without cgroups: its own limits for locked memory need
/// `CAP_SYS_RESOURCE`, which not every root has.
pub(crate) fn crun(_: &Carried) -> Box<dyn Target> {
    packaged("crun", &["--cgroup-manager=disabled"], &CRUN)
}

/// What runc says, without [`STEPS`].
const RUNC: [(&str, &str); 13] = [
    ("chdir ", ": no such file or directory"),
    ("root must be specified", ""),
    ("invalid rootfs: ", ""),
    (
        "unable to start init: fork/exec /proc/self/exe: not a directory",
        "",
    ),
    (
        "error jailing process inside rootfs: pivot_root .: device or resource busy",
        "",
    ),
    ("mkdir ", ": not a directory"),
    // A link that leads nowhere inside.
    ("mkdir ", ": file exists"),
    // The rootfs does not let it: the mapped root may not write there, or the
    // host's nodes are there.
    ("error creating device nodes: open ", ""),
    ("unable to set hostname without a private UTS namespace", ""),
    ("User namespaces enabled, but no user mapping found.", ""),
    ("unable to setup user: uids and gids must be in range ", ""),
    ("exec: ", ""),
    ("exec /", ": exec format error"),
];

/// What crun says.
const CRUN: [(&str, &str); 11] = [
    ("chdir `", "`: No such file or directory"),
    ("chdir `", " failed: No such file or directory"),
    ("invalid config file, no '", ""),
    ("make `", " private: No such file or directory"),
    ("the target `", " is invalid: Not a directory"),
    ("open /dev directory in `", ": No such file or directory"),
    // The rootfs is the host's root.
    ("pivot_root: ", ""),
    ("create device `", ": Permission denied"),
    ("hostname requires the UTS namespace", ""),
    ("executable file `", ""),
    ("exec container process `", ""),
];

/// What runc puts in front of an error: the steps that it was in.
const STEPS: [&str; 3] = [
    "runc run failed: ",
    "unable to start container process: ",
    "error during container init: ",
];

fn packaged(
    name: &'static str,
    options: &'static [&'static str],
    refusals: &'static [(&'static str, &'static str)],
) -> Box<dyn Target> {
    Box::new(Oci {
        name: name.to_owned(),
        path: host::program(name).ok_or_else(|| format!("no program {name} in /usr")),
        hint: format!("install the Debian package {name}"),
        options,
        refusals,
        found: OnceLock::new(),
    })
}

/// `oci:/path/to/runtime`.
pub(crate) fn at(_: &Carried, path: &str) -> Box<dyn Target> {
    let there = match path.starts_with('/') {
        true => Ok(path.to_owned()),
        false => Err(format!("`{path}` is not an absolute path")),
    };
    Box::new(Oci {
        name: format!("{PREFIX}{path}"),
        path: there,
        hint: "give the path of a program that takes `run --bundle BUNDLE ID`".to_owned(),
        options: &[],
        refusals: &[],
        found: OnceLock::new(),
    })
}

impl Oci {
    fn look(&self) -> Result<Found, String> {
        let path = self.path.clone()?;
        let version = host::version(&path, &["--version"])?;
        Ok(Found {
            version: version
                .strip_prefix(&format!("{} version ", self.name))
                .unwrap_or(&version)
                .to_owned(),
            path: match host::is_seen(&path) {
                true => path,
                false => COPY.to_owned(),
            },
        })
    }
}

impl Target for Oci {
    fn name(&self) -> &str {
        &self.name
    }

    fn hint(&self) -> &str {
        &self.hint
    }

    fn notes(&self) -> &'static str {
        "The adapter is the engine: as root it writes target and init into the bundle's \
         config.json (owner and mode stay), adds a proc mount where there is none, and calls \
         `run --bundle`. Inherited state is that of the runtime's process. The runtime's state \
         and log lie in /run/target of the trial."
    }

    fn find(&self) -> Result<Found, String> {
        self.found.get_or_init(|| self.look()).clone()
    }

    fn expresses(&self, part: Part) -> Expresses {
        match part {
            Part::TargetUserForm | Part::TargetGroupForm => Expresses::No(
                "the engine hands over numbers, so what the text means is decided before",
            ),
            Part::ArgumentVector => Expresses::No("it is the reference launcher's grammar"),
            Part::Caller => Expresses::No("root asks, on the engine's behalf"),
            Part::Between => Expresses::No("the runtime does not pause between check and use"),
            Part::Init => Expresses::Partly("words that are UTF-8, since JSON holds text"),
            _ => Expresses::Yes,
        }
    }

    fn can_exactly(&self, asked: &Asked<'_>) -> Result<(), String> {
        let utf8 = |word: &Vec<u8>| std::str::from_utf8(word).is_ok();
        if !asked.request.init.iter().all(utf8) {
            return Err(format!(
                "{}: JSON holds text, and a word is not UTF-8",
                Part::Init
            ));
        }
        if asked.bundle().is_none() {
            return Err("bundle-form: the path is not UTF-8".to_owned());
        }
        Ok(())
    }

    fn equip(&self) -> Vec<PlannedFile> {
        let copied = |path: &String| {
            let bytes = std::fs::read(path).ok()?;
            (!host::is_seen(path)).then(|| host::file(COPY, 0o755, bytes))
        };
        self.path.iter().filter_map(copied).collect()
    }

    fn prepare(&self, asked: &Asked<'_>, _: &Setting) -> Prepared {
        let mut files = vec![
            host::directory(PLACE, 0o700),
            host::file(LOG, 0o600, ""),
            // What a hook prints is kept by the runtime.
            host::file(LINES_PATH, 0o622, ""),
        ];
        files.extend(configuration(asked));
        let found = self.find().unwrap_or_default();
        let mut words = vec![self.name.clone()];
        words.extend(self.options.iter().map(|word| (*word).to_owned()));
        let fixed = ["--root", STATE, "--log", LOG, "--log-format", "json", "run"];
        words.extend(fixed.map(str::to_owned));
        words.extend(["--pid-file", PID, "--bundle"].map(str::to_owned));
        words.push(asked.bundle().unwrap_or_default());
        words.push("sekisho".to_owned());
        let words = words.into_iter().map(String::into_bytes).collect();
        let mut start = asked.request.to_start(found.path, words);
        (start.uid, start.gid) = (0, 0);
        Prepared {
            files,
            start,
            collect: [LOG, PID, LINES_PATH].map(str::to_owned).to_vec(),
            pause: None,
        }
    }

    fn read(&self, observation: &Observation) -> Reply {
        answer(observation, self.refusals)
    }

    fn init_ended(&self, observation: &Observation) -> bool {
        was_made(observation) && self.read(observation) == Reply::Started
    }
}

/// The configuration as the engine writes it; nothing when it stays as it is
/// or is none that an engine could write into.
fn configuration(asked: &Asked<'_>) -> Option<PlannedFile> {
    let mut config = asked.config()?.clone();
    let file = asked.config_file()?;
    // Where the configuration maps ids, the target is its host id, and one
    // that does not map leaves the configuration's.
    let mapped = |pointer, id: Option<u32>| match (asked.at(pointer), id) {
        (Value::Array(map), Some(id)) if !map.is_empty() => inside(asked.at(pointer), id),
        (_, id) => id,
    };
    let user = object(object(&mut config, "process")?, "user")?;
    for (key, id) in [
        ("uid", mapped("/linux/uidMappings", asked.user().exact())),
        ("gid", mapped("/linux/gidMappings", asked.group().exact())),
    ] {
        if let Some(id) = id {
            user.insert(key.to_owned(), json!(id));
        }
    }
    if !asked.request.init.is_empty() {
        let words = asked.request.init.iter();
        let words: Vec<_> = words.map(|word| String::from_utf8_lossy(word)).collect();
        object(&mut config, "process")?.insert("args".to_owned(), json!(words));
    }
    add_proc(&mut config);
    if Some(&config) == asked.config() {
        return None;
    }
    let mut text = serde_json::to_vec_pretty(&config).ok()?;
    text.push(b'\n');
    let content = match &file.content {
        Content::Template(_) => Content::Template(text),
        _ => Content::Bytes(text),
    };
    Some(PlannedFile {
        content,
        ..file.clone()
    })
}

/// The object at a key, made when it is missing; nothing when something else
/// is there.
fn object<'a>(of: &'a mut Map<String, Value>, key: &str) -> Option<&'a mut Map<String, Value>> {
    of.entry(key).or_insert_with(|| json!({})).as_object_mut()
}

fn add_proc(config: &mut Map<String, Value>) {
    let mounts = config.entry("mounts").or_insert_with(|| json!([]));
    let Some(list) = mounts.as_array_mut() else {
        return;
    };
    let there = |mount: &Value| mount.get("destination").and_then(Value::as_str) == Some("/proc");
    if !list.iter().any(there) {
        list.insert(
            0,
            json!({"destination": "/proc", "type": "proc", "source": "proc"}),
        );
    }
}

/// A line of a runtime's log.
#[derive(Deserialize)]
struct Line {
    level: String,
    msg: String,
}

/// The errors in the log, in order; one step's failure may end in another's.
///
/// # Errors
/// A line that is none of a log.
fn logged(observation: &Observation) -> Result<Option<String>, String> {
    let bytes = observation.collected.first().cloned().flatten();
    let text = String::from_utf8_lossy(bytes.as_deref().unwrap_or_default()).into_owned();
    let mut errors: Vec<String> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let line: Line = serde_json::from_str(line)
            .map_err(|_| format!("the runtime's log has a line that is none: {line}"))?;
        if matches!(line.level.as_str(), "error" | "fatal") {
            errors.push(line.msg);
        }
    }
    Ok((!errors.is_empty()).then(|| errors.join("; ")))
}

/// Whether the runtime wrote the pid of an init: it was made, though perhaps
/// not executed.
fn was_made(observation: &Observation) -> bool {
    let pid = observation.collected.get(1).and_then(Option::as_ref);
    pid.is_some_and(|pid| !pid.is_empty())
}

/// What errors speak of when it is the place that does not fit, not the
/// request.
const FAULTS: [&str; 7] = [
    // crun, where a hook ends before it has read what it is told.
    "Broken pipe",
    "cgroup",
    "already exists",
    "bpf",
    "/run/target",
    "panic",
    // Go's mark of a message that was to hold an error and has none.
    "%!w(<nil>)",
];

/// `refusals` are the messages that stand for one; without any it is every
/// error that is not one of the place.
fn answer(observation: &Observation, refusals: &[(&str, &str)]) -> Reply {
    let status = match observation.end {
        End::Exited(status) => status,
        End::Timeout => return Reply::Started,
        _ => return Reply::failed(format!("the runtime's end was {:?}", observation.end)),
    };
    let error = match logged(observation) {
        Ok(Some(error)) => error,
        Ok(None) if status == 0 => return Reply::Started,
        Ok(None) => match said(observation) {
            Some(error) => error,
            None if was_made(observation) => return Reply::Started,
            None => return Reply::failed("no init was made, and the runtime says nothing"),
        },
        Err(reason) => return Reply::failed(reason),
    };
    if status == 0 {
        return Reply::failed(format!("the log says `{error}`, but the exit status was 0"));
    }
    if is_exhausted(&error) || FAULTS.iter().any(|fault| error.contains(fault)) {
        return Reply::failed(error);
    }
    let known = error.split("; ").any(|one| {
        let strip = |one, step| str::strip_prefix(one, step).unwrap_or(one);
        said::is_one(STEPS.into_iter().fold(one, strip), refusals)
    });
    if !refusals.is_empty() && !known {
        return Reply::failed(format!("no known refusal: {error}"));
    }
    Reply::Refused(Refusal {
        verdict: RefusalKind::Refused,
        rule: String::new(),
        reason: error,
    })
}

/// What the runtime says on standard error where it has no log: before it
/// opened one, when no init was made yet, or in the process that becomes the
/// init, which cannot reach the log any more.
fn said(observation: &Observation) -> Option<String> {
    let last = said::last_line(observation)?;
    let line = serde_json::from_str::<Line>(&last).ok();
    let own = line
        .filter(|line| line.level == "error")
        .map(|line| line.msg);
    match own {
        Some(said) if said.starts_with("exec container process") => Some(said),
        _ if last.starts_with("exec /") && last.contains(": ") => Some(last),
        _ if !was_made(observation) => Some(last),
        _ => None,
    }
}

#[cfg(test)]
#[path = "oci_tests.rs"]
mod tests;
