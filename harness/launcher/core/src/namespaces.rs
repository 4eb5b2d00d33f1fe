//! Which namespaces are made, joined or shared, and how ids map.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use sekisho_sys::fd::{AsRawFd, OwnedFd};

use sekisho_sys::open;
use sekisho_sys::process::{
    CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWTIME,
    CLONE_NEWUSER, CLONE_NEWUTS,
};

use crate::config::{Config, Mapping};
use crate::stop::{Stop, step};

/// Names in the configuration, flags, and whether sharing the host's counts
/// as shared: a user or time namespace of its own is the exception.
const KINDS: [(&str, i32, bool); 8] = [
    ("user", CLONE_NEWUSER, false),
    ("mount", CLONE_NEWNS, true),
    ("pid", CLONE_NEWPID, true),
    ("ipc", CLONE_NEWIPC, true),
    ("uts", CLONE_NEWUTS, true),
    ("network", CLONE_NEWNET, true),
    ("cgroup", CLONE_NEWCGROUP, true),
    ("time", CLONE_NEWTIME, false),
];

/// What an absent `linux.namespaces` means: the [`KINDS`] that count.
fn usual() -> i32 {
    KINDS
        .iter()
        .filter(|(.., counts)| *counts)
        .fold(0, |flags, (_, flag, _)| flags | flag)
}

/// Namespaces of a start.
#[derive(Debug)]
pub struct Namespaces {
    /// Flags of those to be made.
    pub made: i32,
    /// Those to be joined.
    pub joined: Vec<(i32, OwnedFd)>,
}

/// Flags of the namespaces that the configuration lists without a path.
pub fn made(config: &Config) -> i32 {
    let Some(list) = &config.linux.namespaces else {
        return usual();
    };
    let own = list
        .iter()
        .filter(|namespace| namespace.path.as_deref().unwrap_or("").is_empty());
    own.filter_map(|namespace| flag(&namespace.kind))
        .fold(0, |flags, flag| flags | flag)
}

/// Whether the configuration lists the kind, made or joined.
pub fn lists(config: &Config, name: &str) -> bool {
    let mut listed = config.linux.namespaces.iter().flatten();
    listed.any(|namespace| namespace.kind == name)
}

/// Names of those that would be the host's or another's.
pub fn shared(config: &Config) -> Vec<&'static str> {
    let made = made(config);
    let joins = |name: &str| lists(config, name) && made & flag(name).unwrap_or(0) == 0;
    KINDS
        .iter()
        .filter(|(name, flag, counts)| made & flag == 0 && (*counts || joins(name)))
        .map(|(name, ..)| *name)
        .collect()
}

fn flag(name: &str) -> Option<i32> {
    KINDS
        .iter()
        .find(|(known, ..)| *known == name)
        .map(|(_, flag, _)| *flag)
}

impl Namespaces {
    /// Opens those that are joined.
    pub fn open(config: &Config) -> Result<Self, Stop> {
        let mut joined = Vec::new();
        for namespace in config.linux.namespaces.iter().flatten() {
            let flag = flag(&namespace.kind).ok_or_else(|| {
                Stop::Unusable(format!(
                    "config.json: unknown namespace type {:?}",
                    namespace.kind
                ))
            })?;
            if let Some(path) = namespace.path.as_deref().filter(|path| !path.is_empty()) {
                // A FIFO there holds nobody up: it is no namespace.
                let flags = open::O_RDONLY | open::O_NONBLOCK | open::O_NOCTTY;
                let fd = open::openat2(open::AT_FDCWD, path.as_bytes(), flags, 0)
                    .map_err(step("namespaces"))?;
                joined.push((flag, fd));
            }
        }
        // The user namespace first: it gives the right to join the others.
        joined.sort_by_key(|(flag, fd)| (*flag != CLONE_NEWUSER, fd.as_raw_fd()));
        Ok(Self {
            made: made(config),
            joined,
        })
    }

    /// Whether this kind is new for the init.
    pub fn makes(&self, flag: i32) -> bool {
        self.made & flag != 0
    }

    /// Whether this kind is not the launcher's: made or joined.
    pub fn leaves(&self, flag: i32) -> bool {
        self.makes(flag) || self.joined.iter().any(|(joined, _)| *joined == flag)
    }
}

/// The id inside for a host id.
pub fn inside(mappings: &[Mapping], host: u32) -> Option<u32> {
    let range = mappings
        .iter()
        .find(|m| host >= m.host && host - m.host < m.size)?;
    range.container.checked_add(host - range.host)
}

/// The host id for an id inside.
pub fn outside(mappings: &[Mapping], container: u32) -> Option<u32> {
    let range = mappings
        .iter()
        .find(|m| container >= m.container && container - m.container < m.size)?;
    range.host.checked_add(container - range.container)
}

/// The text of `/proc/<pid>/uid_map`.
pub fn map_text(mappings: &[Mapping]) -> String {
    let line = |m: &Mapping| format!("{} {} {}\n", m.container, m.host, m.size);
    mappings.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_map_both_ways_and_outside_ranges_not_at_all() {
        let m = |container, host, size| Mapping {
            container,
            host,
            size,
        };
        let mappings = [m(0, 10001, 1), m(1, 100_000, 10), m(u32::MAX - 1, 5, 4)];
        assert_eq!(inside(&mappings, 10001), Some(0));
        assert_eq!(inside(&mappings, 100_009), Some(10));
        assert_eq!(inside(&mappings, 100_010), None);
        assert_eq!(inside(&mappings, 8), None);
        assert_eq!(outside(&mappings, 10), Some(100_009));
        assert_eq!(outside(&mappings, 11), None);
        assert_eq!(map_text(&mappings[..1]), "0 10001 1\n");
    }

    #[test]
    fn what_is_not_listed_is_shared() {
        let config = |text: &str| Config::parse(text.as_bytes()).expect("valid");
        assert_eq!(shared(&config("{}")), [""; 0]);
        let some = config(
            r#"{"linux":{"namespaces":[{"type":"mount"},{"type":"pid","path":"/p"},
                {"type":"user","path":"/u"}]}}"#,
        );
        assert_eq!(made(&some), CLONE_NEWNS);
        assert_eq!(
            shared(&some),
            ["user", "pid", "ipc", "uts", "network", "cgroup"]
        );
    }
}
