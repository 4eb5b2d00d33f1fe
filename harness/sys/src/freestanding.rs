//! What a program without libc must bring itself: entry, memory to hand out,
//! panic.
//!
//! The program is position-independent and static (`-static-pie`), so that its
//! addresses differ from start to start like those of any setuid program. There
//! is no loader: `_start` adds the load address to the words that need it.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ffi::{c_char, c_int};
use core::panic::PanicInfo;
use core::ptr::null_mut;

use linux_raw_sys::general::{
    __NR_madvise, __NR_mmap, __NR_mprotect, MADV_POPULATE_WRITE, MAP_ANONYMOUS, MAP_POPULATE,
    MAP_PRIVATE, PROT_READ, PROT_WRITE,
};

use sekisho_freestanding as _;

use crate::call::call;
use crate::process::exit;

/// Exit status for a fault of the program itself, the one for a failed step.
const FAULT: i32 = 104;

// The kernel enters with the argument count at the top of the stack and the
// argument vector above it. The linker makes `__ehdr_start`, `_DYNAMIC`.
core::arch::global_asm!(
    ".globl _start",
    ".hidden __ehdr_start",
    ".hidden _DYNAMIC",
    "_start:",
    "xor ebp, ebp",
    "mov rdi, rsp",
    "lea rsi, [rip + __ehdr_start]",
    "lea rdx, [rip + _DYNAMIC]",
    "and rsp, -16",
    "call {enter}",
    "ud2",
    enter = sym enter,
);

unsafe extern "C" {
    // `entry!` defines it.
    fn main(argc: c_int, argv: *const *const c_char) -> c_int;
}

extern "C" fn enter(stack: *const usize, program: *const u8, dynamic: *const [usize; 2]) -> ! {
    populate(program, stack);
    relocate(program, dynamic);
    protect(program);
    // SAFETY: `_start` hands over the stack as the kernel made it: the count,
    // then the vector. `main` is what `entry!` defines.
    let status = unsafe {
        let argc = *stack as c_int;
        main(argc, stack.add(1).cast())
    };
    exit(status)
}

/// The program headers of this program (elf(5)): type, address and size in
/// memory.
fn segments(program: *const u8) -> impl Iterator<Item = (u32, usize, usize)> {
    // SAFETY: `program` is the ELF header of this very program, mapped
    // readable: offset 32 holds the offset of the program headers, 54 and 56
    // their size and number. Of each, 0 is the type, 16 the address and 40 the
    // size in memory.
    unsafe {
        let word = move |at: usize| program.add(at).cast::<u64>().read() as usize;
        let half = move |at: usize| usize::from(program.add(at).cast::<u16>().read());
        (0..half(56))
            .map(move |index| word(32) + index * half(54))
            .map(move |at| {
                (
                    program.add(at).cast::<u32>().read(),
                    word(at + 16),
                    word(at + 40),
                )
            })
    }
}

/// Has the kernel bring in at once what will be written to, since a page fault
/// for each page costs more: the writable part of the program, which holds the
/// first memory as well, and the next pages of the stack. (For the rest of the
/// program it is the other way round: a fault there brings in 16 pages.)
fn populate(program: *const u8, stack: *const usize) {
    const PT_LOAD: u32 = 1;
    const STACK: usize = 5 * PAGE;
    let relocated = segments(program).find(|segment| segment.0 == PT_GNU_RELRO);
    let last = segments(program)
        .filter(|segment| segment.0 == PT_LOAD)
        .last();
    let (Some((_, from, _)), Some((_, last, size))) = (relocated, last) else {
        exit(FAULT)
    };
    let (program, stack) = (program as usize, stack as usize);
    for (from, to) in [
        (program + from, program + last + size),
        (stack - STACK, stack),
    ] {
        let from = from & !(PAGE - 1);
        // SAFETY: changes no content. A kernel before Linux 5.14 refuses, and
        // pages come when they are touched.
        unsafe { call(__NR_madvise, (from, to - from, MADV_POPULATE_WRITE)) };
    }
}

/// Adds the load address to the words that need it. Until then no address is
/// taken from memory.
fn relocate(program: *const u8, dynamic: *const [usize; 2]) {
    const DT_RELA: usize = 7;
    const DT_RELASZ: usize = 8;
    /// The only kind that a static program without indirect functions has.
    const R_X86_64_RELATIVE: usize = 8;
    let (mut table, mut size) = (0, 0);
    let mut entry = dynamic;
    loop {
        // SAFETY: the linker ends the list with a pair whose key is 0.
        let [key, value] = unsafe { entry.read() };
        match key {
            0 => break,
            DT_RELA => table = value,
            DT_RELASZ => size = value,
            _ => {}
        }
        // SAFETY: that was not the last pair.
        entry = unsafe { entry.add(1) };
    }
    for at in (table..table + size).step_by(size_of::<[usize; 3]>()) {
        // SAFETY: the linker's table: an offset, a kind and an addend each;
        // the offset is that of a word of the writable part, which nobody has
        // a reference to yet.
        unsafe {
            let [offset, kind, addend] = program.add(at).cast::<[usize; 3]>().read();
            if kind != R_X86_64_RELATIVE {
                exit(FAULT);
            }
            let word = program.add(offset).cast_mut().cast::<usize>();
            word.write(program as usize + addend);
        }
    }
}

