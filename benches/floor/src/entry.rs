//! How the program is entered.
#![allow(unsafe_code)]

use core::ffi::c_char;

use sekisho_freestanding as _;

use crate::words::Words;

/// Called by libc's start-up code.
#[cfg(not(freestanding))]
#[unsafe(no_mangle)]
extern "C" fn main(count: i32, argv: *const *const c_char) -> i32 {
    // SAFETY: the arguments of this process, as libc passes them.
    crate::run(unsafe { Words::new(usize::try_from(count).unwrap_or(0), argv) })
}

// The kernel enters with the argument count at the top of the stack.
#[cfg(freestanding)]
core::arch::global_asm!(
    ".globl _start",
    "_start:",
    "xor ebp, ebp",
    "mov rdi, [rsp]",
    "lea rsi, [rsp + 8]",
    "and rsp, -16",
    "call {enter}",
    "ud2",
    enter = sym enter,
);

#[cfg(freestanding)]
extern "C" fn enter(count: usize, argv: *const *const c_char) -> ! {
    // SAFETY: `_start` passes count and place of argv on the stack.
    crate::call::exit(crate::run(unsafe { Words::new(count, argv) }))
}

/// Nothing here panics on purpose.
#[cfg(freestanding)]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    crate::call::exit(crate::FAILED)
}
