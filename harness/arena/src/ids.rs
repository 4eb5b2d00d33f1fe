//! Subordinate ids: what an ordinary user maps into an arena.

use std::process::Command;

use anyhow::{Context, Result, bail};
use nix::unistd::{Uid, User};

/// How many ids an arena has: 0 to 65535, as a host without directory
/// service.
const IDS: u32 = 65536;

/// Where the ids of an arena lie outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map {
    first_uid: u32,
    first_gid: u32,
}

impl Map {
    /// From `/etc/subuid` and `/etc/subgid`.
    ///
    /// # Errors
    /// With the remedy, when the user has none.
    pub fn of_this_user() -> Result<Self> {
        let uid = Uid::current();
        let name = User::from_uid(uid)?.map(|user| user.name);
        let range = |path: &str| -> Result<u32> {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            first_of(&text, name.as_deref(), uid.as_raw()).with_context(|| {
                let user = name.clone().unwrap_or_else(|| uid.to_string());
                format!(
                    "user {user} has no range of {IDS} ids in {path}; add one: \
                     usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}"
                )
            })
        };
        Ok(Self {
            first_uid: range("/etc/subuid")?,
            first_gid: range("/etc/subgid")?,
        })
    }

    /// Maps them for the process, which is in a new user namespace.
    ///
    /// # Errors
    /// When `newuidmap` is missing or refuses.
    pub fn apply(&self, pid: u32) -> Result<()> {
        for (program, first) in [("newuidmap", self.first_uid), ("newgidmap", self.first_gid)] {
            let arguments = [pid, 0, first, IDS].map(|number| number.to_string());
            let done = Command::new(program)
                .args(&arguments)
                .output()
                .with_context(|| {
                    format!("cannot run {program}; install it (package uidmap or shadow-utils)")
                })?;
            if !done.status.success() {
                let said = String::from_utf8_lossy(&done.stderr);
                bail!("{program} {} failed: {}", arguments.join(" "), said.trim());
            }
        }
        Ok(())
    }
}

/// The first id of the first range that is large enough.
fn first_of(text: &str, name: Option<&str>, uid: u32) -> Option<u32> {
    let number = uid.to_string();
    text.lines().find_map(|line| {
        let mut fields = line.trim().split(':');
        let (owner, first, count) = (fields.next()?, fields.next()?, fields.next()?);
        let own = Some(owner) == name || owner == number;
        let count: u32 = count.parse().ok()?;
        (own && count >= IDS).then(|| first.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::first_of;

    const TEXT: &str = "alice:100000:65536\nbob:200000:1000\nbob:300000:65536\n1000:400000:65536\n";

    #[test]
    fn the_first_large_enough_range_of_the_user_counts() {
        assert_eq!(first_of(TEXT, Some("alice"), 1), Some(100_000));
        assert_eq!(first_of(TEXT, Some("bob"), 2), Some(300_000));
        assert_eq!(first_of(TEXT, None, 1000), Some(400_000));
    }

    #[test]
    fn a_user_without_range_has_none() {
        assert_eq!(first_of(TEXT, Some("carol"), 3), None);
        assert_eq!(first_of("broken\n::\n", Some("broken"), 3), None);
    }
}
