//! Signal masks and dispositions, as bit sets: bit `n - 1` for signal `n`.

use alloc::format;

use linux_raw_sys::general::{
    __NR_rt_sigaction, __NR_rt_sigprocmask, __NR_rt_sigtimedwait, SIG_SETMASK,
};

use crate::call::call;
use crate::errno::Errno;
use crate::error::{Error, Result, answer, check};
use crate::open;

/// Highest signal number.
pub const HIGHEST: i32 = 64;

macro_rules! signals {
    ($($name:ident)*) => {
        $(
            #[doc = concat!("`", stringify!($name), "` of signal(7).")]
            pub const $name: i32 = linux_raw_sys::general::$name as i32;
        )*
    };
}

signals! { SIGCHLD SIGKILL SIGPIPE SIGSTOP SIGXFSZ }

/// Default disposition.
const SIG_DFL: usize = 0;
/// Ignored.
const SIG_IGN: usize = 1;

/// The bit of a signal.
#[must_use]
pub fn bit(signal: i32) -> u64 {
    1 << (signal - 1)
}

/// Sets the mask of blocked signals and gives the former one. KILL and STOP
/// cannot be blocked; glibc's two internal signals can, since this is the
/// system call itself.
///
/// # Errors
/// As rt_sigprocmask(2).
pub fn set_mask(mask: u64) -> Result<u64> {
    let mut former = 0_u64;
    // SAFETY: both pointers are to 8 bytes that live over the call, which is
    // the size that the kernel is told.
    let done = unsafe {
        call(
            __NR_rt_sigprocmask,
            (
                SIG_SETMASK,
                &raw const mask,
                &raw mut former,
                size_of::<u64>(),
            ),
        )
    };
    check(done, || format!("rt_sigprocmask(SIG_SETMASK, {mask:#x})"))?;
    Ok(former)
}

/// The kernel's `struct sigaction` on x86-64 and AArch64 with a handler that
/// is default or ignore.
#[repr(C)]
#[derive(Default)]
struct KernelAction {
    handler: usize,
    flags: usize,
    restorer: usize,
    mask: u64,
}

fn action(signal: i32, new: Option<usize>) -> Result<usize> {
    let mut former = KernelAction::default();
    let new = new.map(|handler| KernelAction {
        handler,
        ..KernelAction::default()
    });
    let pointer = new.as_ref().map_or(core::ptr::null(), core::ptr::from_ref);
    // SAFETY: `pointer` is null or to a `KernelAction` that lives over the
    // call, `former` is one that it may write; handlers set here are only
    // SIG_DFL and SIG_IGN, so no code of ours is ever run by a signal.
    let done = unsafe {
        call(
            __NR_rt_sigaction,
            (signal, pointer, &raw mut former, size_of::<u64>()),
        )
    };
    check(done, || format!("rt_sigaction({signal})"))?;
    Ok(former.handler)
}

/// Whether the signal is ignored.
///
/// # Errors
/// As sigaction(2).
pub fn is_ignored(signal: i32) -> Result<bool> {
    action(signal, None).map(|handler| handler == SIG_IGN)
}

/// Ignores the signal or restores its default; says whether it was ignored.
///
/// # Errors
/// As sigaction(2).
pub fn set_ignored(signal: i32, ignored: bool) -> Result<bool> {
    let handler = if ignored { SIG_IGN } else { SIG_DFL };
    action(signal, Some(handler)).map(|former| former == SIG_IGN)
}

/// All ignored signals.
///
/// # Errors
/// As sigaction(2).
pub fn ignored() -> Result<u64> {
    let told = open::openat2(open::AT_FDCWD, b"/proc/self/status", open::O_RDONLY, 0)
        .and_then(|status| open::read_all(status, 64 * 1024))
        .ok()
        .and_then(|status| told_ignored(&status));
    // One after the other takes longer than that file.
    told.map_or_else(ask_ignored, Ok)
}

fn ask_ignored() -> Result<u64> {
    let mut set = 0;
    for signal in 1..=HIGHEST {
        if is_ignored(signal)? {
            set |= bit(signal);
        }
    }
    Ok(set)
}

/// The mask in `/proc/self/status` (proc(5)).
fn told_ignored(status: &[u8]) -> Option<u64> {
    let line = status
        .split(|byte| *byte == b'\n')
        .find_map(|line| line.strip_prefix(b"SigIgn:\t"))?;
    u64::from_str_radix(core::str::from_utf8(line).ok()?, 16).ok()
}

/// Sets every signal to its default disposition.
pub fn reset_all() {
    reset(u64::MAX);
}

/// Sets these signals to their default disposition.
pub fn reset(set: u64) {
    for signal in (1..=HIGHEST).filter(|signal| set & bit(*signal) != 0) {
        // KILL and STOP answer EINVAL and are at their default anyway.
        let _ = set_ignored(signal, false);
    }
}

/// A signal that was taken off the pending ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// Number.
    pub signal: i32,
    /// Whether a process sent it (the kernel, say for Ctrl-C, otherwise).
    pub sent_by_process: bool,
}

/// Waits for one of the signals, which must be blocked. Interruption by a
/// stop is waited over.
///
/// # Errors
/// As sigwaitinfo(2).
pub fn wait_for(set: u64) -> Result<Received> {
    // `siginfo_t`: 128 bytes, of which signal, errno and code come first.
    #[repr(C, align(8))]
    struct Information([i32; 32]);
    loop {
        let mut information = Information([0; 32]);
        // SAFETY: the call writes `information` and reads 8 bytes of `set`,
        // both live over it; a null timeout means none.
        let signal = unsafe {
            call(
                __NR_rt_sigtimedwait,
                (
                    &raw const set,
                    &raw mut information,
                    0_usize,
                    size_of::<u64>(),
                ),
            )
        };
        match answer(signal) {
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(Error::new("rt_sigtimedwait()", errno)),
            Ok(signal) => {
                let [_, _, code, ..] = information.0;
                return Ok(Received {
                    signal: signal as i32,
                    // SI_USER is 0, what else processes cause is below.
                    sent_by_process: code <= 0,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_and_the_call_agree_on_ignored_signals() {
        set_ignored(34, true).expect("sigaction");
        let told = ignored().expect("/proc");
        assert_eq!(Ok(told), ask_ignored());
        assert_eq!(told & bit(34), bit(34));
        reset(bit(34));
        assert_eq!(is_ignored(34), Ok(false));
        assert_eq!(
            told_ignored(b"SigBlk:\t1\nSigIgn:\t00000000000000ff\n"),
            Some(0xff)
        );
        assert_eq!(told_ignored(b"SigIgn: ff"), None);
    }
}
