//! Namespaces that a second process makes meanwhile, as the reference launcher
//! can do it.
#![allow(unsafe_code)]

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicIsize, Ordering};

use crate::call::{PIDFD, Result, call, checked, spawn, wait};

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

/// Begins to make them, on another CPU if there is one; at most once.
pub fn begin(kinds: usize) -> Result<Maker> {
    let top = STACK.0.get() as usize + size_of::<Stack>();
    let begin = make as extern "C" fn(usize) -> ! as *const () as usize;
    // SAFETY: the maker begins on a stack that nobody else uses, and touches
    // static memory only.
    let (pid, fd) = unsafe { spawn(PIDFD, top, begin, kinds) }?;
    elsewhere(pid);
    Ok(Maker { pid, fd, kinds })
}

/// Sends the process to other CPUs than this one: the scheduler would leave it
/// waiting here. Without another CPU it stays.
fn elsewhere(pid: usize) {
    let mut set = [0_u64; 16];
    let mut here = 0_u32;
    let (size, place) = (size_of_val(&set), set.as_mut_ptr() as usize);
    // SAFETY: `set` and `here` live over the calls, which stay within their sizes.
    unsafe {
        call(204, [0, size, place, 0, 0]); // sched_getaffinity
        call(309, [&raw mut here as usize, 0, 0, 0, 0]); // getcpu
        if let Some(word) = set.get_mut(here as usize / 64) {
            *word &= !(1 << (here % 64));
        }
        call(203, [pid, size, place, 0, 0]); // sched_setaffinity
    }
}

impl Maker {
    /// Waits for them and joins them; for the child on the same memory as well.
    pub fn join(&self) -> Result<()> {
        let mut looks = 0;
        loop {
            match STATE.load(Ordering::Acquire) {
                0 if looks < 2000 => {
                    // Being woken may take longer.
                    looks += 1;
                    core::hint::spin_loop();
                    continue;
                }
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

    /// Tells the process to end.
    pub fn release(&self) -> Result<()> {
        // SAFETY: no memory involved.
        checked("kill\n", unsafe { call(62, [self.pid, 9, 0, 0, 0]) }).map(drop)
    }

    /// Waits for its end.
    pub fn end(self) -> Result<()> {
        wait(self.pid).map(drop)
    }
}
