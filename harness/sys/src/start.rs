//! How a program begins: what the kernel hands it, and what calls it.
//!
//! A program without the standard library names its entry with
//! [`entry!`](crate::entry). It is built in two ways from the same source:
//!
//! - **freestanding**, the one that is installed: with
//!   `RUSTFLAGS="-C target-feature=+crt-static -C panic=abort"` it has neither
//!   standard library nor libc (`freestanding.rs`);
//! - **hosted**, any other: libc's start-up code calls the entry. For tests.

use alloc::vec::Vec;
use core::ffi::{CStr, c_char};

/// What a program was started with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Start {
    /// Argument vector.
    pub arguments: Vec<Vec<u8>>,
    /// Environment as the kernel handed it over: entries without `=` and
    /// duplicates included. Hosted and with changed privileges, less what
    /// libc has taken out.
    pub environment: Vec<Vec<u8>>,
    /// Whether exec changed privileges (`AT_SECURE` of getauxval(3)). Hosted,
    /// false where libc has taken something out of the environment.
    pub secure: bool,
}

/// `AT_SECURE` of getauxval(3).
const AT_SECURE: usize = 23;

impl Start {
    /// Reads the vectors that begin with `argv`.
    ///
    /// # Safety
    /// `argv` must be the argument vector of this process where the kernel
    /// put it: a null-terminated list of strings, followed by the environment
    /// likewise, followed by the auxiliary vector.
    #[must_use]
    pub unsafe fn read(argv: *const *const c_char) -> Self {
        // SAFETY: the caller's promise.
        let (arguments, after) = unsafe { strings(argv) };
        // SAFETY: the caller's promise.
        let (environment, after) = unsafe { strings(after) };
        let mut secure = false;
        let mut pair = after.cast::<[usize; 2]>();
        loop {
            // SAFETY: the auxiliary vector ends with a pair whose key is 0.
            // Where libc has moved entries of the environment up, a null stands
            // here, which ends it as well.
            let [key, value] = unsafe { pair.read() };
            match key {
                0 => break,
                AT_SECURE => secure = value != 0,
                _ => {}
            }
            // SAFETY: that was not the last pair.
            pair = unsafe { pair.add(1) };
        }
        Self {
            arguments,
            environment,
            secure,
        }
    }
}

/// The strings of a null-terminated list, and what follows the list.
///
/// # Safety
/// See [`Start::read`].
unsafe fn strings(list: *const *const c_char) -> (Vec<Vec<u8>>, *const *const c_char) {
    let mut count = 0;
    // SAFETY: within the list, whose end is null.
    while !unsafe { list.add(count).read() }.is_null() {
        count += 1;
    }
    // SAFETY: as above; each is a string that ends with NUL.
    let string = |at| unsafe { CStr::from_ptr(list.add(at).read()) };
    let found = (0..count)
        .map(|at| string(at).to_bytes().to_vec())
        .collect();
    // SAFETY: one past the terminating null.
    (found, unsafe { list.add(count + 1) })
}

/// Makes a function from [`Start`] to the exit status (`u8`) the entry of a
/// program without `main`.
#[macro_export]
macro_rules! entry {
    ($run:path) => {
        // SAFETY: the one symbol of this name, with the signature that its
        // caller expects: libc's start-up code or `freestanding.rs`.
        #[allow(unsafe_code)]
        #[unsafe(no_mangle)]
        extern "C" fn main(
            _: ::core::ffi::c_int,
            argv: *const *const ::core::ffi::c_char,
        ) -> ::core::ffi::c_int {
            // SAFETY: both callers hand over the vector where the kernel put
            // it.
            let start = unsafe { $crate::start::Start::read(argv) };
            let status: u8 = $run(start);
            ::core::ffi::c_int::from(status)
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(block: &[usize]) -> Start {
        // SAFETY: the tests lay a block out as the kernel does.
        unsafe { Start::read(block.as_ptr().cast()) }
    }

    #[test]
    fn the_block_on_the_stack_is_read_to_its_end() {
        let text = |text: &'static CStr| text.as_ptr() as usize;
        let block = [
            text(c"a"),
            text(c""),
            0,
            text(c"X=1"),
            text(c"junk"),
            text(c"X=1"),
            0,
            6,
            4096,
            AT_SECURE,
            1,
            0,
            0,
        ];
        let start = read(&block);
        assert_eq!(start.arguments, [b"a".to_vec(), Vec::new()]);
        let entries = [b"X=1".to_vec(), b"junk".to_vec(), b"X=1".to_vec()];
        assert_eq!(start.environment, entries);
        assert!(start.secure);
    }

    #[test]
    fn nothing_at_all_is_read_as_that() {
        assert_eq!(read(&[0, 0, 0, 0]), Start::default());
        // libc has moved the only entry's null up.
        assert_eq!(read(&[0, 0, 0, AT_SECURE, 1, 0, 0]), Start::default());
    }
}
