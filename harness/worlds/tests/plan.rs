//! Every carried configuration becomes a start that the arena can carry out.

use std::collections::{BTreeMap, BTreeSet};

use sekisho_scenario::model::Kind;
use sekisho_scenario::plan::plan;
use sekisho_scenario::world::{STANDARD, World};
use sekisho_trial::Content;
use sekisho_worlds::{PolicyName, engine, load};

#[test]
fn every_profile_is_planned_under_both_policies() {
    let world = World::parse(STANDARD).unwrap();
    let profiles = load().unwrap();
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut faults = Vec::new();
    for profile in &profiles {
        let count = counts.entry(profile.world.id).or_default();
        count.0 += 1;
        count.1 += usize::from(profile.is_started());
        for name in PolicyName::ALL {
            let policy = profile.world.policy(&profile.record, name).unwrap();
            let scenario = engine::scenario(profile.world, &profile.record, &policy, &[]);
            let scenario = match scenario {
                Ok(scenario) => scenario,
                Err(error) => {
                    faults.push(format!("{}: {error}", profile.key()));
                    continue;
                }
            };
            assert_eq!(scenario.kind, Kind::Legitimate);
            for predicate in &scenario.witness.all {
                predicate.validate().unwrap();
            }
            match plan(&world, &scenario) {
                Ok(planned) => {
                    let probes = planned.layout.files.iter();
                    let init = probes
                        .filter(|file| file.content == Content::Probe)
                        .find(|file| file.path.ends_with(init_name(&profile.record.init_path)));
                    let init = init.expect("the init is planned");
                    assert_eq!((init.uid, init.gid), profile.record.init_owner);
                }
                Err(fault) => faults.push(format!("{}: {fault}", profile.key())),
            }
        }
    }
    println!("configurations and shapes by world: {counts:?}");
    assert!(
        faults.is_empty(),
        "{}:\n{}",
        faults.len(),
        faults.join("\n")
    );
    assert_eq!(
        profiles.len(),
        counts.values().map(|(all, _)| all).sum::<usize>()
    );
    for (world, least) in [
        ("official-images", 334),
        ("bitnami-images", 12),
        ("compose", 831),
        ("kubernetes", 210),
        ("hosting", 29),
    ] {
        assert_eq!(counts[world].0, least, "{world}");
    }
}

#[test]
fn keys_are_unique_and_the_one_that_stands_for_others_is_started() {
    let profiles = load().unwrap();
    let keys: BTreeSet<_> = profiles.iter().map(sekisho_worlds::Profile::key).collect();
    assert_eq!(keys.len(), profiles.len());
    let started: BTreeSet<_> = profiles
        .iter()
        .filter(|profile| profile.is_started())
        .map(sekisho_worlds::Profile::key)
        .collect();
    for profile in &profiles {
        assert!(
            started.contains(&profile.stands_for_it),
            "{}",
            profile.key()
        );
    }
}

fn init_name(path: &str) -> &str {
    path.rsplit_once('/')
        .map_or(path, |(directory, _)| &path[directory.len()..])
}
