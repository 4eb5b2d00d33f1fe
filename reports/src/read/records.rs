//! The records of a run, typed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// `run.json`. Only `run` must be there: a report shows what it has.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct RunInfo {
    /// Id of the run.
    pub run: String,
    /// When it began, RFC 3339.
    #[serde(default)]
    pub started: String,
    /// When it ended; `None` while it runs or after it was killed.
    #[serde(default)]
    pub ended: Option<String>,
    /// Whether every planned trial is there.
    #[serde(default)]
    pub complete: bool,
    /// Argument vector.
    #[serde(default)]
    pub command: Vec<String>,
    /// Version of the harness.
    #[serde(default)]
    pub version: String,
    /// Commit of the harness.
    #[serde(default)]
    pub commit: Option<String>,
    /// Seed.
    #[serde(default)]
    pub seed: serde_json::Value,
    /// Repetitions of each trial.
    #[serde(default)]
    pub repeat: u32,
    /// Trials at once.
    #[serde(default)]
    pub jobs: u32,
    /// Trials that were planned.
    #[serde(default)]
    pub trials_planned: u64,
    /// Kernel release.
    #[serde(default)]
    pub kernel: String,
    /// CPU model.
    #[serde(default)]
    pub cpu: String,
    /// Number of CPUs.
    #[serde(default)]
    pub cpus: u32,
    /// What the arena was and what it offered.
    #[serde(default)]
    pub arena: Arena,
    /// Policy that the rules compared with.
    #[serde(default)]
    pub policy: String,
    /// Hashes of the parts of the plan; empty in runs of earlier versions.
    #[serde(default)]
    pub plan: BTreeMap<String, String>,
    /// What was left behind; must be empty.
    #[serde(default)]
    pub leftovers: Vec<serde_json::Value>,
    /// Wall time in seconds.
    #[serde(default)]
    pub wall_time_s: Option<f64>,
    /// Ids of the rules in each rule set of the run; a set that is not listed
    /// is understood from its name where that says it all.
    #[serde(default)]
    pub rule_sets: BTreeMap<String, Vec<String>>,
}

/// `arena` in `run.json`.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Arena {
    /// `root` or `user-namespace`.
    #[serde(default)]
    pub mode: String,
}

/// Legitimate use or attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Must keep working.
    Legitimate,
    /// Must be stopped.
    Malicious,
}

/// Who controls what of a malicious request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attacker {
    /// What a front service derives from an HTTP request.
    Client,
    /// The whole request.
    Front,
    /// Own files.
    Tenant,
    /// Another local uid.
    Neighbour,
}

impl Attacker {
    /// All attackers.
    pub const ALL: [Self; 4] = [Self::Client, Self::Front, Self::Tenant, Self::Neighbour];

    /// Word in result files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Front => "front",
            Self::Tenant => "tenant",
            Self::Neighbour => "neighbour",
        }
    }
}

/// One line of `scenarios.csv`.
#[derive(Debug, Clone, Deserialize)]
pub struct Case {
    /// Id of the scenario.
    pub scenario: String,
    /// Name of the case.
    pub case: String,
    /// Legitimate or malicious.
    pub kind: Kind,
    /// Attacker; `None` for legitimate cases.
    pub attacker: Option<Attacker>,
    /// Problem class of the talk; `None` for legitimate cases.
    pub problem: Option<u8>,
    /// Family.
    pub family: String,
    /// One line.
    pub title: String,
    /// Sentences.
    pub why: String,
    /// Sources, separated by `; `.
    pub sources: String,
    /// `scenario/case` of the twin.
    pub twin: Option<String>,
    /// Why it is expected not to succeed at all.
    pub not_demonstrated: Option<String>,
    /// Whether its outcome may vary.
    pub race: bool,
    /// The start request in one line.
    pub request: String,
    /// The witness in one line.
    pub witness: String,
}

impl Case {
    /// `scenario`, or `scenario/case` when the scenario has several.
    #[must_use]
    pub fn name(&self) -> String {
        if self.case.is_empty() || self.case == "default" {
            self.scenario.clone()
        } else {
            format!("{}/{}", self.scenario, self.case)
        }
    }

    /// Whether it is an attack.
    #[must_use]
    pub fn is_malicious(&self) -> bool {
        self.kind == Kind::Malicious
    }
}

