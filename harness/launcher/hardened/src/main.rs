//! `sekisho-launch-hardened`: the reference launcher with rule set and policy
//! fixed at build time. It reads no configuration of rules; what an installed
//! copy checks, only a new build changes.
#![cfg_attr(not(test), no_std)]
#![cfg_attr(not(test), no_main)]

extern crate alloc;
// Brings memory and panics to a hosted build (`sekisho_sys::start`).
#[cfg(not(any(test, freestanding)))]
extern crate std;

use alloc::string::{String, ToString};

use sekisho_launcher::{Resolution, Settings};
use sekisho_rules::{Policy, RuleSet};
use sekisho_sys::start::Start;

const RULES: &str = include_str!(concat!(env!("OUT_DIR"), "/rules"));
const POLICY: &str = include_str!(concat!(env!("OUT_DIR"), "/policy"));

#[cfg(not(test))]
sekisho_sys::entry!(run);

#[cfg_attr(test, expect(dead_code, reason = "tests start elsewhere"))]
fn run(start: Start) -> u8 {
    sekisho_launcher::run("sekisho-launch-hardened", start, baked)
}

fn baked() -> Result<Settings, String> {
    Ok(Settings {
        rules: RuleSet::parse(RULES).map_err(|error| error.to_string())?,
        policy: Policy::parse(POLICY).map_err(|error| error.to_string())?,
        observe_all: false,
        resolution: Resolution::ByDescriptor,
        record: None,
        pause: None,
        ahead: false,
        phases: false,
        tells_build: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sekisho_rules::registry::RULES as REGISTRY;
    use sekisho_rules::set::NAMED;

    const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    /// What the list of one feature for each rule stands between.
    const BEGIN: &str = "# One per rule, in the order of the registry.\n";
    const END: &str = "\n[dependencies]";

    #[test]
    fn features_are_the_rules_and_sets_of_the_registry() {
        let manifest = std::fs::read_to_string(MANIFEST).expect("the manifest");
        let (before, rest) = manifest.split_once(BEGIN).expect("a list of rules");
        let (listed, after) = rest.split_once(END).expect("dependencies after it");
        let expected: String = REGISTRY
            .iter()
            .map(|rule| format!("{} = []\n", rule.id))
            .collect();
        if std::env::var_os("SEKISHO_WRITE_FEATURES").is_some() {
            let text = [before, BEGIN, &expected, END, after].concat();
            std::fs::write(MANIFEST, text).expect("the manifest can be written");
            return;
        }
        let less = |from: &str, what: &str| -> Vec<String> {
            let known: Vec<&str> = what.lines().collect();
            let lines = from.lines().filter(|line| !known.contains(line));
            lines.map(str::to_owned).collect()
        };
        assert!(
            listed == expected,
            "{MANIFEST}: missing: {:?}; to be taken out: {:?}; order as in the registry; \
             SEKISHO_WRITE_FEATURES=1 cargo test -p sekisho-launcher-hardened features writes it",
            less(&expected, listed),
            less(listed, &expected),
        );
        // `none` is a build without features.
        for (name, _) in NAMED.iter().filter(|(name, _)| *name != "none") {
            let line = format!("\n{name} = []\n");
            assert!(before.contains(&line), "{MANIFEST}: no feature {name}");
        }
    }

    #[test]
    fn what_is_baked_in_is_what_the_features_say() {
        let settings = baked().expect("usable");
        assert!(settings.record.is_none() && settings.pause.is_none() && !settings.observe_all);
        assert!(!settings.phases);
        if cfg!(feature = "suexec") {
            let suexec = RuleSet::parse("suexec").expect("a set");
            assert_eq!(suexec.without(settings.rules), RuleSet::NONE);
        }
        if cfg!(feature = "all") {
            assert_eq!(settings.rules, RuleSet::all());
        }
        let features = include_str!(concat!(env!("OUT_DIR"), "/features"));
        assert_eq!(settings.rules.is_empty(), features.is_empty());
    }
}
