//! The standard world: what lies in every arena, as data
//! (`scenarios/world.toml`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{File, Group, User};

/// The standard world.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct World {
    /// Directory that every bundle should lie in; equal to the policy's.
    pub base: String,
    /// Who stands for whom.
    pub principals: Principals,
    /// Users by name.
    pub users: BTreeMap<String, User>,
    /// Groups by name, beyond those of the users' own names.
    pub groups: BTreeMap<String, Group>,
    /// Files by absolute path.
    pub files: BTreeMap<String, File>,
    /// Canary files by name.
    pub canary: BTreeMap<String, CanaryFile>,
}

/// Users that stand for attackers who do not act under another name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Principals {
    /// For a client, who has no account: the least that an account can do.
    pub client: String,
    /// The tenant whose site is started.
    pub tenant: String,
    /// Another local user.
    pub neighbour: String,
}

/// A file that no init should reach. It holds `canary:<name>:<nonce>`; when
/// there is a file at its path already, the line is added to that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CanaryFile {
    /// Absolute path.
    pub path: String,
    /// `user:group`.
    pub owner: String,
    /// Octal mode.
    pub mode: String,
}

/// Canaries that are not files: the arena makes them and adds them to every
/// sheet.
pub const ARENA_CANARIES: [&str; 5] = [
    "host-socket",
    "host-abstract",
    "host-port",
    "host-process",
    "host-device",
];

/// File name of the world in a directory of scenarios.
pub const WORLD_FILE: &str = "world.toml";

/// The text of the standard world that this crate was built with.
pub const STANDARD: &str = include_str!("../../../scenarios/world.toml");

impl World {
    /// Reads a world.
    ///
    /// # Errors
    /// What TOML or a field is wrong, with the line.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_world_has_the_base_of_the_standard_policy() {
        let world = World::parse(STANDARD).expect("a valid world");
        assert_eq!(world.base, sekisho_rules::Policy::default().base);
    }

    #[test]
    fn an_unknown_field_is_refused_with_its_line() {
        let error = World::parse(&format!("{STANDARD}\n[user.x]\nuid = 1")).unwrap_err();
        assert!(
            error.to_string().contains("unknown field `user`"),
            "{error}"
        );
    }
}
