//! What the terminal shows at the end of a run. Everything is counted from
//! the rows of the result files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use comfy_table::{Table, presets};
use sekisho_lab::rows::{MismatchRow, Outcome, ScenarioRow, TrialRow};
use sekisho_lab::runfile::RunFile;
use sekisho_lab::sets::{ALL, NONE, ONLY, SUEXEC};
use sekisho_scenario::model::Kind;
use serde_json::json;

use crate::compared::Compared;

/// Most lines of one list; the rest is in the files.
const MOST_LINES: usize = 20;

/// A run in short.
pub struct Summary<'a> {
    file: &'a RunFile,
    directory: &'a Path,
    scenarios: &'a [ScenarioRow],
    trials: &'a [TrialRow],
    mismatches: &'a [MismatchRow],
}

impl<'a> Summary<'a> {
    /// Of these files.
    pub fn new(
        file: &'a RunFile,
        directory: &'a Path,
        scenarios: &'a [ScenarioRow],
        trials: &'a [TrialRow],
        mismatches: &'a [MismatchRow],
    ) -> Self {
        Self {
            file,
            directory,
            scenarios,
            trials,
            mismatches,
        }
    }

    /// Whether expectations held, no trial failed and nothing was left.
    pub fn is_clean(&self) -> bool {
        self.mismatches.is_empty()
            && self.file.leftovers.is_empty()
            && self.failed().next().is_none()
    }

    fn failed(&self) -> impl Iterator<Item = &TrialRow> {
        let broke = |trial: &&TrialRow| matches!(trial.outcome, Outcome::Failed | Outcome::Timeout);
        self.trials.iter().filter(broke)
    }

    fn under(&self, set: &str) -> impl Iterator<Item = &TrialRow> {
        self.trials
            .iter()
            .filter(move |trial| trial.rule_set == set)
    }

    /// Names of cases, each once, of the trials under a set that fit.
    fn names(&self, set: &str, kind: Kind, outcomes: &[Outcome]) -> BTreeSet<String> {
        self.under(set)
            .filter(|trial| trial.kind == kind && outcomes.contains(&trial.outcome))
            .map(|trial| format!("{} ({})", trial.name(), trial.resolution))
            .collect()
    }

    fn not_demonstrated(&self) -> BTreeSet<String> {
        let stopped = [Outcome::Blocked, Outcome::Neutralised];
        let mut names = self.names(NONE, Kind::Malicious, &stopped);
        names.extend(self.names(NONE, Kind::Legitimate, &[Outcome::Broken]));
        names
    }

    /// Cases that count: demonstrated with no rule on, by resolution.
    fn demonstrated(&self) -> BTreeSet<(String, &str)> {
        self.under(NONE)
            .filter(|trial| matches!(trial.outcome, Outcome::Compromised | Outcome::Works))
            .map(|trial| (trial.name(), trial.resolution.as_str()))
            .collect()
    }

    /// For each rule run alone: attacks it stops, legitimate starts it breaks.
    fn rules_alone(&self) -> Vec<(&str, usize, usize)> {
        let demonstrated = self.demonstrated();
        let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for trial in self.trials {
            let Some(rule) = trial.rule_set.strip_prefix(ONLY) else {
                continue;
            };
            let count = counts.entry(rule).or_default();
            if !demonstrated.contains(&(trial.name(), trial.resolution.as_str())) {
                continue;
            }
            match trial.outcome {
                Outcome::Blocked | Outcome::Neutralised => count.0 += 1,
                Outcome::Broken => count.1 += 1,
                _ => {}
            }
        }
        let mut rules: Vec<_> = counts
            .into_iter()
            .map(|(rule, (stops, breaks))| (rule, stops, breaks))
            .collect();
        rules.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        rules
    }

    /// Median of the launcher's duration under a set, in microseconds.
    fn median_us(&self, set: &str) -> Option<u64> {
        let works = |trial: &&TrialRow| trial.outcome == Outcome::Works;
        let mut durations: Vec<_> = self
            .under(set)
            .filter(works)
            .filter_map(|trial| trial.duration_us)
            .collect();
        durations.sort_unstable();
        durations.get(durations.len() / 2).copied()
    }

    /// Reasons for which trials were skipped, with the number of cases.
    fn skipped(&self) -> BTreeMap<&str, BTreeSet<String>> {
        let mut skipped: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for trial in self
            .trials
            .iter()
            .filter(|trial| trial.outcome == Outcome::Skipped)
        {
            skipped
                .entry(&trial.reason)
                .or_default()
                .insert(trial.name());
        }
        skipped
    }

