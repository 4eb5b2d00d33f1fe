//! The user and group databases as text. The original asks through NSS, which
//! loads code; where NSS is set to `files` both see the same entries.

use std::io;

use sekisho_rules::evidence::{Identity, IdentityForm};

/// One entry of `/etc/passwd`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Name.
    pub name: Vec<u8>,
    /// uid.
    pub uid: u32,
    /// Home directory.
    pub home: Vec<u8>,
}

/// One entry of `/etc/group`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Name.
    pub name: Vec<u8>,
    /// gid.
    pub gid: u32,
    /// Names of members.
    pub members: Vec<Vec<u8>>,
}

/// Both databases, in the order of their files.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    /// Users.
    pub users: Vec<User>,
    /// Groups.
    pub groups: Vec<Group>,
}

impl Accounts {
    /// Reads both.
    ///
    /// # Errors
    /// As read(2).
    pub fn read() -> io::Result<Self> {
        let passwd = std::fs::read("/etc/passwd")?;
        let group = std::fs::read("/etc/group")?;
        Ok(Self::parse(&passwd, &group))
    }

    /// The entries of two texts; lines that are none are passed over, as
    /// `passwd(5)` databases do it.
    #[must_use]
    pub fn parse(passwd: &[u8], group: &[u8]) -> Self {
        let users = lines(passwd).filter_map(|fields| {
            Some(User {
                name: fields.first()?.to_vec(),
                uid: number(fields.get(2)?)?,
                home: fields.get(5)?.to_vec(),
            })
        });
        let groups = lines(group).filter_map(|fields| {
            let members = fields.get(3).copied().unwrap_or_default();
            let members = members.split(|byte| *byte == b',');
            Some(Group {
                name: fields.first()?.to_vec(),
                gid: number(fields.get(2)?)?,
                members: members
                    .filter(|name| !name.is_empty())
                    .map(<[u8]>::to_vec)
                    .collect(),
            })
        });
        Self {
            users: users.collect(),
            groups: groups.collect(),
        }
    }

    /// The first user of that uid.
    #[must_use]
    pub fn user_of(&self, uid: u32) -> Option<&User> {
        self.users.iter().find(|user| user.uid == uid)
    }

    /// The first user of that name.
    #[must_use]
    pub fn user_named(&self, name: &[u8]) -> Option<&User> {
        self.users.iter().find(|user| user.name == name)
    }

    /// The first group of that gid.
    #[must_use]
    pub fn group_of(&self, gid: u32) -> Option<&Group> {
        self.groups.iter().find(|group| group.gid == gid)
    }

    /// The first group of that name.
    #[must_use]
    pub fn group_named(&self, name: &[u8]) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }

    /// Groups of a user who has this primary group, each once. See
    /// [`crate::exact::groups`] for what `initgroups(3)` makes of it.
    #[must_use]
    pub fn groups_with(&self, name: &[u8], primary: u32) -> Vec<u32> {
        let mut gids = vec![primary];
        for group in &self.groups {
            let member = group.members.iter().any(|member| member == name);
            if member && !gids.contains(&group.gid) {
                gids.push(group.gid);
            }
        }
        gids
    }

    /// How a strict launcher understands a user: a name, else an exact number.
    #[must_use]
    pub fn strict_user(&self, text: &[u8]) -> Identity {
        let of = |id| self.user_of(id).map(|user| user.name.as_slice());
        strict(text, self.user_named(text).map(|user| user.uid), of)
    }

    /// The same for a group.
    #[must_use]
    pub fn strict_group(&self, text: &[u8]) -> Identity {
        let of = |id| self.group_of(id).map(|group| group.name.as_slice());
        strict(text, self.group_named(text).map(|group| group.gid), of)
    }
}

fn strict<'a>(
    text: &[u8],
    named: Option<u32>,
    name_of: impl Fn(u32) -> Option<&'a [u8]>,
) -> Identity {
    let plain = text == b"0" || !text.starts_with(b"0");
    let exact = number(text).filter(|id| plain && *id != u32::MAX);
    let (form, id) = match (named, exact) {
        (Some(id), _) => (IdentityForm::Name, id),
        (None, Some(id)) => (IdentityForm::Exact, id),
        // No rule lets an inexact reference pass, so its id is never used.
        (None, None) => (IdentityForm::Inexact, u32::MAX),
    };
    let name = match form {
        IdentityForm::Name => Some(text),
        IdentityForm::Exact => name_of(id),
        _ => None,
    };
    Identity {
        text: text.to_vec(),
        form,
        id,
        name: name.map(|name| String::from_utf8_lossy(name).into_owned()),
    }
}

/// Fields of every line that is no comment.
fn lines(text: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    let lines = text.split(|byte| *byte == b'\n');
    lines
        .map(<[u8]>::trim_ascii_start)
        .filter(|line| !line.is_empty() && !line.starts_with(b"#"))
        .map(|line| line.split(|byte| *byte == b':').collect())
}

/// Digits only, at most 4294967295.
fn number(text: &[u8]) -> Option<u32> {
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(text).ok().filter(|_| digits)?;
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts() -> Accounts {
        Accounts::parse(
            b"root:x:0:0:r:/root:/bin/sh\n#x:x:5:5:::\nbad\nalice:x:101:200::/home/a:\n\
              7:x:8:8::/h:\nagain:x:101:9::/x:\n",
            b"root:x:0:\nweb:x:200:bob,alice\nold:x:201:alicex\nmore:x:202:,alice\n",
        )
    }

    #[test]
    fn the_first_entry_counts() {
        let accounts = accounts();
        assert_eq!(accounts.user_of(101).unwrap().name, b"alice");
        assert_eq!(accounts.user_of(101).unwrap().home, b"/home/a");
        assert_eq!(accounts.user_of(5), None);
        assert_eq!(accounts.group_named(b"web").unwrap().gid, 200);
        assert_eq!(accounts.groups_with(b"alice", 200), [200, 202]);
        assert_eq!(accounts.groups_with(b"root", 3), [3]);
    }

    #[test]
    fn strictly_a_name_comes_first_and_a_number_is_exact() {
        let accounts = accounts();
        let user = accounts.strict_user(b"7");
        assert_eq!((user.form, user.id), (IdentityForm::Name, 8));
        let user = accounts.strict_user(b"101");
        assert_eq!((user.form, user.id), (IdentityForm::Exact, 101));
        assert_eq!(user.name.as_deref(), Some("alice"));
        for text in [
            "0101",
            " 101",
            "+101",
            "101x",
            "4294967295",
            "4294967397",
            "",
        ] {
            let user = accounts.strict_user(text.as_bytes());
            assert_eq!(
                (user.form, user.name),
                (IdentityForm::Inexact, None),
                "{text}"
            );
        }
        assert_eq!(accounts.strict_group(b"201").name.as_deref(), Some("old"));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(passwd: Vec<u8>, group: Vec<u8>, text: Vec<u8>) {
            let accounts = Accounts::parse(&passwd, &group);
            let _ = (accounts.strict_user(&text), accounts.strict_group(&text));
            let _ = accounts.groups_with(&text, 0);
        }
    }
}
