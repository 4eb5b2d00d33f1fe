//! The command: replays the corpus against targets under rule sets and writes
//! results (`docs/results.md`).
#![forbid(unsafe_code)]

mod cli;
mod conform;
mod doctor;
mod eval;
mod exit;
mod once;
mod profiles;
mod replay;
mod report;
mod show;
mod targets;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Command};
use crate::exit::Exit;

fn main() -> ExitCode {
    // Before anything else: an arena enters namespaces and forks, which a
    // process with threads cannot do.
    if std::env::args_os()
        .nth(1)
        .is_some_and(|word| word == sekisho_lab::stage::WORKER)
    {
        return sekisho_lab::stage::worker();
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
            cli::ConformCommand::Oci(options) => conform::oci(&options),
        },
        Some(Command::Merge { parts, out }) => eval::merge(&parts, &out),
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
