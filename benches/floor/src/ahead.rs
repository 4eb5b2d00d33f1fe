//! Namespaces that a second process makes meanwhile, as the reference launcher
//! can do it.
#![allow(unsafe_code)]

use core::arch::asm;
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicIsize, Ordering};

use crate::call::{Result, call, checked, wait};

/// Those that need nothing from the first process: network, IPC, UTS, cgroup.
pub const KINDS: usize = 0x4000_0000 | 0x0800_0000 | 0x0400_0000 | 0x0200_0000;

#[repr(align(16))]
struct Stack(UnsafeCell<[u8; 4096]>);
// SAFETY: only the one maker uses it.
unsafe impl Sync for Stack {}
static STACK: Stack = Stack(UnsafeCell::new([0; 4096]));

/// 0 while they are being made, then 1, or what the kernel answered.
static STATE: AtomicIsize = AtomicIsize::new(0);

const FUTEX: usize = 202;
const PRIVATE: usize = 128;

/// The process that makes and holds them.
pub struct Maker {
    pid: usize,
    /// Descriptor of the process.
    fd: usize,
    kinds: usize,
}

extern "C" fn make(kinds: usize) -> ! {
    // SAFETY: no memory involved but the word, which is static.
    unsafe {
        call(157, [1, 9, 0, 0, 0]); // die with the parent
        let made = call(272, [kinds, 0, 0, 0, 0]);
        STATE.store(if made < 0 { made } else { 1 }, Ordering::Release);
        call(FUTEX, [STATE.as_ptr() as usize, PRIVATE | 1, 1, 0, 0]);
        loop {
            call(34, [0; 5]); // pause
        }
    }
}

/// Begins to make them; at most once.
pub fn begin(kinds: usize) -> Result<Maker> {
    const VM: usize = 0x100;
    const PIDFD: usize = 0x1000;
    const SIGCHLD: usize = 17;
    let top = STACK.0.get() as usize + size_of::<Stack>();
    let mut fd = 0_i32;
    let answer: isize;
    // SAFETY: the maker begins on a stack that nobody else uses and never
    // returns from `make`, which touches static memory only; `fd` outlives the
    // call.
    unsafe {
        asm!(
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "xor ebp, ebp",
            "mov rdi, r12",
            "call r13",
            "ud2",
            "2:",
            inlateout("rax") 56_isize => answer,
            in("rdi") VM | PIDFD | SIGCHLD, in("rsi") top,
            in("rdx") &raw mut fd, in("r10") 0, in("r8") 0,
            in("r12") kinds, in("r13") make as extern "C" fn(usize) -> !,
            lateout("rcx") _, lateout("r11") _,
        );
    }
    Ok(Maker {
        pid: checked("clone\n", answer)?,
        fd: fd as usize,
        kinds,
    })
}

impl Maker {
    /// Waits for them and joins them; for the child on the same memory as well.
    pub fn join(&self) -> Result<()> {
        loop {
            match STATE.load(Ordering::Acquire) {
                0 => {}
                1 => break,
                refused => checked("unshare\n", refused).map(drop)?,
            }
            // SAFETY: the word is static; a null time is for ever.
            unsafe { call(FUTEX, [STATE.as_ptr() as usize, PRIVATE, 0, 0, 0]) };
        }
        // SAFETY: no memory involved.
        checked("setns\n", unsafe {
            call(308, [self.fd, self.kinds, 0, 0, 0])
        })
        .map(drop)
    }

    /// Ends the process.
    pub fn end(self) -> Result<()> {
        // SAFETY: no memory involved.
        checked("kill\n", unsafe { call(62, [self.pid, 9, 0, 0, 0]) })?;
        wait(self.pid).map(drop)
    }
}
