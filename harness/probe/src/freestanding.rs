//! What a program without libc must bring itself: entry, memory to hand out,
//! panic.
#![allow(unsafe_code)]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ffi::c_char;
use core::panic::PanicInfo;
use core::ptr::null_mut;

use sekisho_freestanding as _;

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
