//! What a program without libc must bring itself: entry, memory, panic.
#![allow(unsafe_code)]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ffi::c_char;
use core::panic::PanicInfo;
use core::ptr::null_mut;

use crate::call;
use crate::start::Start;

// The kernel enters with the argument count at the top of the stack.
core::arch::global_asm!(
    ".globl _start",
    "_start:",
    "xor ebp, ebp",
    "lea rdi, [rsp + 8]",
    "and rsp, -16",
    "call {enter}",
    "ud2",
    enter = sym enter,
);

extern "C" fn enter(argv: *const *const c_char) -> ! {
    // SAFETY: `_start` passes the place of argv on the stack.
    let start = unsafe { Start::read(argv) };
    call::exit(crate::run(&start))
}

/// Nothing in the probe panics on purpose; if it does, silence is the report.
#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    call::exit(0)
}

/// Smallest piece of memory asked of the kernel, in bytes.
const CHUNK: usize = 1 << 18;

/// Hands out memory in order and takes back only the last piece: the probe
/// lives for a millisecond.
struct Bump(UnsafeCell<[usize; 2]>);

// SAFETY: the probe has one thread.
unsafe impl Sync for Bump {}

#[global_allocator]
static MEMORY: Bump = Bump(UnsafeCell::new([0; 2]));

// SAFETY: pieces are aligned, disjoint and inside mapped memory.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: one thread, and no reference outlives this function.
        let [next, end] = unsafe { &mut *self.0.get() };
        let mut from = next.next_multiple_of(layout.align());
        if *next == 0 || from + layout.size() > *end {
            let size = layout.size().max(CHUNK).next_multiple_of(4096);
            let Some(chunk) = call::map(size, true) else {
                return null_mut();
            };
            from = chunk;
            *end = chunk + size;
        }
        *next = from + layout.size();
        from as *mut u8
    }

    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        // SAFETY: as above.
        let [next, _] = unsafe { &mut *self.0.get() };
        if piece as usize + layout.size() == *next {
            *next = piece as usize;
        }
    }

    unsafe fn realloc(&self, piece: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        let [next, end] = unsafe { &mut *self.0.get() };
        if piece as usize + layout.size() == *next && piece as usize + size <= *end {
            *next = piece as usize + size;
            return piece;
        }
        // SAFETY: the alignment is the old layout's, the size the caller's.
        let new = unsafe { self.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
        if !new.is_null() {
            // SAFETY: both are at least this long and disjoint.
            unsafe { piece.copy_to_nonoverlapping(new, layout.size().min(size)) };
        }
        new
    }
}

// The functions that the compiler itself calls; `rep` keeps it from turning
// them into calls of themselves.

/// # Safety
/// As C's `memcpy`.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, size: usize) -> *mut u8 {
    // SAFETY: the caller's promise.
    unsafe {
        core::arch::asm!("rep movsb", inout("rcx") size => _, inout("rdi") to => _,
            inout("rsi") from => _, options(nostack, preserves_flags));
    }
    to
}

/// # Safety
/// As C's `memmove`.
#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, size: usize) -> *mut u8 {
    if (to as usize).wrapping_sub(from as usize) >= size {
        // SAFETY: copying upwards never overwrites what is still to be read.
        return unsafe { memcpy(to, from, size) };
    }
    // SAFETY: downwards from the last byte, which exists as size > 0 here.
    unsafe {
        core::arch::asm!("std", "rep movsb", "cld", inout("rcx") size => _,
            inout("rdi") to.add(size - 1) => _, inout("rsi") from.add(size - 1) => _,
            options(nostack));
    }
    to
}

/// # Safety
/// As C's `memset`.
#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, byte: i32, size: usize) -> *mut u8 {
    // SAFETY: the caller's promise.
    unsafe {
        core::arch::asm!("rep stosb", inout("rcx") size => _, inout("rdi") to => _,
            in("al") byte as u8, options(nostack, preserves_flags));
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
    // SAFETY: the caller's promise: a null byte ends the text.
    while unsafe { core::ptr::read_volatile(text.add(size)) } != 0 {
        size += 1;
    }
    size
}

/// Named by the unwinding tables of the prebuilt `alloc`; nothing unwinds.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() -> ! {
    call::exit(0)
}

/// As `rust_eh_personality`.
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    call::exit(0)
}
