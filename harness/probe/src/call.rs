//! System calls that rustix does not offer without libc.
//!
//! All take and give plain numbers; a negative answer is an errno.
#![allow(unsafe_code)]

use alloc::vec::Vec;
use core::arch::asm;

/// Numbers of `syscall(2)`, from the kernel's `syscall_64.tbl`.
mod number {
    pub const MMAP: usize = 9;
    pub const RT_SIGACTION: usize = 13;
    pub const RT_SIGPROCMASK: usize = 14;
    pub const PAUSE: usize = 34;
    pub const FORK: usize = 57;
    pub const GETCWD: usize = 79;
    pub const GETRESUID: usize = 118;
    pub const GETRESGID: usize = 120;
    pub const SETFSUID: usize = 122;
    pub const SETFSGID: usize = 123;
    pub const GETSID: usize = 124;
    pub const CAPGET: usize = 125;
    pub const RT_SIGTIMEDWAIT: usize = 128;
    pub const PRCTL: usize = 157;
    pub const EXIT_GROUP: usize = 231;
}

/// Size of the kernel's signal set, in bytes.
const SIGNAL_SET: usize = 8;
/// `SIGPIPE`.
const SIGPIPE: usize = 13;
/// The disposition `SIG_IGN`.
const IGNORE: usize = 1;
/// `SIG_BLOCK` of `sigprocmask(2)`.
const BLOCK: usize = 0;

