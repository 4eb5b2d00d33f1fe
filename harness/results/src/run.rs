//! `run.json`: what a run was.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::SCHEMA;
use crate::shard::Shard;

/// Name of the file.
pub const RUN: &str = "run.json";

/// Declares `run.json`: documentation of a field is documentation of the file.
macro_rules! run_file {
    ( $( $(#[doc = $meaning:literal])+ $field:ident: $type:ty, )+ ) => {
        /// The content of `run.json`.
        #[derive(Debug, Clone, Default, Serialize, Deserialize)]
        #[serde(default)]
        pub struct RunFile {
            $( $(#[doc = $meaning])+ pub $field: $type, )+
        }

        /// Fields of `run.json` in their order.
        pub(crate) const FIELDS: &[crate::row::Column] = &[
            $( crate::row::Column {
                name: stringify!($field),
                meaning: concat!($($meaning,)+),
            }, )+
        ];
    };
}

run_file! {
    /// version of this schema; a run of another version is not read
    schema: u32,
    /// id
    run: String,
    /// RFC 3339
    started: String,
    /// RFC 3339; empty while running and after an interruption
    ended: String,
    /// whether it came to its end
    complete: bool,
    /// argument vector
    command: Vec<String>,
    /// version of the harness
    version: String,
    /// commit of the harness, or `unknown`
    commit: String,
    /// seed of orders and random rule sets
    seed: u64,
    /// how often each trial was run
    repeat: u32,
    /// trials at once
    jobs: u32,
    /// milliseconds until a trial is killed
    timeout_ms: u64,
    /// what was asked for: a run is resumed without other options
    options: RunOptions,
    /// hash of corpus, rule sets, targets, programs and options: a run is only resumed under the
    /// same
    plan_hash: String,
    /// the hashes of those parts one by one, to say what differs
    plan: PlanHashes,
    /// number of trials that the plan has
    trials_planned: u64,
    /// number of trials in `trials.csv` when this was written
    trials_done: u64,
    /// release and version of the kernel
    kernel: String,
    /// model of the processor
    cpu: String,
    /// number of processors that the run could use
    cpus: u32,
    /// memory in bytes
    memory_bytes: u64,
    /// what the kernel does about weaknesses of the processor
    mitigations: BTreeMap<String, String>,
    /// the policy that the rules compared with, as text
    policy: String,
    /// what the host decided for trials: `mode` (`root` or `user-namespace`), `capabilities`,
    /// `facts` (`fs.protected_*`, cgroup layout, LSMs), `preconditions` (why one does not hold;
    /// empty when it does)
    arena: ArenaFacts,
    /// name, version, path in the arena, and for each part of a start request `can` (`yes`,
    /// `partly`, `no`) and, unless `yes`, a `note`
    targets: Vec<TargetFacts>,
    /// name of every rule set that was tried, with the list of its rules
    rule_sets: BTreeMap<String, Vec<String>>,
    /// what was left behind on the host; must be empty
    leftovers: Vec<String>,
    /// what a launcher is known to leave behind after every start, with the number of trials
    /// after which it was there and was removed
    cleared: BTreeMap<String, u64>,
    /// seconds that the run took, interruptions left out
    wall_time_s: f64,
}

/// Why `run.json` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It cannot be read.
    #[error("cannot read {}: {source}; is it the directory of a run?", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no `run.json`.
    #[error("{}:{}: {source}", path.display(), source.line())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where, and what is wrong.
        source: serde_json::Error,
    },
    /// It is of another version.
    #[error(
        "{}: the run was written with schema {found}, this program reads schema {SCHEMA}; make the \
         run again, or use the sekisho that made it", path.display()
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version; 1 where it names none.
        found: u32,
    },
}

impl RunFile {
    /// Reads the file of the run in a directory.
    ///
    /// # Errors
    /// Names the file and what is wrong with it.
    pub fn read(directory: &Path) -> Result<Self, ReadError> {
        let path = directory.join(RUN);
        let bytes = fs::read(&path).map_err(|source| ReadError::Io {
            path: path.clone(),
            source,
        })?;
        // The version first: fields of another one may have other types.
        #[derive(Deserialize)]
        struct Version {
            #[serde(default = "first")]
            schema: u32,
        }
        let malformed = |source| ReadError::Malformed {
            path: path.clone(),
            source,
        };
        let Version { schema } = serde_json::from_slice(&bytes).map_err(malformed)?;
        if schema != SCHEMA {
            return Err(ReadError::Version {
                path,
                found: schema,
            });
        }
        serde_json::from_slice(&bytes).map_err(malformed)
    }

    /// The file's text.
    ///
    /// # Errors
    /// Never for what a run holds.
    pub fn text(&self) -> serde_json::Result<Vec<u8>> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(text)
    }

    /// Which part of its plan the run is.
    #[must_use]
    pub fn shard(&self) -> Shard {
        match &self.options {
            RunOptions::Corpus(options) => options.shard,
            RunOptions::Configurations(options) => options.shard,
        }
    }
}

/// The first version had no number.
fn first() -> u32 {
    1
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

impl Default for RunOptions {
    fn default() -> Self {
        Self::Corpus(CorpusOptions::default())
    }
}

/// Options of a run of the corpus.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CorpusOptions {
    /// Words that choose cases; any of them.
    pub filter: Vec<String>,
    /// Every case under each rule alone rather than a sample of these trials.
    pub every_set: bool,
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
    pub shard: Shard,
}

/// Options of a run of real configurations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
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
    pub shard: Shard,
}

/// What the host decided for the arena.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ArenaFacts {
    /// `root` or `user-namespace`.
    pub mode: String,
    /// Effective capabilities of the arena's root.
    pub capabilities: Vec<String>,
    /// Sysctls and other facts.
    pub facts: BTreeMap<String, String>,
    /// For each precondition why it does not hold; empty when it holds.
    pub preconditions: BTreeMap<String, String>,
}

/// A target of the run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TargetFacts {
    /// Name on the command line.
    pub name: String,
    /// As it names it.
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

/// Hashes of what decides which trials there are and what they mean.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<RunFile, ReadError> {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(RUN), text).unwrap();
        RunFile::read(directory.path())
    }

    #[test]
    fn what_is_written_is_read_back() {
        let file = RunFile {
            schema: SCHEMA,
            run: "r".to_owned(),
            wall_time_s: 1.5,
            ..RunFile::default()
        };
        let text = String::from_utf8(file.text().unwrap()).unwrap();
        let back = read(&text).unwrap();
        assert_eq!(back.text().unwrap(), file.text().unwrap());
    }

    #[test]
    fn another_version_and_no_file_are_told_with_a_remedy() {
        for (text, told) in [
            (r#"{"run": "r"}"#, "written with schema 1"),
            (
                r#"{"schema": 99, "seed": "words now"}"#,
                "written with schema 99",
            ),
            ("{", "run.json:1"),
            (
                &format!(r#"{{"schema": {SCHEMA}, "seed": "x"}}"#),
                "run.json:1",
            ),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
        let none = RunFile::read(Path::new("/nowhere")).unwrap_err();
        assert!(none.to_string().contains("is it the directory of a run"));
    }

    #[test]
    fn a_differing_part_is_named() {
        let then = PlanHashes::default();
        let now = PlanHashes {
            corpus: "x".into(),
            ..then.clone()
        };
        assert_eq!(then.differing(&now), ["the corpus or its filter"]);
    }
}
