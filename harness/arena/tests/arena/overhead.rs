//! What a trial costs beside the program that it starts.

use std::process::ExitCode;
use std::time::Instant;

use crate::equipment;

/// Runs the probe this often and prints medians.
pub fn measure(trials: usize) -> ExitCode {
    let mut arena = equipment::start().expect("an arena starts");
    let prepared = arena
        .prepare(equipment::layout())
        .expect("a case is prepared");
    let mut totals = Vec::new();
    let mut programs = Vec::new();
    let begin = Instant::now();
    for number in 0..trials {
        let seen = arena
            .run(equipment::trial(&format!("{number:016}")))
            .expect("a trial runs");
        assert!(seen.leftovers.is_empty(), "{:?}", seen.leftovers);
        totals.push(seen.total_us);
        programs.push(seen.duration_us);
    }
    let each = begin.elapsed().as_micros() / trials as u128;
    let median = |mut values: Vec<u64>| {
        values.sort_unstable();
        values[values.len() / 2]
    };
    let (total, program) = (median(totals), median(programs));
    println!("trials {trials}; prepare {prepared} us; mean of a round trip {each} us");
    println!("median: trial {total} us, of which program {program} us");
    assert_eq!(arena.quit().expect("the arena ends"), Vec::<String>::new());
    ExitCode::SUCCESS
}
