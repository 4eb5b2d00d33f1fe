//! The arena, tried out: as root, and again as an ordinary user.

mod equipment;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some(equipment::WORKER) => ExitCode::from(sekisho_arena::worker()),
        Some("--overhead") => overhead(),
        _ => ExitCode::SUCCESS,
    }
}

fn overhead() -> ExitCode {
    let mut arena = equipment::start().unwrap();
    println!("prepare {} us", arena.prepare(equipment::layout()).unwrap());
    let first = arena.run(equipment::trial("x")).unwrap();
    println!(
        "{:?} {} {}",
        first.end,
        String::from_utf8_lossy(&first.stdout),
        String::from_utf8_lossy(&first.stderr)
    );
    println!(
        "{:?} {} {}",
        first.leftovers, first.duration_us, first.total_us
    );
    let begin = std::time::Instant::now();
    let mut d = 0;
    for n in 0..1000 {
        let seen = arena.run(equipment::trial(&n.to_string())).unwrap();
        assert!(seen.leftovers.is_empty(), "{:?}", seen.leftovers);
        d += seen.duration_us;
    }
    println!(
        "{} us per trial, {} us program",
        begin.elapsed().as_micros() / 1000,
        d / 1000
    );
    println!("{:?}", arena.quit().unwrap());
    ExitCode::SUCCESS
}
