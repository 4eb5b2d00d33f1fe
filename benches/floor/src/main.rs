//! The floor: what a start costs when nothing but the kernel's work is done.
//!
//! Without libc and standard library, since their start-up code is what most of
//! a short program's time goes to (on virtual machines each CPUID of it costs
//! microseconds). Words:
//!
//! | words | does |
//! |---|---|
//! | none | exits with [`RAN`]: the least init |
//! | `start STEPS ROOT UID GID NETNS PROGRAM` | starts PROGRAM with the steps, see [`start::Steps`]; NETNS is `-` unless joined |
//! | `trace UID GID PROGRAM [ARGS…]` | lets its parent trace it, stops, becomes that user, executes |
//! | `spin CPU` | keeps a CPU from sleeping at the lowest priority until its parent ends |
//! | `cpuid N` | executes N CPUID instructions, exits with [`RAN`] |
//!
//! As in the probe, two builds: **freestanding** with
//! `RUSTFLAGS="-C target-feature=+crt-static -C panic=abort"`, the one that is
//! measured; **hosted**, any other, so that ordinary builds check the code.
#![cfg_attr(freestanding, no_std)]
#![cfg_attr(not(test), no_main)]

#[cfg(not(target_arch = "x86_64"))]
compile_error!("the floor makes its system calls itself: add this architecture to call.rs");

mod ahead;
mod call;
#[cfg(not(test))]
mod entry;
mod start;
mod tools;
mod words;

use words::{Words, number};

/// Exit status of the least init: a launcher that ended well without running it
/// must not be taken for a start.
pub(crate) const RAN: i32 = 42;
/// Exit status when a step failed; an init of the benches never gives it.
pub(crate) const FAILED: i32 = 99;

#[cfg_attr(test, expect(dead_code, reason = "tests start elsewhere"))]
fn run(words: Words) -> i32 {
    let Some(verb) = words.at(1) else {
        return RAN;
    };
    let done = match verb {
        b"start" => start::start(words),
        b"trace" => tools::trace(words),
        b"spin" => tools::spin(words),
        b"cpuid" => tools::cpuid(words.at(2).and_then(number).unwrap_or(0)),
        _ => Err(call::Failure {
            step: "no such word\n",
            errno: 22,
        }),
    };
    done.unwrap_or_else(|failure| {
        failure.tell();
        FAILED
    })
}