    fn outcomes(&self) -> BTreeMap<Outcome, usize> {
        let mut counts = BTreeMap::new();
        for trial in self.trials {
            *counts.entry(trial.outcome).or_insert(0) += 1;
        }
        counts
    }

    /// The summary as one JSON object.
    ///
    /// # Errors
    /// Never for what a run holds.
    pub fn json(&self) -> Result<String> {
        let outcomes: BTreeMap<_, _> = self
            .outcomes()
            .into_iter()
            .map(|(outcome, n)| (outcome.word(), n))
            .collect();
        let rules: Vec<_> = self
            .rules_alone()
            .into_iter()
            .map(|(rule, stops, breaks)| json!({"rule": rule, "stops": stops, "breaks": breaks}))
            .collect();
        let mut families = serde_json::Map::new();
        for (family, sets) in self.families() {
            let words = |counts: &BTreeMap<Outcome, usize>| -> BTreeMap<&str, usize> {
                counts
                    .iter()
                    .map(|(outcome, n)| (outcome.word(), *n))
                    .collect()
            };
            let sets: BTreeMap<_, _> = sets
                .iter()
                .map(|(set, counts)| (*set, words(counts)))
                .collect();
            families.insert(family.to_owned(), json!(sets));
        }
        let failed: BTreeSet<_> = self.failed().map(TrialRow::name).collect();
        Ok(serde_json::to_string(&json!({
            "run": self.file.run,
            "directory": self.directory,
            "clean": self.is_clean(),
            "cases": self.scenarios.len(),
            "trials_planned": self.file.trials_planned,
            "trials_done": self.file.trials_done,
            "wall_time_s": self.file.wall_time_s,
            "outcomes": outcomes,
            "families": families,
            "rules_alone": rules,
            "not_demonstrated": self.not_demonstrated(),
            "residual": self.names(ALL, Kind::Malicious, &[Outcome::Compromised]),
            "failed": failed,
            "skipped": self.skipped(),
            "mismatches": self.mismatches,
            "leftovers": self.file.leftovers,
            "cleared": self.file.cleared,
            "targets": Compared::of(self.trials, self.directory).map(|compared| compared.json()),
            "median_duration_us": {"none": self.median_us(NONE), "all": self.median_us(ALL)},
        }))?)
    }

    fn families(&self) -> BTreeMap<&str, BTreeMap<&str, BTreeMap<Outcome, usize>>> {
        let mut families: BTreeMap<&str, BTreeMap<&str, BTreeMap<Outcome, usize>>> =
            BTreeMap::new();
        for trial in self.trials {
            if let Some(set) = [NONE, SUEXEC, ALL]
                .into_iter()
                .find(|set| *set == trial.rule_set)
            {
                let sets = families.entry(&trial.family).or_default();
                *sets
                    .entry(set)
                    .or_default()
                    .entry(trial.outcome)
                    .or_insert(0) += 1;
            }
        }
        families
    }

    /// The summary as text.
    pub fn text(&self) -> String {
        let mut text = self.head();
        text.push_str(&self.family_table());
        text.push_str(&self.rule_table());
        if let Some(compared) = Compared::of(self.trials, self.directory) {
            text.push_str(&compared.text());
        }
        list(
            &mut text,
            "not demonstrated with no rule on",
            self.not_demonstrated(),
        );
        list(
            &mut text,
            "attacks that all rules together let through",
            self.residual(),
        );
        list(&mut text, "failed or timed out", self.failed_lines());
        let skipped = self.skipped();
        let skipped = skipped
            .iter()
            .map(|(reason, cases)| format!("{} cases: {reason}", cases.len()));
        list(&mut text, "skipped", skipped.collect());
        let mismatches = self.mismatches.iter().map(|row| {
            format!(
                "{}/{} ({}): {}",
                row.scenario, row.case, row.resolution, row.text
            )
        });
        list(
            &mut text,
            "mismatches: the corpus expects what did not happen",
            mismatches.collect(),
        );
        list(
            &mut text,
            "left behind",
            self.file.leftovers.iter().cloned().collect(),
        );
        let cleared = self.file.cleared.iter();
        list(
            &mut text,
            "left behind by a launcher after every start, and removed by its adapter",
            cleared
                .map(|(what, times)| format!("{what} ({times} starts)"))
                .collect(),
        );
        if let (Some(none), Some(all)) = (self.median_us(NONE), self.median_us(ALL)) {
            let _ = writeln!(
                text,
                "median duration of a legitimate start that works: {:.2} ms with no rule enforced \
                 (all observed), {:.2} ms with all enforced",
                none as f64 / 1e3,
                all as f64 / 1e3
            );
        }
        let _ = writeln!(text, "files: {}", self.directory.display());
        text
    }

