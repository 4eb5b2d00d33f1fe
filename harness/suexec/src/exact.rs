//! What the original does where the rules of this project deliberately do
//! something else. Everything that is not here is asked by the same rule
//! functions in both modes ([`crate::checks`]). The source of each behaviour
//! is Apache httpd `support/suexec.c` with Debian's patches
//! `suexec-custom.patch` and `suexec-CVE-2007-1742.patch`.

use sekisho_rules::evidence::{Identity, IdentityForm};

use crate::accounts::Accounts;

/// Most variables beside `PATH` that pass; the rest vanish silently.
const MOST_VARIABLES: usize = 254;

/// Beginnings of names that pass, whatever follows, `=` or not. Debian's
/// `suexec-custom` has no exception for `HTTP_PROXY` (CVE-2016-5387).
const PREFIXES: [&[u8]; 2] = [b"HTTP_", b"SSL_"];

/// Names that pass. They are those of the policy without its patterns.
fn names() -> impl Iterator<Item = &'static str> {
    let all = sekisho_rules::policy::SUEXEC_ENVIRONMENT.split_whitespace();
    all.filter(|name| !name.ends_with('*'))
}

/// The environment of the program: `path` first, then what passes, in order,
/// duplicates included.
#[must_use]
pub fn environment(caller: &[Vec<u8>], path: &str) -> Vec<Vec<u8>> {
    let mut passed = vec![[b"PATH=", path.as_bytes()].concat()];
    let names: Vec<&[u8]> = names().map(str::as_bytes).collect();
    let passes = |entry: &&Vec<u8>| {
        let name = entry.split(|byte| *byte == b'=').next();
        PREFIXES.iter().any(|prefix| entry.starts_with(prefix))
            || entry.contains(&b'=') && name.is_some_and(|name| names.contains(&name))
    };
    passed.extend(caller.iter().filter(passes).take(MOST_VARIABLES).cloned());
    passed
}

/// How a user is understood: a text of digits only, the empty one included,
/// is a number even where a user has that name.
#[must_use]
pub fn user(accounts: &Accounts, text: &[u8]) -> Identity {
    match is_number(text) {
        true => {
            let id = wrapped(text);
            let name = accounts.user_of(id).map(|user| user.name.as_slice());
            identity(text, IdentityForm::Exact, id, name)
        }
        false => match accounts.user_named(text) {
            Some(user) => identity(text, IdentityForm::Name, user.uid, Some(text)),
            None => identity(text, IdentityForm::Inexact, u32::MAX, None),
        },
    }
}

/// The same for a group.
#[must_use]
pub fn group(accounts: &Accounts, text: &[u8]) -> Identity {
    match is_number(text) {
        true => {
            let id = wrapped(text);
            let name = accounts.group_of(id).map(|group| group.name.as_slice());
            identity(text, IdentityForm::Exact, id, name)
        }
        false => match accounts.group_named(text) {
            Some(group) => identity(text, IdentityForm::Name, group.gid, Some(text)),
            None => identity(text, IdentityForm::Inexact, u32::MAX, None),
        },
    }
}

fn identity(text: &[u8], form: IdentityForm, id: u32, name: Option<&[u8]>) -> Identity {
    Identity {
        text: text.to_vec(),
        form,
        id,
        name: name.map(|name| String::from_utf8_lossy(name).into_owned()),
    }
}

/// The groups that `initgroups(3)` takes on: a gid that several entries have
/// is there several times, except the primary one.
#[must_use]
pub fn groups(accounts: &Accounts, name: &[u8], primary: u32) -> Vec<u32> {
    let lists = accounts
        .groups
        .iter()
        .filter(|group| group.gid != primary && group.members.iter().any(|member| member == name));
    let mut gids = vec![primary];
    gids.extend(lists.map(|group| group.gid));
    gids
}

/// Whether no byte is anything but a digit; so for the empty text.
#[must_use]
pub fn is_number(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_digit)
}

/// `strtol(3)` of digits, cast to 32 bits: wraps at 2³², and what does not
/// fit into 63 bits is 4294967295.
fn wrapped(digits: &[u8]) -> u32 {
    let mut value: i64 = 0;
    for digit in digits {
        let next = value
            .checked_mul(10)
            .and_then(|value| value.checked_add(i64::from(digit.saturating_sub(b'0'))));
        value = next.unwrap_or(i64::MAX);
        if next.is_none() {
            break;
        }
    }
    // The cast keeps the low 32 bits: that is the behaviour.
    value as u32
}

/// Whether PROGRAM climbs: `../` at its beginning or `/../` anywhere, so that
/// `..` alone and `x/..` pass.
#[must_use]
pub fn climbs(program: &[u8]) -> bool {
    program.starts_with(b"../") || program.windows(4).any(|part| part == b"/../")
}

