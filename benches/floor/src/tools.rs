//! What the benches need besides a start, and what needs no libc either.

use crate::call::{self, Failure, Result};
use crate::words::{Words, number};

/// `trace UID GID PROGRAM [ARGS…]`: returns only when it failed.
pub fn trace(words: Words) -> Result<i32> {
    let usage = Failure {
        step: "trace UID GID PROGRAM [ARGS...]\n",
        errno: 22,
    };
    let uid = words.at(2).and_then(number).ok_or(usage)?;
    let gid = words.at(3).and_then(number).ok_or(usage)?;
    let program = words.text(4).ok_or(usage)?;
    call::be_traced()?;
    call::become_user(uid, gid)?;
    Err(call::execute(program, words.from(4)))
}

/// `spin CPU`: returns only when it failed.
pub fn spin(words: Words) -> Result<i32> {
    let cpu = words.at(2).and_then(number).unwrap_or(0);
    call::end_with_parent()?;
    call::idle_on(cpu)?;
    loop {
        core::hint::spin_loop();
    }
}

/// `cpuid N`
pub fn cpuid(count: usize) -> Result<i32> {
    for _ in 0..count {
        call::cpuid();
    }
    Ok(crate::RAN)
}
