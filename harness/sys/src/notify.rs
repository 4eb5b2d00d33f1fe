//! Seccomp user notification (seccomp_unotify(2)): a filter stops calls of this
//! process and of all that it starts, and a listener answers them.
//!
//! The filter is put on **without** no_new_privs, which CAP_SYS_ADMIN allows, so
//! that setuid programs keep their meaning. Only calls of this architecture stop;
//! those by another ABI (i386, x32) go on.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use crate::errno::Errno;
use crate::error::{Error, Result, check_libc as check};

/// `AUDIT_ARCH_X86_64` (`linux/audit.h`).
const ARCHITECTURE: u32 = 0xc000_003e;
/// Numbers from here on are of the x32 ABI (`asm/unistd.h`).
const X32: u32 = 0x4000_0000;
/// `linux/seccomp.h`, Linux 6.6.
const SYNC_WAKE_UP: u64 = 1;
/// Most instructions of a filter (`BPF_MAXINSNS`).
const MOST: usize = 4096;

/// A call that waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notification {
    /// What the answer must name.
    pub id: u64,
    /// Thread that makes the call, in the pid namespace of this process; 0 when
    /// it cannot be seen from there.
    pub thread: i32,
    /// Number of the call.
    pub number: u32,
    /// Its arguments as the registers have them.
    pub arguments: [u64; 6],
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// The kernel does it. It reads its arguments then: who shares the memory
    /// of the caller may have changed them since they were looked at.
    Continue,
    /// It is not done and gives this errno.
    Fail(Errno),
}

/// The end of a filter that answers.
#[derive(Debug)]
pub struct Listener(OwnedFd);

/// Puts the filter on this thread for good; `calls` stop, all of them when
/// `None`. Gives the listener's descriptor, closed at exec.
///
/// From then on this thread's own calls stop as well, so that somebody else must
/// hold the listener: see [`descriptor_of`].
///
/// # Errors
/// EACCES without CAP_SYS_ADMIN in the user namespace; EBUSY when the process
/// has a filter with a listener already, since they do not nest; EINVAL for more
/// calls than a filter has room for.
pub fn install(calls: Option<&[u32]>) -> Result<OwnedFd> {
    let mut filter = program(calls);
    if filter.len() > MOST {
        return Err(Error::new("seccomp(filter too long)", Errno::EINVAL));
    }
    let program = libc::sock_fprog {
        len: filter.len() as u16,
        filter: filter.as_mut_ptr(),
    };
    // A signal to a process whose stop was taken would end its call and make it
    // anew: a second stop. Kernels before 5.19 do not know this flag.
    let killable =
        libc::SECCOMP_FILTER_FLAG_NEW_LISTENER | libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    let mut fd = set_filter(killable, &program);
    if fd < 0 && Errno::last() == Errno::EINVAL {
        fd = set_filter(libc::SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    }
    let fd = check(fd, || "seccomp(SECCOMP_FILTER_FLAG_NEW_LISTENER)".into())?;
    // SAFETY: the kernel just returned this descriptor; nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

fn set_filter(flags: libc::c_ulong, program: &libc::sock_fprog) -> libc::c_long {
    // SAFETY: `program` and the instructions that it points to live over the
    // call, which only reads them.
    unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            flags,
            std::ptr::from_ref(program),
        )
    }
}

/// The filter: `struct seccomp_data` begins with the number, then the
/// architecture, each of four bytes.
fn program(calls: Option<&[u32]>) -> Vec<libc::sock_filter> {
    const LOAD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    const EQUAL: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    const NOT_LESS: u32 = libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K;
    const RETURN: u32 = libc::BPF_RET | libc::BPF_K;
    let one = |code: u32, k: u32, jt: u8, jf: u8| libc::sock_filter {
        code: code as u16,
        jt,
        jf,
        k,
    };
    let allow = one(RETURN, libc::SECCOMP_RET_ALLOW, 0, 0);
    let stop = one(RETURN, libc::SECCOMP_RET_USER_NOTIF, 0, 0);
    let mut filter = vec![
        one(LOAD, 4, 0, 0),
        one(EQUAL, ARCHITECTURE, 1, 0),
        allow,
        one(LOAD, 0, 0, 0),
        one(NOT_LESS, X32, 0, 1),
        allow,
    ];
    match calls {
        None => filter.push(stop),
        Some(calls) => {
            for number in calls {
                filter.extend([one(EQUAL, *number, 0, 1), stop]);
            }
            filter.push(allow);
        }
    }
    filter
}

