//! Users and groups of the arena's host, and what a target's text means there.

use super::Asked;

/// `/etc/passwd` and `/etc/group`.
#[derive(Debug)]
pub(super) struct Accounts {
    passwd: Vec<Account>,
    group: Vec<Account>,
}

impl Accounts {
    /// Of the two files' contents.
    pub(super) fn of(passwd: &[u8], group: &[u8]) -> Self {
        Self {
            passwd: accounts(passwd, true),
            group: accounts(group, false),
        }
    }
}

/// A line of `/etc/passwd` or `/etc/group`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Account {
    name: Vec<u8>,
    id: u32,
    /// Primary gid; the id itself in `/etc/group`.
    gid: u32,
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

impl Asked<'_> {
    /// The target user.
    #[must_use]
    pub fn user(&self) -> Id {
        id(&self.request.target_user, &self.accounts.passwd)
    }

    /// The target group.
    #[must_use]
    pub fn group(&self) -> Id {
        id(&self.request.target_group, &self.accounts.group)
    }

    /// Target uid and gid, when there can be no doubt about either.
    #[must_use]
    pub fn ids(&self) -> Option<(u32, u32)> {
        Some((self.user().exact()?, self.group().exact()?))
    }

    /// Whether a user has this name.
    #[must_use]
    pub fn is_user(&self, name: &[u8]) -> bool {
        self.accounts
            .passwd
            .iter()
            .any(|account| account.name == name)
    }

    /// Whether a group has this name.
    #[must_use]
    pub fn is_group(&self, name: &[u8]) -> bool {
        self.accounts
            .group
            .iter()
            .any(|account| account.name == name)
    }

    /// Name of the user with this uid: the first in `/etc/passwd`.
    #[must_use]
    pub fn user_name(&self, uid: u32) -> Option<&[u8]> {
        let found = self
            .accounts
            .passwd
            .iter()
            .find(|account| account.id == uid)?;
        Some(&found.name)
    }

    /// Name of the group with this gid: the first in `/etc/group`.
    #[must_use]
    pub fn group_name(&self, gid: u32) -> Option<&[u8]> {
        let found = self
            .accounts
            .group
            .iter()
            .find(|account| account.id == gid)?;
        Some(&found.name)
    }

    /// Primary gid of the user with this uid.
    #[must_use]
    pub fn primary_group(&self, uid: u32) -> Option<u32> {
        let found = self
            .accounts
            .passwd
            .iter()
            .find(|account| account.id == uid)?;
        Some(found.gid)
    }

    /// uids of `/etc/passwd` from a least one on.
    #[must_use]
    pub fn users_from(&self, least: u32) -> Vec<u32> {
        let ids = self.accounts.passwd.iter().map(|account| account.id);
        ids.filter(|uid| *uid >= least).collect()
    }

    /// gids of `/etc/group` from a least one on.
    #[must_use]
    pub fn groups_from(&self, least: u32) -> Vec<u32> {
        let ids = self.accounts.group.iter().map(|account| account.id);
        ids.filter(|gid| *gid >= least).collect()
    }
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
