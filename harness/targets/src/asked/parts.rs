//! In which parts a request differs from the usual one.

use sekisho_trial::Content;
use serde_json::{Map, Value, json};

use super::{Asked, Id};
use crate::part::Part;

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

impl Asked<'_> {
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
            let plain = matches!(file.content, Content::Bytes(_) | Content::Template(_));
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
