//! System calls, by number (the kernel's `syscall_64.tbl`).
#![allow(unsafe_code)]

use core::arch::asm;
use core::ffi::{CStr, c_char};

/// A step that the kernel refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// Name, with a line feed at its end.
    pub step: &'static str,
    /// `errno(3)`.
    pub errno: usize,
}

impl Failure {
    /// One line to standard error: errno and step.
    pub fn tell(self) {
        let digit = |divisor: usize| b'0' + (self.errno / divisor % 10) as u8;
        let errno = [digit(100), digit(10), digit(1)];
        for piece in [
            b"sekisho-floor: errno ",
            &errno[..],
            b" in ",
            self.step.as_bytes(),
        ] {
            // SAFETY: reads a whole slice.
            unsafe { call(1, [2, piece.as_ptr() as usize, piece.len(), 0, 0]) };
        }
    }
}

/// What a step gives.
pub type Result<T> = core::result::Result<T, Failure>;

/// # Safety
/// The call must be sound with these arguments.
#[inline(always)]
pub(crate) unsafe fn call(number: usize, [a, b, c, d, e]: [usize; 5]) -> isize {
    let answer;
    // SAFETY: the kernel's calling convention; soundness is the caller's.
    unsafe {
        asm!("syscall", inlateout("rax") number as isize => answer, in("rdi") a, in("rsi") b,
            in("rdx") c, in("r10") d, in("r8") e, in("r9") 0,
            lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    answer
}

pub(crate) fn checked(step: &'static str, answer: isize) -> Result<usize> {
    usize::try_from(answer).map_err(|_| Failure {
        step,
        errno: answer.unsigned_abs(),
    })
}

fn at(text: &CStr) -> usize {
    text.as_ptr() as usize
}

/// Ends the process.
pub fn exit(status: i32) -> ! {
    loop {
        // SAFETY: no memory involved.
        unsafe { call(231, [status as usize, 0, 0, 0, 0]) };
    }
}

/// `mount(2)`.
pub fn mount(
    step: &'static str,
    source: &CStr,
    target: &CStr,
    kind: &CStr,
    flags: usize,
    data: &CStr,
) -> Result<()> {
    let arguments = [at(source), at(target), at(kind), flags, at(data)];
    // SAFETY: null-terminated strings that outlive the call.
    checked(step, unsafe { call(165, arguments) }).map(drop)
}

/// `pivot_root(".", ".")`, which puts the old root on top.
pub fn pivot_here() -> Result<()> {
    let here = at(c".");
    // SAFETY: null-terminated strings.
    checked("pivot_root\n", unsafe { call(155, [here, here, 0, 0, 0]) }).map(drop)
}

/// `umount2(".", MNT_DETACH)`.
pub fn detach_here() -> Result<()> {
    // SAFETY: a null-terminated string.
    checked("umount2\n", unsafe { call(166, [at(c"."), 2, 0, 0, 0]) }).map(drop)
}

/// `chdir(2)`.
pub fn enter(path: &CStr) -> Result<()> {
    // SAFETY: a null-terminated string.
    checked("chdir\n", unsafe { call(80, [at(path), 0, 0, 0, 0]) }).map(drop)
}

/// `umask(2)`.
pub fn set_umask(mask: usize) {
    // SAFETY: no memory involved.
    unsafe { call(95, [mask, 0, 0, 0, 0]) };
}

/// `mknod(2)` of a character device with mode 0666, less the umask.
pub fn make_device(path: &CStr, major: usize, minor: usize) -> Result<()> {
    let arguments = [at(path), 0o020_666, major << 8 | minor, 0, 0];
    // SAFETY: a null-terminated string.
    checked("mknod\n", unsafe { call(133, arguments) }).map(drop)
}

/// `symlink(2)`.
pub fn make_link(target: &CStr, path: &CStr) -> Result<()> {
    // SAFETY: null-terminated strings.
    checked("symlink\n", unsafe {
        call(88, [at(target), at(path), 0, 0, 0])
    })
    .map(drop)
}

/// No supplementary groups, then gid, then uid: real, effective, saved.
pub fn become_user(uid: usize, gid: usize) -> Result<()> {
    // SAFETY: an empty list has no memory.
    checked("setgroups\n", unsafe { call(116, [0; 5]) })?;
    // SAFETY: no memory involved.
    checked("setresgid\n", unsafe { call(119, [gid, gid, gid, 0, 0]) })?;
    // SAFETY: no memory involved.
    checked("setresuid\n", unsafe { call(117, [uid, uid, uid, 0, 0]) }).map(drop)
}

/// No new privileges, and neither bounding nor ambient capabilities (`prctl(2)`):
/// one call for each capability, since Linux has none for all.
pub fn bound() -> Result<()> {
    let prctl = |step, option, argument| {
        // SAFETY: no memory involved.
        checked(step, unsafe { call(157, [option, argument, 0, 0, 0]) }).map(drop)
    };
    prctl("no_new_privs\n", 38, 1)?;
    // The first number that is none is refused.
    let _ = (0..64).try_for_each(|number| prctl("capbset\n", 24, number));
    prctl("ambient\n", 47, 4)
}

/// `execve(2)` with an empty environment; returns only when it failed.
pub fn execute(path: &CStr, argv: *const *const c_char) -> Failure {
    let environment: [*const c_char; 1] = [core::ptr::null()];
    let arguments = [at(path), argv as usize, environment.as_ptr() as usize, 0, 0];
    // SAFETY: a path, an argument vector of this process, an empty environment.
    match checked("execve\n", unsafe { call(59, arguments) }) {
        Err(failure) => failure,
        Ok(_) => Failure {
            step: "execve\n",
            errno: 0,
        },
    }
}

/// Joins the network namespace that the path leads to.
pub fn join_network(path: &CStr) -> Result<()> {
    const CLONE_NEWNET: usize = 0x4000_0000;
    const O_CLOEXEC: usize = 0o2_000_000;
    // SAFETY: a null-terminated string.
    let fd = checked("open\n", unsafe { call(2, [at(path), O_CLOEXEC, 0, 0, 0]) })?;
    // SAFETY: no memory involved.
    checked("setns\n", unsafe { call(308, [fd, CLONE_NEWNET, 0, 0, 0]) }).map(drop)
}

/// Runs `child` in a new process that shares memory until it executes or ends,
/// on a stack of its own (`clone(2)` with CLONE_VM and CLONE_VFORK and further
/// namespace flags); gives its process id.
pub fn run_in_child<T>(namespaces: usize, child: extern "C" fn(&T) -> !, of: &T) -> Result<usize> {
    #[repr(align(16))]
    struct Stack(core::cell::UnsafeCell<[u8; 16 * 1024]>);
    // SAFETY: one thread, and only one child at a time uses it.
    unsafe impl Sync for Stack {}
    static STACK: Stack = Stack(core::cell::UnsafeCell::new([0; 16 * 1024]));
    const VFORK: usize = 0x4000;
    let top = STACK.0.get() as usize + size_of::<Stack>();
    let begin = child as *const () as usize;
    // SAFETY: the child gets a stack that nobody else uses and never returns
    // from `child`, which takes this pointer; this process goes on when it has
    // left the shared memory.
    unsafe {
        spawn(
            namespaces | VFORK,
            top,
            begin,
            core::ptr::from_ref(of) as usize,
        )
    }
    .map(|(pid, _)| pid)
}

/// `CLONE_PIDFD` of `clone(2)`.
pub(crate) const PIDFD: usize = 0x1000;

/// Makes a process on the same memory (`clone(2)` with CLONE_VM and further
/// flags) that calls `begin` with the argument; its id and, with [`PIDFD`], a
/// descriptor of it.
///
/// # Safety
/// `begin` is the address of a function of the C calling convention that takes
/// the argument, never returns and touches nothing that others use at that time;
/// `top` is the upper end, aligned to 16, of a stack that only it uses.
pub(crate) unsafe fn spawn(
    flags: usize,
    top: usize,
    begin: usize,
    argument: usize,
) -> Result<(usize, usize)> {
    const VM: usize = 0x100;
    const SIGCHLD: usize = 17;
    let mut fd = 0_i32;
    let answer: isize;
    // SAFETY: the caller's promise; this process goes on with the registers that
    // the kernel saved, and `fd` outlives the call.
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
            in("rdi") flags | VM | SIGCHLD, in("rsi") top,
            in("rdx") &raw mut fd, in("r10") 0, in("r8") 0,
            in("r12") argument, in("r13") begin,
            lateout("rcx") _, lateout("r11") _,
        );
    }
    Ok((checked("clone\n", answer)?, fd as usize))
}

