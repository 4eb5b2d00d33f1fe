//! The records of a run: lines of its files with names replaced by places, and
//! what is taken as it is.

use sekisho_results::ScenarioRow;
pub use sekisho_results::{
    Attacker, ConditionRow as Condition, Control, Gain, Kind, LatencyRow as LatencyLine,
    MismatchRow as Mismatch, Outcome, Ownership, RefusalWord as Refusal, RuleRow as Rule,
    RunFile as RunInfo, Verdict,
};

/// A case of the corpus.
#[derive(Debug, Clone)]
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
    /// The underlying fact, the unit of rates; `None` for legitimate cases and for
    /// attacks that are staged.
    pub technique: Option<String>,
    /// What the attacker gains; `None` without a technique.
    pub gain: Option<Gain>,
    /// The minimal fix.
    pub fix: String,
    /// Who writes `config.json`; `None` without a technique.
    pub ownership: Option<Ownership>,
    /// Who did what wrong.
    pub mistake: String,
    /// What the attacker does.
    pub acts: String,
    /// CVE ids whose mechanism it reproduces, separated by `; `.
    pub reproduces: String,
    /// What it has to do with, separated by `; `.
    pub related: String,
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

impl From<ScenarioRow> for Case {
    fn from(row: ScenarioRow) -> Self {
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        Self {
            scenario: row.scenario,
            case: row.case,
            kind: row.kind,
            attacker: row.attacker,
            problem: row.problem,
            family: row.family,
            title: row.title,
            why: row.why,
            technique: some(row.technique),
            gain: row.gain,
            fix: row.fix,
            ownership: row.ownership,
            mistake: row.mistake,
            acts: row.acts,
            reproduces: row.reproduces,
            related: row.related,
            twin: some(row.twin),
            not_demonstrated: some(row.not_demonstrated),
            race: row.race,
            request: row.request,
            witness: row.witness,
        }
    }
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

/// A line of `trials.csv` about a control of an attack.
#[derive(Debug, Clone)]
pub struct ControlLine {
    /// Place in [`super::Run::cases`].
    pub case: usize,
    /// Place in [`super::Run::views`].
    pub view: usize,
    /// Which control.
    pub control: Control,
    /// `absent`, `seen`, or why it says nothing.
    pub outcome: Outcome,
    /// Why it failed.
    pub reason: String,
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
