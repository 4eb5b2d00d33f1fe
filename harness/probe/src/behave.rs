//! What the probe does after its report, to try the harness:
//! `--behave=NAME` as its first argument.

use alloc::format;

use rustix::process::{Pid, WaitId, WaitIdOptions, WaitOptions, waitid, waitpid};
use sekisho_witness::Report;

use crate::{call, io, names, print};

/// Most children of `--behave=fork`.
const CHILDREN: usize = 5000;

/// SIGINT and SIGTERM as a set.
const ENDING: u64 = 1 << 1 | 1 << 14;

/// What must be in place before anybody reads the report.
pub fn before(behaviour: &[u8]) {
    if behaviour == b"signals" {
        // Blocked rather than handled: PID 1 gets those too.
        call::block(ENDING);
    }
}

/// Behaves as asked; gives the exit status.
pub fn after(behaviour: &[u8], report: Report) -> i32 {
    match behaviour {
        b"hang" => hang(),
        b"flood" => while io::write_all(b"flood flood flood flood flood flood flood flood\n") {},
        b"fork" => {
            for _ in 0..CHILDREN {
                match call::fork() {
                    Some(0) => hang(),
                    Some(_) => {}
                    None => break,
                }
            }
            hang();
        }
        b"crash" => call::fault(),
        b"orphan" => orphan(),
        b"signals" => signals(report),
        b"zombies" => zombies(),
        _ => {
            let status = behaviour.strip_prefix(b"exit:");
            let text = status.and_then(|text| core::str::from_utf8(text).ok());
            return text.and_then(|text| text.parse().ok()).unwrap_or(0);
        }
    }
    0
}

fn hang() -> ! {
    loop {
        call::pause();
    }
}

/// Leaves a grandchild behind that belongs to nobody and sleeps.
fn orphan() {
    match call::fork() {
        Some(0) => {
            if call::fork() == Some(0) {
                hang();
            }
            call::exit(0);
        }
        Some(child) => {
            // Whatever comes of it: the child ends at once.
            let _ = waitpid(pid(child), WaitOptions::empty());
        }
        None => {}
    }
}

/// Reports once more when a signal comes.
fn signals(mut report: Report) {
    let signal = loop {
        if let Some(signal) = call::wait_for_signal(ENDING) {
            break signal;
        }
    };
    report.via = format!("signal:{}", names::signal(signal as usize));
    print(&report);
}

/// Leaves three children dead and not waited for.
fn zombies() {
    for _ in 0..3 {
        match call::fork() {
            Some(0) => call::exit(0),
            Some(child) => {
                let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
                if let Some(child) = pid(child) {
                    // Sees the child dead and leaves it so.
                    let _ = waitid(WaitId::Pid(child), options);
                }
            }
            None => {}
        }
    }
}

fn pid(number: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(number).ok()?)
}
