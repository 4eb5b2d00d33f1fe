//! Profiles as cases of a run: the scenario is the profile, the case is the
//! policy.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use sekisho_scenario::world::{STANDARD, World};
use sekisho_scenario::{Case as Loaded, Corpus};
use sekisho_worlds::{PolicyName, Profile, engine};

use crate::corpus::{self, Case};

/// A case for each profile that is started and each policy.
///
/// # Errors
/// The profile that cannot be made into a start.
pub fn of(
    profiles: &[Profile],
    policies: &[PolicyName],
    every: bool,
    held: &[String],
) -> Result<Vec<Case>> {
    let started = profiles
        .iter()
        .filter(|profile| every || profile.is_started());
    let world = World::parse(STANDARD).context("the standard world")?;
    let corpus = Corpus {
        world,
        cases: Vec::new(),
    };
    let mut cases = Vec::new();
    for profile in started {
        for policy in policies {
            let mut case = corpus::resolve(&corpus, &loaded(profile, *policy, held)?)?;
            let named = engine::named_capabilities(&profile.record).into_iter();
            case.requires.extend(named.map(precondition));
            cases.push(case);
        }
    }
    Ok(cases)
}

/// Name of the precondition that the arena's root has a capability.
fn precondition(capability: &str) -> String {
    format!("capability {capability}")
}

/// Whether the arena's root has each capability, as preconditions.
pub fn preconditions(held: &[String]) -> impl Iterator<Item = (String, String)> {
    sekisho_scenario::CAPABILITIES.iter().map(|name| {
        let reason = match held.iter().any(|known| known == name) {
            true => "",
            false => "root does not have it here",
        };
        (precondition(name), reason.to_owned())
    })
}

/// One profile under one policy as a case of a corpus.
///
/// # Errors
/// What of the profile cannot be expressed.
pub fn loaded(profile: &Profile, policy: PolicyName, held: &[String]) -> Result<Loaded> {
    let values = profile
        .world
        .policy(&profile.record, policy)
        .map_err(anyhow::Error::msg)?;
    let spec = engine::scenario(profile.world, &profile.record, &values, held)
        .map_err(|error| anyhow::anyhow!("{}: {error}", profile.key()))?;
    Ok(Loaded {
        scenario: profile.key(),
        name: policy.word().to_owned(),
        file: PathBuf::from(profile.world.file),
        spec,
    })
}
