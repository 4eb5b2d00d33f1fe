//! Real launchers beside the reference launcher, as the terminal shows them.
//! Counted from the rows of the result files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use comfy_table::{Table, presets};
use sekisho_lab::latency::LATENCY;
use sekisho_lab::plan::OWN;
use sekisho_lab::rows::{Outcome, TrialRow};
use sekisho_lab::sets::{ALL, NONE, SUEXEC};
use sekisho_scenario::model::Kind;
use serde_json::{Value, json};

/// Outcomes of attacks and the marks of the table.
const MARKS: [(&str, &[Outcome]); 6] = [
    ("B", &[Outcome::Blocked]),
    ("N", &[Outcome::Neutralised]),
    ("C", &[Outcome::Compromised]),
    ("F", &[Outcome::Failed, Outcome::Timeout]),
    ("S", &[Outcome::Skipped]),
    ("-", &[Outcome::NotApplicable]),
];

type Counts = BTreeMap<Outcome, usize>;

/// What came of demonstrated cases, by column and family; legitimate ones
/// stand under no family.
pub struct Compared<'a> {
    columns: Vec<String>,
    counts: BTreeMap<(usize, &'a str), Counts>,
    legitimate: BTreeMap<usize, Counts>,
    /// Attacks that each real launcher lets through, and whether they are
    /// demonstrated on the reference launcher.
    through: BTreeMap<&'a str, BTreeMap<String, bool>>,
    medians: Vec<(String, usize, usize, Option<u64>)>,
}

impl<'a> Compared<'a> {
    /// Of these trials; `None` when there is no real launcher among them.
    pub fn of(trials: &'a [TrialRow], directory: &Path) -> Option<Self> {
        let real: BTreeSet<&str> = trials
            .iter()
            .filter(|trial| trial.rule_set == OWN)
            .map(|trial| trial.target.as_str())
            .collect();
        if real.is_empty() {
            return None;
        }
        let seen = [Outcome::Compromised, Outcome::Works];
        let demonstrated: BTreeSet<String> = trials
            .iter()
            .filter(|trial| trial.rule_set == NONE && seen.contains(&trial.outcome))
            .map(TrialRow::name)
            .collect();
        let sets = [NONE, SUEXEC, ALL].into_iter().filter(|set| {
            let tried = |trial: &TrialRow| trial.rule_set == *set;
            trials.iter().any(tried)
        });
        let reference = sets.map(|set| ("sekisho", set));
        let columns: Vec<(&str, &str)> = reference
            .chain(real.iter().map(|name| (*name, OWN)))
            .collect();
        let resolution = trials
            .iter()
            .filter(|trial| trial.rule_set != OWN)
            .map(|trial| trial.resolution.as_str())
            .min();
        let mut compared = Self {
            columns: columns
                .iter()
                .map(|(target, set)| heading(target, set))
                .collect(),
            counts: BTreeMap::new(),
            legitimate: BTreeMap::new(),
            through: BTreeMap::new(),
            medians: medians(directory),
        };
        let mut worst: BTreeMap<(usize, String), &TrialRow> = BTreeMap::new();
        for trial in trials {
            let column = columns.iter().position(|(target, set)| {
                *target == trial.target
                    && *set == trial.rule_set
                    && (*set == OWN || Some(trial.resolution.as_str()) == resolution)
            });
            let Some(column) = column else { continue };
            let kept = worst.entry((column, trial.name())).or_insert(trial);
            if badness(trial.outcome) < badness(kept.outcome) {
                *kept = trial;
            }
        }
        for ((column, name), trial) in worst {
            let known = demonstrated.contains(&name);
            let of_real = columns[column].1 == OWN;
            if of_real && trial.outcome == Outcome::Compromised {
                let through = compared.through.entry(columns[column].0).or_default();
                through.insert(name, known);
            }
            if !known {
                continue;
            }
            let counts = match trial.kind {
                Kind::Malicious => compared
                    .counts
                    .entry((column, trial.family.as_str()))
                    .or_default(),
                Kind::Legitimate => compared.legitimate.entry(column).or_default(),
            };
            *counts.entry(trial.outcome).or_insert(0) += 1;
        }
        Some(compared)
    }

