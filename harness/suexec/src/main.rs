//! `sekisho-suexec USER GROUP PROGRAM [ARGS…]`, installed setuid root.
//!
//! Without Rust's own start-up: it would change what the program inherits.
#![cfg_attr(not(test), no_main)]

use sekisho_sys::start::Start;

#[cfg(not(test))]
sekisho_sys::entry!(run);

#[cfg_attr(test, expect(dead_code, reason = "tests start elsewhere"))]
fn run(start: Start) -> u8 {
    sekisho_suexec::run(start)
}
