//! Text of `key = value` lines, in which policies and settings are written.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// A line that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineError {
    /// Line number, from 1.
    pub line: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl core::error::Error for LineError {}

/// Hands each key and its value to `set`; `#` starts a comment, blanks around
/// keys and values do not count.
///
/// # Errors
/// A line without `=`, a key that is given twice, or what `set` says.
pub fn each<'a>(
    text: &'a str,
    mut set: impl FnMut(&'a str, &'a str) -> Result<(), String>,
) -> Result<(), LineError> {
    let mut seen = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let error = |message: String| LineError {
            line: index + 1,
            message,
        };
        let (key, value) = line
            .split_once('=')
            .map(|(key, value)| (key.trim(), value.trim()))
            .ok_or_else(|| error(format!("expected `key = value`, found `{line}`")))?;
        if seen.contains(&key) {
            return Err(error(format!("`{key}` is given twice: keep one")));
        }
        seen.push(key);
        set(key, value).map_err(error)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_in_order_and_a_key_once() {
        let mut seen = Vec::new();
        let mut read = |text: &'static str| {
            each(text, |key, value| {
                seen.push((key, value));
                Ok(())
            })
        };
        assert_eq!(read("# x\n\n a = 1 # y\nb=c=d"), Ok(()));
        let error = |text| each(text, |_, _| Ok(())).unwrap_err().to_string();
        assert!(error("a = 1\n\na = 1").starts_with("line 3: `a` is given twice"));
        assert!(error("a").starts_with("line 1: expected `key = value`"));
        assert_eq!(seen, [("a", "1"), ("b", "c=d")]);
    }
}
