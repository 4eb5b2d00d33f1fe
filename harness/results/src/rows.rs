//! Every kind of line.

use crate::row::row;
use crate::words::{Attacker, Control, Gain, Kind, Outcome, Ownership, RefusalWord, Verdict};

row! {
    /// A line of `scenarios.csv`.
    ScenarioRow in "scenarios.csv", one line per "case" {
        /// id of the scenario
        scenario: String,
        /// name of the case; `default` when there is only one
        case: String,
        /// `legitimate` or `malicious`
        kind: Kind,
        /// `client`, `front`, `tenant`, `neighbour`; empty for legitimate
        attacker: Option<Attacker>,
        /// 1–4; empty for legitimate
        problem: Option<u8>,
        /// family
        family: String,
        /// the underlying fact, the unit of rates; empty for legitimate cases, and for attacks
        /// that are staged: whose files were laid down, and who have no controls
        technique: String,
        /// what the attacker gains; empty without a technique
        gain: Option<Gain>,
        /// the minimal fix, in a few words
        fix: String,
        /// who writes `config.json`: `platform` or `tenant`; empty without a technique
        ownership: Option<Ownership>,
        /// who did what wrong, in order, separated by `; `
        mistake: String,
        /// what the attacker does, in order, separated by `; `
        acts: String,
        /// one line
        title: String,
        /// sentences
        why: String,
        /// CVE ids whose mechanism it reproduces, separated by `; `
        reproduces: String,
        /// what it has to do with, separated by `; `
        related: String,
        /// `scenario/case` of the twin
        twin: String,
        /// rules expected to stop (or break) it, by descriptor
        expected: String,
        /// the same, by path
        expected_by_path: String,
        /// reason why it is expected not to succeed with no rule on, by descriptor
        not_demonstrated: String,
        /// the same, by path; empty when it succeeds there
        not_demonstrated_by_path: String,
        /// `true` or `false`: whether its outcome may vary
        race: bool,
        /// the start request in one line
        request: String,
        /// the witness in one line
        witness: String,
    }
}

impl ScenarioRow {
    /// `scenario/case`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.scenario, self.case)
    }
}

row! {
    /// A line of `rules.csv`; with the documentation of the rule, so that a report
    /// needs nothing but the run.
    RuleRow in "rules.csv", one line per "rule" {
        /// id
        rule: String,
        /// `fatal`, `selectable`, `deferred`, `act`, `further`
        class: String,
        /// numbers of suEXEC's conditions
        conditions: String,
        /// one sentence
        summary: String,
        /// version that brought it
        since: String,
        /// place in the order of evaluation, from 0
        position: u32,
        /// documentation, a paragraph of Markdown: which of suEXEC's conditions it reads, and how
        condition: String,
        /// likewise: what an attacker gains without it
        why: String,
        /// likewise: what it denies
        denies: String,
        /// likewise: what it permits
        permits: String,
        /// likewise: what it does not see, and whom it breaks
        limits: String,
    }
}

impl RuleRow {
    /// Whether the set `suexec` holds it: a stricter reading of one of the twenty
    /// conditions names the condition too, but is further.
    #[must_use]
    pub fn is_suexec(&self) -> bool {
        self.class != "further"
    }
}

row! {
    /// A line of `conditions.csv`.
    ConditionRow in "conditions.csv", one line per "condition of suEXEC's" {
        /// number
        condition: u8,
        /// class of its rules
        class: String,
        /// what it asks of a container start
        text: String,
        /// exit statuses of suexec
        statuses: String,
    }
}

row! {
    /// A line of `trials.csv`.
    TrialRow in "trials.csv", one line per "trial" {
        /// id of the run
        run: String,
        /// id of the scenario
        scenario: String,
        /// name of the case
        case: String,
        /// as in `scenarios.csv`
        kind: Kind,
        /// as in `scenarios.csv`
        attacker: Option<Attacker>,
        /// as in `scenarios.csv`
        problem: Option<u8>,
        /// as in `scenarios.csv`
        family: String,
        /// name of the launcher, `sekisho` for the reference launcher
        target: String,
        /// name: `none`, `all`, `suexec`, `only:<rule>`, `suexec-less:<rule>`,
        /// `all-less:<rule>`, `random:<n>` or an expression; `own` for a target whose rules
        /// cannot be switched
        rule_set: String,
        /// number of rules in the set
        rules: u32,
        /// `by-descriptor`, `by-path`; empty for real targets
        resolution: String,
        /// empty for the attack or the legitimate start itself; for a trial beside an attack that
        /// must not show its witness `no-mistake`, `no-acts` or `no-launcher`
        control: Option<Control>,
        /// 1, 2, …
        repeat: u32,
        /// `blocked`, `neutralised`, `compromised`, `works`, `broken`, `failed`, `timeout`,
        /// `skipped`, `not-applicable`, `not-performable`; of a control `absent`, `seen`, `failed`
        outcome: Outcome,
        /// how a refusal came about: `deny`, `undetermined`, `unusable` (the launcher could not
        /// start such a request under any rule set), `refused` (a real target's own); empty when
        /// started
        verdict: Option<RefusalWord>,
        /// the rule that decided; of a real target its own, for Apache's suexec the condition of
        /// its manual (`suexec:13`)
        rule: String,
        /// required and observed, or why it failed or was skipped
        reason: String,
        /// exit status of the launcher, `signal:N`, empty when not started
        exit_status: String,
        /// from spawn of the launcher to its end, in microseconds
        duration_us: Option<u64>,
        /// offset from the start of the run in microseconds
        started: u64,
        /// number of lines of `verdicts.csv` that were written for it
        verdicts: u32,
    }
}

