//! What is installed setuid carries no documentation.

#[path = "world/installed.rs"]
mod installed;

use std::fs;
use std::path::Path;

/// Shorter lines may stand in a message by chance.
const LEAST: usize = 45;

/// The lines of each rule's documentation that nothing else says.
fn prose() -> Vec<(String, Vec<String>)> {
    let catalogue = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules/src/catalogue");
    let mut rules = Vec::new();
    for entry in fs::read_dir(catalogue).expect("the catalogue") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("a source file");
        let lines = text.lines().filter_map(|line| line.strip_prefix("//! "));
        let long = lines.filter(|line| line.len() >= LEAST).map(str::to_owned);
        rules.push((path.display().to_string(), long.collect()));
    }
    rules
}

#[test]
fn no_launcher_carries_the_documentation_of_a_rule() {
    let programs = installed::programs();
    let all = installed::hardened_with_all();
    let rules = prose();
    assert!(rules.len() > 70, "not the catalogue: {}", rules.len());
    let programs = [
        ("research", &programs.research),
        ("hardened", &programs.hardened),
        ("hardened, all rules", &all),
    ];
    for (name, program) in programs {
        println!("{name}: {} bytes, with symbols", program.len());
        let text = String::from_utf8_lossy(program);
        assert!(text.contains("target-user-is-root"), "{name}: no rules");
        for (rule, lines) in &rules {
            assert!(lines.len() >= 3, "{rule}: hardly any documentation");
            for line in lines {
                assert!(!text.contains(line), "{name} carries {rule}: {line}");
            }
        }
    }
}
