//! How the real suEXEC tells what it decided: the sentences of its log, by
//! condition, with `{}` for each value. They are what a program has to know to
//! read that log (Apache httpd `support/suexec.c`, Debian's
//! `suexec-custom.patch`).

use sekisho_suexec::Condition;

/// The line that comes before the ids are judged.
pub const REQUEST: &str = "uid: ({}/{}) gid: ({}/{}) cmd: {}";

/// What stands on standard error when the log cannot be opened.
pub const NO_LOG: &str = "could not open log file";

/// What begins every line of the settings.
pub const SETTINGS: &str = " -D ";

use Condition as C;

/// Sentences by condition.
pub const SENTENCES: [(Condition, &str); 30] = [
    (C::CallerUnknown, "crit: invalid uid: ({})"),
    (C::ArgumentsUnusable, "too few arguments"),
    (C::ProgramReferenceUnsafe, "invalid command ({})"),
    (
        C::CallerNotConfigured,
        "User {} not allowed: Could not open config file {}",
    ),
    (C::DocrootUnreadable, "Could not read docroot from {}"),
    (
        C::UserdirUnreadable,
        "Could not read userdir suffix from {}",
    ),
    (C::UserdirDisabled, "userdir suffix disabled in {}"),
    (C::DocrootDisabled, "docroot disabled in {}"),
    (C::DocrootInvalid, "invalid docroot {} in {}"),
    (C::UserNameUnknown, "invalid target user name: ({})"),
    (C::UserIdUnknown, "invalid target user id: ({})"),
    (C::GroupNameUnknown, "invalid target group name: ({})"),
    (C::GroupIdUnknown, "invalid target group id: ({})"),
    (C::UserForbidden, "cannot run as forbidden uid ({}/{})"),
    (C::GroupForbidden, "cannot run as forbidden gid ({}/{})"),
    (C::GroupNotSet, "failed to setgid/initgroups ({}: {}): {}"),
    (C::UserNotSet, "failed to setuid ({}: {}): {}"),
    (C::DirectoryUnnamed, "cannot get current working directory"),
    (
        C::DirectoryNotOpened,
        "cannot open current working directory",
    ),
    (C::UserdirNotEntered, "cannot get docroot information ({})"),
    (C::DocrootNotEntered, "cannot get docroot information ({})"),
    (C::OutsideDocroot, "command not in docroot ({}/{})"),
    (C::DirectoryNotSeen, "cannot stat directory: ({})"),
    (
        C::DirectoryWritable,
        "directory is writable by others: ({})",
    ),
    (C::ProgramNotSeen, "cannot stat program: ({})"),
    (C::ProgramWritable, "file is writable by others: ({}/{})"),
    (C::ProgramSetid, "file is either setuid or setgid: ({}/{})"),
    (
        C::OwnerDiffers,
        "target uid/gid ({}/{}) mismatch with directory ({}/{}) or program ({}/{})",
    ),
    (
        C::ProgramNotExecutable,
        "file has no execute permission: ({}/{})",
    ),
    (C::NotExecuted, "({}){}: exec failed ({})"),
];

/// Exit statuses that no request can bring about here, and why.
pub const UNREACHABLE: [(u8, &str); 2] = [
    (
        103,
        "Debian's suexec-custom names callers in files instead: 123 takes its place",
    ),
    (
        122,
        "fcntl(F_SETFD) does not fail on a descriptor that is open",
    ),
];

/// Statuses that stand for a second cause as well, which no request can bring
/// about: memory that runs out.
pub const SHARED_WITH_MEMORY: [u8; 5] = [120, 123, 124, 125, 126];

/// A sentence with its values.
#[must_use]
pub fn rendered(sentence: &str, values: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut values = values.iter();
    for (index, part) in sentence.split("{}").enumerate() {
        if index > 0 {
            bytes.extend(values.next().map_or(&b"?"[..], Vec::as_slice));
        }
        bytes.extend(part.as_bytes());
    }
    bytes
}

/// The sentence of a condition.
#[must_use]
pub fn sentence(condition: Condition) -> Option<&'static str> {
    let found = SENTENCES.iter().find(|(known, _)| *known == condition)?;
    Some(found.1)
}

/// Length of `[YYYY-MM-DD hh:mm:ss]: ` at the beginning of a text.
#[must_use]
pub fn stamp(text: &[u8]) -> Option<usize> {
    const FORM: &[u8] = b"[dddd-dd-dd dd:dd:dd]: ";
    let head = text.get(..FORM.len())?;
    let fits = head.iter().zip(FORM).all(|(byte, form)| match form {
        b'd' => byte.is_ascii_digit(),
        _ => byte == form,
    });
    fits.then_some(FORM.len())
}

/// The condition that an exit status and the log speak of: of those with that
/// status, the one whose sentence begins the last line that begins one.
#[must_use]
pub fn condition(status: u8, log: &[u8]) -> Option<Condition> {
    let lines = log.split(|byte| *byte == b'\n').rev();
    let texts = lines.filter_map(|line| line.get(stamp(line)?..));
    texts
        .filter_map(|text| {
            let (condition, _) = SENTENCES.iter().find(|(condition, sentence)| {
                let begin = sentence.split("{}").next().unwrap_or(sentence);
                let tail = sentence.rsplit("{}").next().unwrap_or(sentence);
                // What begins with a value is known by its end.
                let fits = match begin.len() > 1 {
                    true => text.starts_with(begin.as_bytes()),
                    false => text.starts_with(b"(") && text.ends_with(tail.as_bytes()),
                };
                condition.status() == status && fits
            })?;
            Some(*condition)
        })
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_condition_that_is_logged_has_a_sentence() {
        for (condition, word, _) in sekisho_suexec::condition::CONDITIONS {
            let is_silent = matches!(condition, C::LogNotOpened | C::SettingsTold);
            assert_eq!(sentence(condition).is_none(), is_silent, "{word}");
        }
    }

    #[test]
    fn a_line_is_read_by_status_and_beginning() {
        let log = b"[2026-01-02 03:04:05]: uid: (a/b) gid: (c/d) cmd: x\n\
                    [2026-01-02 03:04:05]: cannot open current working directory\n";
        assert_eq!(condition(111, log), Some(C::DirectoryNotOpened));
        assert_eq!(condition(112, log), None);
        let log = b"[2026-01-02 03:04:05]: (13)Permission denied: exec failed (x)\n";
        assert_eq!(condition(255, log), Some(C::NotExecuted));
        assert_eq!(condition(255, b"exec failed (x)\n"), None);
        let log = b"[2026-01-02 03:04:05]: file has no execute permission: (/a/x)\n";
        assert_eq!(condition(121, log), Some(C::ProgramNotExecutable));
    }

    #[test]
    fn values_stand_where_they_belong() {
        let values = [b"a".to_vec(), b"b".to_vec()];
        assert_eq!(rendered("x {} y ({})", &values), b"x a y (b)");
    }
}
