//! A start costs no more than `benches/budget.toml` allows.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use sekisho_benches::built::RAN;
use sekisho_benches::spawn::Watchdog;
use sekisho_benches::subjects;
use sekisho_benches::syscall_table;
use sekisho_benches::world::{self, CALLER, FIVE, FLOOR, LAUNCHER};
use sekisho_trace::ptrace::count::instructions;
use serde::Deserialize;

const BUDGET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/budget.toml");
/// Page faults are the least of so many starts.
const STARTS: u32 = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Numbers<T> {
    instructions: T,
    system_calls: T,
    page_faults: T,
}

#[derive(Deserialize)]
struct Budget {
    slack: Numbers<f64>,
    #[serde(flatten)]
    sets: BTreeMap<String, Numbers<u64>>,
}

/// What a start under the rule set costs.
fn measured(set: &str) -> Result<Numbers<u64>> {
    let system_calls = syscall_table::launcher(set, &FIVE)?.total();
    let bundle = format!("alice/{}", FIVE.bundle);
    let words = [LAUNCHER, "alice", "alice", &bundle];
    let stepped = instructions(FLOOR, CALLER, &words)?;
    ensure!(stepped.status == RAN, "exit status {}", stepped.status);
    let mut start = subjects::launcher(set, set, &FIVE)?;
    let watchdog = Watchdog::default();
    (start.before)()?;
    let mut least = u64::MAX;
    for _ in 0..STARTS {
        let faults = || -> Result<i64> {
            let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("getrusage")?;
            Ok(usage.minor_page_faults())
        };
        let before = faults()?;
        (start.take)(&watchdog).map_err(|why| anyhow::anyhow!("{why}"))?;
        least = least.min(u64::try_from(faults()? - before)?);
    }
    Ok(Numbers {
        instructions: stepped.instructions,
        system_calls,
        page_faults: least,
    })
}

/// One line of what is printed, and whether the number is within the budget.
fn line(what: &str, measured: u64, budget: u64, slack: f64) -> (String, bool) {
    let most = (budget as f64 * (1.0 + slack)).floor() as u64;
    let held = measured <= most;
    let verdict = if held { "" } else { "  OVER BUDGET" };
    let text = format!("{what:24} {measured:>9} of {budget:>9}, at most {most:>9}{verdict}");
    (text, held)
}

#[test]
fn a_start_costs_no_more_than_the_budget() {
    if !sekisho_skips::as_root() {
        return;
    }
    let text = std::fs::read_to_string(Path::new(BUDGET)).expect("the budget");
    let budget: Budget = toml::from_str(&text).expect("a budget");
    let names: Vec<_> = budget.sets.keys().map(String::as_str).collect();
    assert_eq!(names, ["all", "none", "suexec"]);
    let thread = thread::spawn(move || {
        world::enter(false).expect("the private host");
        let mut over = Vec::new();
        for (set, numbers) in &budget.sets {
            let measured = measured(set).unwrap_or_else(|error| panic!("{set}: {error:#}"));
            let slack = &budget.slack;
            for (what, measured, numbers, slack) in [
                (
                    "instructions",
                    measured.instructions,
                    numbers.instructions,
                    slack.instructions,
                ),
                (
                    "system-calls",
                    measured.system_calls,
                    numbers.system_calls,
                    slack.system_calls,
                ),
                (
                    "page-faults",
                    measured.page_faults,
                    numbers.page_faults,
                    slack.page_faults,
                ),
            ] {
                let (text, held) = line(&format!("{set} {what}"), measured, numbers, slack);
                println!("{text}");
                if !held {
                    over.push(text);
                }
            }
        }
        over
    });
    let over = thread.join().expect("measured");
    assert!(
        over.is_empty(),
        "a start costs more than benches/budget.toml allows; it says how to raise it:\n{}",
        over.join("\n")
    );
}

#[test]
fn a_number_is_held_up_to_its_slack() {
    let held = |measured| line("", measured, 100, 0.02).1;
    assert_eq!([99, 100, 102, 103].map(held), [true, true, true, false]);
    assert!(!line("", 101, 100, 0.0).1);
}
