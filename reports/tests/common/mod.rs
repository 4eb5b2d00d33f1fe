//! Builds small runs: writes the files that `docs/results.md` describes.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

/// A case: what the rules say about it and what sanitising rules do to it.
#[derive(Default, Clone)]
pub struct Case {
    pub scenario: String,
    pub name: String,
    /// Empty for legitimate cases.
    pub attacker: String,
    pub family: String,
    pub race: bool,
    pub not_demonstrated: String,
    /// CVE ids whose mechanism it is.
    pub reproduces: String,
    /// What it has to do with; empty for `synthetic`.
    pub sources: String,
    /// Technique; empty for legitimate and staged cases.
    pub technique: String,
    /// Outcome of its control `no-acts`, which it has where there is a technique.
    pub control: &'static str,
    /// Rules that deny.
    pub deny: Vec<&'static str>,
    /// Rules that cannot observe their fact.
    pub undetermined: Vec<&'static str>,
    /// Rules that sanitise.
    pub sanitize: Vec<&'static str>,
    /// Of these, the rules that thereby stop (or break) it.
    pub effective: Vec<&'static str>,
}

/// An attack stopped by rules that deny it.
pub fn attack(scenario: &str, attacker: &str, family: &str, deny: &[&'static str]) -> Case {
    Case {
        scenario: scenario.to_owned(),
        name: "default".to_owned(),
        attacker: attacker.to_owned(),
        family: family.to_owned(),
        deny: deny.to_vec(),
        ..Case::default()
    }
}

/// A legitimate case broken by rules that deny it.
pub fn legitimate(scenario: &str, deny: &[&'static str]) -> Case {
    attack(scenario, "", "everyday", deny)
}

impl Case {
    /// The same attack with a technique; its control does not show the witness.
    pub fn of_technique(self, technique: &str) -> Self {
        Self {
            technique: technique.to_owned(),
            control: "absent",
            ..self
        }
    }

    fn gain(&self) -> &'static str {
        match self.technique.is_empty() {
            true => "",
            false => "root-on-host",
        }
    }

    fn outcome(&self, set: &[&str]) -> (&'static str, &'static str, String) {
        let refusing =
            |rule: &&&str| self.deny.contains(*rule) || self.undetermined.contains(*rule);
        let attack = !self.attacker.is_empty();
        if let Some(rule) = set.iter().find(refusing) {
            let verdict = if self.deny.contains(rule) {
                "deny"
            } else {
                "undetermined"
            };
            return (
                if attack { "blocked" } else { "broken" },
                verdict,
                (*rule).to_owned(),
            );
        }
        let sanitized = set.iter().any(|rule| self.effective.contains(rule));
        let outcome = match (attack, sanitized) {
            (true, true) => "neutralised",
            (true, false) => "compromised",
            (false, true) => "broken",
            (false, false) => "works",
        };
        (outcome, "", String::new())
    }
}

/// One line of `trials.csv` that comes out otherwise than the rules say.
pub struct Change {
    pub scenario: &'static str,
    pub set: &'static str,
    pub resolution: &'static str,
    pub repeat: u32,
    pub outcome: &'static str,
    pub reason: &'static str,
}

/// A run.
pub struct Build {
    /// Id, class, conditions.
    pub rules: Vec<(&'static str, &'static str, &'static str)>,
    pub cases: Vec<Case>,
    /// Name and rules of each set that is tried.
    pub sets: Vec<(String, Vec<&'static str>)>,
    pub resolutions: Vec<&'static str>,
    pub repeat: u32,
    pub changes: Vec<Change>,
    pub complete: bool,
}

impl Build {
    /// A run under none, suexec, all, each rule alone, and suexec less each.
    pub fn new(rules: &[(&'static str, &'static str, &'static str)], cases: Vec<Case>) -> Self {
        let ids: Vec<_> = rules.iter().map(|rule| rule.0).collect();
        let suexec: Vec<_> = rules
            .iter()
            .filter(|rule| !rule.2.is_empty())
            .map(|rule| rule.0)
            .collect();
        let mut sets = vec![
            ("none".to_owned(), vec![]),
            ("suexec".to_owned(), suexec.clone()),
            ("all".to_owned(), ids.clone()),
        ];
        sets.extend(ids.iter().map(|rule| (format!("only:{rule}"), vec![*rule])));
        sets.extend(suexec.iter().map(|less| {
            let rest = suexec
                .iter()
                .filter(|rule| *rule != less)
                .copied()
                .collect();
            (format!("suexec-less:{less}"), rest)
        }));
        Self {
            rules: rules.to_vec(),
            cases,
            sets,
            resolutions: vec!["by-descriptor"],
            repeat: 1,
            changes: Vec::new(),
            complete: true,
        }
    }

    /// Writes the files.
    pub fn write(&self) -> TempDir {
        let dir = tempfile::tempdir().expect("a temporary directory");
        self.write_to(dir.path());
        dir
    }

    fn write_to(&self, dir: &Path) {
        let trials = self.trials();
        let count = trials.lines().count() - 1;
        let sets: BTreeMap<_, _> = self.sets.iter().cloned().collect();
        let info = json!({
            "schema": 3,
            "run": "2026-01-02T03-04-05", "started": "2026-01-02T03:04:05Z",
            "ended": if self.complete { "2026-01-02T03:05:05Z" } else { "" },
            "complete": self.complete, "command": ["sekisho", "run"], "version": "0.1.0",
            "commit": "abcdef", "seed": 7, "repeat": self.repeat, "jobs": 2,
            "trials_planned": if self.complete { count } else { count + 10 },
            "trials_done": count, "kernel": "6.18", "cpu": "CPU", "cpus": 2,
            "arena": {"mode": "root"}, "leftovers": [], "wall_time_s": 60.0,
            "rule_sets": sets,
        });
        let file = |name: &str, text: String| {
            fs::write(dir.join(name), text).expect("a file of the run");
        };
        file("run.json", info.to_string());
        file("rules.csv", self.rules_csv());
        file("scenarios.csv", self.scenarios());
        file("trials.csv", trials);
        file("verdicts.csv", self.verdicts());
        file(
            "mismatches.csv",
            "scenario,case,resolution,kind,rules,text\n".to_owned(),
        );
    }

    fn rules_csv(&self) -> String {
        let mut text =
            "rule,class,conditions,summary,since,position,condition,why,denies,permits,limits\n"
                .to_owned();
        for (position, (rule, class, conditions)) in self.rules.iter().enumerate() {
            let _ = writeln!(
                text,
                "{rule},{class},{conditions},about {rule},0.1.0,{position},,,,,"
            );
        }
        text
    }

    fn scenarios(&self) -> String {
        let mut text = "scenario,case,kind,attacker,problem,family,technique,gain,fix,\
            ownership,mistake,acts,title,why,reproduces,related,twin,\
            expected,expected_by_path,not_demonstrated,not_demonstrated_by_path,race,request,witness\n"
            .to_owned();
        for case in &self.cases {
            let attack = !case.attacker.is_empty();
            let _ = writeln!(
                text,
                "{},{},{},{},{},{},{},{},,{},,,title of {},\"why, of {}\",{},{},,,,{},,{},request,witness",
                case.scenario,
                case.name,
                if attack { "malicious" } else { "legitimate" },
                case.attacker,
                if attack { "4" } else { "" },
                case.family,
                case.technique,
                case.gain(),
                if case.technique.is_empty() {
                    ""
                } else {
                    "platform"
                },
                case.scenario,
                case.scenario,
                case.reproduces,
                if case.sources.is_empty() {
                    "synthetic"
                } else {
                    &case.sources
                },
                case.not_demonstrated,
                case.race,
            );
        }
        text
    }

    fn trials(&self) -> String {
        let mut text = "run,scenario,case,kind,attacker,problem,family,target,rule_set,rules,\
            resolution,control,repeat,outcome,verdict,rule,reason,exit_status,duration_us,started,verdicts\n"
            .to_owned();
        for (set, rules) in &self.sets {
            for case in &self.cases {
                for resolution in &self.resolutions {
                    for repeat in 1..=self.repeat {
                        self.trial(&mut text, case, (set, rules), resolution, repeat);
                        if set == "none" && repeat == 1 && !case.technique.is_empty() {
                            let (scenario, name) = (&case.scenario, &case.name);
                            let (attacker, family) = (&case.attacker, &case.family);
                            let _ = writeln!(
                                text,
                                "r,{scenario},{name},malicious,{attacker},4,{family},sekisho,none,\
                                 0,{resolution},no-acts,1,{},,,,0,1,0,0",
                                case.control
                            );
                        }
                    }
                }
            }
        }
        text
    }

    fn trial(
        &self,
        text: &mut String,
        case: &Case,
        (set, rules): (&str, &[&'static str]),
        resolution: &str,
        repeat: u32,
    ) {
        let attack = !case.attacker.is_empty();
        let (mut outcome, mut verdict, mut rule) = case.outcome(rules);
        let mut reason = "";
        if attack && outcome == "compromised" && !case.not_demonstrated.is_empty() {
            outcome = "neutralised";
        }
        let change = self.changes.iter().find(|change| {
            change.scenario == case.scenario
                && change.set == set
                && change.resolution == resolution
                && change.repeat == repeat
        });
        if let Some(change) = change {
            (outcome, verdict, rule, reason) = (change.outcome, "", String::new(), change.reason);
        }
        let verdicts = match set == "none" && repeat == 1 {
            true => self.rules.len(),
            false => 0,
        };
        let duration = 1000 + 10 * rules.len() + repeat as usize;
        let _ = writeln!(
            text,
            "r,{},{},{},{},{},{},sekisho,{set},{},{resolution},,{repeat},{outcome},{verdict},\
             {rule},\"{reason}\",0,{duration},0,{verdicts}",
            case.scenario,
            case.name,
            if attack { "malicious" } else { "legitimate" },
            case.attacker,
            if attack { "4" } else { "" },
            case.family,
            rules.len(),
        );
    }

    fn verdicts(&self) -> String {
        let mut text = "run,scenario,case,resolution,rule,verdict,reason\n".to_owned();
        for case in &self.cases {
            for resolution in &self.resolutions {
                for (rule, ..) in &self.rules {
                    let verdict = if case.deny.contains(rule) {
                        "deny"
                    } else if case.undetermined.contains(rule) {
                        "undetermined"
                    } else if case.sanitize.contains(rule) {
                        "sanitize"
                    } else {
                        "permit"
                    };
                    let _ = writeln!(
                        text,
                        "r,{},{},{resolution},{rule},{verdict},",
                        case.scenario, case.name
                    );
                }
            }
        }
        text
    }
}
