//! Users and groups of a case: looking names up, and the generated databases.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::fault::{Fault, Within};
use crate::model::{Fixture, Group};
use crate::nearest::did_you_mean;
use crate::world::World;

/// Users and groups of world and fixture.
#[derive(Debug)]
pub(crate) struct Accounts {
    /// uid and primary gid by name.
    users: BTreeMap<String, (u32, u32)>,
    groups: BTreeMap<String, Group>,
}

/// `chown(2)` and `setresuid(2)` take it for "unchanged".
const NO_ID: u32 = u32::MAX;

impl Accounts {
    /// Those of the world, with the fixture's over them.
    pub(crate) fn of(world: &World, fixture: &Fixture) -> Result<Self, Fault> {
        let mut groups = world.groups.clone();
        groups.extend(fixture.groups.clone());
        let mut users = BTreeMap::new();
        for (name, user) in world.users.iter().chain(&fixture.users) {
            check_name(name).within(name).within("users")?;
            let gid = user.gid.unwrap_or(user.uid);
            users.insert(name.clone(), (user.uid, gid));
            let own = fixture.groups.get(name).map_or(gid, |group| group.gid);
            if user.gid.is_none() && own != gid {
                let message = format!(
                    "the group `{name}` has gid {own}, but the user without `gid` is in {gid}: \
                     give the user a `gid`"
                );
                return Err(Fault::new(message).within(name).within("users"));
            }
            if user.gid.is_none() {
                let members = Vec::new();
                groups.entry(name.clone()).or_insert(Group { gid, members });
            }
        }
        for (name, group) in &groups {
            check_name(name).within(name).within("groups")?;
            for member in &group.members {
                check_name(member).within(name).within("groups")?;
            }
        }
        Ok(Self { users, groups })
    }

    /// uid of a name or, where no user has that name, of a number.
    pub(crate) fn uid(&self, text: &str) -> Result<u32, String> {
        match self.users.get(text) {
            Some((uid, _)) => Ok(*uid),
            None => number(text).ok_or_else(|| unknown("user", text, self.users.keys())),
        }
    }

    /// gid, likewise.
    pub(crate) fn gid(&self, text: &str) -> Result<u32, String> {
        match self.groups.get(text) {
            Some(group) => Ok(group.gid),
            None => number(text).ok_or_else(|| unknown("group", text, self.groups.keys())),
        }
    }

    /// Primary gid of a user, by name or number.
    pub(crate) fn primary(&self, text: &str) -> Result<u32, String> {
        let uid = self.uid(text)?;
        let by_name = self.users.get(text);
        let entry = by_name.or_else(|| self.users.values().find(|(other, _)| *other == uid));
        entry.map(|(_, gid)| *gid).ok_or_else(|| {
            format!("uid {uid} has no entry and so no primary group: name the group as well")
        })
    }

    /// gid of who acts: the primary one, or for a number without an entry (a process
    /// of a deleted account) the same number.
    pub(crate) fn acting(&self, text: &str) -> Result<u32, String> {
        self.primary(text).or_else(|_| self.uid(text))
    }

    /// gids of the groups that name the user as a member, sorted.
    pub(crate) fn memberships(&self, user: &str) -> Vec<u32> {
        let is_member = |group: &&Group| group.members.iter().any(|member| member == user);
        let mut gids: Vec<_> = self
            .groups
            .values()
            .filter(is_member)
            .map(|group| group.gid)
            .collect();
        gids.sort_unstable();
        gids.dedup();
        gids
    }

    /// uid and gid of `user:group`.
    pub(crate) fn owner(&self, text: &str) -> Result<(u32, u32), String> {
        let (user, group) = text
            .split_once(':')
            .ok_or_else(|| format!("`{text}` is no owner: write `user:group`, names or numbers"))?;
        Ok((self.uid(user)?, self.gid(group)?))
    }

