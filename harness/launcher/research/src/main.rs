//! `sekisho-launch`: the reference launcher with rules that a file of root
//! switches. The file is read here and nowhere else, so that the hardened
//! build has no code that could read it.
#![forbid(unsafe_code)]

mod conf;

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(sekisho_launcher::run("sekisho-launch", conf::load))
}
