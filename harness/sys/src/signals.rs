//! Signal masks and dispositions, as bit sets: bit `n - 1` for signal `n`.

use crate::error::{Result, check};

/// Highest signal number.
pub const HIGHEST: i32 = 64;

pub use libc::{SIGCHLD, SIGKILL, SIGPIPE, SIGSTOP, SIGXFSZ};

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
        libc::syscall(
            libc::SYS_rt_sigprocmask,
            libc::SIG_SETMASK,
            &raw const mask,
            &raw mut former,
            size_of::<u64>(),
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
    let pointer = new.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: `pointer` is null or to a `KernelAction` that lives over the
    // call, `former` is one that it may write; handlers set here are only
    // SIG_DFL and SIG_IGN, so no code of ours is ever run by a signal.
    let done = unsafe {
        libc::syscall(
            libc::SYS_rt_sigaction,
            signal,
            pointer,
            &raw mut former,
            size_of::<u64>(),
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
    action(signal, None).map(|handler| handler == libc::SIG_IGN)
}

/// Ignores the signal or restores its default; says whether it was ignored.
///
/// # Errors
/// As sigaction(2).
pub fn set_ignored(signal: i32, ignored: bool) -> Result<bool> {
    let handler = if ignored {
        libc::SIG_IGN
    } else {
        libc::SIG_DFL
    };
    action(signal, Some(handler)).map(|former| former == libc::SIG_IGN)
}

/// All ignored signals.
///
/// # Errors
/// As sigaction(2).
pub fn ignored() -> Result<u64> {
    let mut set = 0;
    for signal in 1..=HIGHEST {
        if is_ignored(signal)? {
            set |= bit(signal);
        }
    }
    Ok(set)
}

/// Sets every signal to its default disposition.
pub fn reset_all() {
    for signal in 1..=HIGHEST {
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
    loop {
        // SAFETY: an all-zero `siginfo_t` is a valid value; the call writes
        // it and reads 8 bytes of `set`, both live over the call.
        let (signal, info) = unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            let signal = libc::syscall(
                libc::SYS_rt_sigtimedwait,
                &raw const set,
                &raw mut info,
                std::ptr::null::<libc::timespec>(),
                size_of::<u64>(),
            );
            (signal, info)
        };
        if signal < 0 && nix::errno::Errno::last() == nix::errno::Errno::EINTR {
            continue;
        }
        let signal = check(signal, || "rt_sigtimedwait()".to_owned())?;
        return Ok(Received {
            signal: signal as i32,
            sent_by_process: info.si_code <= 0,
        });
    }
}
