//! The command: replays the corpus against targets under rule sets and writes
//! results (`docs/results.md`).
#![forbid(unsafe_code)]

mod agreement;
mod choose;
mod cli;
mod compared;
mod conform;
mod corpus;
mod coverage;
mod describe;
mod doctor;
mod eval;
mod exit;
mod expect;
mod field;
mod ground;
mod latency;
mod machine;
mod nearest;
mod once;
mod outcome;
mod plan;
mod profiles;
mod progress;
mod replay;
mod report;
mod reports;
mod resume;
mod rows;
mod run;
mod runfile;
mod sets;
mod show;
mod summary;
mod targets;
mod witness;
mod work;
mod writer;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser as _;
use sekisho_rules::Policy;
use sekisho_targets::Carried;

use crate::cli::{Cli, Command};
use crate::exit::Exit;

/// The word by which the command is started again as an arena.
const ARENA_WORKER: &str = "arena-worker";

fn main() -> ExitCode {
    // Before anything else: an arena enters namespaces and forks, which a
    // process with threads cannot do.
    if std::env::args_os()
        .nth(1)
        .is_some_and(|word| word == ARENA_WORKER)
    {
        return field::worker();
    }
    let cli = Cli::parse();
    let result = match cli.command {
        None => eval::eval(&cli.eval),
        Some(Command::Eval(options)) => eval::eval(&options),
        Some(Command::Rules { command }) => show::rules(command.as_ref()),
        Some(Command::Scenarios { scenarios, command }) => {
            show::scenarios(scenarios.as_deref(), &command)
        }
        Some(Command::Targets { name, format }) => targets::targets(name.as_deref(), format),
        Some(Command::Profiles { command, options }) => {
            profiles::command(command.as_ref(), &options)
        }
        Some(Command::Replay(options)) => replay::replay(&options),
        Some(Command::Trial(options)) => once::trial(&options),
        Some(Command::Report {
            run,
            out,
            bench,
            lang,
        }) => report::report(&run, out.as_deref(), bench.as_deref(), lang).map(|()| Exit::Done),
        Some(Command::Conform { command }) => match command {
            cli::ConformCommand::Suexec(options) => conform::suexec(&options),
            cli::ConformCommand::Oci(options) => agreement::oci(&options),
        },
        Some(Command::Compare {
            before,
            after,
            lang,
            format,
        }) => report::compare(&before, &after, lang, format),
        Some(Command::Doctor) => doctor::doctor(),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            eprintln!("sekisho: {error:#}");
            Exit::Unable.into()
        }
    }
}

/// What the targets need of what the command carries.
///
/// # Errors
/// Names the other launcher when it cannot be read.
fn carried(launcher: Option<&Path>, policy: &Policy) -> Result<Carried> {
    let bytes = match launcher {
        Some(path) => std::fs::read(path)
            .with_context(|| format!("cannot read the launcher {}: build it with `cargo build --profile installed -p sekisho-launcher-research`", path.display()))?,
        None => sekisho_programs::LAUNCHER.to_vec(),
    };
    Ok(Carried {
        launcher: bytes,
        version: format!(
            "{} ({})",
            env!("CARGO_PKG_VERSION"),
            sekisho_programs::COMMIT
        ),
        policy: policy.clone(),
    })
}
