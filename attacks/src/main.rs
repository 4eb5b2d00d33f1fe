//! `sekisho-attacks SCENARIO/CASE [RULES]`: starts one case and prints what came
//! of it.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use anyhow::{Result, bail};
use sekisho_rules::RuleSet;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    // Before anything else: an arena's worker must have no threads.
    if words
        .first()
        .is_some_and(|word| word == sekisho_lab::stage::WORKER)
    {
        return sekisho_lab::stage::worker();
    }
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sekisho-attacks: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(words: &[std::ffi::OsString]) -> Result<()> {
    let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    let (case, rules) = match words.as_slice() {
        [case] => (case, "none"),
        [case, rules] => (case, rules.as_ref()),
        _ => bail!(
            "usage: sekisho-attacks SCENARIO/CASE [RULES], such as target-user-is-root/by-number suexec"
        ),
    };
    let judged = sekisho_attacks::try_case(case, RuleSet::parse(rules)?)?;
    let classified = &judged.classified;
    println!(
        "{} {} {}",
        classified.outcome, classified.rule, classified.reason
    );
    Ok(())
}
