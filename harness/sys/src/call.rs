//! The system call itself, without a C library between: its start-up code
//! costs more than everything the launcher decides, and its wrappers keep
//! state of their own.

use core::arch::asm;

#[cfg(not(target_arch = "x86_64"))]
compile_error!("system calls are made here: add this architecture to call.rs and freestanding.rs");

/// Makes a system call; a negative answer is an errno.
///
/// # Safety
/// The kernel must be right to do with these arguments what the call does:
/// pointers lead to memory of the size and kind that it reads or writes, for
/// as long as it runs.
pub(crate) unsafe fn call(number: u32, arguments: impl Arguments) -> isize {
    let [a, b, c, d, e, f] = arguments.words();
    let answer;
    // SAFETY: the kernel's calling convention (syscall(2)): it overwrites rcx
    // and r11 and keeps all else. What it does with memory is the caller's
    // promise; without `nomem` the compiler expects it to read and write.
    unsafe {
        asm!("syscall", inlateout("rax") number as isize => answer, in("rdi") a, in("rsi") b,
            in("rdx") c, in("r10") d, in("r8") e, in("r9") f,
            lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    answer
}

/// Up to six arguments of a system call.
pub(crate) trait Arguments {
    fn words(self) -> [usize; 6];
}

/// One of them.
pub(crate) trait Word {
    fn word(self) -> usize;
}

impl Word for i32 {
    /// Sign-extended, so that -1 stays what the kernel means by it.
    fn word(self) -> usize {
        self as isize as usize
    }
}

impl Word for u32 {
    fn word(self) -> usize {
        self as usize
    }
}

impl Word for u64 {
    fn word(self) -> usize {
        self as usize
    }
}

impl Word for usize {
    fn word(self) -> usize {
        self
    }
}

impl<T> Word for *const T {
    fn word(self) -> usize {
        self as usize
    }
}

impl<T> Word for *mut T {
    fn word(self) -> usize {
        self as usize
    }
}

macro_rules! arguments {
    ($($name:ident)*) => {
        impl<$($name: Word),*> Arguments for ($($name,)*) {
            #[allow(non_snake_case, unused_mut, unused_assignments, unused_variables)]
            fn words(self) -> [usize; 6] {
                let ($($name,)*) = self;
                let mut words = [0; 6];
                let mut at = 0;
                $(words[at] = $name.word(); at += 1;)*
                words
            }
        }
    };
}

arguments!();
arguments!(A);
arguments!(A B);
arguments!(A B C);
arguments!(A B C D);
arguments!(A B C D E);
arguments!(A B C D E F);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_keep_their_place_and_sign() {
        assert_eq!(
            (-1_i32, u32::MAX, 7_usize).words(),
            [usize::MAX, 0xffff_ffff, 7, 0, 0, 0]
        );
        // SAFETY: takes nothing.
        let pid = unsafe { call(linux_raw_sys::general::__NR_getpid, ()) };
        assert_eq!(u32::try_from(pid), Ok(std::process::id()));
    }
}
