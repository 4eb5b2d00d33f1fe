//! `sekisho-launch`: the reference launcher with rules that a file of root
//! switches. The file is read here and nowhere else, so that the hardened
//! build has no code that could read it.
#![cfg_attr(not(test), no_std)]
#![cfg_attr(not(test), no_main)]

extern crate alloc;
// Brings memory and panics to a hosted build (`sekisho_sys::start`).
#[cfg(not(any(test, freestanding)))]
extern crate std;

mod conf;

use sekisho_sys::start::Start;

#[cfg(not(test))]
sekisho_sys::entry!(run);

#[cfg_attr(test, expect(dead_code, reason = "tests start elsewhere"))]
fn run(start: Start) -> u8 {
    sekisho_launcher::run("sekisho-launch", start, conf::load)
}
