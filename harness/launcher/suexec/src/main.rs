//! `sekisho-suexec USER GROUP PROGRAM [ARGS…]`, installed setuid root.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(sekisho_suexec::run())
}
