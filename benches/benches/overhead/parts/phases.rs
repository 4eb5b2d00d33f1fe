//! Where the time of a start goes: the launcher's own timestamps, which it
//! takes when `phases = on` asks for them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use sekisho_benches::rounds;
use sekisho_benches::sheet::Sample;
use sekisho_benches::spawn::Start;
use sekisho_benches::world::{self, FIVE, LAUNCHER, LOG};
use serde_json::Value;

use super::Bench;

const RECORD: &str = "/run/phases.record";
const SETS: [&str; 3] = ["none", "suexec", "all"];

pub fn run(bench: &mut Bench<'_>) -> Result<()> {
    let bundle = format!("alice/{}", FIVE.bundle);
    let words = [LAUNCHER, "alice", "alice", &bundle];
    let mut start = Start::new(&words, world::CALLER, Path::new("/"), Path::new(LOG))?;
    let method = bench.method("phase", (10, 100), 50, 10);
    println!("phases of a start, {} rounds", method.rounds);
    rounds::each(
        "phase",
        SETS.len(),
        method,
        &mut bench.random,
        bench.sheet,
        |place, of_round, sheet| {
            let set = SETS.get(place).copied().unwrap_or_default();
            world::configure(set, &format!("phases = on\nrecord = {RECORD}\n"))?;
            fs::write(RECORD, "")?;
            let taken = start.run(&bench.watchdog);
            let Some((round, position)) = of_round else {
                return Ok(());
            };
            for (phase, sample) in samples(taken) {
                let (sample, error) = rounds::parted(sample);
                sheet.put(&Sample {
                    bench: "phase",
                    subject: format!("{set} {phase}"),
                    parameter: "own timestamps".to_owned(),
                    value: FIVE.name.to_owned(),
                    round: Some(round),
                    position: Some(position),
                    unit: "ns",
                    sample,
                    iterations: 1,
                    error,
                })?;
            }
            Ok(())
        },
    )?;
    world::configure("none", "")
}

/// Phases of the start that was just made, and what is outside of them: spawn,
/// exec, the init, both ends.
fn samples(taken: Result<u64, String>) -> Vec<(String, Result<f64, String>)> {
    let read = || -> Result<Vec<(String, f64)>> {
        let text = fs::read_to_string(RECORD).context(RECORD)?;
        let line = text.lines().find(|line| line.contains("\"phases\""));
        let line: Value = serde_json::from_str(line.context("no phases in the record")?)?;
        let phases = line["phases"].as_object().context("phases are no object")?;
        let spent = phases.iter().filter(|(name, _)| *name != "began");
        spent
            .map(|(name, ns)| Ok((name.clone(), ns.as_f64().context("no number")?)))
            .collect()
    };
    let phases = taken.and_then(|total| {
        let mut phases = read().map_err(|error| format!("{error:#}"))?;
        let inside: f64 = phases.iter().map(|(_, ns)| ns).sum();
        phases.push(("outside".to_owned(), total as f64 - inside));
        Ok(phases)
    });
    match phases {
        Ok(phases) => phases
            .into_iter()
            .map(|(name, ns)| (name, Ok(ns)))
            .collect(),
        Err(error) => vec![("all phases".to_owned(), Err(error))],
    }
}
