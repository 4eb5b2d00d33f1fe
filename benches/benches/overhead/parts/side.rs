//! Side by side: the reference launcher without and with its rules, the floor
//! with one step more at a time, and the real launchers of this machine.

use std::path::Path;

use anyhow::Result;
use sekisho_benches::peers;
use sekisho_benches::rounds;
use sekisho_benches::spawn::Start;
use sekisho_benches::subjects::{floor, floor_with, launcher, subject};
use sekisho_benches::world::{FIVE, FLOOR, FOUR, ISOLATIONS, LOG};

use super::Bench;

pub fn run(bench: &mut Bench<'_>) -> Result<()> {
    let log = Path::new(LOG);
    let least = Start::new(&[FLOOR], 0, Path::new("/"), log)?;
    let mut subjects = vec![subject("fork and exec", "none", least)];
    if Path::new("/bin/true").exists() {
        let program = Start::new(&["/bin/true"], 0, Path::new("/"), log)?.expecting(0);
        subjects.push(subject("fork and exec with libc", "none", program));
    }
    for (name, letters) in [
        ("floor fork only", "-"),
        ("floor mnt+pivot+setuid", "m"),
        ("floor m,p,i,u", "mpiu"),
        ("floor m,p,i,u,n", "mpiun"),
    ] {
        subjects.push(floor_with(
            name,
            name.trim_start_matches("floor "),
            &FOUR,
            letters,
        )?);
    }
    for isolation in &ISOLATIONS {
        subjects.push(floor(isolation)?);
        for rules in ["none", "all"] {
            let name = format!("sekisho {rules} {}", isolation.name);
            subjects.push(launcher(&name, rules, isolation)?);
        }
    }
    // What every launcher of containers does besides: 41 calls.
    let letters = format!("{}C", FIVE.letters);
    let name = "floor with bounding set emptied";
    subjects.push(floor_with(name, FIVE.name, &FIVE, &letters)?);
    let again = format!("sekisho none-again {}", FIVE.name);
    subjects.push(launcher(&again, "none", &FIVE)?);
    let (found, missing) = peers::find(&bench.watchdog)?;
    subjects.extend(found);
    for (name, why) in missing {
        bench.about.skip("side-by-side", name, why);
    }
    let method = bench.method("side-by-side", (7, 100), 50, 30);
    println!(
        "{} launchers side by side, {} rounds",
        subjects.len(),
        method.rounds
    );
    rounds::take(
        "side-by-side",
        &mut subjects,
        method,
        &mut bench.random,
        &bench.watchdog,
        bench.sheet,
    )
}
