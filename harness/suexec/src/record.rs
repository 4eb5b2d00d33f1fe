//! The log: one line for each record, as the original writes one, but with
//! words instead of sentences, so that a program can read it back.
//!
//! `SECONDS WORD STATUS BY VALUE…`: Unix time; `request` or a condition's
//! word; its exit status or `-`; the rule that refused, `exact`, or `-`; and
//! the values that the original's sentence holds, with every byte that is not
//! a plain printable one written as `\xNN`.

use std::fs::File;
use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

/// The log, opened with the first record and closed when the program starts.
#[derive(Debug)]
pub struct Log {
    path: String,
    file: Option<File>,
}

impl Log {
    /// A log that is not opened yet.
    #[must_use]
    pub fn new(path: String) -> Self {
        Self { path, file: None }
    }

    /// Appends a record.
    ///
    /// # Errors
    /// Names the file that cannot be opened. As in the original, a write that
    /// fails does not keep a program from starting.
    pub fn write(
        &mut self,
        word: &str,
        status: Option<u8>,
        by: &str,
        values: &[Vec<u8>],
    ) -> Result<(), String> {
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let opened = File::options().append(true).create(true).open(&self.path);
                let opened = opened.map_err(|error| format!("{}: {error}", self.path))?;
                self.file.insert(opened)
            }
        };
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH);
        let seconds = seconds.map_or(0, |since| since.as_secs());
        let status = status.map_or_else(|| "-".to_owned(), |status| status.to_string());
        let mut line = format!("{seconds} {word} {status} {by}");
        for value in values {
            line.push(' ');
            line.push_str(&escaped(value));
        }
        line.push('\n');
        let _ = file.write_all(line.as_bytes());
        Ok(())
    }
}

/// The bytes as one word; `-` stands for none at all.
#[must_use]
pub fn escaped(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "-".to_owned();
    }
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'\\' | b'-' if bytes.len() == 1 => text.push_str(&format!("\\x{byte:02x}")),
            b'\\' => text.push_str("\\x5c"),
            0x21..=0x7e => text.push(char::from(*byte)),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text
}

/// The bytes of a word that [`escaped`] made; `None` for another text.
#[must_use]
pub fn unescaped(word: &str) -> Option<Vec<u8>> {
    if word == "-" {
        return Some(Vec::new());
    }
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        if *first != b'\\' {
            bytes.push(*first);
            continue;
        }
        let digits = std::str::from_utf8(rest.get(1..3)?).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = rest.get(3..)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_one_line_of_words() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log").display().to_string();
        let mut log = Log::new(path.clone());
        let values = [
            b"a b\n".to_vec(),
            Vec::new(),
            b"-".to_vec(),
            b"\xff".to_vec(),
        ];
        log.write("request", None, "-", &values).unwrap();
        log.write("owner-differs", Some(120), "x", &[]).unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let mut lines = text.lines().map(|line| line.split_once(' ').unwrap().1);
        assert_eq!(lines.next(), Some("request - - a\\x20b\\x0a - \\x2d \\xff"));
        assert_eq!(lines.next(), Some("owner-differs 120 x"));
    }

    #[test]
    fn a_log_that_cannot_be_opened_is_named() {
        let error = Log::new("/proc/none/log".to_owned()).write("x", None, "-", &[]);
        assert!(error.unwrap_err().starts_with("/proc/none/log: "));
    }

    proptest::proptest! {
        #[test]
        fn words_come_back_as_they_were(bytes: Vec<u8>) {
            let word = escaped(&bytes);
            proptest::prop_assert!(!word.contains([' ', '\n']));
            proptest::prop_assert_eq!(unescaped(&word), Some(bytes));
        }

        #[test]
        fn no_word_makes_it_panic(word: String) {
            let _ = unescaped(&word);
        }
    }
}
