//! Whole starts whose input grows: databases, environment, configuration,
//! mounts, groups, path.

use std::path::Path;

use anyhow::Result;
use sekisho_benches::directions::{self, DIRECTIONS, Direction};
use sekisho_benches::rounds::{self, Subject};
use sekisho_benches::spawn::Start;
use sekisho_benches::world::{self, LAUNCHER, LOG};

use super::Bench;

pub fn run(bench: &mut Bench<'_>) -> Result<()> {
    let method = bench.method("start-growth", (4, 25), 0, 3);
    for direction in DIRECTIONS {
        let sizes = direction.sizes(bench.options.quick);
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
        directions::back()?;
    }
    Ok(())
}

fn subject(direction: &'static Direction, size: usize, rules: &'static str) -> Result<Subject> {
    let bundle = direction.reference(size)?;
    let words = [LAUNCHER, "alice", "alice", &bundle];
    let mut start = Start::new(&words, world::CALLER, Path::new("/"), Path::new(LOG))?;
    for (name, value) in direction.variables(size) {
        start = start.with_variable(&name, value);
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
