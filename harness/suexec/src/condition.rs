//! What can decide a request of suEXEC's shape, in the order in which the
//! original asks (Apache httpd `support/suexec.c`, with Debian's
//! `suexec-custom.patch`), and the exit status that tells it.

/// The first condition that failed, or the other way in which a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    /// The log cannot be opened, so that nothing can be recorded.
    LogNotOpened,
    /// The real uid of the caller has no name.
    CallerUnknown,
    /// `-V` by root or the httpd user: settings were told, nothing started.
    SettingsTold,
    /// Fewer than USER, GROUP and PROGRAM were given.
    ArgumentsUnusable,
    /// PROGRAM is absolute or climbs.
    ProgramReferenceUnsafe,
    /// The caller has no configuration file.
    CallerNotConfigured,
    /// The configuration has no first line.
    DocrootUnreadable,
    /// The configuration has no second line.
    UserdirUnreadable,
    /// `~user` was asked for, and the second line does not allow it.
    UserdirDisabled,
    /// The first line is not an absolute path.
    DocrootDisabled,
    /// The first line is `/`, `//…` or `/.…`.
    DocrootInvalid,
    /// USER is no name in the user database.
    UserNameUnknown,
    /// USER is a number without entry in the user database.
    UserIdUnknown,
    /// GROUP is no name in the group database.
    GroupNameUnknown,
    /// GROUP is a number without entry in the group database.
    GroupIdUnknown,
    /// The user is root or below the least uid.
    UserForbidden,
    /// The group is root's or below the least gid.
    GroupForbidden,
    /// Group and supplementary groups could not be taken on.
    GroupNotSet,
    /// The user could not be taken on.
    UserNotSet,
    /// The kernel cannot name the working directory.
    DirectoryUnnamed,
    /// The target user cannot open the working directory.
    DirectoryNotOpened,
    /// The user's home, its suffix or the working directory cannot be entered.
    UserdirNotEntered,
    /// The docroot or the working directory cannot be entered.
    DocrootNotEntered,
    /// The working directory lies outside the docroot.
    OutsideDocroot,
    /// The working directory cannot be looked at, or is none.
    DirectoryNotSeen,
    /// Group or others may write to the working directory.
    DirectoryWritable,
    /// There is no such program, or nothing that may be one.
    ProgramNotSeen,
    /// Group or others may write to the program.
    ProgramWritable,
    /// The program is setuid or setgid.
    ProgramSetid,
    /// Directory or program belong to another user or group than the target.
    OwnerDiffers,
    /// The program lacks the execute bit.
    ProgramNotExecutable,
    /// The kernel did not execute the program.
    NotExecuted,
}

use Condition as C;

/// Every condition in order, with its word in logs and its exit status.
pub const CONDITIONS: [(Condition, &str, u8); 32] = [
    (C::LogNotOpened, "log-not-opened", 1),
    (C::CallerUnknown, "caller-unknown", 102),
    (C::SettingsTold, "settings-told", 0),
    (C::ArgumentsUnusable, "arguments-unusable", 101),
    (C::ProgramReferenceUnsafe, "program-reference-unsafe", 104),
    (C::CallerNotConfigured, "caller-not-configured", 123),
    (C::DocrootUnreadable, "docroot-unreadable", 124),
    (C::UserdirUnreadable, "userdir-unreadable", 125),
    (C::UserdirDisabled, "userdir-disabled", 126),
    (C::DocrootDisabled, "docroot-disabled", 127),
    (C::DocrootInvalid, "docroot-invalid", 128),
    (C::UserNameUnknown, "user-name-unknown", 105),
    (C::UserIdUnknown, "user-id-unknown", 121),
    (C::GroupNameUnknown, "group-name-unknown", 106),
    (C::GroupIdUnknown, "group-id-unknown", 106),
    (C::UserForbidden, "user-forbidden", 107),
    (C::GroupForbidden, "group-forbidden", 108),
    (C::GroupNotSet, "group-not-set", 109),
    (C::UserNotSet, "user-not-set", 110),
    (C::DirectoryUnnamed, "directory-unnamed", 111),
    (C::DirectoryNotOpened, "directory-not-opened", 111),
    (C::UserdirNotEntered, "userdir-not-entered", 112),
    (C::DocrootNotEntered, "docroot-not-entered", 113),
    (C::OutsideDocroot, "outside-docroot", 114),
    (C::DirectoryNotSeen, "directory-not-seen", 115),
    (C::DirectoryWritable, "directory-writable", 116),
    (C::ProgramNotSeen, "program-not-seen", 117),
    (C::ProgramWritable, "program-writable", 118),
    (C::ProgramSetid, "program-setid", 119),
    (C::OwnerDiffers, "owner-differs", 120),
    (C::ProgramNotExecutable, "program-not-executable", 121),
    (C::NotExecuted, "not-executed", 255),
];

impl Condition {
    /// Word in logs and result files.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.entry().1
    }

    /// Exit status.
    #[must_use]
    pub fn status(self) -> u8 {
        self.entry().2
    }

    /// Its place in the order, from 0.
    #[must_use]
    pub fn position(self) -> usize {
        self as usize
    }

    /// The condition of a word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        let found = CONDITIONS.iter().find(|entry| entry.1 == word)?;
        Some(found.0)
    }

    fn entry(self) -> (Self, &'static str, u8) {
        CONDITIONS[self.position()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_conditions() {
        for (index, (condition, word, status)) in CONDITIONS.iter().enumerate() {
            assert_eq!(condition.position(), index, "{word}");
            assert_eq!(Condition::of_word(word), Some(*condition));
            assert_eq!((condition.word(), condition.status()), (*word, *status));
        }
        assert_eq!(Condition::of_word("nothing"), None);
    }
}
