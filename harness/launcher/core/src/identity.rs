//! Users and groups, from the bytes of `/etc/passwd` and `/etc/group`.
//!
//! Not through NSS: its modules would be code that a configuration file and
//! the search path load into a privileged process. The price: users that only
//! LDAP or systemd know are unknown here.

use alloc::string::String;
use alloc::vec::Vec;

use core::cell::OnceCell;

use memchr::memchr;
use sekisho_rules::evidence::{Identity, IdentityForm};
use sekisho_sys::{Result, open};

/// Most bytes of either file.
const LIMIT: usize = 16 * 1024 * 1024;

/// Both files.
#[derive(Debug, Default)]
pub struct Database {
    passwd: Vec<u8>,
    group: Vec<u8>,
    /// Answers given before: (uid, primary group, groups).
    known: OnceCell<(u32, Option<u32>, Vec<u32>)>,
}

/// One line of `/etc/passwd` or `/etc/group`, as far as it is used.
#[derive(Clone, Copy)]
struct Entry<'a> {
    name: &'a [u8],
    id: u32,
    rest: &'a [u8],
}

/// Lines that may be entries: no comment and no NIS line (`+`, `-`).
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    core::iter::from_fn(move || {
        let text = rest?;
        let end = memchr(b'\n', text);
        rest = end.map(|end| &text[end + 1..]);
        Some(&text[..end.unwrap_or(text.len())])
    })
    .filter(|line| !matches!(line.first(), None | Some(b'#' | b'+' | b'-' | b':')))
}

fn entry(line: &[u8]) -> Option<Entry<'_>> {
    let (name, rest) = cut(line)?;
    let (_password, rest) = cut(rest)?;
    let (id, rest) = cut(rest).unwrap_or((rest, &[]));
    let id = number(id)?;
    Some(Entry { name, id, rest })
}

/// What stands before the next colon, and after it.
fn cut(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr(b':', text)?;
    Some((&text[..end], &text[end + 1..]))
}

fn by_name<'a>(text: &'a [u8], name: &[u8]) -> Option<Entry<'a>> {
    // Most lines are decided by their first bytes.
    let named = |line: &&[u8]| {
        line.strip_prefix(name)
            .is_some_and(|rest| rest.first() == Some(&b':'))
    };
    lines(text).filter(named).find_map(entry)
}

fn by_id(text: &[u8], id: u32) -> Option<Entry<'_>> {
    lines(text).filter_map(entry).find(|entry| entry.id == id)
}

/// A decimal number as `u32::from_str` reads it.
fn number(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(b"+").unwrap_or(text);
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u32, |value, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        value.checked_mul(10)?.checked_add(digit.into())
    })
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
            known: OnceCell::new(),
        })
    }

    /// Forgets answers given before.
    #[cfg(feature = "testing")]
    pub fn forget(&mut self) {
        self.known.take();
    }

    /// Name of a uid.
    pub fn user_name(&self, uid: u32) -> Option<String> {
        name_of(&self.passwd, uid)
    }

    /// Primary group of a uid.
    pub fn primary_group(&self, uid: u32) -> Option<u32> {
        match self.known.get() {
            Some((known, primary, _)) if *known == uid => *primary,
            _ => primary(by_id(&self.passwd, uid)),
        }
    }

    /// Groups that list the user as a member.
    pub fn groups_of(&self, uid: u32) -> Vec<u32> {
        let (known, _, groups) = self.known.get_or_init(|| self.look_up(uid));
        if *known == uid {
            groups.clone()
        } else {
            self.look_up(uid).2
        }
    }

    fn look_up(&self, uid: u32) -> (u32, Option<u32>, Vec<u32>) {
        let Some(user) = by_id(&self.passwd, uid) else {
            return (uid, None, Vec::new());
        };
        let groups = lines(&self.group)
            // Most groups list nobody.
            .filter(|line| line.last() != Some(&b':'))
            .filter_map(entry)
            .filter(|group| {
                let mut members = group.rest.split(|byte| *byte == b',');
                members.any(|name| name == user.name)
            })
            .map(|group| group.id)
            .collect();
        (uid, primary(Some(user)), groups)
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
    by_id(file, id).map(|entry| String::from_utf8_lossy(entry.name).into_owned())
}

/// The field after the uid.
fn primary(user: Option<Entry<'_>>) -> Option<u32> {
    number(user?.rest.split(|byte| *byte == b':').next()?)
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
    let named = by_name(file, text);
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
            ..Database::default()
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

    /// Lines like those of the databases, broken ones among them.
    const FILE: &str =
        "([#+:-]?[a-c]{0,2}:?[x:]{0,2}[+0-9x]{0,2}:?([a-c0-9]{0,2}[,:]?){0,3}\n?){0,6}";

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(passwd: Vec<u8>, group: Vec<u8>, text: Vec<u8>, id: u32) {
            let database = Database {
                passwd,
                group,
                ..Database::default()
            };
            let user = database.user(&text);
            let _ = (database.group(&text), database.groups_of(user.id));
            let _ = (database.primary_group(id), database.user_name(id));
        }

        /// The plain way to read the files, line by line and field by field.
        #[test]
        fn lookups_find_what_a_plain_reader_finds(
            passwd in FILE, group in FILE, name in "[a-c+]{0,2}", id in 0_u32..12,
        ) {
            let plain = |file: &str| -> Vec<(String, u32, String)> {
                let entry = |line: &str| {
                    let fields: Vec<&str> = line.splitn(4, ':').collect();
                    let comment = line.starts_with(['#', '+', '-', ':']);
                    let id = fields.get(2).filter(|_| !comment)?.parse().ok()?;
                    Some((fields[0].to_owned(), id, fields.get(3).unwrap_or(&"").to_string()))
                };
                file.split('\n').filter_map(entry).collect()
            };
            let database = Database {
                passwd: passwd.clone().into_bytes(),
                group: group.clone().into_bytes(),
                ..Database::default()
            };
            let (users, groups) = (plain(&passwd), plain(&group));
            let user = users.iter().find(|user| user.1 == id);
            let primary = user.and_then(|user| user.2.split(':').next()?.parse().ok());
            let lists = |group: &&(String, u32, String)| {
                user.is_some_and(|user| group.2.split(',').any(|name| name == user.0))
            };
            let listing: Vec<u32> = groups.iter().filter(lists).map(|group| group.1).collect();
            proptest::prop_assert_eq!(database.primary_group(id), primary);
            proptest::prop_assert_eq!(database.groups_of(id), listing);
            proptest::prop_assert_eq!(database.primary_group(id), primary);
            proptest::prop_assert_eq!(database.groups_of(id + 1).is_empty(), {
                let other = users.iter().find(|user| user.1 == id + 1);
                !groups.iter().any(|group| {
                    other.is_some_and(|user| group.2.split(',').any(|name| name == user.0))
                })
            });
            proptest::prop_assert_eq!(database.user_name(id), user.map(|user| user.0.clone()));
            let named = users.iter().find(|user| user.0 == name).map(|user| user.1);
            let found = database.user(name.as_bytes());
            let found = (found.form == IdentityForm::Name).then_some(found.id);
            proptest::prop_assert_eq!(found, named);
        }

        #[test]
        fn an_exact_number_means_itself(id in 0..u32::MAX) {
            let user = Database::default().user(id.to_string().as_bytes());
            proptest::prop_assert_eq!((user.form, user.id), (IdentityForm::Exact, id));
        }
    }
}