const PT_GNU_RELRO: u32 = 0x6474_e552;

/// Makes read-only what only the relocations had to write (`PT_GNU_RELRO`):
/// tables of addresses, of functions among others.
fn protect(program: *const u8) {
    for (_, from, size) in segments(program).filter(|segment| segment.0 == PT_GNU_RELRO) {
        let (from, to) = (program as usize + from, program as usize + from + size);
        let (from, to) = (from & !(PAGE - 1), to & !(PAGE - 1));
        // SAFETY: nothing writes to that range any more.
        if unsafe { call(__NR_mprotect, (from, to - from, PROT_READ)) } < 0 {
            exit(FAULT);
        }
    }
}

/// No input makes the program panic; if it does all the same, it ends before
/// anything is started.
#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    let _ = crate::open::write_all_to(2, b"failed: step=internal error=\"panic\"\n");
    exit(FAULT)
}

const PAGE: usize = 4096;

/// Bytes of memory that the program comes with: enough for an ordinary start.
const FIRST: usize = 8 * PAGE;

/// Least memory asked of the kernel at a time after that, in bytes.
const CHUNK: usize = 1 << 16;

#[repr(align(4096))]
struct First(UnsafeCell<[u8; FIRST]>);

// SAFETY: the program has one thread, and only [`Bump`] uses it.
unsafe impl Sync for First {}

static FIRST_MEMORY: First = First(UnsafeCell::new([0; FIRST]));

/// Hands out memory in order and takes back only the last piece: the program
/// lives for a millisecond before it execs or waits.
struct Bump(UnsafeCell<[usize; 2]>);

// SAFETY: the program has one thread (`process.rs`: it never makes another).
unsafe impl Sync for Bump {}

#[global_allocator]
static MEMORY: Bump = Bump(UnsafeCell::new([0; 2]));

/// Fresh memory of a multiple of the page's size; `None` when there is none.
fn map(size: usize) -> Option<usize> {
    let protection = PROT_READ | PROT_WRITE;
    // Populated: most of it will be used, and a page fault costs more than
    // clearing a page.
    let kind = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
    // SAFETY: a new mapping where the kernel likes it touches nothing else.
    let at = unsafe { call(__NR_mmap, (0_usize, size, protection, kind, -1, 0_usize)) };
    usize::try_from(at).ok()
}

// SAFETY: pieces are aligned, disjoint and inside mapped memory; without any,
// the answer is null.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: one thread, and no reference outlives this function.
        let [next, end] = unsafe { &mut *self.0.get() };
        // Neither overflows: `next` lies in memory, a layout's size and
        // alignment are at most `isize::MAX`.
        let mut from = next.next_multiple_of(layout.align());
        if *next == 0 {
            *next = FIRST_MEMORY.0.get() as usize;
            *end = *next + FIRST;
            from = next.next_multiple_of(layout.align());
        }
        if from + layout.size() > *end {
            let asked = layout.size().max(CHUNK) + layout.align().max(PAGE);
            let size = asked & !(PAGE - 1);
            let Some(chunk) = map(size) else {
                return null_mut();
            };
            from = chunk.next_multiple_of(layout.align());
            *end = chunk + size;
        }
        *next = from + layout.size();
        from as *mut u8
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        let piece = unsafe { self.alloc(layout) };
        if !piece.is_null() {
            // Memory that was taken back may have been written to.
            // SAFETY: the piece has that size.
            unsafe { piece.write_bytes(0, layout.size()) };
        }
        piece
    }

    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        // SAFETY: as in `alloc`.
        let [next, _] = unsafe { &mut *self.0.get() };
        if piece as usize + layout.size() == *next {
            *next = piece as usize;
        }
    }

    unsafe fn realloc(&self, piece: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        {
            // SAFETY: as in `alloc`; the reference ends with this block.
            let [next, end] = unsafe { &mut *self.0.get() };
            if piece as usize + layout.size() == *next && piece as usize + size <= *end {
                *next = piece as usize + size;
                return piece;
            }
        }
        if size <= layout.size() {
            return piece;
        }
        // SAFETY: the alignment is the old layout's, the size the caller's,
        // who promises that both make a layout.
        let new = unsafe { self.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
        if !new.is_null() {
            // SAFETY: the old size is the lesser one, and the pieces are
            // disjoint.
            unsafe { piece.copy_to_nonoverlapping(new, layout.size()) };
        }
        new
    }
}
