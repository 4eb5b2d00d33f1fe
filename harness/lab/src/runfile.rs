//! `run.json`: what a run was, and the hashes that keep a resumed run honest.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::ended::Ended;
use crate::hash::hash;
use crate::sets::NamedSet;
use crate::writer::replace;

/// Name of the file.
pub const RUN: &str = "run.json";

/// The content of `run.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunFile {
    pub run: String,
    pub started: String,
    pub ended: String,
    pub complete: bool,
    pub command: Vec<String>,
    pub version: String,
    pub commit: String,
    pub seed: u64,
    pub repeat: u32,
    pub jobs: usize,
    pub timeout_ms: u64,
    /// What was asked for: a run that is taken up again needs no other options.
    pub options: RunOptions,
    pub plan_hash: String,
    /// Hashes of the parts of the plan, to say what differs.
    pub plan: PlanHashes,
    pub trials_planned: usize,
    pub trials_done: usize,
    pub kernel: String,
    pub cpu: String,
    pub cpus: usize,
    pub memory_bytes: u64,
    pub mitigations: BTreeMap<String, String>,
    pub policy: String,
    pub arena: ArenaFacts,
    pub targets: Vec<TargetFacts>,
    /// Name of each rule set to the ids of its rules.
    pub rule_sets: BTreeMap<String, Vec<String>>,
    pub leftovers: Vec<String>,
    /// Known remains of launchers that were cleared away: after how many starts.
    #[serde(default)]
    pub cleared: BTreeMap<String, usize>,
    pub wall_time_s: f64,
}

/// What a run was asked for; with the programs it decides which trials there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum RunOptions {
    /// Cases of the corpus, and real configurations with them.
    Corpus(CorpusOptions),
    /// Real configurations alone.
    Configurations(ConfigurationOptions),
}

/// Options of a run of the corpus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorpusOptions {
    /// Words that choose cases; any of them.
    pub filter: Vec<String>,
    /// Every case rather than the core of the corpus.
    pub all_cases: bool,
    /// Expressions of rule sets; the default ones when empty.
    pub rules: Vec<String>,
    /// Number of random rule sets.
    pub random_sets: u32,
    /// `by-descriptor`, `by-path`.
    pub resolutions: Vec<String>,
    /// Names of targets; the reference launcher when empty.
    pub targets: Vec<String>,
    /// Rounds of start latency.
    pub latency_rounds: Option<u32>,
    /// How often each trial is run.
    pub repeat: u32,
    /// Seed of orders and random rule sets.
    pub seed: u64,
    /// Milliseconds until a trial is killed.
    pub timeout_ms: u64,
    /// Whether real configurations are started as well.
    pub configurations: bool,
    /// Another research build of the launcher.
    pub launcher: Option<PathBuf>,
    /// Another directory of scenarios.
    pub scenarios: Option<PathBuf>,
    /// Which part of the plan this run is.
    #[serde(default)]
    pub shard: Shard,
}

/// Options of a run of real configurations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigurationOptions {
    /// Ids of worlds; all when empty.
    pub worlds: Vec<String>,
    /// Each configuration rather than each shape.
    pub every: bool,
    /// `default`, `tuned`.
    pub policies: Vec<String>,
    /// Expressions of rule sets.
    pub rules: Vec<String>,
    /// Number of random rule sets.
    pub random_sets: u32,
    /// Seed of orders and random rule sets.
    pub seed: u64,
    /// Milliseconds until a start is killed.
    pub timeout_ms: u64,
    /// Another research build of the launcher.
    pub launcher: Option<PathBuf>,
    /// File that records of starts under `none` are appended to.
    pub records: Option<PathBuf>,
    /// Which part of the plan this run is.
    #[serde(default)]
    pub shard: Shard,
}

/// One of several disjoint parts of a plan: part `number` of `of`, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Shard {
    number: u32,
    of: u32,
}

impl Default for Shard {
    fn default() -> Self {
        Self::WHOLE
    }
}

impl Shard {
    /// The plan as a whole.
    pub const WHOLE: Self = Self { number: 1, of: 1 };

    /// The part's number, from 1.
    #[must_use]
    pub fn number(self) -> u32 {
        self.number
    }

    /// Into how many parts the plan is cut.
    #[must_use]
    pub fn of(self) -> u32 {
        self.of
    }

