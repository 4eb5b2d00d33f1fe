//! Entry of the hosted build: called by libc, not by the standard library.
#![allow(unsafe_code)]

use core::ffi::{c_char, c_int};

use crate::start::Start;

// SAFETY: the one symbol of this name, with the signature that libc expects.
#[unsafe(no_mangle)]
extern "C" fn main(_argc: c_int, argv: *const *const c_char) -> c_int {
    // SAFETY: libc hands over the vector where the kernel put it.
    let start = unsafe { Start::read(argv) };
    crate::run(&start)
}
