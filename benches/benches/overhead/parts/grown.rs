//! Whole starts whose input grows: databases, environment, configuration,
//! mounts, groups, path.

use std::path::Path;

use anyhow::Result;
use sekisho_benches::rounds::{self, Subject};
use sekisho_benches::spawn::Start;
use sekisho_benches::world::{self, FOUR, LAUNCHER, LOG};

use super::Bench;

/// One direction: name, sizes in quick mode, further sizes in full mode, and
/// what makes the host that large.
struct Direction {
    parameter: &'static str,
    quick: &'static [usize],
    full: &'static [usize],
    make: fn(usize) -> Result<()>,
}

const DIRECTIONS: &[Direction] = &[
    Direction {
        parameter: "passwd",
        quick: &[10, 1000, 10_000],
        full: &[10, 100, 1000, 10_000, 100_000],
        make: world::databases,
    },
    Direction {
        parameter: "groups",
        quick: &[1, 100, 1000],
        full: &[1, 10, 100, 1000, 10_000],
        make: world::memberships,
    },
    Direction {
        parameter: "environment",
        quick: &[10, 100, 1000],
        full: &[10, 100, 1000, 10_000],
        make: |_| Ok(()),
    },
    Direction {
        parameter: "config-bytes",
        quick: &[1000, 10_000, 100_000],
        full: &[1000, 10_000, 100_000, 1_000_000],
        make: |bytes| world::grown_config(&FOUR, bytes, 0),
    },
    Direction {
        parameter: "mounts",
        quick: &[1, 10, 100],
        full: &[1, 10, 100, 1000],
        make: |mounts| world::grown_config(&FOUR, 0, mounts),
    },
    Direction {
        parameter: "path-depth",
        quick: &[2, 16, 64],
        full: &[2, 4, 8, 16, 32, 64],
        make: |_| Ok(()),
    },
];

pub fn run(bench: &mut Bench<'_>) -> Result<()> {
    let method = bench.method("start-growth", (4, 25), 0, 3);
    for direction in DIRECTIONS {
        let sizes = match bench.options.quick {
            true => direction.quick,
            false => direction.full,
        };
        println!("starts with growing {}", direction.parameter);
        let mut subjects = Vec::new();
        for size in sizes {
            for rules in ["none", "all"] {
                subjects.push(subject(direction, *size, rules)?);
            }
        }
        rounds::take(
            "start-growth",
            &mut subjects,
            method,
            &mut bench.random,
            &bench.watchdog,
            bench.sheet,
        )?;
        world::databases(50)?;
        world::grown_config(&FOUR, 0, 0)?;
    }
    Ok(())
}

fn subject(direction: &'static Direction, size: usize, rules: &'static str) -> Result<Subject> {
    let bundle = match direction.parameter {
        "path-depth" => world::deep_bundle(size)?,
        _ => format!("alice/{}", FOUR.bundle),
    };
    let words = [LAUNCHER, "alice", "alice", &bundle];
    let mut start = Start::new(&words, world::CALLER, Path::new("/"), Path::new(LOG))?;
    if direction.parameter == "environment" {
        for n in 1..size {
            start = start.with_variable(&format!("HTTP_HEADER_{n}"), "value of a header");
        }
    }
    Ok(Subject {
        name: rules.to_owned(),
        varied: (direction.parameter.to_owned(), size.to_string()),
        before: Box::new(move || {
            world::configure(rules, "")?;
            (direction.make)(size)
        }),
        take: Box::new(move |watchdog| start.run(watchdog)),
    })
}
