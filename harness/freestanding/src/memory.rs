//! Functions that the compiler itself calls.

// Short pieces, which are the usual ones, take two overlapping loads and
// stores; `rep` keeps the compiler from turning the rest into calls of these
// functions themselves.

/// # Safety
/// As C's `memcpy`.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, size: usize) -> *mut u8 {
    // SAFETY: the caller's promise: `size` bytes at both. All loads come
    // before the stores, so this part holds for overlapping pieces as well.
    unsafe {
        if size <= 16 {
            if size >= 8 {
                let (a, b) = (read::<u64>(from), read::<u64>(from.add(size - 8)));
                write(to, a);
                write(to.add(size - 8), b);
            } else if size >= 4 {
                let (a, b) = (read::<u32>(from), read::<u32>(from.add(size - 4)));
                write(to, a);
                write(to.add(size - 4), b);
            } else if size > 0 {
                let (a, b, c) = (*from, *from.add(size / 2), *from.add(size - 1));
                *to = a;
                *to.add(size / 2) = b;
                *to.add(size - 1) = c;
            }
        } else if size <= 32 {
            let (a, b) = (
                read::<[u64; 2]>(from),
                read::<[u64; 2]>(from.add(size - 16)),
            );
            write(to, a);
            write(to.add(size - 16), b);
        } else {
            core::arch::asm!("rep movsb", inout("rcx") size => _, inout("rdi") to => _,
                inout("rsi") from => _, options(nostack, preserves_flags));
        }
    }
    to
}

/// # Safety
/// So many bytes can be read there.
unsafe fn read<T: Copy>(from: *const u8) -> T {
    // SAFETY: the caller's promise; no alignment is asked for.
    unsafe { from.cast::<T>().read_unaligned() }
}

/// # Safety
/// So many bytes can be written there.
unsafe fn write<T>(to: *mut u8, value: T) {
    // SAFETY: the caller's promise; no alignment is asked for.
    unsafe { to.cast::<T>().write_unaligned(value) };
}

/// # Safety
/// As C's `memmove`.
#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, size: usize) -> *mut u8 {
    if size <= 32 || (to as usize).wrapping_sub(from as usize) >= size {
        // SAFETY: short pieces may overlap there, and copying upwards never
        // overwrites what is still to be read.
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
    let mut at = 0;
    // SAFETY: the caller's promise: `size` bytes at both.
    unsafe {
        while at + 8 <= size && read::<u64>(one.add(at)) == read::<u64>(other.add(at)) {
            at += 8;
        }
        while at < size {
            let (a, b) = (*one.add(at), *other.add(at));
            if a != b {
                return i32::from(a) - i32::from(b);
            }
            at += 1;
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
    // SAFETY: the caller's promise: a NUL ends the text. Volatile, or the
    // compiler would call this very function.
    while unsafe { core::ptr::read_volatile(text.add(size)) } != 0 {
        size += 1;
    }
    size
}

/// Named by the unwinding tables of the prebuilt `alloc`; nothing unwinds.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() -> ! {
    end()
}

/// As `rust_eh_personality`.
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    end()
}

fn end() -> ! {
    // SAFETY: an instruction that is none ends the process by a signal.
    unsafe { core::arch::asm!("ud2", options(noreturn)) }
}
