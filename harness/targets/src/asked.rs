//! A case as a target sees it: the request, and what lies on the host.

use sekisho_scenario::plan::{Layout, PlannedFile};
use sekisho_scenario::request::ResolvedRequest;
use serde_json::{Map, Value, json};

use crate::part::Part;
use crate::places::Places;

/// uid and gid of the usual caller, the front service.
const FRONT: u32 = 33;
/// Environment of the usual caller.
const ENVIRONMENT: &[u8] = b"PATH=/usr/local/bin:/usr/bin:/bin";
/// umask of the usual caller.
const UMASK: u32 = 0o022;
/// Environment that the usual configuration gives the init.
const CONFIGURED_ENVIRONMENT: &str = "PATH=/usr/local/bin:/usr/bin:/bin";
/// Init of the usual configuration.
const CONFIGURED_INIT: &str = "/app/server";
/// Namespaces of the usual configuration, sorted.
const NAMESPACES: [&str; 6] = ["cgroup", "ipc", "mount", "network", "pid", "uts"];

/// A request with the layout that it is made in.
#[derive(Debug)]
pub struct Asked<'a> {
    /// What is asked for.
    pub request: &'a ResolvedRequest,
    /// What lies on the host.
    pub layout: &'a Layout,
    places: Places<'a>,
    passwd: Vec<Account>,
    group: Vec<Account>,
    config: Config<'a>,
}

/// A line of `/etc/passwd` or `/etc/group`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Account {
    name: Vec<u8>,
    id: u32,
    /// Primary gid; the id itself in `/etc/group`.
    gid: u32,
}

/// The configuration of the bundle that is asked for.
#[derive(Debug)]
struct Config<'a> {
    file: Option<(&'a PlannedFile, bool)>,
    value: Option<Map<String, Value>>,
}

/// How a target user or group is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Id {
    /// By a name that exists.
    Name(u32),
    /// By an exact decimal number.
    Number(u32),
    /// Otherwise: what it means is the launcher's to say.
    Form,
}

impl Id {
    /// The id, when there can be no doubt about it.
    #[must_use]
    pub fn exact(self) -> Option<u32> {
        match self {
            Self::Name(id) | Self::Number(id) => Some(id),
            Self::Form => None,
        }
    }
}

impl<'a> Asked<'a> {
    /// This request on this layout.
    #[must_use]
    pub fn new(request: &'a ResolvedRequest, layout: &'a Layout) -> Self {
        let places = Places::of(layout);
        let passwd = accounts(places.bytes("/etc/passwd").unwrap_or_default(), true);
        let group = accounts(places.bytes("/etc/group").unwrap_or_default(), false);
        let path = String::from_utf8(request.bundle_on_host())
            .map(|bundle| format!("{}/config.json", through_proc(bundle, request)))
            .ok();
        let file = path.as_deref().and_then(|path| places.find(path));
        let value = path
            .as_deref()
            .and_then(|path| places.bytes(path))
            .and_then(|bytes| serde_json::from_slice(bytes).ok());
        Self {
            request,
            layout,
            places,
            passwd,
            group,
            config: Config { file, value },
        }
    }

    /// The target user.
    #[must_use]
    pub fn user(&self) -> Id {
        id(&self.request.target_user, &self.passwd)
    }

    /// The target group.
    #[must_use]
    pub fn group(&self) -> Id {
        id(&self.request.target_group, &self.group)
    }

    /// Target uid and gid, when there can be no doubt about either.
    #[must_use]
    pub fn ids(&self) -> Option<(u32, u32)> {
        Some((self.user().exact()?, self.group().exact()?))
    }

    /// Whether a user has this name.
    #[must_use]
    pub fn is_user(&self, name: &[u8]) -> bool {
        self.passwd.iter().any(|account| account.name == name)
    }

    /// Whether a group has this name.
    #[must_use]
    pub fn is_group(&self, name: &[u8]) -> bool {
        self.group.iter().any(|account| account.name == name)
    }

    /// Name of the user with this uid: the first in `/etc/passwd`.
    #[must_use]
    pub fn user_name(&self, uid: u32) -> Option<&[u8]> {
        let found = self.passwd.iter().find(|account| account.id == uid)?;
        Some(&found.name)
    }

