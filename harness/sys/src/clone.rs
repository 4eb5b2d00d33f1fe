//! Making processes: clone3(2).

use alloc::format;
use core::convert::Infallible;
use core::mem::ManuallyDrop;

use linux_raw_sys::general::{
    __NR_clone3, CLONE_PIDFD, CLONE_VFORK, CLONE_VM, SIGCHLD, clone_args,
};

use crate::call::call;
use crate::error::{Result, check};
use crate::fd::{FromRawFd, OwnedFd, RawFd};
use crate::process::namespace_names;

/// A process made by [`clone3`], in the parent.
#[derive(Debug)]
pub struct Child {
    /// Process id in the parent's pid namespace.
    pub pid: i32,
    /// Descriptor of the process.
    pub fd: OwnedFd,
}

/// Makes a process in new namespaces: `None` in the child, which goes on with
/// a copy of the parent's memory as after fork(2).
///
/// The calling process must have one thread: in the child no other thread
/// exists that could release a lock (malloc's, stdio's) it held. The child
/// should end with exec or [`exit`](crate::process::exit), which run no exit
/// handlers twice.
///
/// # Errors
/// As clone3(2).
pub fn clone3(namespaces: i32) -> Result<Option<Child>> {
    let mut pidfd: RawFd = -1;
    let arguments = arguments(namespaces, &raw mut pidfd);
    // SAFETY: without CLONE_VM the child has its own copy of all memory and
    // goes on on the same stack addresses; `arguments` and `pidfd` live over
    // the call. The caller has one thread (see above).
    let pid = unsafe { call(__NR_clone3, (&raw const arguments, size_of::<clone_args>())) };
    match check(pid, || format!("clone3({})", namespace_names(namespaces)))? {
        0 => Ok(None),
        pid => Ok(Some(Child {
            pid: pid as i32,
            // SAFETY: the kernel stored a new descriptor there; nobody else
            // owns it.
            fd: unsafe { OwnedFd::from_raw_fd(pidfd) },
        })),
    }
}

/// `clone_args` for a child in new namespaces whose descriptor is stored.
pub(crate) fn arguments(namespaces: i32, pidfd: *mut RawFd) -> clone_args {
    clone_args {
        // CLONE_NEWTIME lies in the byte that clone(2) used for the exit
        // signal, which clone3 has a field of its own for.
        flags: u64::from(namespaces.cast_unsigned() | CLONE_PIDFD),
        pidfd: pidfd as u64,
        child_tid: 0,
        parent_tid: 0,
        exit_signal: SIGCHLD.into(),
        stack: 0,
        stack_size: 0,
        tls: 0,
        set_tid: 0,
        set_tid_size: 0,
        cgroup: 0,
    }
}

/// Runs `run` in a process in new namespaces that uses this one's memory, on
/// the part of the stack that this one does not use, until it executes
/// something or ends (`CLONE_VM` and `CLONE_VFORK`): no memory is copied, and
/// this process stands still meanwhile, so that nobody else touches that memory
/// (a process of [`crate::ahead`] only its own stack and word).
/// All else, descriptors among it, is the child's own: this process must not
/// close a descriptor by a number that the child has stored.
///
/// The calling process must have one thread. A user namespace needs [`clone3`]:
/// the parent has to write its mappings; and so does a time namespace, which
/// older kernels refuse to processes that share memory.
///
/// # Errors
/// As clone3(2) and mmap(2).
pub fn clone3_until_exec<F: FnOnce() -> Infallible>(namespaces: i32, run: F) -> Result<Child> {
    extern "C" fn begin<F: FnOnce() -> Infallible>(run: *mut F) -> ! {
        // SAFETY: the parent has left the closure there for this one use, and
        // does not touch it again.
        let run = unsafe { run.read() };
        match run() {}
    }
    /// clone3 is told of a stack with this size, at whose upper end the child
    /// begins. The stack goes on growing beneath as it would without a child.
    const STACK: usize = 1 << 16;
    let mut pidfd: RawFd = -1;
    let mut arguments = arguments(namespaces, &raw mut pidfd);
    arguments.flags |= u64::from(CLONE_VM | CLONE_VFORK);
    arguments.stack_size = STACK as u64;
    let mut run = ManuallyDrop::new(run);
    let pid: isize;
    // SAFETY: the parent goes on after the call like after any other; the
    // kernel keeps all its registers but the answer, rcx and r11, and memory
    // may have changed, which the compiler expects of `asm!`. Its stack frames
    // are not touched: the child's begin beneath them, aligned to 16 as a call
    // wants it; it calls `begin` with the pointer to the closure and never
    // comes back. The parent stands still until the child has other memory or
    // is gone, so nothing is used by two at once; `arguments`, `pidfd` and
    // `run` live over the call.
    unsafe {
        core::arch::asm!(
            "lea rcx, [rsp - 256]",
            "and rcx, -16",
            "sub rcx, [rdi + {size}]",
            "mov [rdi + {stack}], rcx",
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "xor ebp, ebp",
            "mov rdi, r8",
            "call r9",
            "ud2",
            "2:",
            inlateout("rax") __NR_clone3 as isize => pid,
            stack = const core::mem::offset_of!(clone_args, stack),
            size = const core::mem::offset_of!(clone_args, stack_size),
            in("rdi") &raw mut arguments,
            in("rsi") size_of::<clone_args>(),
            in("r8") &raw mut *run,
            in("r9") begin::<F> as extern "C" fn(*mut F) -> !,
            out("rcx") _,
            lateout("r11") _,
        );
    }
    let failed = || format!("clone3(VM|VFORK|{})", namespace_names(namespaces));
    let pid = match check(pid, failed) {
        Ok(pid) => pid as i32,
        Err(error) => {
            // No child has taken it.
            drop(ManuallyDrop::into_inner(run));
            return Err(error);
        }
    };
    Ok(Child {
        pid,
        // SAFETY: the kernel stored a new descriptor there; nobody else owns
        // it.
        fd: unsafe { OwnedFd::from_raw_fd(pidfd) },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Errno;
    use crate::process::{CLONE_NEWNS, Ended, execute, exit, set_parent_death_signal, wait};

    #[test]
    fn a_child_on_borrowed_memory_runs_first_and_ends_alone() {
        let mut told = [0_u8; 3];
        let child = clone3_until_exec(0, || -> Infallible {
            // Seen by the parent, unlike after a fork.
            told.fill(7);
            set_parent_death_signal(9).expect("prctl");
            exit(told.len() as i32 + 39)
        })
        .expect("clone3");
        assert_eq!(wait(child.pid, true), Ok(Some(Ended::Status(42))));
        assert_eq!(told, [7; 3]);
        let words = [b"sh".to_vec(), b"-c".to_vec(), b"exit 5".to_vec()];
        let child = clone3_until_exec(0, || {
            let Err(_) = execute(b"/bin/sh", &words, &[]);
            exit(1)
        })
        .expect("clone3");
        assert_eq!(wait(child.pid, true), Ok(Some(Ended::Status(5))));
        // CLONE_FS beside CLONE_NEWNS: the call itself fails, nothing runs.
        let refused = clone3_until_exec(CLONE_NEWNS | 0x200, || exit(1)).expect_err("no such");
        assert_eq!(refused.errno, Errno::EINVAL, "{refused}");
    }
}
