//! A stop: who makes which call, and what becomes of it.

use std::borrow::Cow;
use std::io::IoSliceMut;

use anyhow::{Context, Result};
use nix::errno::Errno as NixErrno;
use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::unistd::Pid;
use sekisho_sys::Errno;
use sekisho_sys::notify::{Listener, Notification};

use crate::names;

/// What a process is to the start: the same in each start of the same program,
/// where process ids are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Role {
    /// How many forks away from the process that was started: 0 for itself and
    /// its threads, 1 for its children. `None` when the process had lost its
    /// parent before its first stop.
    pub generation: Option<u32>,
    /// How often the process has asked for exec before this stop, not counting
    /// the exec of the program itself. A child begins with 0.
    pub execs: u32,
}

impl Role {
    /// The process that was started, before it executes anything else.
    pub const STARTED: Self = Self {
        generation: Some(0),
        execs: 0,
    };
}

/// What becomes of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The kernel does it.
    Continue,
    /// It is not done, and fails with this errno.
    Fail(Errno),
    /// As [`Self::Fail`]; and all later calls of that number in this start, by
    /// whichever process, fail so as well and are not shown any more.
    FailFromNowOn(Errno),
}

/// A call before the kernel does it.
#[derive(Debug)]
pub struct Stop<'a> {
    /// Process id in the controller's pid namespace.
    pub process: i32,
    /// Id of the thread that makes the call, there as well.
    pub thread: i32,
    /// What the process is to the start.
    pub role: Role,
    /// Number of the call.
    pub number: u32,
    /// Its arguments as the registers have them.
    pub arguments: [u64; 6],
    pub(super) id: u64,
    pub(super) listener: &'a Listener,
}

impl<'a> Stop<'a> {
    pub(super) fn new(
        taken: &Notification,
        process: i32,
        role: Role,
        listener: &'a Listener,
    ) -> Self {
        Self {
            process,
            thread: taken.thread,
            role,
            number: taken.number,
            arguments: taken.arguments,
            id: taken.id,
            listener,
        }
    }

    /// Name of the call.
    #[must_use]
    pub fn name(&self) -> Cow<'static, str> {
        names::name(self.number.into())
    }

    /// The paths among the arguments ([`names::path_arguments`]), in their order.
    /// One that cannot be read (no address, memory that is not there, a process
    /// that was killed meanwhile) is empty, as is an empty one.
    ///
    /// # Errors
    /// The process may not be looked into: root may.
    pub fn paths(&self) -> Result<Vec<Vec<u8>>> {
        let name = self.name();
        let places = names::path_arguments(&name);
        places.iter().map(|place| self.text(*place)).collect()
    }

    /// The C string that an argument (0 to 5) points to, at most 4,095 bytes.
    /// Empty when there is none.
    ///
    /// # Errors
    /// As [`Self::paths`].
    pub fn text(&self, argument: usize) -> Result<Vec<u8>> {
        let address = self.arguments.get(argument).copied().unwrap_or_default();
        let text = read_text(self.thread, address).with_context(|| {
            format!(
                "read an argument of {} of process {}",
                self.name(),
                self.process
            )
        })?;
        // Only if it still waits was it that process.
        Ok(match self.listener.is_valid(self.id)? {
            true => text,
            false => Vec::new(),
        })
    }
}

/// Reads to the end of a page at most, since the next one may not be there.
fn read_text(thread: i32, mut address: u64) -> Result<Vec<u8>> {
    const PAGE: u64 = 4096;
    /// `PATH_MAX`, with the NUL.
    const MOST: usize = 4096;
    const USUAL: u64 = 128;
    let mut text = Vec::new();
    while address != 0 && text.len() < MOST {
        let mut piece = [0_u8; USUAL as usize];
        let length = (PAGE - address % PAGE).min(USUAL) as usize;
        let remote = RemoteIoVec {
            base: usize::try_from(address)?,
            len: length,
        };
        let mut local = [IoSliceMut::new(&mut piece[..length])];
        match process_vm_readv(Pid::from_raw(thread), &mut local, &[remote]) {
            Ok(read) if read == length => {}
            Ok(_) | Err(NixErrno::EFAULT | NixErrno::ESRCH) => return Ok(Vec::new()),
            Err(error) => return Err(error).context("process_vm_readv"),
        }
        let piece = &piece[..length];
        if let Some(end) = piece.iter().position(|byte| *byte == 0) {
            text.extend_from_slice(&piece[..end]);
            return Ok(text);
        }
        text.extend_from_slice(piece);
        address = address.wrapping_add(length as u64);
    }
    text.truncate(MOST - 1);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_over_the_end_of_a_piece_and_nowhere_is_empty() {
        let own = i32::try_from(std::process::id()).expect("a pid");
        for length in [0, 1, 127, 128, 129, 4000, 5000] {
            let mut text = vec![b'x'; length];
            text.push(0);
            let read = read_text(own, text.as_ptr() as u64).expect("own memory");
            assert_eq!(read, &text[..length.min(4095)], "{length}");
        }
        assert_eq!(read_text(own, 0).expect("no address"), b"");
        assert_eq!(read_text(own, 8).expect("nothing there"), b"");
    }
}
