//! Small readings of bytes that several rules share, and the form in which
//! denials show them: one line, no control characters, of bounded length.

use alloc::string::String;
use core::fmt;

/// Most characters of a text that a message shows.
const LONGEST_SHOWN: usize = 120;

/// Bytes of a request in quotes, with everything unprintable escaped and a
/// long text cut, so that no request can write a line of its own into a log.
pub(crate) fn quoted(bytes: &[u8]) -> impl fmt::Display {
    Quoted(bytes)
}

/// A name (of a file, a mount, a policy value) as [`quoted`], without quotes.
pub(crate) fn shown(text: &str) -> impl fmt::Display {
    Shown(text)
}

struct Quoted<'a>(&'a [u8]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(bytes) = self;
        // A character takes at most four bytes: no need to look at the rest.
        let head = bytes.get(..LONGEST_SHOWN * 4).unwrap_or(bytes);
        let text = String::from_utf8_lossy(head);
        let cut: String = text.chars().take(LONGEST_SHOWN).collect();
        let more = if cut.len() < text.len() || head.len() < bytes.len() {
            "…"
        } else {
            ""
        };
        write!(f, "{cut:?}{more}")
    }
}

struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = self;
        if text.is_empty() {
            // Nothing at all would leave a hole in the sentence.
            return f.write_str("\"\"");
        }
        for character in text.chars().take(LONGEST_SHOWN) {
            write!(f, "{}", character.escape_debug())?;
        }
        match text.chars().nth(LONGEST_SHOWN) {
            Some(_) => f.write_str("…"),
            None => Ok(()),
        }
    }
}

/// Name and value of an environment entry, `None` without a `=`.
pub(crate) fn split_entry(entry: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = entry.iter().position(|byte| *byte == b'=')?;
    Some((&entry[..equals], &entry[equals + 1..]))
}

/// The first byte below 0x20 or equal to 0x7f.
pub(crate) fn control_byte(bytes: &[u8]) -> Option<u8> {
    // Several at a time, since there is mostly none: no branch for each byte.
    // The last ones may have been looked at before.
    let found = if let Some(last) = bytes.last_chunk::<8>() {
        bytes.as_chunks::<8>().0.iter().any(has_control) || has_control(last)
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        has_control(first) || has_control(last)
    } else {
        true
    };
    match found {
        true => bytes.iter().copied().find(u8::is_ascii_control),
        false => None,
    }
}

fn has_control<const N: usize>(bytes: &[u8; N]) -> bool {
    let either = |found, byte: &u8| found | byte.is_ascii_control();
    bytes.iter().fold(false, either)
}

/// Whether a component of the path is `..`.
pub(crate) fn has_dot_dot(path: &[u8]) -> bool {
    // Two dots anywhere first: no branch depends on where components end.
    let dots = path
        .windows(2)
        .fold(false, |found, two| found | (two == b".."));
    dots && path.split(|byte| *byte == b'/').any(|part| part == b"..")
}

/// Whether an absolute path is the directory or lies beneath it, compared by
/// component and without looking at any file; a path with `..` never does.
pub(crate) fn is_beneath(path: &str, directory: &str) -> bool {
    if !path.starts_with('/') || !directory.starts_with('/') || has_dot_dot(path.as_bytes()) {
        return false;
    }
    let mut path = parts(path);
    parts(directory).all(|part| path.next() == Some(part))
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !matches!(*part, "" | "."))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_shown_text_is_one_line_and_bounded() {
        let quoted = |bytes: &[u8]| super::quoted(bytes).to_string();
        let shown = |text: &str| super::shown(text).to_string();
        assert_eq!(quoted(b"a\nb\x7f\xff"), "\"a\\nb\\u{7f}\u{fffd}\"");
        assert_eq!(shown(""), "\"\"");
        assert_eq!(shown("a\nb\"\u{2028}"), "a\\nb\\\"\\u{2028}");
        let long = vec![b'x'; 10_000];
        assert_eq!(quoted(&long).chars().count(), LONGEST_SHOWN + 3);
        assert_eq!(shown(&"x".repeat(121)).chars().count(), 121);
        assert!(!shown(&"x".repeat(120)).ends_with('…'));
        assert!(!quoted(&[b'x'; 120]).ends_with('…'));
        assert!(quoted(&[b'x'; 121]).ends_with('…'));
    }

    #[test]
    fn an_entry_is_split_at_its_first_equals_sign() {
        assert_eq!(split_entry(b"A=b=c"), Some((&b"A"[..], &b"b=c"[..])));
        assert_eq!(split_entry(b"=x"), Some((&b""[..], &b"x"[..])));
        assert_eq!(split_entry(b"A"), None);
    }

    #[test]
    fn dot_dot_counts_only_as_a_whole_component() {
        for path in ["..", "../a", "a/..", "a/../b", "/../"] {
            assert!(has_dot_dot(path.as_bytes()), "{path}");
        }
        for path in ["", "...", "..a", "a..", "a/.b/..c"] {
            assert!(!has_dot_dot(path.as_bytes()), "{path}");
        }
    }

    #[test]
    fn beneath_is_decided_by_component() {
        assert!(is_beneath("/usr", "/usr"));
        assert!(is_beneath("/usr//./lib/", "/usr/"));
        assert!(is_beneath("/anything", "/"));
        assert!(!is_beneath("/usr-old", "/usr"));
        assert!(!is_beneath("/usr/../etc", "/usr"));
        assert!(!is_beneath("usr", "/usr"));
        assert!(!is_beneath("/", "/usr"));
        assert!(!is_beneath("/usr", ""));
    }

    proptest! {
        #[test]
        fn a_dot_dot_is_that_of_the_simple_definition(path in "[./a]{0,12}") {
            let path = path.as_bytes();
            let simple = path.split(|byte| *byte == b'/').any(|part| part == b"..");
            prop_assert_eq!(has_dot_dot(path), simple);
        }

        #[test]
        fn a_control_byte_is_that_of_the_simple_definition(
            bytes in proptest::collection::vec(
                prop_oneof![
                    1 => proptest::sample::select(&b"\x00\x1f\x7f"[..]),
                    20 => proptest::sample::select(&b"\x20\x21\x7e\x80\x9f\xff"[..]),
                ],
                0..40,
            ),
        ) {
            let simple = bytes.iter().copied().find(u8::is_ascii_control);
            prop_assert_eq!(control_byte(&bytes), simple);
        }
    }
}