    /// Name of the group with this gid: the first in `/etc/group`.
    #[must_use]
    pub fn group_name(&self, gid: u32) -> Option<&[u8]> {
        let found = self.group.iter().find(|account| account.id == gid)?;
        Some(&found.name)
    }

    /// Primary gid of the user with this uid.
    #[must_use]
    pub fn primary_group(&self, uid: u32) -> Option<u32> {
        let found = self.passwd.iter().find(|account| account.id == uid)?;
        Some(found.gid)
    }

    /// uids of `/etc/passwd` from a least one on.
    #[must_use]
    pub fn users_from(&self, least: u32) -> Vec<u32> {
        let ids = self.passwd.iter().map(|account| account.id);
        ids.filter(|uid| *uid >= least).collect()
    }

    /// gids of `/etc/group` from a least one on.
    #[must_use]
    pub fn groups_from(&self, least: u32) -> Vec<u32> {
        let ids = self.group.iter().map(|account| account.id);
        ids.filter(|gid| *gid >= least).collect()
    }

    /// The bundle's path on the arena's host; `None` when it is no UTF-8.
    #[must_use]
    pub fn bundle(&self) -> Option<String> {
        String::from_utf8(self.request.bundle_on_host()).ok()
    }

    /// The bundle's configuration, when it is a JSON object.
    #[must_use]
    pub fn config(&self) -> Option<&Map<String, Value>> {
        self.config.value.as_ref()
    }

