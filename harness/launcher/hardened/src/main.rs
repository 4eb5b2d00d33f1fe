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

    /// Names in the `[features]` table of the manifest.
    fn features() -> Vec<&'static str> {
        let manifest = include_str!("../Cargo.toml");
        let table = manifest
            .split("[features]")
            .nth(1)
            .expect("a table of features");
        table
            .lines()
            .take_while(|line| !line.starts_with('['))
            .filter_map(|line| line.split_once(" = ").map(|(name, _)| name))
            .filter(|name| *name != "default")
            .collect()
    }

    #[test]
    fn features_are_the_rules_and_sets_of_the_registry() {
        // `none` is a build without features.
        let sets = NAMED
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| *name != "none");
        let mut expected: Vec<&str> = sets.chain(REGISTRY.iter().map(|rule| rule.id)).collect();
        let mut listed = features();
        expected.sort_unstable();
        listed.sort_unstable();
        assert_eq!(listed, expected);
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
    }
}
