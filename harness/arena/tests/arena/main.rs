//! The arena, tried out: as root, and again as an ordinary user.
//!
//! `arena [FILTER]` runs the tests whose name contains FILTER;
//! `arena --overhead [TRIALS]` measures instead.

mod cases;
mod equipment;
mod overhead;
mod user;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use cases::CASES;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next().unwrap_or_default();
    match first.as_str() {
        equipment::WORKER => ExitCode::from(sekisho_arena::worker()),
        cases::VICTIM => cases::victim(),
        "--overhead" => {
            let trials = arguments.next().and_then(|text| text.parse().ok());
            overhead::measure(trials.unwrap_or(1000))
        }
        user::AS_USER => run_all(&arguments.next().unwrap_or_default()),
        filter => {
            let filter = if filter.starts_with('-') { "" } else { filter };
            if nix::unistd::geteuid().is_root() {
                let failed = run_all(filter) != ExitCode::SUCCESS;
                let failed_as_user = user::run_again(filter) != ExitCode::SUCCESS;
                ExitCode::from(u8::from(failed || failed_as_user))
            } else {
                let failed = run_all(filter) != ExitCode::SUCCESS;
                ExitCode::from(u8::from(failed | skip("root mode: not root")))
            }
        }
    }
}

/// Says that something was not tried; true when that is a failure.
pub fn skip(reason: &str) -> bool {
    println!("skipped: {reason}");
    sekisho_skips::required()
}

fn run_all(filter: &str) -> ExitCode {
    let mode = if nix::unistd::geteuid().is_root() {
        "root"
    } else {
        "user"
    };
    // Once, so that it is not built anew for each test.
    equipment::probe();
    let mut failed = 0;
    let chosen = CASES.iter().filter(|(name, _)| name.contains(filter));
    for (name, case) in chosen {
        match catch_unwind(AssertUnwindSafe(case)) {
            Ok(()) => println!("{mode}: {name} ... ok"),
            Err(_) => {
                failed += 1;
                println!("{mode}: {name} ... FAILED");
            }
        }
    }
    ExitCode::from(u8::from(failed > 0))
}