/// Whether a directory counts as the docroot's: it begins with the docroot,
/// to which a `/` is added unless it is at least as long as the directory.
#[must_use]
pub fn is_beneath(directory: &[u8], docroot: &[u8]) -> bool {
    match docroot.len() < directory.len() {
        true => directory.starts_with(&[docroot, b"/"].concat()),
        false => directory.starts_with(docroot),
    }
}

/// Whether a program counts as executable: its owner's bit, whoever asks.
#[must_use]
pub fn is_executable(mode: u32) -> bool {
    mode & 0o100 != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[&str]) -> Vec<Vec<u8>> {
        entries
            .iter()
            .map(|entry| entry.as_bytes().to_vec())
            .collect()
    }

    #[test]
    fn the_environment_is_filtered_by_beginnings_and_names() {
        let caller = list(&[
            "PATH=/tmp",
            "HTTP_PROXY=x",
            "HTTP_",
            "SSL_CERT_FILE=/x",
            "TZ=UTC",
            "TZ",
            "TZX=1",
            "QUERY_STRING=a=b",
            "QUERY_STRING=c",
            "LD_PRELOAD=/x",
            "https=on",
            "=x",
        ]);
        let expected = list(&[
            "PATH=/bin",
            "HTTP_PROXY=x",
            "HTTP_",
            "SSL_CERT_FILE=/x",
            "TZ=UTC",
            "QUERY_STRING=a=b",
            "QUERY_STRING=c",
        ]);
        assert_eq!(environment(&caller, "/bin"), expected);
    }

    #[test]
    fn two_hundred_and_fifty_four_variables_pass() {
        let caller: Vec<Vec<u8>> = (0..300)
            .map(|n| format!("HTTP_{n}=").into_bytes())
            .collect();
        let passed = environment(&caller, "/bin");
        assert_eq!(passed.len(), 255);
        assert_eq!(passed[254], b"HTTP_253=");
    }

    #[test]
    fn digits_are_a_number_that_wraps() {
        let accounts = Accounts::parse(
            b"root:x:0:0::/:\nalice:x:101:200::/a:\n7:x:8:8::/h:\n",
            b"web:x:200:\n",
        );
        for (text, id, name) in [
            ("101", 101, Some("alice")),
            ("000101", 101, Some("alice")),
            ("4294967397", 101, Some("alice")),
            ("", 0, Some("root")),
            ("7", 7, None),
            ("99999999999999999999", u32::MAX, None),
            ("9223372036854775807", u32::MAX, None),
        ] {
            let user = user(&accounts, text.as_bytes());
            assert_eq!((user.id, user.name.as_deref()), (id, name), "{text}");
            assert_eq!(user.form, IdentityForm::Exact, "{text}");
        }
        for text in ["101x", " 101", "+101", "-1", "0x65"] {
            let user = user(&accounts, text.as_bytes());
            assert_eq!(
                (user.form, user.name),
                (IdentityForm::Inexact, None),
                "{text}"
            );
        }
        assert_eq!(group(&accounts, b"4294967496").name.as_deref(), Some("web"));
        assert_eq!(group(&accounts, b"web").id, 200);
    }

    #[test]
    fn a_gid_of_two_entries_is_there_twice() {
        let group = b"web:x:200:alice\nagain:x:200:alice\nown:x:7:alice\nown2:x:7:alice\n";
        let accounts = Accounts::parse(b"", group);
        assert_eq!(groups(&accounts, b"alice", 7), [7, 200, 200]);
        assert_eq!(accounts.groups_with(b"alice", 7), [7, 200]);
    }

    #[test]
    fn climbing_is_a_matter_of_text() {
        for text in ["../x", "a/../x", "./../x", "../"] {
            assert!(climbs(text.as_bytes()), "{text}");
        }
        for text in ["..", "a/..", "..x/y", "x../y", ""] {
            assert!(!climbs(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn beneath_is_a_matter_of_text_with_a_slash() {
        for (directory, docroot, is) in [
            ("/var/www", "/var/www", true),
            ("/var/www/a", "/var/www", true),
            ("/var/www-old", "/var/www", false),
            ("/var", "/var/www", false),
            ("/var/wwx", "/var/www", false),
            // A docroot that leads to the root directory holds nothing else.
            ("/", "/", true),
            ("/a", "/", false),
        ] {
            assert_eq!(
                is_beneath(directory.as_bytes(), docroot.as_bytes()),
                is,
                "{directory}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(text: Vec<u8>, other: Vec<u8>, entries: Vec<Vec<u8>>) {
            let _ = (wrapped(&text), climbs(&text), is_beneath(&text, &other));
            let passed = environment(&entries, "/bin");
            proptest::prop_assert!(passed.len() <= 1 + entries.len().min(254));
            let accounts = Accounts::default();
            let _ = (user(&accounts, &text), group(&accounts, &text));
        }
    }
}
