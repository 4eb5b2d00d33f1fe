//! Bakes rule set and policy into the program.
//!
//! The rule set is the union of the features; the policy is the file that
//! `SEKISHO_POLICY_FILE` names at build time, or the default.

use std::env;
use std::fs;
use std::path::Path;

use sekisho_rules::set::NAMED;
use sekisho_rules::{Policy, RuleSet, registry::RULES};

#[path = "../../freestanding/build.rs"]
mod freestanding;

fn main() {
    freestanding::main();
    println!("cargo::rerun-if-env-changed=SEKISHO_POLICY_FILE");
    println!("cargo::rerun-if-changed=build.rs");
    let policy = match env::var("SEKISHO_POLICY_FILE") {
        Ok(path) => {
            println!("cargo::rerun-if-changed={path}");
            let text = fs::read_to_string(&path)
                .unwrap_or_else(|error| panic!("SEKISHO_POLICY_FILE={path}: {error}"));
            Policy::parse(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
        }
        Err(_) => Policy::default(),
    };
    let names = NAMED.iter().map(|(name, _)| *name);
    let (mut rules, mut features) = (RuleSet::NONE, String::new());
    for name in names.chain(RULES.iter().map(|rule| rule.id)) {
        // How cargo tells a build script about a feature.
        let variable = format!("CARGO_FEATURE_{}", name.to_uppercase().replace('-', "_"));
        if env::var_os(variable).is_some() {
            rules = rules.with(RuleSet::parse(name).expect("a known name"));
            features.push_str(name);
            features.push('\n');
        }
    }
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let write = |name: &str, text: String| {
        fs::write(Path::new(&out).join(name), text).expect("OUT_DIR can be written");
    };
    // As texts: checked here, read again by the same parser at the start.
    write("rules", rules.to_string());
    // For tests only.
    write("features", features);
    write("policy", policy.to_string());
}
