//! The programs as they are installed: freestanding, each built alone. What
//! `cargo test` builds of them starts through libc and serves as a host of
//! their unit tests only.

use std::sync::OnceLock;

use sekisho_nested::{HARDENED, LAUNCHER, Program, SUEXEC};

/// Content of both programs.
pub struct Installed {
    pub research: Vec<u8>,
    pub hardened: Vec<u8>,
}

/// Builds them, once for each test program; later builds find all done.
pub fn programs() -> &'static Installed {
    static BUILT: OnceLock<Installed> = OnceLock::new();
    BUILT.get_or_init(|| Installed {
        research: build(&LAUNCHER),
        hardened: build(&HARDENED),
    })
}

/// The hardened program with every rule in it.
#[allow(dead_code, reason = "one of the tests asks for it")]
pub fn hardened_with_all() -> Vec<u8> {
    build(&Program {
        name: "hardened-all",
        features: Some("all"),
        ..HARDENED
    })
}

/// The start of suEXEC's shape, which has a libc.
#[allow(dead_code, reason = "one of the tests asks for it")]
pub fn suexec() -> Vec<u8> {
    build(&SUEXEC)
}

fn build(program: &Program) -> Vec<u8> {
    let built = sekisho_nested::build_for_test(env!("CARGO_TARGET_TMPDIR"), program);
    std::fs::read(built).expect("the program")
}