/// What tells one trial of a run from every other.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TrialKey {
    /// Id of the scenario.
    pub scenario: String,
    /// Name of the case.
    pub case: String,
    /// Name of the launcher.
    pub target: String,
    /// Name of the rule set.
    pub rule_set: String,
    /// How references are resolved; empty for real targets.
    pub resolution: String,
    /// Which control; `None` for the case itself.
    pub control: Option<Control>,
    /// Which time, from 1.
    pub repeat: u32,
}

impl std::fmt::Display for TrialKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{} of {}", self.scenario, self.case, self.target)?;
        write!(f, " under {}", self.rule_set)?;
        if !self.resolution.is_empty() {
            write!(f, ", {}", self.resolution)?;
        }
        if let Some(control) = self.control {
            write!(f, ", control {control}")?;
        }
        write!(f, ", repeat {}", self.repeat)
    }
}

impl TrialRow {
    /// The key of this trial.
    #[must_use]
    pub fn key(&self) -> TrialKey {
        TrialKey {
            scenario: self.scenario.clone(),
            case: self.case.clone(),
            target: self.target.clone(),
            rule_set: self.rule_set.clone(),
            resolution: self.resolution.clone(),
            control: self.control,
            repeat: self.repeat,
        }
    }

    /// `scenario/case`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.scenario, self.case)
    }
}

row! {
    /// A line of `verdicts.csv`.
    VerdictRow in "verdicts.csv", one line per "case, resolution and rule" {
        /// id of the run
        run: String,
        /// id of the scenario
        scenario: String,
        /// name of the case
        case: String,
        /// `by-descriptor` or `by-path`
        resolution: String,
        /// rule
        rule: String,
        /// what it said when all were evaluated and none enforced: `permit`, `deny`, `sanitize`,
        /// `undetermined`
        verdict: Verdict,
        /// required and observed; empty for `permit`
        reason: String,
    }
}

row! {
    /// A line of `mismatches.csv`.
    MismatchRow in "mismatches.csv", one line per "expectation that did not hold" {
        /// id of the scenario
        scenario: String,
        /// name of the case
        case: String,
        /// `by-descriptor` or `by-path`
        resolution: String,
        /// `expected-but-not`, `not-expected`, `demonstrated`, `not-demonstrated`,
        /// `twin-does-not-work`
        kind: String,
        /// rules concerned
        rules: String,
        /// in words
        text: String,
    }
}

row! {
    /// A line of `latency.csv`.
    LatencyRow in "latency.csv", one line per "start that was made for its latency" {
        /// id of the run
        run: String,
        /// from 1
        round: u32,
        /// in the round, from 1
        position: u32,
        /// name of the launcher
        target: String,
        /// `none`, `suexec` and `all` for the reference launcher, else `own`
        rule_set: String,
        /// `by-descriptor`, `by-path`; empty for real targets
        resolution: String,
        /// from spawn of the launcher to its end, in microseconds; empty when the start failed
        duration_us: Option<u64>,
        /// why it failed; empty when it worked
        error: String,
    }
}

row! {
    /// A line of `profiles.csv`.
    ProfileRow in "profiles.csv", one line per "real configuration" {
        /// id of the run
        run: String,
        /// `world/name`
        profile: String,
        /// `hosting`, `official-images`, `bitnami-images`, `compose`, `kubernetes`, `ci`, `hpc`
        world: String,
        /// the profile that was started for it: itself, or one that no rule can tell from it
        shape: String,
        /// one line
        title: String,
        /// repository, path and commit
        source: String,
        /// how well user and group are known: `recorded`, `estimated` (the name is, the number is
        /// the usual one), `assumed` (the image is not recorded; the engine's default)
        identity: String,
        /// uid that the init starts with
        user: u32,
        /// gid that the init starts with
        group: u32,
        /// first word of the command
        init: String,
        /// the start request in one line; only for those that were started
        request: String,
    }
}

row! {
    /// A line of `profile_trials.csv`.
    ProfileTrialRow in "profile_trials.csv", one line per "start of a configuration" {
        /// id of the run
        run: String,
        /// `world/name` of the profile that stands for its shape
        profile: String,
        /// `default`: the hosting policy with the world's caller and base; `tuned`:
        /// `profiles/policies/*.conf`
        policy: String,
        /// `none`, `suexec`, `suexec,-deferred`, `all`, `sanitising` (all rules that repair
        /// instead of refusing), or what was asked for
        rule_set: String,
        /// `works`, `broken`, `failed`, `timeout`, `skipped`
        outcome: Outcome,
        /// as in `trials.csv`
        verdict: Option<RefusalWord>,
        /// as in `trials.csv`
        rule: String,
        /// as in `trials.csv`
        reason: String,
        /// as in `trials.csv`
        exit_status: String,
        /// as in `trials.csv`
        duration_us: Option<u64>,
        /// number of lines of `profile_verdicts.csv` that were written for it
        verdicts: u32,
    }
}

row! {
    /// A line of `profile_verdicts.csv`.
    ProfileVerdictRow in "profile_verdicts.csv",
    one line per "started configuration, policy and rule" {
        /// id of the run
        run: String,
        /// as in `profile_trials.csv`
        profile: String,
        /// as in `profile_trials.csv`
        policy: String,
        /// rule
        rule: String,
        /// as in `verdicts.csv`
        verdict: Verdict,
        /// as in `verdicts.csv`
        reason: String,
    }
}