/// One line of `rules.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Rule {
    /// Id.
    pub rule: String,
    /// Class: `fatal`, `selectable`, `deferred`, `act`, `further`.
    pub class: String,
    /// Numbers of suEXEC conditions, separated by spaces.
    pub conditions: String,
    /// One sentence.
    pub summary: String,
    /// Place in the order of evaluation.
    pub position: u32,
    /// Its documentation, empty where the run does not hold it: which of
    /// suEXEC's conditions it reads, and how.
    #[serde(default)]
    pub condition: String,
    /// What an attacker gains without it.
    #[serde(default)]
    pub why: String,
    /// What it denies.
    #[serde(default)]
    pub denies: String,
    /// What it permits.
    #[serde(default)]
    pub permits: String,
    /// What it does not see, and whom it breaks.
    #[serde(default)]
    pub limits: String,
}

/// One line of `conditions.csv`: a condition of suEXEC's.
#[derive(Debug, Clone, Deserialize)]
pub struct Condition {
    /// Its number.
    pub condition: u8,
    /// What it asks of a container start.
    pub text: String,
}

impl Rule {
    /// Whether the set `suexec` holds it: a stricter reading of one of the
    /// twenty conditions names the condition too, but is further.
    #[must_use]
    pub fn is_suexec(&self) -> bool {
        self.class != "further"
    }
}

/// Outcome of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Refused, reason known.
    Blocked,
    /// Started, effect absent.
    Neutralised,
    /// Witness of an attack seen.
    Compromised,
    /// Witness of a legitimate start seen.
    Works,
    /// A legitimate start refused, or its witness absent.
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
    /// Word in result files.
    #[must_use]
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

/// How a refusal came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// A rule denied.
    Deny,
    /// A rule could not observe its fact.
    Undetermined,
    /// Nobody could start such a request.
    Unusable,
    /// A real target's own refusal.
    Refused,
}

/// One line of `trials.csv`, names replaced by places in [`super::Run`].
#[derive(Debug, Clone)]
pub struct Trial {
    /// Place in [`super::Run::cases`].
    pub case: usize,
    /// Place in [`super::Run::views`].
    pub view: usize,
    /// Place in [`super::Run::sets`].
    pub set: usize,
    /// 1, 2, …
    pub repeat: u32,
    /// Outcome.
    pub outcome: Outcome,
    /// How a refusal came about.
    pub refusal: Option<Refusal>,
    /// Rule that decided, as a place in [`super::Run::rules`].
    pub rule: Option<usize>,
    /// Rule of a real target's own, as it or its adapter calls it; empty
    /// otherwise.
    pub own_rule: String,
    /// Required and observed, or why it failed or was skipped.
    pub reason: String,
    /// Exit status of the launcher.
    pub exit_status: String,
    /// From spawn to end, in microseconds.
    pub duration_us: Option<u64>,
}

/// What one rule said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The refused state is absent.
    Permit,
    /// The refused state is present.
    Deny,
    /// May start once something was done.
    Sanitize,
    /// Could not be observed.
    Undetermined,
}

/// One line of `verdicts.csv`.
#[derive(Debug, Clone)]
pub struct VerdictLine {
    /// Place in [`super::Run::cases`].
    pub case: usize,
    /// `by-descriptor` or `by-path`.
    pub resolution: String,
    /// Place in [`super::Run::rules`].
    pub rule: usize,
    /// The verdict.
    pub verdict: Verdict,
    /// Required and observed; empty for `permit`.
    pub reason: String,
}

/// One line of `mismatches.csv`.
#[derive(Debug, Clone, Deserialize)]
pub struct Mismatch {
    /// Id of the scenario.
    pub scenario: String,
    /// Name of the case.
    pub case: String,
    /// Resolution.
    pub resolution: String,
    /// Which expectation did not hold.
    pub kind: String,
    /// Rules concerned.
    pub rules: String,
    /// In words.
    pub text: String,
}

/// A target and a way to resolve: trials of different views are never mixed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct View {
    /// Name of the launcher.
    pub target: String,
    /// `by-descriptor`, `by-path`, or empty for real targets.
    pub resolution: String,
}

impl View {
    /// Whether it is a real launcher, whose rules cannot be switched.
    #[must_use]
    pub fn is_real(&self) -> bool {
        self.resolution.is_empty()
    }

    /// Name for headings.
    #[must_use]
    pub fn name(&self) -> String {
        if self.resolution.is_empty() {
            self.target.clone()
        } else {
            format!("{} {}", self.target, self.resolution)
        }
    }
}

/// One line of `latency.csv`: a start among interleaved ones.
#[derive(Debug, Clone, Deserialize)]
pub struct LatencyLine {
    /// Name of the launcher.
    pub target: String,
    /// Rule set; `own` for real targets.
    pub rule_set: String,
    /// `by-descriptor`, `by-path`, or empty for real targets.
    pub resolution: String,
    /// Duration in microseconds; `None` when the start failed.
    pub duration_us: Option<u64>,
    /// Why it failed; empty when it worked.
    pub error: String,
}
