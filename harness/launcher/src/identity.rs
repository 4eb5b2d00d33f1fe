//! Users and groups, from the bytes of `/etc/passwd` and `/etc/group`.
//!
//! Not through NSS: its modules would be code that a configuration file and
//! the search path load into a privileged process. The price: users that only
//! LDAP or systemd know are unknown here.

use alloc::string::String;
use alloc::vec::Vec;

use sekisho_rules::evidence::{Identity, IdentityForm};
use sekisho_sys::{Result, open};

/// Most bytes of either file.
const LIMIT: usize = 16 * 1024 * 1024;

/// Both files.
#[derive(Debug, Default)]
pub struct Database {
    passwd: Vec<u8>,
    group: Vec<u8>,
}

/// One line of `/etc/passwd` or `/etc/group`, as far as it is used.
struct Entry<'a> {
    name: &'a [u8],
    id: u32,
    rest: &'a [u8],
}

fn entries(text: &[u8]) -> impl Iterator<Item = Entry<'_>> {
    text.split(|byte| *byte == b'\n').filter_map(|line| {
        // A comment or a NIS line (`+`, `-`) is no entry.
        if matches!(line.first(), None | Some(b'#' | b'+' | b'-' | b':')) {
            return None;
        }
        let mut fields = line.splitn(4, |byte| *byte == b':');
        let name = fields.next()?;
        let (_password, id) = (fields.next()?, number(fields.next()?)?);
        let rest = fields.next().unwrap_or_default();
        Some(Entry { name, id, rest })
    })
}

fn number(text: &[u8]) -> Option<u32> {
    core::str::from_utf8(text).ok()?.parse().ok()
}

impl Database {
    /// Reads both files, once each.
    pub fn read() -> Result<Self> {
        let read = |path: &[u8]| {
            let flags = open::O_RDONLY | open::O_NONBLOCK;
            open::read_all(open::openat2(open::AT_FDCWD, path, flags, 0)?, LIMIT)
        };
        Ok(Self {
            passwd: read(b"/etc/passwd")?,
            group: read(b"/etc/group")?,
        })
    }

    /// Name of a uid.
    pub fn user_name(&self, uid: u32) -> Option<String> {
        name_of(&self.passwd, uid)
    }

    /// Primary group of a uid.
    pub fn primary_group(&self, uid: u32) -> Option<u32> {
        let entry = entries(&self.passwd).find(|entry| entry.id == uid)?;
        number(entry.rest.split(|byte| *byte == b':').next()?)
    }

    /// Groups that list the user as a member.
    pub fn groups_of(&self, uid: u32) -> Vec<u32> {
        let Some(user) = entries(&self.passwd).find(|entry| entry.id == uid) else {
            return Vec::new();
        };
        entries(&self.group)
            .filter(|group| {
                group
                    .rest
                    .split(|byte| *byte == b',')
                    .any(|name| name == user.name)
            })
            .map(|group| group.id)
            .collect()
    }

    /// How a target user reference is understood.
    pub fn user(&self, text: &[u8]) -> Identity {
        understand(&self.passwd, text)
    }

    /// How a target group reference is understood.
    pub fn group(&self, text: &[u8]) -> Identity {
        understand(&self.group, text)
    }

    /// A user that the request does not name.
    pub fn absent_user(&self, uid: u32) -> Identity {
        absent(&self.passwd, uid)
    }

    /// A group that the request does not name.
    pub fn absent_group(&self, gid: u32) -> Identity {
        absent(&self.group, gid)
    }
}

fn name_of(file: &[u8], id: u32) -> Option<String> {
    entries(file)
        .find(|entry| entry.id == id)
        .map(|entry| String::from_utf8_lossy(entry.name).into_owned())
}

fn absent(file: &[u8], id: u32) -> Identity {
    Identity {
        text: Vec::new(),
        form: IdentityForm::Absent,
        id,
        name: name_of(file, id),
    }
}

fn understand(file: &[u8], text: &[u8]) -> Identity {
    let named = entries(file).find(|entry| entry.name == text);
    let (form, id) = match named {
        Some(entry) => (IdentityForm::Name, entry.id),
        None if is_exact(text) => (IdentityForm::Exact, permissive(text)),
        None => (IdentityForm::Inexact, permissive(text)),
    };
    Identity {
        text: text.to_vec(),
        form,
        id,
        name: match form {
            IdentityForm::Name => Some(String::from_utf8_lossy(text).into_owned()),
            _ => name_of(file, id),
        },
    }
}