    /// The file that the bundle's `config.json` is, symbolic links followed.
    #[must_use]
    pub fn config_file(&self) -> Option<&'a PlannedFile> {
        self.config.file.map(|(file, _)| file)
    }

    /// Path of the rootfs on the arena's host.
    #[must_use]
    pub fn rootfs(&self) -> Option<String> {
        let path = self
            .at("/root/path")
            .as_str()
            .unwrap_or("rootfs")
            .to_owned();
        match path.starts_with('/') {
            true => Some(path),
            false => Some(format!("{}/{path}", self.bundle()?)),
        }
    }

    /// Init and arguments: those of the request, else of the configuration.
    #[must_use]
    pub fn init(&self) -> Vec<Vec<u8>> {
        if !self.request.init.is_empty() {
            return self.request.init.clone();
        }
        let words = self.at("/process/args").as_array().into_iter().flatten();
        words
            .map(|word| word.as_str().unwrap_or_default().as_bytes().to_vec())
            .collect()
    }

    /// The file at a path of the arena's host, symbolic links followed.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&'a PlannedFile> {
        self.places.find(path).map(|(file, _)| file)
    }

    /// The value at a pointer of the configuration; null when absent.
    #[must_use]
    pub fn at(&self, pointer: &str) -> &Value {
        const NOTHING: &Value = &Value::Null;
        let Some(config) = self.config() else {
            return NOTHING;
        };
        let mut path = pointer.split('/').skip(1);
        let first = path.next().and_then(|key| config.get(key));
        path.fold(first, |at, key| at.and_then(|value| value.get(key)))
            .unwrap_or(NOTHING)
    }

    /// The parts in which the request differs from the usual one, in the
    /// order of [`Part::ALL`].
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        let mut parts = Vec::new();
        self.request_parts(&mut parts);
        if self.request.arguments.is_none() {
            self.config_parts(&mut parts);
        }
        parts.sort_unstable();
        parts
    }

    fn request_parts(&self, parts: &mut Vec<Part>) {
        let request = self.request;
        let mut note = |part, asked: bool| {
            if asked {
                parts.push(part);
            }
        };
        note(Part::ArgumentVector, request.arguments.is_some());
        if request.arguments.is_none() {
            let (user, group) = (self.user(), self.group());
            note(Part::TargetUserName, matches!(user, Id::Name(_)));
            note(Part::TargetUserNumber, matches!(user, Id::Number(_)));
            note(Part::TargetUserForm, user == Id::Form);
            note(Part::TargetGroupName, matches!(group, Id::Name(_)));
            note(Part::TargetGroupNumber, matches!(group, Id::Number(_)));
            note(Part::TargetGroupForm, group == Id::Form);
            if let (Some(uid), Some(gid)) = (user.exact(), group.exact()) {
                note(Part::TargetGroupOther, self.primary_group(uid) != Some(gid));
            }
            note(Part::BundleForm, !is_plain(&request.bundle));
            note(Part::Init, !request.init.is_empty());
        }
        note(Part::Caller, (request.uid, request.gid) != (FRONT, FRONT));
        note(Part::CallerGroups, !request.groups.is_empty());
        note(
            Part::CallerEnvironment,
            request.environment != [ENVIRONMENT],
        );
        note(Part::Descriptors, !request.descriptors.is_empty());
        note(Part::Limits, !request.limits.is_empty());
        note(Part::Umask, request.umask != UMASK);
        let signals = !(request.blocked.is_empty() && request.ignored.is_empty());
        note(Part::Signals, signals);
        note(Part::WorkingDirectory, request.working_directory != "/");
        note(Part::Terminal, request.terminal);
        note(Part::Between, !request.between.is_empty());
    }

    fn config_parts(&self, parts: &mut Vec<Part>) {
        let usual = self.config.file.is_some_and(|(file, linked)| {
            let plain = matches!(
                file.content,
                sekisho_scenario::plan::Content::Bytes(_)
                    | sekisho_scenario::plan::Content::Template(_)
            );
            let attributes = (file.uid, file.gid, file.mode) == (0, 0, 0o644);
            plain && attributes && !linked && file.xattrs.is_empty()
        });
        if !usual || self.config().is_none() {
            parts.push(Part::ConfigurationFile);
        }
        let Some(config) = self.config() else {
            return;
        };
        let mut note = |part, asked: bool| {
            if asked && !parts.contains(&part) {
                parts.push(part);
            }
        };
        let empty = |value: &Value| match value {
            Value::Null => true,
            Value::Array(list) => list.is_empty(),
            Value::Object(map) => map.values().all(|value| match value {
                Value::Array(list) => list.is_empty(),
                value => value.is_null(),
            }),
            _ => false,
        };
        let at = |pointer| self.at(pointer);
        note(
            Part::AdditionalGroups,
            !empty(at("/process/user/additionalGids")),
        );
        // With an init of its own the request says nothing by the
        // configuration's.
        let init = at("/process/args") != &json!([CONFIGURED_INIT]);
        note(Part::ConfiguredInit, init && self.request.init.is_empty());
        note(
            Part::ConfiguredEnvironment,
            at("/process/env") != &json!([CONFIGURED_ENVIRONMENT]),
        );
        note(Part::ConfiguredDirectory, at("/process/cwd") != "/");
        note(
            Part::ConfiguredTerminal,
            at("/process/terminal") == &json!(true),
        );
        note(
            Part::NewPrivileges,
            at("/process/noNewPrivileges") != &json!(true),
        );
        note(Part::Capabilities, !empty(at("/process/capabilities")));
        note(Part::Rlimits, !empty(at("/process/rlimits")));
        let read_only = at("/root/readonly") == &json!(true);
        note(Part::Root, at("/root/path") != "rootfs" || read_only);
        note(Part::Mounts, !empty(at("/mounts")));
        note(Part::Hooks, !empty(at("/hooks")));
        note(Part::Namespaces, !usual_namespaces(at("/linux/namespaces")));
        note(Part::Devices, !empty(at("/linux/devices")));
        let mappings = ["/linux/uidMappings", "/linux/gidMappings"];
        note(Part::Mappings, mappings.iter().any(|map| !empty(at(map))));
        note(Part::ConfigurationRest, has_rest(config));
    }
}

/// Where a reference through the caller's own `/proc` entries leads.
fn through_proc(bundle: String, request: &ResolvedRequest) -> String {
    // `..` before it does not matter: proc is a directory of the root.
    let Some((_, rest)) = bundle.split_once("/proc/") else {
        return bundle;
    };
    let mut parts = rest.splitn(3, '/');
    let (_, what, rest) = (parts.next(), parts.next(), parts.next());
    match (what, rest) {
        (Some("cwd"), rest) => {
            format!("{}/{}", request.working_directory, rest.unwrap_or_default())
        }
        (Some("root"), rest) => format!("/{}", rest.unwrap_or_default()),
        (Some("fd"), Some(rest)) => {
            let (number, rest) = rest.split_once('/').unwrap_or((rest, ""));
            let found = request
                .descriptors
                .iter()
                .find(|file| file.number.to_string() == number);
            match found {
                Some(file) => format!("{}/{rest}", file.path),
                None => bundle,
            }
        }
        _ => bundle,
    }
}