    fn head(&self) -> String {
        let attacks = self
            .scenarios
            .iter()
            .filter(|row| row.kind == Kind::Malicious)
            .count();
        let outcomes: Vec<_> = self
            .outcomes()
            .iter()
            .map(|(outcome, n)| format!("{n} {outcome}"))
            .collect();
        format!(
            "run {}: {} cases ({attacks} malicious, {} legitimate), {} of {} trials in {:.1} s\n\
             outcomes: {}\n\n",
            self.file.run,
            self.scenarios.len(),
            self.scenarios.len() - attacks,
            self.file.trials_done,
            self.file.trials_planned,
            self.file.wall_time_s,
            outcomes.join(", ")
        )
    }

    fn family_table(&self) -> String {
        let mut table = Table::new();
        table
            .load_style(presets::ASCII_MARKDOWN)
            .set_header(["family", NONE, SUEXEC, ALL]);
        for (family, sets) in self.families() {
            let cell = |set| {
                let counts = sets.get(set).into_iter().flatten();
                counts
                    .map(|(outcome, n)| format!("{n} {outcome}"))
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            table.add_row([family.to_owned(), cell(NONE), cell(SUEXEC), cell(ALL)]);
        }
        format!("outcomes by family and rule set:\n{table}\n\n")
    }

    fn rule_table(&self) -> String {
        let rules = self.rules_alone();
        if rules.is_empty() {
            return String::new();
        }
        let mut table = Table::new();
        table.load_style(presets::ASCII_MARKDOWN).set_header([
            "rule alone",
            "attacks stopped",
            "legitimate starts broken",
        ]);
        let (hits, idle): (Vec<_>, Vec<_>) = rules
            .iter()
            .partition(|(_, stops, breaks)| stops + breaks > 0);
        for (rule, stops, breaks) in hits {
            table.add_row([(*rule).to_owned(), stops.to_string(), breaks.to_string()]);
        }
        let mut text = format!("what each rule does alone (both resolutions counted):\n{table}\n");
        if !idle.is_empty() {
            let names: Vec<_> = idle.iter().map(|(rule, ..)| *rule).collect();
            let _ = writeln!(
                text,
                "alone they stop and break nothing: {}",
                names.join(", ")
            );
        }
        text.push('\n');
        text
    }

    fn residual(&self) -> BTreeSet<String> {
        let title = |trial: &TrialRow| {
            let row = self
                .scenarios
                .iter()
                .find(|row| row.scenario == trial.scenario && row.case == trial.case);
            row.map(|row| row.title.as_str()).unwrap_or_default()
        };
        self.under(ALL)
            .filter(|trial| trial.outcome == Outcome::Compromised)
            .map(|trial| format!("{} ({}): {}", trial.name(), trial.resolution, title(trial)))
            .collect()
    }

    /// One line for each case and reason, with the number of trials.
    fn failed_lines(&self) -> BTreeSet<String> {
        let mut counts: BTreeMap<(String, Outcome, &str), (usize, &str)> = BTreeMap::new();
        for trial in self.failed() {
            let key = (trial.name(), trial.outcome, trial.reason.as_str());
            counts.entry(key).or_insert((0, &trial.rule_set)).0 += 1;
        }
        counts
            .into_iter()
            .map(|((name, outcome, reason), (n, set))| {
                format!("{name}: {n} trials {outcome} (first under {set}): {reason}")
            })
            .collect()
    }
}

fn list(text: &mut String, title: &str, lines: BTreeSet<String>) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(text, "{title} ({}):", lines.len());
    for line in lines.iter().take(MOST_LINES) {
        let _ = writeln!(text, "  {line}");
    }
    if lines.len() > MOST_LINES {
        let _ = writeln!(
            text,
            "  … and {} more, in the files",
            lines.len() - MOST_LINES
        );
    }
    text.push('\n');
}
