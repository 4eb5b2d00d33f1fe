//! Namespaces that a second process makes while this one goes on. A network
//! namespace takes the kernel longer than all others of a start together.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::sync::atomic::{AtomicI32, Ordering};

use linux_raw_sys::general::{
    __NR_clone3, __NR_futex, __NR_getppid, __NR_pause, __NR_prctl, __NR_unshare, CLONE_VM,
    FUTEX_PRIVATE_FLAG, FUTEX_WAIT, FUTEX_WAKE, clone_args,
};
use linux_raw_sys::prctl::PR_SET_PDEATHSIG;

use crate::call::call;
use crate::clone::{self, Child};
use crate::cpus::Cpus;
use crate::error::{Error, Result, check};
use crate::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use crate::{Errno, process, signals};

/// The maker's stack, aligned as a call wants it.
#[repr(align(16))]
#[expect(dead_code, reason = "only its address is used")]
struct Stack([u8; 4096]);

/// What both processes use.
struct Shared {
    /// [`HELD`], [`BEING_MADE`], [`MADE`], or the negative errno that stood in the
    /// way.
    state: AtomicI32,
    /// What is asked for.
    kinds: i32,
    /// Who asks.
    parent: i32,
    stack: Stack,
}

const HELD: i32 = 0;
const BEING_MADE: i32 = 1;
const MADE: i32 = 2;

/// How often to look before sleeping, tens of microseconds in all: being woken
/// may take longer.
const LOOKS: u32 = 2000;

/// Waits while the word has that value, first awake, then asleep for at most a
/// tenth of a second; gives what it has then.
fn wait_while(word: &AtomicI32, value: i32) -> i32 {
    for _ in 0..LOOKS {
        match word.load(Ordering::Acquire) {
            same if same == value => core::hint::spin_loop(),
            other => return other,
        }
    }
    // Seconds and nanoseconds.
    let time = [0_i64, 100_000_000];
    let how = FUTEX_WAIT | FUTEX_PRIVATE_FLAG;
    let place = core::ptr::from_ref(word);
    // SAFETY: `word` and `time` live over the call, which reads them.
    unsafe { call(__NR_futex, (place, how, value, &raw const time)) };
    word.load(Ordering::Acquire)
}

/// Sets the word and wakes who waits for it.
fn tell(word: &AtomicI32, value: i32) {
    word.store(value, Ordering::Release);
    let how = FUTEX_WAKE | FUTEX_PRIVATE_FLAG;
    // SAFETY: the word lives over the call, which looks for it only.
    unsafe { call(__NR_futex, (core::ptr::from_ref(word), how, 1)) };
}

/// Namespaces being made. Dropped, the process that makes and holds them is
/// ended and waited for.
#[derive(Debug)]
pub struct NamespacesAhead {
    maker: Child,
    kinds: i32,
    shared: *mut Shared,
}

impl NamespacesAhead {
    /// Starts a process on another CPU that will make those of the flags, once it
    /// is told to [`go`](Self::go); `None` where this process may run on one only.
    /// The calling process must have one thread and block all signals, which the
    /// maker inherits: it takes none but SIGKILL, and gets that one when the calling
    /// process ends.
    ///
    /// # Errors
    /// As clone3(2) and sched_getaffinity(2).
    pub fn prepare(kinds: i32) -> Result<Option<Self>> {
        let others = Cpus::allowed()?.elsewhere();
        if others.is_empty() {
            return Ok(None);
        }
        Self::prepare_on(others, kinds).map(Some)
    }

    fn prepare_on(others: Cpus, kinds: i32) -> Result<Self> {
        let shared = Box::into_raw(Box::new(Shared {
            state: AtomicI32::new(HELD),
            kinds,
            parent: process::pid(),
            stack: Stack([0; 4096]),
        }));
        let mut pidfd: RawFd = -1;
        let mut arguments = clone::arguments(0, &raw mut pidfd);
        arguments.flags |= u64::from(CLONE_VM);
        // Its end is of interest to nobody.
        arguments.exit_signal = 0;
        // SAFETY: `shared` was just made; only its address is taken.
        arguments.stack = unsafe { &raw mut (*shared).stack } as u64;
        arguments.stack_size = size_of::<Stack>() as u64;
        let pid: isize;
        // SAFETY: this process goes on after the call like after any other; the
        // kernel keeps all its registers but the answer, rcx and r11. The other
        // one begins on a stack of its own, aligned to 16 as a call wants it,
        // calls `make` with the pointer and never comes back. It writes to
        // nothing but its stack and the atomic word, which live until it is
        // gone (`drop`); `arguments` and `pidfd` live over the call.
        unsafe {
            core::arch::asm!(
                "syscall",
                "test rax, rax",
                "jnz 2f",
                "xor ebp, ebp",
                "mov rdi, r8",
                "call r9",
                "ud2",
                "2:",
                inlateout("rax") __NR_clone3 as isize => pid,
                in("rdi") &raw mut arguments,
                in("rsi") size_of::<clone_args>(),
                in("r8") shared,
                in("r9") make as extern "C" fn(*const Shared) -> !,
                lateout("rcx") _,
                lateout("r11") _,
            );
        }
        match check(pid, || "clone3(VM)".into()) {
            Ok(pid) => {
                let pid = pid as i32;
                // The scheduler may leave it waiting for this CPU. Where it may
                // not be sent elsewhere, it is only later.
                let _ = others.assign(pid);
                Ok(Self {
                    maker: Child {
                        pid,
                        // SAFETY: the kernel stored a new descriptor there;
                        // nobody else owns it.
                        fd: unsafe { OwnedFd::from_raw_fd(pidfd) },
                    },
                    kinds,
                    shared,
                })
            }
            Err(error) => {
                // SAFETY: from `into_raw` above, and nobody else has it.
                drop(unsafe { Box::from_raw(shared) });
                Err(error)
            }
        }
    }

