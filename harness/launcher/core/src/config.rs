//! The used part of an OCI runtime configuration (opencontainers/runtime-spec,
//! `config.md`, `config-linux.md`). Unknown fields are ignored, as the
//! specification asks.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::string::ToString;
use alloc::vec::Vec;

use serde::Deserialize;

use crate::stop::Stop;

/// Most bytes of `config.json`.
pub const LIMIT: usize = 1024 * 1024;

/// `config.json`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Config {
    pub process: Process,
    pub root: Option<Root>,
    pub hostname: Option<String>,
    pub mounts: Vec<Mount>,
    pub hooks: Hooks,
    pub linux: Linux,
    /// Destinations of `mounts`, for [`Config::covering`].
    #[serde(skip)]
    covers: BTreeMap<Vec<u8>, usize>,
}

/// `process`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Process {
    pub user: User,
    pub args: Vec<String>,
    pub env: Vec<String>,
    pub cwd: Option<String>,
    pub capabilities: Capabilities,
    pub rlimits: Vec<Limit>,
    pub no_new_privileges: bool,
}

/// `process.user`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct User {
    pub uid: u32,
    pub gid: u32,
    pub additional_gids: Vec<u32>,
}

/// `process.capabilities`: names.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Capabilities {
    pub bounding: Vec<String>,
    pub effective: Vec<String>,
    pub permitted: Vec<String>,
    pub inheritable: Vec<String>,
    pub ambient: Vec<String>,
}

/// One of `process.rlimits`.
#[derive(Debug, Clone, Deserialize)]
pub struct Limit {
    /// `RLIMIT_NOFILE` …
    #[serde(rename = "type")]
    pub kind: String,
    pub soft: u64,
    pub hard: u64,
}

/// `root`.
#[derive(Debug, Clone, Deserialize)]
pub struct Root {
    pub path: String,
    #[serde(default)]
    pub readonly: bool,
}

/// One of `mounts`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Mount {
    pub destination: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub source: String,
    pub options: Vec<String>,
}

impl Mount {
    /// Whether it is a bind mount.
    pub fn is_bind(&self) -> bool {
        matches!(self.kind.as_str(), "bind" | "none")
            || self
                .options
                .iter()
                .any(|option| option == "bind" || option == "rbind")
    }

    /// Whether the option is given.
    pub fn has(&self, option: &str) -> bool {
        self.options.iter().any(|given| given == option)
    }
}

/// `hooks` that run before the init is executed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Hooks {
    pub prestart: Vec<Hook>,
    pub create_runtime: Vec<Hook>,
}

impl Hooks {
    /// Whether there is one.
    pub fn any(&self) -> bool {
        self.all().next().is_some()
    }

    /// All of them, in the order in which they run.
    pub fn all(&self) -> impl Iterator<Item = &Hook> {
        self.prestart.iter().chain(&self.create_runtime)
    }
}

/// One hook.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Hook {
    pub path: String,
    pub args: Vec<String>,
    pub env: Option<Vec<String>>,
    /// Seconds.
    pub timeout: Option<u32>,
}

/// `linux`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Linux {
    pub namespaces: Option<Vec<Namespace>>,
    pub uid_mappings: Vec<Mapping>,
    pub gid_mappings: Vec<Mapping>,
    pub devices: Vec<Device>,
    pub masked_paths: Option<Vec<String>>,
    pub readonly_paths: Option<Vec<String>>,
}

/// One of `linux.namespaces`.
#[derive(Debug, Clone, Deserialize)]
pub struct Namespace {
    #[serde(rename = "type")]
    pub kind: String,
    pub path: Option<String>,
}

/// One of `linux.uidMappings` and `linux.gidMappings`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mapping {
    #[serde(rename = "containerID")]
    pub container: u32,
    #[serde(rename = "hostID")]
    pub host: u32,
    pub size: u32,
}

/// One of `linux.devices`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    #[serde(rename = "type")]
    pub kind: String,
    pub path: String,
    #[serde(default)]
    pub major: u32,
    #[serde(default)]
    pub minor: u32,
    pub file_mode: Option<u32>,
    #[serde(default)]
    pub uid: u32,
    #[serde(default)]
    pub gid: u32,
}

impl Config {
    /// Reads the text.
    ///
    /// # Errors
    /// What is wrong, with line and column.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let mut config: Self = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        let mounts = config.mounts.iter().enumerate();
        let places = mounts.filter_map(|(index, mount)| {
            plain_path(mount.destination.as_bytes()).map(|path| (path, index))
        });
        // Of several with one destination the last one counts.
        config.covers = places.collect();
        Ok(config)
    }

    /// The mount that covers a path (the last one with the longest
    /// destination), and the rest of the path. By text: a path with `..` is
    /// covered by none.
    pub fn covering(&self, path: &[u8]) -> Option<(usize, Vec<u8>)> {
        if self.covers.is_empty() {
            return None;
        }
        let path = plain_path(path)?;
        let mut end = path.len();
        loop {
            if let Some(index) = self.covers.get(&path[..end]) {
                let rest = path[end..].strip_prefix(b"/").unwrap_or_default();
                return Some((*index, rest.to_vec()));
            }
            end = path[..end].iter().rposition(|byte| *byte == b'/')?;
        }
    }

    /// `root`, which must be named.
    pub fn root(&self) -> Result<&Root, Stop> {
        match &self.root {
            Some(root) if !root.path.is_empty() => Ok(root),
            _ => Err(Stop::Unusable(
                "config.json: no root.path; name the root filesystem".to_owned(),
            )),
        }
    }

    /// `process.cwd`, `/` when there is none.
    pub fn cwd(&self) -> &str {
        match self.process.cwd.as_deref() {
            None | Some("") => "/",
            Some(cwd) => cwd,
        }
    }

    /// Whether a mount of this type is asked for at this place.
    pub fn mounts_at(&self, kind: &str, destination: &str) -> bool {
        let same = |mount: &&Mount| mount.destination.trim_end_matches('/') == destination;
        self.mounts
            .iter()
            .filter(same)
            .any(|mount| mount.kind == kind)
    }
}

