//! What validation costs: numbers from the samples of the benches.

mod ahead;
mod growth;
mod launchers;
mod rules;
mod series;
mod statistics;

use std::collections::BTreeMap;

use serde::Serialize;

pub use ahead::{Ahead, MEANWHILE};
pub use growth::{Class, Growth, Point};
pub use launchers::{AtOnce, Launcher};
pub use rules::{RESOLVING, RuleCost, SetCost};
use series::Table;
pub use statistics::Estimate;

use super::cost::{Cost, Costs, Source};
use crate::read::overhead::{Overhead, Sample};

/// Everything that the samples say.
#[derive(Debug, Clone, Serialize)]
pub struct OverheadAnalysis {
    /// Name of the run of the benches.
    pub run: String,
    /// `none` against `none` in the same rounds: differences no larger than the
    /// ends of this interval cannot be told from nothing.
    pub resolution: Option<Estimate>,
    /// Rules in the order of the samples.
    pub rules: Vec<RuleCost>,
    /// Rule sets with names.
    pub sets: Vec<SetCost>,
    /// Launchers side by side.
    pub launchers: Vec<Launcher>,
    /// Namespaces made while the request is examined.
    pub ahead: Vec<Ahead>,
    /// Growth curves.
    pub growth: Vec<Growth>,
    /// Many starts at once.
    pub concurrency: Vec<AtOnce>,
    /// Cold and warm caches, CPUID: everything else that was timed.
    pub others: Vec<Other>,
    /// Samples that could not be taken, by bench and subject, with the first
    /// reason.
    pub failures: Vec<Failure>,
}

/// Something else that was timed or counted.
#[derive(Debug, Clone, Serialize)]
pub struct Other {
    /// Which bench.
    pub bench: String,
    /// What was measured.
    pub subject: String,
    /// What was varied, and its value.
    pub varied: String,
    /// `ns` or `count`.
    pub unit: String,
    /// The value.
    pub value: Estimate,
}

/// Samples that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Which bench.
    pub bench: String,
    /// What was to be measured.
    pub subject: String,
    /// How many.
    pub n: usize,
    /// Why the first one could not.
    pub reason: String,
}

impl OverheadAnalysis {
    /// Analyses what the benches wrote.
    #[must_use]
    pub fn of(overhead: &Overhead) -> Self {
        let table = Table::of(&overhead.samples);
        let none = table.find("start", "none");
        let again = table.find("start", "none-again");
        Self {
            run: overhead.about.run.clone(),
            resolution: none.zip(again).and_then(|(none, again)| again.less(none)),
            rules: rules::rules(&table),
            sets: rules::sets(&table),
            launchers: launchers::launchers(&table),
            ahead: ahead::of(&table),
            growth: growths(&table),
            concurrency: launchers::concurrency(&table),
            others: others(&table),
            failures: failures(&overhead.samples),
        }
    }

    /// Curves by which growth is judged: how the time of evaluating grows says
    /// as much of caches as of rules, so that where instructions were counted
    /// these stand for it.
    pub fn judged_growth(&self) -> impl Iterator<Item = &Growth> {
        let counted = |timed: &Growth| {
            self.growth.iter().any(|it| {
                it.bench == COUNTED
                    && (&it.subject, &it.parameter) == (&timed.subject, &timed.parameter)
            })
        };
        let judged = move |it: &&Growth| it.bench != TIMED || !counted(it);
        self.growth.iter().filter(judged)
    }

    /// What each rule costs a start, in nanoseconds, for rules by id; `None`
    /// where it was not measured. See [`Costs`].
    #[must_use]
    pub fn per_rule_cost(&self, rules: &[&str]) -> Option<Costs> {
        let cost = |rule: &&str| {
            let found = self.rules.iter().find(|known| known.rule == *rule)?;
            let alone = found.alone?;
            Some(Cost {
                n: alone.n,
                median_ns: alone.median.round() as i64,
                low_ns: alone.low.round() as i64,
                high_ns: alone.high.round() as i64,
            })
        };
        let rules: Vec<_> = rules.iter().map(cost).collect();
        rules.iter().any(Option::is_some).then_some(Costs {
            source: Source::Benchmark,
            rules,
        })
    }
}

/// Benches whose `value` is a size that grows.
const GROWING: [&str; 4] = [TIMED, COUNTED, "gather-growth", "start-growth"];
/// Evaluating in nanoseconds.
const TIMED: &str = "evaluate-growth";
/// Evaluating in instructions.
pub const COUNTED: &str = "evaluate-instructions";

fn growths(table: &Table<'_>) -> Vec<Growth> {
    let mut by_curve: BTreeMap<_, Vec<(f64, Vec<f64>)>> = BTreeMap::new();
    for bench in GROWING {
        for (key, series) in table.of_bench(bench) {
            if let Ok(size) = key.3.parse() {
                let curve = by_curve.entry((key.0, key.1, key.2)).or_default();
                curve.push((size, series.values.clone()));
            }
        }
    }
    by_curve
        .iter()
        .map(|((bench, subject, parameter), samples)| {
            Growth::of(bench, subject, parameter, samples)
        })
        .collect()
}

