//! CPUID: on virtual machines each one leaves the guest. How many a start
//! executes, what one costs, and so what share of a start is that tax.

use std::path::Path;

use anyhow::Result;
use sekisho_benches::rounds::reap;
use sekisho_benches::sheet::Sample;
use sekisho_benches::spawn::Start;
use sekisho_benches::world::{self, CALLER, FIVE, FLOOR, INIT, LAUNCHER, LOG, TARGET};
use sekisho_trace::ptrace::count::instructions;

use super::Bench;

const MANY: u64 = 1000;
/// Executes by far the most instructions, each of which is a stop.
const LONG: &str = "setpriv";

/// Counts: slow, and before anything is timed.
pub fn count(bench: &mut Bench<'_>) -> Result<Vec<(String, u64)>> {
    println!("counting CPUID instructions");
    let (rootfs, id) = (FIVE.rootfs(), TARGET.to_string());
    let bundle = format!("alice/{}", FIVE.bundle);
    world::configure("all", "")?;
    let all: [(&str, u32, Vec<&str>); 4] = [
        (
            "floor",
            0,
            vec![FLOOR, "start", FIVE.letters, &rootfs, &id, &id, "-", INIT],
        ),
        (
            "sekisho all",
            CALLER,
            vec![LAUNCHER, "alice", "alice", &bundle],
        ),
        ("true with libc", 0, vec!["/bin/true"]),
        (LONG, 0, vec!["/usr/bin/setpriv", "--reuid=10001", FLOOR]),
    ];
    let mut counts = Vec::new();
    for (name, caller, words) in all {
        let program = words.first().copied().unwrap_or_default();
        if name == LONG && bench.options.quick {
            bench
                .about
                .skip("cpuid", name, "a minute of stops: not in quick mode");
            continue;
        }
        if !Path::new(program).exists() {
            bench.about.skip("cpuid", name, format!("no {program}"));
            continue;
        }
        match instructions(FLOOR, caller, &words) {
            Ok(stepped) => counts.push((name.to_owned(), stepped.cpuids)),
            Err(error) => bench.about.skip("cpuid", name, format!("{error:#}")),
        }
        reap();
    }
    Ok(counts)
}

/// What one costs, and so each count.
pub fn price(bench: &mut Bench<'_>, counts: &[(String, u64)]) -> Result<()> {
    let start = |count: u64| {
        Start::new(
            &[FLOOR, "cpuid", &count.to_string()],
            0,
            Path::new("/"),
            Path::new(LOG),
        )
    };
    let (mut without, mut with) = (start(0)?, start(MANY)?);
    let method = bench.method("cpuid", (10, 40), 0, 3);
    for round in 1..=method.rounds {
        let pair = without
            .run(&bench.watchdog)
            .and_then(|without| Ok((without, with.run(&bench.watchdog)?)));
        let (one, error) = match pair {
            Ok((without, with)) => (Some(with.saturating_sub(without) / MANY), String::new()),
            Err(error) => (None, error),
        };
        let sample = |subject: &str, parameter: &str, ns: Option<u64>| Sample {
            bench: "cpuid",
            subject: subject.to_owned(),
            parameter: parameter.to_owned(),
            round: Some(round),
            position: Some(1),
            unit: "ns",
            sample: ns.map(|ns| ns as f64),
            iterations: MANY,
            error: error.clone(),
            ..Sample::default()
        };
        bench.sheet.put(&sample("one CPUID", "", one))?;
        for (name, count) in counts {
            let tax = one.map(|one| one * count);
            bench.sheet.put(&sample(name, "tax of a start", tax))?;
        }
    }
    for (name, count) in counts {
        bench.sheet.put(&Sample {
            bench: "cpuid",
            subject: name.clone(),
            parameter: "instructions of a start".to_owned(),
            unit: "count",
            sample: Some(*count as f64),
            iterations: 1,
            ..Sample::default()
        })?;
    }
    bench.sheet.flush()
}