/// A copy of descriptor `number` of the process of `pidfd`.
///
/// # Errors
/// As pidfd_getfd(2): EBADF when it is not open there.
pub fn descriptor_of(pidfd: BorrowedFd<'_>, number: RawFd) -> Result<OwnedFd> {
    // SAFETY: takes integers only.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_getfd, pidfd.as_raw_fd(), number, 0) };
    let fd = check(fd, || {
        format!("pidfd_getfd({}, {number})", pidfd.as_raw_fd())
    })?;
    // SAFETY: the kernel just returned this descriptor; nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

impl Listener {
    /// From the descriptor that [`install`] gave, or a copy of it.
    ///
    /// # Errors
    /// ENOTTY for another descriptor; EOPNOTSUPP where the kernel's structs are
    /// not those that this was written for.
    pub fn new(fd: OwnedFd) -> Result<Self> {
        let mut sizes = libc::seccomp_notif_sizes {
            seccomp_notif: 0,
            seccomp_notif_resp: 0,
            seccomp_data: 0,
        };
        // SAFETY: `sizes` lives over the call, which fills it in.
        let done = unsafe {
            libc::syscall(
                libc::SYS_seccomp,
                libc::SECCOMP_GET_NOTIF_SIZES,
                0,
                &raw mut sizes,
            )
        };
        check(done, || "seccomp(SECCOMP_GET_NOTIF_SIZES)".into())?;
        let larger = usize::from(sizes.seccomp_notif) > size_of::<libc::seccomp_notif>()
            || usize::from(sizes.seccomp_notif_resp) > size_of::<libc::seccomp_notif_resp>();
        if larger {
            let call = "seccomp(SECCOMP_GET_NOTIF_SIZES)";
            return Err(Error::new(call, Errno::EOPNOTSUPP));
        }
        let listener = Self(fd);
        match listener.valid(0) {
            Err(error) if error.errno != Errno::ENOENT => Err(error),
            _ => Ok(listener),
        }
    }

    /// Asks that a stop and its answer wake the other side on the same CPU, which
    /// is faster where both take turns. False where the kernel (before 6.6)
    /// cannot.
    pub fn wake_up_here(&self) -> bool {
        // SAFETY: this ioctl takes the flags by value.
        let done = unsafe {
            libc::ioctl(
                self.0.as_raw_fd(),
                libc::SECCOMP_IOCTL_NOTIF_SET_FLAGS,
                SYNC_WAKE_UP,
            )
        };
        done == 0
    }

    /// Takes a stop, and waits for one. `None` when the call was given up in the
    /// meantime, as its process was killed.
    ///
    /// # Errors
    /// As ioctl(2) with SECCOMP_IOCTL_NOTIF_RECV.
    pub fn receive(&self) -> Result<Option<Notification>> {
        loop {
            // SAFETY: integers only; the kernel wants it to be zero.
            let mut taken: libc::seccomp_notif = unsafe { std::mem::zeroed() };
            // SAFETY: `taken` lives over the call, which fills it in and has its
            // size in its number.
            let done = unsafe {
                libc::ioctl(
                    self.0.as_raw_fd(),
                    libc::SECCOMP_IOCTL_NOTIF_RECV,
                    &raw mut taken,
                )
            };
            match check(done.into(), || "ioctl(SECCOMP_IOCTL_NOTIF_RECV)".into()) {
                Ok(_) => {
                    return Ok(Some(Notification {
                        id: taken.id,
                        thread: taken.pid.cast_signed(),
                        number: taken.data.nr.cast_unsigned(),
                        arguments: taken.data.args,
                    }));
                }
                Err(error) if error.errno == Errno::EINTR => {}
                Err(error) if error.errno == Errno::ENOENT => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    /// Answers a stop. False when the call does not wait any more: its process
    /// was killed.
    ///
    /// # Errors
    /// As ioctl(2) with SECCOMP_IOCTL_NOTIF_SEND.
    pub fn answer(&self, id: u64, reply: Reply) -> Result<bool> {
        let mut answer = libc::seccomp_notif_resp {
            id,
            val: 0,
            error: 0,
            flags: 0,
        };
        match reply {
            Reply::Continue => answer.flags = libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32,
            Reply::Fail(errno) => answer.error = -errno.raw(),
        }
        // SAFETY: `answer` lives over the call, which reads it.
        let done = unsafe {
            libc::ioctl(
                self.0.as_raw_fd(),
                libc::SECCOMP_IOCTL_NOTIF_SEND,
                &raw mut answer,
            )
        };
        still(check(done.into(), || {
            "ioctl(SECCOMP_IOCTL_NOTIF_SEND)".into()
        }))
    }

    /// Whether the call still waits. To be asked after the process was looked at
    /// by its number: only then was it that process.
    ///
    /// # Errors
    /// As ioctl(2) with SECCOMP_IOCTL_NOTIF_ID_VALID.
    pub fn is_valid(&self, id: u64) -> Result<bool> {
        still(self.valid(id))
    }

    fn valid(&self, id: u64) -> Result<libc::c_long> {
        // SAFETY: `id` lives over the call, which reads it.
        let done = unsafe {
            libc::ioctl(
                self.0.as_raw_fd(),
                libc::SECCOMP_IOCTL_NOTIF_ID_VALID,
                &raw const id,
            )
        };
        check(done.into(), || "ioctl(SECCOMP_IOCTL_NOTIF_ID_VALID)".into())
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// True, or false when there is no such call any more.
fn still(done: Result<libc::c_long>) -> Result<bool> {
    match done {
        Ok(_) => Ok(true),
        Err(error) if error.errno == Errno::ENOENT => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the filter says of a call: classic BPF as far as it is used here.
    fn verdict(filter: &[libc::sock_filter], number: u32, architecture: u32) -> u32 {
        let (mut at, mut loaded) = (0, 0);
        loop {
            let one = filter[at];
            at += 1;
            let taken = match u32::from(one.code) & 0xff {
                0x20 => {
                    loaded = if one.k == 0 { number } else { architecture };
                    continue;
                }
                0x15 => loaded == one.k,
                0x35 => loaded >= one.k,
                0x06 => return one.k,
                other => panic!("{other:#x}"),
            };
            at += usize::from(if taken { one.jt } else { one.jf });
        }
    }

    #[test]
    fn the_filter_stops_what_it_is_told_and_nothing_of_another_abi() {
        let (stop, allow) = (libc::SECCOMP_RET_USER_NOTIF, libc::SECCOMP_RET_ALLOW);
        let some = program(Some(&[2, 257]));
        let all = program(None);
        for (number, expected) in [(2, stop), (257, stop), (0, allow), (3, allow)] {
            assert_eq!(verdict(&some, number, ARCHITECTURE), expected, "{number}");
            assert_eq!(verdict(&all, number, ARCHITECTURE), stop, "{number}");
        }
        let i386 = 0x4000_0003;
        for filter in [&some, &all] {
            assert_eq!(verdict(filter, 2, i386), allow);
            assert_eq!(verdict(filter, X32 + 2, ARCHITECTURE), allow);
        }
    }

    #[test]
    fn a_descriptor_that_is_no_listener_is_refused() {
        let (read, _write) = crate::open::pipe().expect("a pipe");
        let refused = Listener::new(read).expect_err("a pipe is no listener");
        assert_eq!(refused.errno, Errno::ENOTTY, "{refused}");
    }
}
