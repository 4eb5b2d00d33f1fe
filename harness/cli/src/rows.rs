//! One line of each result file (`docs/results.md`).

use std::fmt;

use sekisho_scenario::model::{Attacker, Kind};
use serde::{Deserialize, Serialize};

/// What became of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Refused, with a reason.
    Blocked,
    /// Started, and the effect was absent.
    Neutralised,
    /// The witness of an attack was seen.
    Compromised,
    /// The witness of a legitimate start was seen.
    Works,
    /// A legitimate start was refused, or its witness was absent.
    Broken,
    /// Launcher or harness broke.
    Failed,
    /// Killed at the deadline.
    Timeout,
    /// A precondition is missing.
    Skipped,
    /// The target cannot express the request.
    NotApplicable,
}

impl Outcome {
    /// The word in result files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Neutralised => "neutralised",
            Self::Compromised => "compromised",
            Self::Works => "works",
            Self::Broken => "broken",
            Self::Failed => "failed",
            Self::Timeout => "timeout",
            Self::Skipped => "skipped",
            Self::NotApplicable => "not-applicable",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A line of `trials.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialRow {
    pub run: String,
    pub scenario: String,
    pub case: String,
    pub kind: Kind,
    pub attacker: Option<Attacker>,
    pub problem: Option<u8>,
    pub family: String,
    pub target: String,
    pub rule_set: String,
    pub rules: u32,
    pub resolution: String,
    pub repeat: u32,
    pub outcome: Outcome,
    pub verdict: String,
    pub rule: String,
    pub reason: String,
    pub exit_status: String,
    pub duration_us: Option<u64>,
    pub started: u64,
}

/// What tells one trial of a run from every other.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TrialKey {
    pub scenario: String,
    pub case: String,
    pub target: String,
    pub rule_set: String,
    pub resolution: String,
    pub repeat: u32,
}

impl TrialRow {
    /// The key of this trial.
    pub fn key(&self) -> TrialKey {
        TrialKey {
            scenario: self.scenario.clone(),
            case: self.case.clone(),
            target: self.target.clone(),
            rule_set: self.rule_set.clone(),
            resolution: self.resolution.clone(),
            repeat: self.repeat,
        }
    }

    /// `scenario/case`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.scenario, self.case)
    }
}

/// A line of `verdicts.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictRow {
    pub run: String,
    pub scenario: String,
    pub case: String,
    pub resolution: String,
    pub rule: String,
    pub verdict: String,
    pub reason: String,
}

/// A line of `scenarios.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScenarioRow {
    pub scenario: String,
    pub case: String,
    pub kind: Kind,
    pub attacker: Option<Attacker>,
    pub problem: Option<u8>,
    pub family: String,
    pub title: String,
    pub why: String,
    pub sources: String,
    pub twin: String,
    pub expected: String,
    pub expected_by_path: String,
    pub not_demonstrated: String,
    pub not_demonstrated_by_path: String,
    pub race: bool,
    pub request: String,
    pub witness: String,
}

/// A line of `rules.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleRow {
    pub rule: &'static str,
    pub class: &'static str,
    pub conditions: String,
    pub summary: String,
    pub since: &'static str,
    pub position: usize,
    pub condition: String,
    pub why: String,
    pub denies: String,
    pub permits: String,
    pub limits: String,
}

/// A line of `conditions.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConditionRow {
    pub condition: u8,
    pub class: &'static str,
    pub text: &'static str,
    pub statuses: String,
}

/// A line of `mismatches.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MismatchRow {
    pub scenario: String,
    pub case: String,
    pub resolution: String,
    pub kind: &'static str,
    pub rules: String,
    pub text: String,
}

/// Text as one line: control characters would make a line of a result file
/// look like two, and could steer a terminal.
pub fn one_line(text: &str) -> String {
    text.chars()
        .flat_map(|character| {
            let escape = character.is_control();
            let plain = (!escape).then_some(character);
            let escaped = escape.then(|| character.escape_default());
            plain.into_iter().chain(escaped.into_iter().flatten())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_an_outcome_is_what_files_hold() {
        for outcome in [
            Outcome::Blocked,
            Outcome::Neutralised,
            Outcome::Compromised,
            Outcome::Works,
            Outcome::Broken,
            Outcome::Failed,
            Outcome::Timeout,
            Outcome::Skipped,
            Outcome::NotApplicable,
        ] {
            let text = serde_json::to_value(outcome).unwrap();
            assert_eq!(text, outcome.word());
        }
    }

    #[test]
    fn one_line_stays_one_line_and_readable() {
        assert_eq!(one_line("uid 0 (日本)"), "uid 0 (日本)");
        assert_eq!(one_line("a\nb\u{1b}[2J"), "a\\nb\\u{1b}[2J");
    }
}