    /// `/etc/passwd`, by uid.
    pub(crate) fn passwd(&self) -> String {
        let mut text = String::new();
        for (name, uid, gid) in self.by_uid() {
            let home = match uid {
                0 => "/root".to_owned(),
                _ => format!("/home/{name}"),
            };
            let shell = match uid {
                1..1000 | 65534 => "/usr/sbin/nologin",
                _ => "/bin/sh",
            };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name}:x:{uid}:{gid}::{home}:{shell}");
        }
        text
    }

    /// `/etc/group`, by gid.
    pub(crate) fn group(&self) -> String {
        let mut groups: Vec<_> = self.groups.iter().collect();
        groups.sort_by_key(|(_, group)| group.gid);
        let mut text = String::new();
        for (name, group) in groups {
            let members = group.members.join(",");
            let _ = writeln!(text, "{name}:x:{}:{members}", group.gid);
        }
        text
    }

    /// `/etc/shadow`: nobody has a password.
    pub(crate) fn shadow(&self) -> String {
        let mut text = String::new();
        for (name, ..) in self.by_uid() {
            let _ = writeln!(text, "{name}:*:19000:0:99999:7:::");
        }
        text
    }

    fn by_uid(&self) -> Vec<(&str, u32, u32)> {
        let users = self.users.iter();
        let mut users: Vec<_> = users
            .map(|(name, (uid, gid))| (name.as_str(), *uid, *gid))
            .collect();
        users.sort_by_key(|(_, uid, _)| *uid);
        users
    }
}

/// An exact decimal id.
fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits)?;
    (number != NO_ID).then_some(number)
}

fn unknown<'a>(what: &str, text: &str, known: impl Iterator<Item = &'a String>) -> String {
    let near = did_you_mean(text, known.map(String::as_str));
    format!(
        "unknown {what} `{text}`{near}; name one of the world, of fixture.{what}s, or an id up to 4294967294"
    )
}

/// A name that the text databases can hold.
fn check_name(name: &str) -> Result<(), String> {
    let bad = |c: char| c.is_control() || [':', ',', '/'].contains(&c);
    if name.is_empty() || name.contains(bad) {
        return Err(format!(
            "`{}` cannot stand in /etc/passwd or /etc/group: leave out `:`, `,`, `/` and control \
             characters",
            name.escape_debug()
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::STANDARD;

    fn accounts(fixture: &str) -> Result<Accounts, Fault> {
        let fixture = toml::from_str(fixture).unwrap();
        Accounts::of(&World::parse(STANDARD).unwrap(), &fixture)
    }

    #[test]
    fn names_come_before_numbers() {
        let accounts = accounts("").unwrap();
        assert_eq!(accounts.uid("10077"), Ok(10078));
        assert_eq!(accounts.uid("10078"), Ok(10078));
        assert_eq!(accounts.uid("0day"), Ok(10050));
        assert_eq!(accounts.owner("root:shadow"), Ok((0, 42)));
        assert_eq!(accounts.primary("www-data"), Ok(33));
        assert_eq!(accounts.primary("33"), Ok(33));
        assert!(
            accounts
                .primary("4711")
                .unwrap_err()
                .contains("no primary group")
        );
        for wrong in ["alise", "-1", "+1", "4294967295", ""] {
            assert!(accounts.uid(wrong).is_err(), "{wrong}");
        }
        let near = accounts.owner("alise:alice").unwrap_err();
        assert!(near.contains("did you mean `alice`?"), "{near}");
        assert!(accounts.owner("alice").unwrap_err().contains("user:group"));
    }

    #[test]
    fn the_databases_hold_world_and_fixture() {
        let accounts = accounts("users.dave = {uid = 10004, gid = 33}").unwrap();
        let passwd = accounts.passwd();
        assert!(
            passwd.starts_with("root:x:0:0::/root:/bin/sh\n"),
            "{passwd}"
        );
        assert!(passwd.contains("\ndave:x:10004:33::/home/dave:/bin/sh\n"));
        assert!(passwd.contains("\n10077:x:10078:10078:"));
        let group = accounts.group();
        assert!(group.contains("\nweb:x:20001:alice,carol\n"), "{group}");
        assert!(group.contains("\nshadow:x:42:\n"));
        assert!(!group.contains("dave"));
        assert!(accounts.shadow().contains("\nalice:*:"));
    }

    #[test]
    fn names_that_break_a_database_are_refused() {
        assert!(accounts("users.'a:b' = {uid = 1}").is_err());
        assert!(accounts("groups.\"a\\nb\" = {gid = 1}").is_err());
        let fixture = "users.dave = {uid = 1}\ngroups.dave = {gid = 2}";
        let fault = accounts(fixture).unwrap_err();
        assert!(fault.message.contains("give the user a `gid`"), "{fault}");
    }
}
