//! Exact numbers of system calls (`docs/system-calls.md` is the same).

use anyhow::Result;
use sekisho_benches::sheet::Sample;
use sekisho_benches::syscall_table::Table;
use sekisho_benches::world::FIVE;

use super::Bench;

pub fn run(bench: &mut Bench<'_>) -> Result<()> {
    println!("counting system calls");
    let table = Table::count_here()?;
    let floor = [(format!("floor {}", FIVE.name), &table.floor)];
    let sets = table
        .sets
        .iter()
        .map(|(set, counted)| ((*set).to_owned(), counted));
    let rules = table
        .rules
        .iter()
        .map(|(rule, counted)| (format!("only:{rule}"), counted));
    for (subject, counted) in floor.into_iter().chain(sets).chain(rules) {
        bench.sheet.put(&Sample {
            bench: "system-calls",
            subject,
            parameter: "isolation".to_owned(),
            value: FIVE.name.to_owned(),
            unit: "count",
            sample: Some(counted.total() as f64),
            iterations: 1,
            ..Sample::default()
        })?;
    }
    let followed = [("none", 0), ("all", 3)];
    for (name, place) in followed {
        let Some((_, counted)) = table.sets.get(place) else {
            continue;
        };
        for (phase, calls) in &counted.phases {
            bench.sheet.put(&Sample {
                bench: "phase",
                subject: format!("{name} {phase}"),
                parameter: "system calls".to_owned(),
                unit: "count",
                sample: Some(*calls as f64),
                iterations: 1,
                ..Sample::default()
            })?;
        }
    }
    bench.sheet.flush()
}