/// Digits only, no superfluous zero, at most 4294967294.
fn is_exact(text: &[u8]) -> bool {
    let canonical = text == b"0" || !text.starts_with(b"0");
    canonical
        && text.iter().all(u8::is_ascii_digit)
        && number(text).is_some_and(|id| id != u32::MAX)
}

/// What C's `strtoul(text, NULL, 10)` and a cast to `uid_t` make of a text:
/// leading blanks and a sign are accepted, the rest after the digits is
/// ignored, out of range is `ULONG_MAX`, a minus negates modulo 2⁶⁴. Real
/// launchers read ids like this (CVE-2019-15900, CVE-2017-1000082).
fn permissive(text: &[u8]) -> u32 {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r');
    let start = text
        .iter()
        .position(|byte| !blank(byte))
        .unwrap_or(text.len());
    let (negative, digits) = match &text[start..] {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let mut value = Some(0_u64);
    for digit in digits.iter().take_while(|byte| byte.is_ascii_digit()) {
        value = value
            .and_then(|value| value.checked_mul(10))
            .and_then(|value| value.checked_add(u64::from(digit - b'0')));
    }
    let value = match value {
        Some(value) if negative => value.wrapping_neg(),
        Some(value) => value,
        None => u64::MAX,
    };
    // The cast keeps the low 32 bits: that is the fault to be shown.
    value as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database() -> Database {
        Database {
            passwd: b"root:x:0:0:r:/root:/bin/sh\n#x:x:5:5\nbad\nalice:x:10001:10002:::\n\
                      10001x:x:77:77:::\n+nis:x:1:1:::\nbob:x:10003:10003:::"
                .to_vec(),
            group: b"root:x:0:\nweb:x:200:bob,alice\nalice:x:10002:\nother:x:201:alicex\n".to_vec(),
        }
    }

    #[test]
    fn a_name_comes_before_a_number() {
        let user = database().user(b"10001x");
        assert_eq!((user.form, user.id), (IdentityForm::Name, 77));
        let user = database().user(b"10001");
        assert_eq!((user.form, user.id), (IdentityForm::Exact, 10001));
        assert_eq!(user.name.as_deref(), Some("alice"));
        assert_eq!(database().group(b"web").id, 200);
    }

    #[test]
    fn numbers_are_read_as_strtoul_reads_them() {
        for (text, id) in [
            ("", 0),
            ("nobody-here", 0),
            ("1000abc", 1000),
            (" \t\n42", 42),
            ("+7", 7),
            ("-1", u32::MAX),
            ("4294967295", u32::MAX),
            ("4294967296", 0),
            ("4294968296", 1000),
            ("-4294967296", 0),
            ("99999999999999999999999", u32::MAX),
            ("- 1", 0),
            ("0x10", 0),
            ("\u{a0}5", 0),
        ] {
            let user = database().user(text.as_bytes());
            assert_eq!(
                (user.id, user.form),
                (id, IdentityForm::Inexact),
                "{text:?}"
            );
        }
        for text in ["01", "00", "4294967295"] {
            assert!(!is_exact(text.as_bytes()), "{text}");
        }
        for text in ["0", "1", "4294967294"] {
            assert!(is_exact(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn lines_that_are_no_entries_are_passed_over() {
        let database = database();
        assert_eq!(database.user_name(5), None);
        assert_eq!(database.user_name(1), None);
        assert_eq!(database.primary_group(10001), Some(10002));
        assert_eq!(database.groups_of(10001), [200]);
        assert_eq!(database.groups_of(4), [0_u32; 0]);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(passwd: Vec<u8>, group: Vec<u8>, text: Vec<u8>, id: u32) {
            let database = Database { passwd, group };
            let user = database.user(&text);
            let _ = (database.group(&text), database.groups_of(user.id));
            let _ = (database.primary_group(id), database.user_name(id));
        }

        #[test]
        fn an_exact_number_means_itself(id in 0..u32::MAX) {
            let user = Database::default().user(id.to_string().as_bytes());
            proptest::prop_assert_eq!((user.form, user.id), (IdentityForm::Exact, id));
        }
    }
}