/// The names of a path, each after one slash; nothing for the root, `None` with
/// `..` on it.
fn plain_path(path: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    for name in components(path)? {
        plain.push(b'/');
        plain.extend_from_slice(name);
    }
    Some(plain)
}

/// The names of a path; `None` with `..` among them.
pub fn components(path: &[u8]) -> Option<Vec<&[u8]>> {
    let names = path
        .split(|byte| *byte == b'/')
        .filter(|name| !matches!(*name, b"" | b"."));
    let names: Vec<&[u8]> = names.collect();
    (!names.contains(&&b".."[..])).then_some(names)
}

/// A capability set as bits; names are those of capabilities(7).
///
/// # Errors
/// Names the unknown capability.
pub fn capability_bits(names: &[String]) -> Result<u64, Stop> {
    names.iter().try_fold(0, |bits, name| {
        let known = &sekisho_sys::credentials::CAPABILITIES;
        match known.iter().position(|known| known == name) {
            Some(number) => Ok(bits | 1 << number),
            None => Err(Stop::Unusable(format!(
                "config.json: unknown capability {name:?}; use names of capabilities(7)"
            ))),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_used_part_is_read_and_the_rest_ignored() {
        let text = br#"{"ociVersion": "1.0.2", "annotations": {"a": "b"},
            "process": {"user": {"uid": 1, "additionalGids": [7]}, "args": ["/x"],
                        "capabilities": {"ambient": ["CAP_NET_RAW"]}},
            "root": {"path": "rootfs", "readonly": true},
            "linux": {"namespaces": [{"type": "pid", "path": "/p"}],
                      "uidMappings": [{"containerID": 0, "hostID": 9, "size": 2}]}}"#;
        let config = Config::parse(text).expect("a valid configuration");
        assert_eq!(config.process.user.additional_gids, [7]);
        assert!(config.root().expect("a root").readonly);
        assert_eq!(config.linux.uid_mappings[0].host, 9);
        assert_eq!(config.cwd(), "/");
        assert_eq!(
            capability_bits(&config.process.capabilities.ambient),
            Ok(1 << 13)
        );
    }

    #[test]
    fn errors_name_the_line() {
        let error = Config::parse(b"{\n\"process\": 5}").unwrap_err();
        assert!(error.contains("line 2"), "{error}");
        assert!(Config::default().root().is_err());
        assert!(capability_bits(&["CAP_ALL".to_owned()]).is_err());
    }

    #[test]
    fn the_longest_and_last_destination_covers() {
        let text = r#"{"mounts":[{"destination":"/usr"},{"destination":"/usr/lib/"},
            {"destination":"/usr"},{"destination":"/us"}]}"#;
        let config = Config::parse(text.as_bytes()).expect("valid");
        let rest = |text: &str| text.as_bytes().to_vec();
        assert_eq!(config.covering(b"/usr//bin/./x"), Some((2, rest("bin/x"))));
        assert_eq!(config.covering(b"/usr/lib"), Some((1, Vec::new())));
        assert_eq!(config.covering(b"/usr/../x"), None);
        assert_eq!(config.covering(b"/used"), None);
        let root = Config::parse(br#"{"mounts":[{"destination":"/"}]}"#).expect("valid");
        assert_eq!(root.covering(b"/a/b"), Some((0, rest("a/b"))));
        assert_eq!(root.covering(b"/"), Some((0, Vec::new())));
        assert_eq!(Config::default().covering(b"/a"), None);
    }

    #[test]
    fn depth_does_not_exhaust_the_stack() {
        let half = LIMIT / 2 - 8;
        let ignored = format!(r#"{{"a":{}{}}}"#, "[".repeat(half), "]".repeat(half));
        assert!(Config::parse(ignored.as_bytes()).is_ok());
        let used = format!(r#"{{"process":{}{}}}"#, "[".repeat(half), "]".repeat(half));
        assert!(Config::parse(used.as_bytes()).is_err());
    }

    proptest::proptest! {
        /// As by comparing with every destination, name by name.
        #[test]
        fn covering_is_what_a_plain_search_finds(
            places in proptest::collection::vec("(/?[ab.]{0,2}){0,3}/?", 0..6),
            path in "(/[ab.]{0,2}){0,4}",
        ) {
            let mounts: Vec<_> = places
                .iter()
                .map(|place| serde_json::json!({"destination": place}))
                .collect();
            let text = serde_json::json!({"mounts": mounts}).to_string();
            let config = Config::parse(text.as_bytes()).expect("valid");
            let plain = components(path.as_bytes()).and_then(|wanted| {
                let covers = |(index, place): (usize, &String)| {
                    let at = components(place.as_bytes())?.len();
                    let names = components(place.as_bytes())?;
                    wanted.starts_with(&names).then_some((at, index))
                };
                let (at, index) = places.iter().enumerate().filter_map(covers).max()?;
                Some((index, wanted[at..].join(&b'/')))
            });
            proptest::prop_assert_eq!(config.covering(path.as_bytes()), plain);
        }

        #[test]
        fn no_bytes_make_it_panic(text: Vec<u8>) {
            let _ = Config::parse(&text);
        }
    }
}