fn others(table: &Table<'_>) -> Vec<Other> {
    let resolving = table.of_bench("gather");
    let resolving = resolving.filter(|(key, _)| key.1 == RESOLVING);
    ["caches", "cpuid", "phase", "prepare"]
        .iter()
        .flat_map(|bench| table.of_bench(bench))
        .chain(resolving)
        .filter_map(|(key, series)| {
            Some(Other {
                bench: key.0.to_owned(),
                subject: key.1.to_owned(),
                varied: [key.2, key.3].join(" ").trim().to_owned(),
                unit: series.unit.to_owned(),
                value: series.estimate()?,
            })
        })
        .collect()
}

fn failures(samples: &[Sample]) -> Vec<Failure> {
    let mut failures: Vec<Failure> = Vec::new();
    for sample in samples.iter().filter(|sample| sample.sample.is_none()) {
        let known = failures
            .iter_mut()
            .find(|known| known.bench == sample.bench && known.subject == sample.subject);
        match known {
            Some(known) => known.n += 1,
            None => failures.push(Failure {
                bench: sample.bench.clone(),
                subject: sample.subject.clone(),
                n: 1,
                reason: sample.error.clone(),
            }),
        }
    }
    failures
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::overhead::About;

    fn sample(subject: &str, round: u32, sample: Option<f64>) -> Sample {
        Sample {
            bench: "start".into(),
            subject: subject.into(),
            parameter: "isolation".into(),
            value: "four".into(),
            round: Some(round),
            unit: "ns".into(),
            sample,
            error: if sample.is_none() { "refused" } else { "" }.into(),
        }
    }

    fn analysis(samples: Vec<Sample>) -> OverheadAnalysis {
        OverheadAnalysis::of(&Overhead {
            about: About::default(),
            samples,
        })
    }

    #[test]
    fn what_drifts_meets_both_of_a_pair_and_leaves_the_difference() {
        let mut samples = Vec::new();
        for round in 1..=40 {
            // The machine becomes slower all the time.
            let drift = f64::from(round) * 1000.0;
            samples.push(sample("none", round, Some(drift)));
            samples.push(sample("none-again", round, Some(drift)));
            samples.push(sample("only:init-setuid", round, Some(drift + 500.0)));
        }
        let analysis = analysis(samples);
        let resolution = analysis.resolution.expect("none was measured twice");
        assert_eq!((resolution.low, resolution.high), (0.0, 0.0));
        let alone = analysis.rules[0].alone.expect("measured");
        assert_eq!((alone.median, alone.low, alone.high), (500.0, 500.0, 500.0));
        let costs = analysis
            .per_rule_cost(&["init-setuid", "unknown"])
            .expect("costs");
        assert_eq!(costs.prices(), Some(vec![500, 0]));
        assert_eq!(costs.rules[1], None);
    }

    #[test]
    fn a_start_that_failed_never_counts_as_fast() {
        let samples = vec![
            sample("none", 1, Some(1000.0)),
            sample("none", 2, Some(1000.0)),
            sample("all", 1, None),
            sample("all", 2, Some(3000.0)),
        ];
        let analysis = analysis(samples);
        let all = analysis
            .sets
            .iter()
            .find(|set| set.set == "all")
            .expect("all");
        let start = all.start.expect("started");
        assert_eq!((start.n, start.median), (1, 3000.0));
        assert_eq!(all.more.expect("a pair").median, 2000.0);
        assert_eq!(all.ratio.expect("a pair").n, 1);
        assert_eq!(analysis.failures.len(), 1);
        assert_eq!(analysis.failures[0].reason, "refused");
    }

    #[test]
    fn evaluating_is_judged_by_its_instructions_where_they_were_counted() {
        let grown = |bench: &str, subject: &str, cost: fn(f64) -> f64| {
            [100.0, 300.0, 1000.0].map(|size| Sample {
                bench: bench.into(),
                parameter: "n".into(),
                value: size.to_string(),
                ..sample(subject, 1, Some(cost(size)))
            })
        };
        let samples = [
            grown(TIMED, "cached", |n| n.powf(1.3)),
            grown(COUNTED, "cached", |n| 50.0 + 7.0 * n),
            grown(TIMED, "quadratic", |n| n),
            grown(COUNTED, "quadratic", |n| n * n / 9.0),
            grown(TIMED, "not counted", |n| n * n),
        ];
        let analysis = analysis(samples.concat());
        assert_eq!(analysis.growth.len(), 5);
        let judged = analysis.judged_growth();
        let mut judged: Vec<_> = judged.map(|it| (it.subject.as_str(), it.class())).collect();
        judged.sort_by_key(|it| it.0);
        let expected = [
            ("cached", Some(Class::Linear)),
            ("not counted", Some(Class::Worse)),
            ("quadratic", Some(Class::Worse)),
        ];
        assert_eq!(judged, expected);
    }
}
