//! Reading and writing without surprises.

use alloc::vec::Vec;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;

use crate::call;

/// Standard output.
const STDOUT: i32 = 1;

/// Flags of every open: never wait, never gain a terminal, never leak.
pub const CAREFUL: OFlags = OFlags::NONBLOCK
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// At most `limit` bytes of a file; `None` when it cannot be opened or read.
pub fn read(path: &[u8], limit: usize) -> Option<Vec<u8>> {
    let file = open(path, OFlags::RDONLY | CAREFUL, Mode::empty()).ok()?;
    let mut content = Vec::new();
    let mut buffer = [0_u8; 4096];
    while content.len() < limit {
        let room = buffer.len().min(limit - content.len());
        match rustix::io::read(&file, &mut buffer[..room]) {
            Ok(0) => break,
            Ok(size) => content.extend_from_slice(&buffer[..size]),
            Err(Errno::INTR) => {}
            Err(_) if content.is_empty() => return None,
            Err(_) => break,
        }
    }
    Some(content)
}

/// Appends to a file if it is there, in one call.
pub fn append(path: &str, bytes: &[u8]) {
    let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::NOFOLLOW | CAREFUL;
    if let Ok(file) = open(path, flags, Mode::empty()) {
        // Without it there is one witness less; nobody could be told.
        let _ = rustix::io::write(&file, bytes);
    }
}

/// Writes everything to standard output, in one call if the kernel takes it;
/// gives up when nobody can read it. Says whether all was written.
pub fn write_all(mut bytes: &[u8]) -> bool {
    let output = call::borrow(STDOUT);
    while !bytes.is_empty() {
        match rustix::io::write(output, bytes) {
            Ok(size) => bytes = bytes.get(size..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                let wait = Timespec {
                    tv_sec: 1,
                    tv_nsec: 0,
                };
                let mut polled = [PollFd::new(&output, PollFlags::OUT)];
                if !matches!(poll(&mut polled, Some(&wait)), Ok(1..) | Err(Errno::INTR)) {
                    return false;
                }
            }
            Err(_) => return false,
        }
    }
    true
}
