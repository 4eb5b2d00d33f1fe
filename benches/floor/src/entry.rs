//! How the program is entered, and what a program without libc must bring
//! itself.
#![allow(unsafe_code)]

use core::ffi::c_char;

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

#[cfg(freestanding)]
mod runtime {
    use core::arch::asm;
    use core::panic::PanicInfo;

    /// Nothing here panics on purpose.
    #[panic_handler]
    fn panic(_: &PanicInfo) -> ! {
        crate::call::exit(crate::FAILED)
    }

    /// # Safety
    /// As C's `memcpy`.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe {
            asm!("rep movsb", inout("rdi") to => _, inout("rsi") from => _,
                inout("rcx") size => _, options(nostack, preserves_flags));
        }
        to
    }

    /// # Safety
    /// As C's `memset`.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memset(to: *mut u8, byte: i32, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe {
            asm!("rep stosb", inout("rdi") to => _, in("al") byte as u8,
                inout("rcx") size => _, options(nostack, preserves_flags));
        }
        to
    }

    /// # Safety
    /// As C's `memcmp`.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memcmp(one: *const u8, other: *const u8, size: usize) -> i32 {
        for at in 0..size {
            // SAFETY: the caller's promise.
            let (a, b) = unsafe { (*one.add(at), *other.add(at)) };
            if a != b {
                return i32::from(a) - i32::from(b);
            }
        }
        0
    }

    /// # Safety
    /// As `memcmp`.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn bcmp(one: *const u8, other: *const u8, size: usize) -> i32 {
        // SAFETY: the caller's promise.
        unsafe { memcmp(one, other, size) }
    }

    /// # Safety
    /// As C's `strlen`.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn strlen(text: *const u8) -> usize {
        let mut size = 0;
        // SAFETY: the caller's promise: a null byte ends the text. Volatile,
        // or this would be compiled into a call of itself.
        while unsafe { core::ptr::read_volatile(text.add(size)) } != 0 {
            size += 1;
        }
        size
    }

    /// Named by unwinding tables of the prebuilt `core`; nothing unwinds.
    #[unsafe(no_mangle)]
    extern "C" fn rust_eh_personality() -> ! {
        crate::call::exit(crate::FAILED)
    }
}
