//! The probe: reads the trial's sheet, looks around, prints one line.
//!
//! What it reports must be what it was started with, so nothing may run
//! before it that changes the process. The standard library's start-up code
//! opens descriptors 0–2 and ignores SIGPIPE; C's start-up code removes
//! variables from the environment and opens descriptors when the kernel saw a
//! change of privilege. Hence two builds of the same code:
//!
//! - **freestanding**, the one for trials: with
//!   `RUSTFLAGS="-C target-feature=+crt-static -C panic=abort"` it has neither
//!   standard library nor libc and starts at its own `_start`;
//! - **hosted**, any other: without the standard library's start-up code, but
//!   with libc's. Its report is the same except for what is said above about
//!   a change of privilege.
#![cfg_attr(freestanding, no_std)]
#![cfg_attr(not(test), no_main)]

extern crate alloc;

mod behave;
mod call;
mod canary;
#[cfg(freestanding)]
mod freestanding;
#[cfg(all(not(freestanding), not(test)))]
mod hosted;
mod io;
mod look;
mod names;
mod proc;
mod start;

#[cfg(not(target_arch = "x86_64"))]
compile_error!("the probe makes its system calls itself: add this architecture to call.rs");

use alloc::string::String;
use alloc::vec::Vec;

use sekisho_witness::{LINES_PATH, MARK, Report};

use start::Start;

/// Looks, reports, behaves; gives the exit status.
#[cfg_attr(test, expect(dead_code, reason = "tests start elsewhere"))]
fn run(start: &Start) -> i32 {
    let mut report = look::look(start);
    report.via = via(start);
    let behaviour = start
        .arguments
        .get(1)
        .and_then(|word| word.strip_prefix(b"--behave="))
        .unwrap_or_default();
    behave::before(behaviour);
    print(&report);
    behave::after(behaviour, report)
}

/// How the probe came to run.
fn via(start: &Start) -> String {
    let word = start
        .arguments
        .get(1)
        .and_then(|word| word.strip_prefix(b"--via="));
    String::from_utf8_lossy(word.unwrap_or(b"init")).into_owned()
}

/// One line to standard output, and to the file for launchers that keep what
/// others than the init print to themselves.
fn print(report: &Report) {
    let mut line = Vec::from(MARK.as_bytes());
    // Serialising plain data to memory cannot fail.
    line.extend(serde_json::to_vec(report).unwrap_or_default());
    line.push(b'\n');
    call::ignore_sigpipe();
    io::write_all(&line);
    if report.via != "init" {
        io::append(LINES_PATH, &line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(arguments: &[&'static [u8]]) -> Start {
        Start {
            arguments: arguments.to_vec(),
            ..Start::default()
        }
    }

    #[test]
    fn via_is_the_word_of_the_first_argument_only() {
        assert_eq!(via(&started(&[b"probe", b"--via=script", b"/x"])), "script");
        assert_eq!(via(&started(&[b"probe", b"/x", b"--via=script"])), "init");
        assert_eq!(via(&started(&[])), "init");
    }
}