    fn state(&self) -> &AtomicI32 {
        // SAFETY: lives as long as `self`, and is only ever used as an atomic.
        unsafe { &(*self.shared).state }
    }

    /// Has them made.
    pub fn go(&self) {
        tell(self.state(), BEING_MADE);
    }

    /// Moves the calling process, which may be a child on the same memory, into
    /// those of the flags, once all stand.
    ///
    /// # Errors
    /// What stood in its maker's way (unshare(2)), ESRCH when the maker is gone or
    /// was never told to go; as setns(2).
    pub fn join(&self, kinds: i32) -> Result<()> {
        let gone = || Err(Error::new(self.call(), Errno::ESRCH));
        loop {
            match wait_while(self.state(), BEING_MADE) {
                BEING_MADE if process::wait_readable(self.maker.fd.as_raw_fd(), 0)? => {
                    // It may have been quicker than this look.
                    if self.state().load(Ordering::Acquire) == BEING_MADE {
                        return gone();
                    }
                }
                BEING_MADE => {}
                HELD => return gone(),
                MADE => return process::setns(self.maker.fd.as_raw_fd(), kinds),
                errno => return check(errno as isize, || self.call()).map(drop),
            }
        }
    }

    /// Ends the process that holds them, without waiting for that.
    pub fn release(&self) {
        let _ = process::pidfd_send_signal(self.maker.fd.as_raw_fd(), signals::SIGKILL);
    }

    fn call(&self) -> String {
        format!("unshare({})", process::namespace_names(self.kinds))
    }
}

impl Drop for NamespacesAhead {
    fn drop(&mut self) {
        self.release();
        if process::wait(self.maker.pid, true).is_ok() {
            // SAFETY: from `into_raw`, and the process that used it is gone.
            drop(unsafe { Box::from_raw(self.shared) });
        }
    }
}

/// What the maker does. It shares memory with a process that goes on, so it
/// allocates nothing and touches nothing but what it was given.
extern "C" fn make(shared: *const Shared) -> ! {
    // SAFETY: `prepare` hands over what lives until this process is gone; it is
    // never changed but through its atomic.
    let (state, kinds, parent) = unsafe { (&(*shared).state, (*shared).kinds, (*shared).parent) };
    // SAFETY: takes integers only.
    unsafe { call(__NR_prctl, (PR_SET_PDEATHSIG, signals::SIGKILL)) };
    // SAFETY: takes nothing.
    if unsafe { call(__NR_getppid, ()) } != parent as isize {
        // Ended before that was in force: nobody would end this one.
        process::exit(1);
    }
    while wait_while(state, HELD) == HELD {}
    // SAFETY: takes an integer; flags are namespaces only, so memory stays shared.
    let done = unsafe { call(__NR_unshare, (kinds,)) };
    tell(state, if done < 0 { done as i32 } else { MADE });
    loop {
        // SAFETY: takes nothing.
        unsafe { call(__NR_pause, ()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::{CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWUTS};

    fn inode(kind: &str) -> u64 {
        let found = std::fs::metadata(format!("/proc/thread-self/ns/{kind}"));
        std::os::unix::fs::MetadataExt::ino(&found.expect("a namespace"))
    }

    /// On a thread of its own, whose namespaces end with it.
    fn on_a_thread(test: fn()) {
        if !sekisho_skips::as_root() {
            return;
        }
        if Cpus::allowed().expect("known").elsewhere().is_empty() {
            sekisho_skips::skipped("needs a second CPU");
            return;
        }
        std::thread::spawn(test).join().expect("the test passes");
    }

    fn begun(kinds: i32) -> NamespacesAhead {
        let prepared = NamespacesAhead::prepare(kinds).expect("prepared");
        let prepared = prepared.expect("two CPUs");
        let before = inode("net");
        let error = prepared.join(kinds).expect_err("held");
        assert_eq!((error.errno, inode("net")), (Errno::ESRCH, before));
        prepared.go();
        prepared
    }

    #[test]
    fn what_was_made_ahead_outlives_its_maker_in_who_joined() {
        on_a_thread(|| {
            let kinds = ["net", "ipc", "uts", "cgroup"];
            let before = kinds.map(inode);
            let flags = CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
            let ahead = begun(flags);
            assert_eq!(before, kinds.map(inode), "not joined yet");
            let maker = ahead.maker.pid;
            ahead.join(flags).expect("joined");
            let joined = kinds.map(inode);
            let differs: Vec<bool> = (0..4).map(|at| before[at] != joined[at]).collect();
            assert_eq!(differs, [true, true, true, false]);
            drop(ahead);
            assert!(!std::path::Path::new(&format!("/proc/{maker}")).exists());
            assert_eq!(joined, kinds.map(inode));
        });
    }

    #[test]
    fn a_maker_that_is_refused_or_killed_is_not_waited_for() {
        on_a_thread(|| {
            // unshare(2) takes no such flag.
            let refused = begun(CLONE_NEWUTS | 1);
            let error = refused.join(CLONE_NEWUTS).expect_err("not made");
            assert_eq!(error.errno, Errno::EINVAL, "{error}");
            let ahead = begun(CLONE_NEWUTS);
            ahead.join(CLONE_NEWUTS).expect("joined");
            // As if it had been killed before it was done.
            process::pidfd_send_signal(ahead.maker.fd.as_raw_fd(), signals::SIGKILL)
                .expect("killed");
            ahead.state().store(BEING_MADE, Ordering::Release);
            let error = ahead.join(CLONE_NEWUTS).expect_err("nobody makes it");
            assert_eq!(error.errno, Errno::ESRCH, "{error}");
        });
    }
}
