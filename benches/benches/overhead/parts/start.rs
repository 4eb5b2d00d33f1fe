//! Whole starts under every rule set, with as little of the kernel's own work
//! as there can be, so that the rules stand out.

use anyhow::Result;
use sekisho_benches::rounds;
use sekisho_benches::subjects::{floor, launcher, rule_sets};
use sekisho_benches::world::FOUR;

use super::Bench;

pub fn run(bench: &mut Bench<'_>) -> Result<()> {
    let mut subjects = vec![floor(&FOUR)?];
    for (name, expression) in rule_sets() {
        subjects.push(launcher(&name, &expression, &FOUR)?);
    }
    // No pause: all make the same namespaces, none of them slow to end.
    let method = bench.method("start", (8, 150), 0, 15);
    println!(
        "starts under {} rule sets, {} rounds",
        subjects.len() - 1,
        method.rounds
    );
    rounds::take(
        "start",
        &mut subjects,
        method,
        &mut bench.random,
        &bench.watchdog,
        bench.sheet,
    )
}
