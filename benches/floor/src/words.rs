//! The argument vector, where the kernel put it.
#![allow(unsafe_code)]

use core::ffi::{CStr, c_char};

/// The argument vector of this process.
#[derive(Clone, Copy)]
pub struct Words(*const *const c_char, usize);

impl Words {
    /// The vector of `count` words at `argv`.
    ///
    /// # Safety
    /// `argv` holds `count` strings and a null pointer, for as long as the
    /// process lives.
    #[cfg_attr(test, expect(dead_code, reason = "tests start elsewhere"))]
    pub unsafe fn new(count: usize, argv: *const *const c_char) -> Self {
        Self(argv, count)
    }

    /// A word, without its terminating null byte.
    pub fn at(self, place: usize) -> Option<&'static [u8]> {
        self.text(place).map(CStr::to_bytes)
    }

    /// A word as the kernel takes it.
    pub fn text(self, place: usize) -> Option<&'static CStr> {
        if place >= self.1 {
            return None;
        }
        // SAFETY: inside the vector, whose strings stay (see `new`).
        Some(unsafe { CStr::from_ptr(*self.0.add(place)) })
    }

    /// The words from one on, as an argument vector for `execve(2)`.
    pub fn from(self, place: usize) -> *const *const c_char {
        // SAFETY: at most the terminating null pointer.
        unsafe { self.0.add(place.min(self.1)) }
    }
}

/// A decimal number.
pub fn number(text: &[u8]) -> Option<usize> {
    let mut value = 0_usize;
    for digit in text {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value
            .checked_mul(10)?
            .checked_add(usize::from(digit - b'0'))?;
    }
    (!text.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_digits_only() {
        assert_eq!(number(b"10001"), Some(10001));
        assert_eq!(number(b""), None);
        assert_eq!(number(b"-1"), None);
        assert_eq!(number(b"99999999999999999999999"), None);
    }
}
