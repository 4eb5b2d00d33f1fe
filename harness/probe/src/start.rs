//! What the kernel put on the stack: arguments, environment, auxiliary vector.
#![allow(unsafe_code)]

use alloc::vec::Vec;
use core::ffi::{CStr, c_char};

/// `AT_EXECFN` of `getauxval(3)`.
const AT_EXECFN: usize = 31;
/// `AT_SECURE` of `getauxval(3)`.
const AT_SECURE: usize = 23;

/// What the process was started with.
#[derive(Default)]
pub struct Start {
    /// Argument vector.
    pub arguments: Vec<&'static [u8]>,
    /// Environment.
    pub environment: Vec<&'static [u8]>,
    /// Path that was executed, empty when unknown.
    pub executed: &'static [u8],
    /// Whether the kernel saw a change of privilege.
    pub secure: bool,
}

impl Start {
    /// Reads the vectors that begin with `argv`.
    ///
    /// # Safety
    /// `argv` must be the argument vector of this process where the kernel
    /// put it: a null-terminated list of strings, followed by the environment
    /// likewise, followed by the auxiliary vector; all unchanged for as long
    /// as the process lives.
    #[cfg_attr(test, expect(dead_code, reason = "tests start elsewhere"))]
    pub unsafe fn read(argv: *const *const c_char) -> Self {
        // SAFETY: the caller's promise.
        let (arguments, after) = unsafe { strings(argv) };
        // SAFETY: the caller's promise.
        let (environment, after) = unsafe { strings(after) };
        let mut start = Self {
            arguments,
            environment,
            ..Self::default()
        };
        let mut pair = after.cast::<[usize; 2]>();
        loop {
            // SAFETY: the auxiliary vector ends with a pair whose key is 0.
            let [key, value] = unsafe { pair.read() };
            match key {
                0 => return start,
                AT_SECURE => start.secure = value != 0,
                // SAFETY: the kernel's string for this key, on the stack.
                AT_EXECFN => start.executed = unsafe { text(value as *const c_char) },
                _ => {}
            }
            // SAFETY: not the last pair.
            pair = unsafe { pair.add(1) };
        }
    }
}

/// The strings of a null-terminated list, and what follows the list.
///
/// # Safety
/// See [`Start::read`].
unsafe fn strings(mut list: *const *const c_char) -> (Vec<&'static [u8]>, *const *const c_char) {
    let mut found = Vec::new();
    loop {
        // SAFETY: within the list, whose end is null.
        let string = unsafe { list.read() };
        // SAFETY: at most one past the terminating null.
        list = unsafe { list.add(1) };
        if string.is_null() {
            return (found, list);
        }
        // SAFETY: a string of the list.
        found.push(unsafe { text(string) });
    }
}

/// # Safety
/// `string` must be null-terminated and stay.
unsafe fn text(string: *const c_char) -> &'static [u8] {
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(string) }.to_bytes()
}