/// # Safety
/// The call must be sound with these arguments.
unsafe fn call(number: usize, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    let answer;
    // SAFETY: the kernel's calling convention; soundness is the caller's.
    unsafe {
        asm!("syscall", inlateout("rax") number as isize => answer, in("rdi") a, in("rsi") b,
            in("rdx") c, in("r10") d, in("r8") e, in("r9") f,
            lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    answer
}

/// Ends the process at once, without libc's clean-up.
pub fn exit(status: i32) -> ! {
    loop {
        // SAFETY: no memory involved.
        unsafe { call(number::EXIT_GROUP, [status as usize, 0, 0, 0, 0, 0]) };
    }
}

/// Fresh private memory of `size` bytes, if there is any; `None` also when
/// the kernel refuses. Not accessible at all unless `usable`.
pub fn map(size: usize, usable: bool) -> Option<usize> {
    const READ_WRITE: usize = 3;
    const PRIVATE_ANONYMOUS: usize = 0x22;
    let protection = if usable { READ_WRITE } else { 0 };
    // SAFETY: a new mapping where the kernel likes it touches nothing else.
    let at = unsafe {
        call(
            number::MMAP,
            [0, size, protection, PRIVATE_ANONYMOUS, usize::MAX, 0],
        )
    };
    usize::try_from(at).ok()
}

/// Dies of SIGSEGV, also as PID 1 and with the signal blocked or ignored,
/// which holds only for a real fault.
pub fn fault() {
    if let Some(page) = map(4096, false) {
        // SAFETY: the page is ours and inaccessible: the write only faults.
        unsafe { (page as *mut u8).write_volatile(0) };
    }
}

/// Real, effective and saved uid.
pub fn uids() -> [u32; 3] {
    three(number::GETRESUID)
}

/// Real, effective and saved gid.
pub fn gids() -> [u32; 3] {
    three(number::GETRESGID)
}

fn three(number: usize) -> [u32; 3] {
    let mut ids = [0_u32; 3];
    let [a, b, c] = ids.each_mut().map(|id| core::ptr::from_mut(id) as usize);
    // SAFETY: three places for one id each.
    unsafe { call(number, [a, b, c, 0, 0, 0]) };
    ids
}

/// Filesystem uid and gid: setting an impossible id changes nothing and
/// tells the present one.
pub fn filesystem_ids() -> [u32; 2] {
    [number::SETFSUID, number::SETFSGID].map(|number| {
        // SAFETY: no memory involved.
        unsafe { call(number, [u32::MAX as usize, 0, 0, 0, 0, 0]) as u32 }
    })
}

/// Session of this process; 0 when it is outside its pid namespace.
pub fn session() -> i32 {
    // SAFETY: no memory involved.
    unsafe { call(number::GETSID, [0; 6]) as i32 }
}

/// `prctl(2)` with an option that takes numbers only and changes nothing.
pub fn prctl(option: usize, a: usize, b: usize) -> Option<u32> {
    // SAFETY: no memory involved for the options used here.
    let answer = unsafe { call(number::PRCTL, [option, a, b, 0, 0, 0]) };
    u32::try_from(answer).ok()
}

/// Effective, permitted and inheritable capabilities, if they can be read.
pub fn capabilities() -> Option<[u64; 3]> {
    const VERSION_3: u32 = 0x2008_0522;
    let mut header = [VERSION_3, 0];
    let mut data = [[0_u32; 3]; 2];
    let (header, pieces) = (header.as_mut_ptr() as usize, data.as_mut_ptr() as usize);
    // SAFETY: version 3 fills two triples.
    let answer = unsafe { call(number::CAPGET, [header, pieces, 0, 0, 0, 0]) };
    let [low, high] = data;
    let set = |at: usize| u64::from(low[at]) | u64::from(high[at]) << 32;
    (answer == 0).then(|| [set(0), set(1), set(2)])
}

/// Blocked signals, bit `n - 1` for signal `n`.
pub fn blocked_signals() -> u64 {
    mask(None)
}

/// Blocks these signals too; gives what was blocked before.
pub fn block(signals: u64) -> u64 {
    mask(Some(signals))
}

fn mask(signals: Option<u64>) -> u64 {
    let mut old = 0_u64;
    let new = signals
        .as_ref()
        .map_or(0, |set| core::ptr::from_ref(set) as usize);
    let place = &raw mut old as usize;
    // SAFETY: no set or a whole one, and a place for the old one.
    unsafe {
        call(
            number::RT_SIGPROCMASK,
            [BLOCK, new, place, SIGNAL_SET, 0, 0],
        )
    };
    old
}

/// Ignored signals, bit `n - 1` for signal `n`.
pub fn ignored_signals() -> u64 {
    let mut ignored = 0;
    for signal in 1..=64_usize {
        // Handler, flags, restorer, mask.
        let mut action = [0_usize; 4];
        let place = action.as_mut_ptr() as usize;
        // SAFETY: only asks, into a place of the size of the kernel's struct.
        unsafe { call(number::RT_SIGACTION, [signal, 0, place, SIGNAL_SET, 0, 0]) };
        if action[0] == IGNORE {
            ignored |= 1 << (signal - 1);
        }
    }
    ignored
}

/// Ignores SIGPIPE; to be called after everything has been looked at.
pub fn ignore_sigpipe() {
    let action = [IGNORE, 0, 0, 0];
    // SAFETY: a whole struct, with no handler to run.
    unsafe {
        call(
            number::RT_SIGACTION,
            [SIGPIPE, action.as_ptr() as usize, 0, SIGNAL_SET, 0, 0],
        );
    }
}

/// Waits for one of the blocked `signals`; gives its number.
pub fn wait_for_signal(signals: u64) -> Option<u32> {
    let set = core::ptr::from_ref(&signals) as usize;
    // SAFETY: a whole set, no place for details, no timeout.
    let answer = unsafe { call(number::RT_SIGTIMEDWAIT, [set, 0, 0, SIGNAL_SET, 0, 0]) };
    u32::try_from(answer).ok().filter(|signal| *signal != 0)
}

/// Sleeps until a signal is handled.
pub fn pause() {
    // SAFETY: no memory involved.
    unsafe { call(number::PAUSE, [0; 6]) };
}

/// Working directory in the kernel's words, `(unreachable)` and all.
pub fn working_directory() -> Vec<u8> {
    let mut path = alloc::vec![0_u8; 4096];
    // SAFETY: the kernel writes at most so many bytes.
    let size = unsafe {
        call(
            number::GETCWD,
            [path.as_mut_ptr() as usize, path.len(), 0, 0, 0, 0],
        )
    };
    // The length includes the terminating null.
    path.truncate(usize::try_from(size - 1).unwrap_or_default());
    path
}

/// A child: 0 in the child, its id in the parent.
pub fn fork() -> Option<u32> {
    // SAFETY: the probe has one thread, and its children use no libc state.
    let answer = unsafe { call(number::FORK, [0; 6]) };
    u32::try_from(answer).ok()
}

/// A descriptor by number, open or not, to ask the kernel about.
pub fn borrow(number: i32) -> rustix::fd::BorrowedFd<'static> {
    // SAFETY: not -1; nothing is closed through it, and a number that is not
    // open gives EBADF.
    unsafe { rustix::fd::BorrowedFd::borrow_raw(number) }
}