    /// Whether the trial at this position of the plan belongs to it.
    #[must_use]
    pub fn has(self, position: usize) -> bool {
        position % self.of as usize == self.number as usize - 1
    }
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let parts = text.split_once('/');
        let parts = parts.and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match parts {
            Some((number, of)) if (1..=of).contains(&number) => Ok(Self { number, of }),
            _ => Err(format!(
                "{text:?} is no part of a plan; write I/N with 1 <= I <= N, such as 3/20"
            )),
        }
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl TryFrom<String> for Shard {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Self, String> {
        text.parse()
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> Self {
        shard.to_string()
    }
}

/// What the host decided for the arena.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ArenaFacts {
    pub mode: String,
    pub capabilities: Vec<String>,
    pub facts: BTreeMap<String, String>,
    /// For each precondition why it does not hold; empty when it holds.
    pub preconditions: BTreeMap<String, String>,
}

/// A target of the run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TargetFacts {
    pub name: String,
    pub version: String,
    /// In the arena.
    pub path: String,
    /// Which parts of a start request it can express, by part.
    #[serde(default)]
    pub expresses: BTreeMap<String, Expressed>,
}

/// Whether a target can express a part of a start request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expressed {
    /// `yes`, `partly` or `no`.
    pub can: String,
    /// Which of it, or why not; empty for `yes`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl From<sekisho_targets::Expresses> for Expressed {
    fn from(expresses: sekisho_targets::Expresses) -> Self {
        Self {
            can: expresses.word().to_owned(),
            note: expresses.note().to_owned(),
        }
    }
}

/// Hashes of what decides which trials there are and what they mean.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanHashes {
    /// Cases with everything in them.
    pub corpus: String,
    /// Names and members.
    pub rule_sets: String,
    /// Names and versions of targets.
    pub targets: String,
    /// Launcher, probe, preload object, policy.
    pub programs: String,
    /// Seed, repeats, resolutions, timeout.
    pub options: String,
}

impl PlanHashes {
    /// Names of the parts that are not the same.
    pub fn differing(&self, other: &Self) -> Vec<&'static str> {
        let pairs = [
            ("the corpus or its filter", &self.corpus, &other.corpus),
            ("the rule sets", &self.rule_sets, &other.rule_sets),
            ("the targets", &self.targets, &other.targets),
            ("launcher, probe or policy", &self.programs, &other.programs),
            (
                "seed, repeats, resolution or timeout",
                &self.options,
                &other.options,
            ),
        ];
        let differs = pairs.into_iter().filter(|(_, then, now)| then != now);
        differs.map(|(name, ..)| name).collect()
    }

    /// One hash of all parts.
    pub fn whole(&self) -> String {
        hash([
            self.corpus.as_bytes(),
            self.rule_sets.as_bytes(),
            self.targets.as_bytes(),
            self.programs.as_bytes(),
            self.options.as_bytes(),
        ])
    }
}

impl RunFile {
    /// Reads the file of the run in a directory.
    ///
    /// # Errors
    /// Names the file and what is wrong with it.
    pub fn read(directory: &Path) -> Result<Self> {
        let path = directory.join(RUN);
        let read = || -> Result<Self> { Ok(serde_json::from_slice(&std::fs::read(&path)?)?) };
        read().with_context(|| {
            format!(
                "cannot read {}: is it the directory of a run?",
                path.display()
            )
        })
    }

    /// Takes up further rule sets.
    pub fn add_sets(&mut self, sets: &[NamedSet]) {
        for set in sets {
            let ids = set.rules.rules().map(|rule| rule.id.to_owned());
            self.rule_sets.insert(set.name.clone(), ids.collect());
        }
    }

    /// Takes up what a part of the run left behind.
    pub fn add_remains(&mut self, ended: &Ended) {
        self.leftovers.extend(ended.leftovers.iter().cloned());
        self.leftovers.sort();
        self.leftovers.dedup();
        for (what, times) in &ended.cleared {
            *self.cleared.entry(what.clone()).or_default() += times;
        }
    }

    /// Writes the file.
    ///
    /// # Errors
    /// Names the file that cannot be written.
    pub fn write(&self, directory: &Path) -> Result<()> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        replace(&directory.join(RUN), &text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_differing_part_is_named() {
        let then = PlanHashes::default();
        let now = PlanHashes {
            corpus: "x".into(),
            ..then.clone()
        };
        assert_eq!(then.differing(&now), ["the corpus or its filter"]);
        assert_ne!(then.whole(), now.whole());
        assert!(crate::resume::check_same_plan(&then, &now).is_err());
    }
}