/// The id inside a user namespace with these mappings (`linux.uidMappings`),
/// as user_namespaces(7) has it.
#[must_use]
pub(crate) fn inside(mappings: &Value, host: u32) -> Option<u32> {
    let number = |map: &Value, key: &str| u32::try_from(map.get(key)?.as_u64()?).ok();
    mappings.as_array()?.iter().find_map(|map| {
        let offset = host.checked_sub(number(map, "hostID")?)?;
        (offset < number(map, "size")?).then_some(())?;
        number(map, "containerID")?.checked_add(offset)
    })
}

/// `id:passwd` etc.: lines with a name and a number that can be read.
fn accounts(text: &[u8], users: bool) -> Vec<Account> {
    let line = |line: &[u8]| {
        let mut fields = line.split(|byte| *byte == b':');
        let name = fields.next()?.to_vec();
        let mut number =
            |skip| -> Option<u32> { std::str::from_utf8(fields.nth(skip)?).ok()?.parse().ok() };
        let id = number(1)?;
        let gid = if users { number(0)? } else { id };
        Some(Account { name, id, gid })
    };
    text.split(|byte| *byte == b'\n').filter_map(line).collect()
}

fn id(text: &[u8], accounts: &[Account]) -> Id {
    let named = accounts.iter().find(|account| account.name == text);
    match (named, number(text)) {
        (Some(account), None) => Id::Name(account.id),
        (None, Some(id)) => Id::Number(id),
        // Some read the name first, others the number.
        (Some(account), Some(id)) if account.id == id => Id::Number(id),
        _ => Id::Form,
    }
}

/// An exact decimal number: no sign, no blank, no leading zero.
fn number(text: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(text).ok()?;
    let number: u32 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// A relative path without `.`, `..` or empty components.
fn is_plain(bundle: &[u8]) -> bool {
    !bundle.is_empty()
        && bundle
            .split(|byte| *byte == b'/')
            .all(|part| ![&b""[..], b".", b".."].contains(&part))
}

fn usual_namespaces(namespaces: &Value) -> bool {
    let Some(list) = namespaces.as_array() else {
        return false;
    };
    let mut kinds: Vec<_> = list
        .iter()
        .filter(|one| one.as_object().is_some_and(|fields| fields.len() == 1))
        .filter_map(|one| one.get("type")?.as_str())
        .collect();
    kinds.sort_unstable();
    kinds.len() == list.len() && kinds == NAMESPACES
}

/// Whether the configuration has keys that no other part speaks of.
fn has_rest(config: &Map<String, Value>) -> bool {
    const TOP: &[&str] = &[
        "ociVersion",
        "process",
        "root",
        "hostname",
        "mounts",
        "hooks",
        "linux",
        "annotations",
    ];
    const PROCESS: &[&str] = &[
        "terminal",
        "consoleSize",
        "user",
        "args",
        "env",
        "cwd",
        "noNewPrivileges",
        "capabilities",
        "rlimits",
    ];
    const USER: &[&str] = &["uid", "gid", "additionalGids", "username"];
    const ROOT: &[&str] = &["path", "readonly"];
    const LINUX: &[&str] = &["namespaces", "devices", "uidMappings", "gidMappings"];
    let unknown = |value: Option<&Value>, known: &[&str]| match value {
        Some(Value::Object(map)) => map.keys().any(|key| !known.contains(&key.as_str())),
        // Not an object: no launcher's usual reading.
        Some(value) => !value.is_null(),
        None => false,
    };
    config.keys().any(|key| !TOP.contains(&key.as_str()))
        || unknown(config.get("process"), PROCESS)
        || unknown(
            config
                .get("process")
                .and_then(|process| process.get("user")),
            USER,
        )
        || unknown(config.get("root"), ROOT)
        || unknown(config.get("linux"), LINUX)
}

#[cfg(test)]
#[path = "asked_tests.rs"]
mod tests;