/// Waits for the end of a child; gives its exit status, 128 and more for a
/// signal.
pub fn wait(pid: usize) -> Result<i32> {
    let mut status = 0_i32;
    let place = core::ptr::from_mut(&mut status) as usize;
    // SAFETY: a place for the status.
    checked("wait4\n", unsafe { call(61, [pid, place, 0, 0, 0]) })?;
    Ok(match status & 0x7f {
        0 => status >> 8 & 0xff,
        signal => 128 + signal,
    })
}

/// `prctl(PR_SET_PDEATHSIG, SIGKILL)`.
pub fn end_with_parent() -> Result<()> {
    // SAFETY: no memory involved.
    checked("prctl\n", unsafe { call(157, [1, 9, 0, 0, 0]) }).map(drop)
}

/// `ptrace(PTRACE_TRACEME)`, then stops until the parent lets it go on.
pub fn be_traced() -> Result<()> {
    // SAFETY: no memory involved.
    checked("ptrace\n", unsafe { call(101, [0; 5]) })?;
    // SAFETY: no memory involved.
    let own = unsafe { call(39, [0; 5]) } as usize;
    // SAFETY: no memory involved.
    checked("kill\n", unsafe { call(62, [own, 19, 0, 0, 0]) }).map(drop)
}

/// Ties this process to one CPU and gives it the lowest scheduling class
/// (`SCHED_IDLE`, `sched(7)`).
pub fn idle_on(cpu: usize) -> Result<()> {
    const SCHED_IDLE: usize = 5;
    let mut set = [0_u64; 16];
    set[cpu / 64 % set.len()] = 1 << (cpu % 64);
    let place = set.as_ptr() as usize;
    // SAFETY: reads a whole set.
    let tied = unsafe { call(203, [0, size_of_val(&set), place, 0, 0]) };
    checked("sched_setaffinity\n", tied)?;
    let priority = 0_i32;
    let place = core::ptr::from_ref(&priority) as usize;
    // SAFETY: reads one number.
    let set = unsafe { call(144, [0, SCHED_IDLE, place, 0, 0]) };
    checked("sched_setscheduler\n", set).map(drop)
}

/// One CPUID.
pub fn cpuid() {
    // SAFETY: leaf 0 exists on every x86-64 processor; rbx, which the compiler
    // keeps for itself, is put back.
    unsafe {
        asm!("push rbx", "cpuid", "pop rbx", inout("eax") 0 => _, out("ecx") _, out("edx") _);
    }
}