    /// As text.
    pub fn text(&self) -> String {
        let mut table = Table::new();
        let heads = self.columns.iter().map(String::as_str);
        table
            .load_style(presets::ASCII_MARKDOWN)
            .set_header(std::iter::once("family").chain(heads));
        let families: BTreeSet<&str> = self.counts.keys().map(|(_, family)| *family).collect();
        for family in families {
            let cells = (0..self.columns.len()).map(|column| {
                let counts = self.counts.get(&(column, family));
                counts.map(marks).unwrap_or_default()
            });
            table.add_row(std::iter::once(family.to_owned()).chain(cells));
        }
        let sums = (0..self.columns.len()).map(|column| marks(&self.attacks(column)));
        table.add_row(std::iter::once("all attacks".to_owned()).chain(sums));
        let works = (0..self.columns.len()).map(|column| {
            let counts = self.legitimate.get(&column);
            let count = |outcome| counts.and_then(|counts| counts.get(&outcome)).copied();
            let works = count(Outcome::Works).unwrap_or_default();
            let broken = count(Outcome::Broken).unwrap_or_default();
            format!("{works} work, {broken} broken")
        });
        table.add_row(std::iter::once("legitimate".to_owned()).chain(works));
        let mut text = format!(
            "real launchers: attacks demonstrated on the reference launcher, by family (B blocked, \
             N neutralised, C compromised, F failed or timed out, S skipped, - not applicable):\n\
             {table}\n\n"
        );
        for (target, cases) in &self.through {
            let names: Vec<_> = cases
                .iter()
                .map(|(name, known)| match known {
                    true => name.clone(),
                    false => format!("{name} (not demonstrated on the reference launcher)"),
                })
                .collect();
            let _ = writeln!(
                text,
                "{target} lets through {} attacks: {}\n",
                names.len(),
                names.join(", ")
            );
        }
        if !self.medians.is_empty() {
            text.push_str("start latency, the same minimal init by turns (median):\n");
            for (name, n, failed, median) in &self.medians {
                let median =
                    median.map_or("-".to_owned(), |us| format!("{:.2} ms", us as f64 / 1e3));
                let _ = writeln!(text, "  {name:24} {median:>10}  n = {n}, failed {failed}");
            }
            text.push('\n');
        }
        text
    }

    /// As one JSON value.
    pub fn json(&self) -> Value {
        let columns: serde_json::Map<_, _> = self
            .columns
            .iter()
            .enumerate()
            .map(|(column, name)| {
                let families: serde_json::Map<_, _> = self
                    .counts
                    .iter()
                    .filter(|((at, _), _)| *at == column)
                    .map(|((_, family), counts)| ((*family).to_owned(), words(counts)))
                    .collect();
                let legitimate = self.legitimate.get(&column).map(words);
                let value = json!({"families": families, "legitimate": legitimate});
                (name.clone(), value)
            })
            .collect();
        let medians: serde_json::Map<_, _> = self
            .medians
            .iter()
            .map(|(name, n, failed, median)| {
                (
                    name.clone(),
                    json!({"n": n, "failed": failed, "median_us": median}),
                )
            })
            .collect();
        json!({"columns": columns, "let_through": self.through, "start_latency": medians})
    }

    fn attacks(&self, column: usize) -> Counts {
        let mut sum = Counts::new();
        let of_column = self.counts.iter().filter(|((at, _), _)| *at == column);
        for (outcome, n) in of_column.flat_map(|(_, counts)| counts) {
            *sum.entry(*outcome).or_insert(0) += n;
        }
        sum
    }
}

/// The lower the worse: an attack that got through once has got through.
fn badness(outcome: Outcome) -> usize {
    let order = [
        Outcome::Compromised,
        Outcome::Broken,
        Outcome::Failed,
        Outcome::Timeout,
    ];
    order
        .iter()
        .position(|one| *one == outcome)
        .unwrap_or(order.len())
}

fn heading(target: &str, set: &str) -> String {
    match set {
        OWN => target.to_owned(),
        set => format!("{target} {set}"),
    }
}

fn words(counts: &Counts) -> Value {
    let words = counts
        .iter()
        .map(|(outcome, n)| (outcome.word().to_owned(), json!(n)));
    Value::Object(words.collect())
}

fn marks(counts: &Counts) -> String {
    let shown = MARKS.iter().filter_map(|(mark, outcomes)| {
        let n: usize = outcomes
            .iter()
            .filter_map(|outcome| counts.get(outcome))
            .sum();
        (n > 0).then(|| format!("{n}{mark}"))
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// For each launcher of `latency.csv` its name, starts that worked, starts
/// that failed, and the median in microseconds; fastest first.
fn medians(directory: &Path) -> Vec<(String, usize, usize, Option<u64>)> {
    #[derive(serde::Deserialize)]
    struct Line {
        target: String,
        rule_set: String,
        duration_us: Option<u64>,
    }
    let Ok(mut reader) = csv::Reader::from_path(directory.join(LATENCY)) else {
        return Vec::new();
    };
    let mut found: BTreeMap<String, (Vec<u64>, usize)> = BTreeMap::new();
    for line in reader.deserialize::<Line>().flatten() {
        let one = found
            .entry(heading(&line.target, &line.rule_set))
            .or_default();
        match line.duration_us {
            Some(duration) => one.0.push(duration),
            None => one.1 += 1,
        }
    }
    let mut medians: Vec<_> = found
        .into_iter()
        .map(|(name, (mut durations, failed))| {
            durations.sort_unstable();
            let n = durations.len();
            let median = durations.get(n / 2).copied().map(|upper| match n % 2 {
                0 => upper.midpoint(durations[n / 2 - 1]),
                _ => upper,
            });
            (name, n, failed, median)
        })
        .collect();
    medians.sort_by_key(|(.., median)| (median.is_none(), *median));
    medians
}
