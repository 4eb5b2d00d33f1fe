//! `profiles.csv`, `profile_trials.csv`, `profile_verdicts.csv`: real
//! configurations and what came of starting them. A run may have none.

use std::collections::HashMap;
use std::path::Path;

use sekisho_results::{ProfileRow, ProfileTrialRow, ProfileVerdictRow};

use super::table::{Ended, Place, rows};
use super::{Flaw, Outcome, Verdict};
use crate::Result;

/// Everything that a run wrote about real configurations.
#[derive(Debug, Clone, Default)]
pub struct Profiles {
    /// Configurations in the order of the file.
    pub configurations: Vec<Configuration>,
    /// Policies that have starts.
    pub policies: Vec<String>,
    /// Rule sets that have starts.
    pub sets: Vec<String>,
    /// Starts in the order of the file.
    pub trials: Vec<ProfileTrial>,
    /// What every rule said with none in force.
    pub verdicts: Vec<ProfileVerdict>,
}

/// One configuration.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// `world/profile`.
    pub profile: String,
    /// Its world.
    pub world: String,
    /// Place of the configuration that was started for it; its own when it was
    /// started itself.
    pub shape: usize,
    /// One line.
    pub title: String,
    /// Repository, path and commit.
    pub source: String,
    /// How well user and group are known: `recorded`, `estimated`, `assumed`.
    pub identity: String,
}

/// One start.
#[derive(Debug, Clone)]
pub struct ProfileTrial {
    /// Place of the configuration that was started.
    pub shape: usize,
    /// Place in [`Profiles::policies`].
    pub policy: usize,
    /// Place in [`Profiles::sets`].
    pub set: usize,
    /// Outcome: `works`, `broken`, `failed`, `timeout` or `skipped`.
    pub outcome: Outcome,
    /// The rule that decided, as a place in [`super::Run::rules`].
    pub rule: Option<usize>,
    /// Required and observed, or why it failed.
    pub reason: String,
}

/// What one rule said of one start.
#[derive(Debug, Clone, Copy)]
pub struct ProfileVerdict {
    /// Place of the configuration that was started.
    pub shape: usize,
    /// Place in [`Profiles::policies`].
    pub policy: usize,
    /// Place in [`super::Run::rules`].
    pub rule: usize,
    /// The verdict.
    pub verdict: Verdict,
}

/// Reads the three files; a run that has none has no profiles, and that is no
/// flaw.
///
/// # Errors
/// A file is not as `docs/results.md` says.
pub(super) fn read(
    directory: &Path,
    rules: &HashMap<String, usize>,
    flaws: &mut Vec<Flaw>,
) -> Result<Profiles> {
    let mut profiles = Profiles::default();
    let Some(places) = profiles.read_configurations(directory, flaws)? else {
        return Ok(profiles);
    };
    let names = Names { places, rules };
    profiles.read_trials(directory, &names, flaws)?;
    profiles.read_verdicts(directory, &names, flaws)?;
    Ok(profiles)
}

struct Names<'a> {
    places: HashMap<String, usize>,
    rules: &'a HashMap<String, usize>,
}

impl Names<'_> {
    fn profile(&self, name: &str, place: &Place<'_>) -> Result<usize> {
        let known = self.places.get(name).copied();
        known.ok_or_else(|| place.error("profile", format!("`{name}` is not in profiles.csv")))
    }

    fn rule(&self, name: &str, place: &Place<'_>) -> Result<usize> {
        let known = self.rules.get(name).copied();
        known.ok_or_else(|| place.error("rule", format!("`{name}` is not in rules.csv")))
    }
}

impl Profiles {
    fn read_configurations(
        &mut self,
        directory: &Path,
        flaws: &mut Vec<Flaw>,
    ) -> Result<Option<HashMap<String, usize>>> {
        let file = "profiles.csv";
        let mut lines: Vec<(ProfileRow, u64)> = Vec::new();
        let mut places = HashMap::new();
        let path = directory.join(file);
        let ended = rows(&path, |row: ProfileRow, place: &Place<'_>| {
            if places.insert(row.profile.clone(), lines.len()).is_some() {
                return Err(place.error("profile", "two lines are about this profile"));
            }
            lines.push((row, place.line));
            Ok(())
        })?;
        if ended == Ended::Absent {
            return Ok(None);
        }
        note(flaws, file, ended);
        for (row, line) in lines {
            let place = Place { path: &path, line };
            let shape = places.get(&row.shape).copied().ok_or_else(|| {
                place.error("shape", format!("`{}` is not in profiles.csv", row.shape))
            })?;
            self.configurations.push(Configuration {
                profile: row.profile,
                world: row.world,
                shape,
                title: row.title,
                source: row.source,
                identity: row.identity,
            });
        }
        Ok(Some(places))
    }

    fn read_trials(
        &mut self,
        directory: &Path,
        names: &Names<'_>,
        flaws: &mut Vec<Flaw>,
    ) -> Result<()> {
        let file = "profile_trials.csv";
        let (mut policies, mut sets) = (Vec::new(), Vec::new());
        let mut trials = Vec::new();
        let path = directory.join(file);
        let ended = rows(&path, |row: ProfileTrialRow, place: &Place<'_>| {
            trials.push(ProfileTrial {
                shape: names.profile(&row.profile, place)?,
                policy: place_of(&mut policies, &row.policy),
                set: place_of(&mut sets, &row.rule_set),
                outcome: row.outcome,
                rule: match row.rule.as_str() {
                    "" => None,
                    rule => Some(names.rule(rule, place)?),
                },
                reason: row.reason,
            });
            Ok(())
        })?;
        (self.policies, self.sets, self.trials) = (policies, sets, trials);
        note(flaws, file, ended);
        Ok(())
    }

    fn read_verdicts(
        &mut self,
        directory: &Path,
        names: &Names<'_>,
        flaws: &mut Vec<Flaw>,
    ) -> Result<()> {
        let file = "profile_verdicts.csv";
        let mut verdicts = Vec::new();
        let policies = &mut self.policies;
        let path = directory.join(file);
        let ended = rows(&path, |row: ProfileVerdictRow, place: &Place<'_>| {
            verdicts.push(ProfileVerdict {
                shape: names.profile(&row.profile, place)?,
                policy: place_of(policies, &row.policy),
                rule: names.rule(&row.rule, place)?,
                verdict: row.verdict,
            });
            Ok(())
        })?;
        self.verdicts = verdicts;
        note(flaws, file, ended);
        Ok(())
    }
}

fn place_of(names: &mut Vec<String>, name: &str) -> usize {
    match names.iter().position(|known| known == name) {
        Some(place) => place,
        None => {
            names.push(name.to_owned());
            names.len() - 1
        }
    }
}

fn note(flaws: &mut Vec<Flaw>, file: &str, ended: Ended) {
    flaws.extend(Flaw::of(file, ended));
}
