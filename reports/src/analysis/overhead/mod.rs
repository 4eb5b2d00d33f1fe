//! What validation costs: numbers from the samples of the benches.

mod ahead;
mod growth;
mod statistics;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

pub use ahead::Ahead;
pub use growth::{Class, Growth, Point};
pub use statistics::Estimate;
use statistics::{quantile, sorted};

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

/// What one rule costs.
#[derive(Debug, Clone, Serialize)]
pub struct RuleCost {
    /// Its id.
    pub rule: String,
    /// A start with it alone, less one without rules in the same round (ns).
    pub alone: Option<Estimate>,
    /// A start with all rules, less one with all but it (ns).
    pub among_all: Option<Estimate>,
    /// Evaluating it on prepared evidence that it permits (ns).
    pub permit: Option<Estimate>,
    /// On evidence that it refuses (ns).
    pub refuse: Option<Estimate>,
    /// Gathering its evidence of a request that it permits (ns).
    pub gather_permit: Option<Estimate>,
    /// Of a request that it refuses (ns).
    pub gather_refuse: Option<Estimate>,
    /// System calls that it adds to a start.
    pub calls: Option<i64>,
}

/// What one rule set costs.
#[derive(Debug, Clone, Serialize)]
pub struct SetCost {
    /// Its name.
    pub set: String,
    /// A whole start (ns).
    pub start: Option<Estimate>,
    /// More than `none` in the same round (ns).
    pub more: Option<Estimate>,
    /// As a multiple of `none` in the same round.
    pub ratio: Option<Estimate>,
    /// Evaluating it on prepared evidence (ns).
    pub evaluate: Option<Estimate>,
    /// Gathering its evidence (ns).
    pub gather: Option<Estimate>,
    /// System calls of a start.
    pub calls: Option<u64>,
}

/// One launcher of the comparison.
#[derive(Debug, Clone, Serialize)]
pub struct Launcher {
    /// Its name.
    pub name: String,
    /// What it isolates.
    pub isolation: String,
    /// A whole start (ns).
    pub start: Estimate,
    /// 95th percentile (ns).
    pub p95: f64,
    /// Shortest (ns).
    pub least: f64,
    /// As a multiple of the floor of the same isolation, or of the usual one,
    /// in the same round.
    pub ratio: Option<Estimate>,
    /// Starts that failed.
    pub failed: usize,
    /// Samples in order, for distributions (ns).
    #[serde(skip)]
    pub sorted: Vec<f64>,
}

/// So many starts at once.
#[derive(Debug, Clone, Serialize)]
pub struct AtOnce {
    /// What was started.
    pub subject: String,
    /// How many at once.
    pub at_once: u64,
    /// One start (ns).
    pub start: Estimate,
    /// 95th percentile (ns).
    pub p95: f64,
    /// Starts per second.
    pub per_second: Option<Estimate>,
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

/// Samples of one thing: value and round.
#[derive(Default)]
struct Series<'a> {
    unit: &'a str,
    values: Vec<f64>,
    by_round: BTreeMap<u32, f64>,
    failed: usize,
}

/// bench, subject, parameter, value.
type Key<'a> = (&'a str, &'a str, &'a str, &'a str);

struct Table<'a> {
    series: BTreeMap<Key<'a>, Series<'a>>,
    /// Keys in the order of the samples.
    order: Vec<Key<'a>>,
}

impl<'a> Table<'a> {
    fn of(samples: &'a [Sample]) -> Self {
        let mut table = Self {
            series: BTreeMap::new(),
            order: Vec::new(),
        };
        for sample in samples {
            let key = (
                sample.bench.as_str(),
                sample.subject.as_str(),
                sample.parameter.as_str(),
                sample.value.as_str(),
            );
            let series = table.series.entry(key).or_insert_with(|| {
                table.order.push(key);
                Series::default()
            });
            series.unit = &sample.unit;
            match (sample.sample, sample.round) {
                // A start that failed is no sample, however fast it was.
                (None, _) => series.failed += 1,
                (Some(value), round) => {
                    series.values.push(value);
                    if let Some(round) = round {
                        series.by_round.insert(round, value);
                    }
                }
            }
        }
        table
    }

    /// All series of a bench, in the order of the samples.
    fn of_bench(&self, bench: &str) -> impl Iterator<Item = (Key<'a>, &Series<'a>)> {
        let keys = self.order.iter().filter(move |key| key.0 == bench);
        keys.filter_map(|key| Some((*key, self.series.get(key)?)))
    }

    /// The series of a subject, whatever was varied.
    fn find(&self, bench: &str, subject: &str) -> Option<&Series<'a>> {
        self.of_bench(bench)
            .find_map(|(key, series)| (key.1 == subject).then_some(series))
    }

    fn varied(&self, bench: &str, subject: &str, value: &str) -> Option<&Series<'a>> {
        self.of_bench(bench)
            .find_map(|(key, series)| (key.1 == subject && key.3 == value).then_some(series))
    }
}

impl Series<'_> {
    fn estimate(&self) -> Option<Estimate> {
        Estimate::of(&self.values)
    }

    /// `combine(this, other)` of every round that has both.
    fn paired(&self, other: &Self, combine: fn(f64, f64) -> f64) -> Option<Estimate> {
        let pairs = self
            .by_round
            .iter()
            .filter_map(|(round, value)| Some(combine(*value, *other.by_round.get(round)?)));
        Estimate::of(&pairs.collect::<Vec<_>>())
    }

    /// What it is more than another, in the same rounds.
    fn less(&self, other: &Self) -> Option<Estimate> {
        self.paired(other, |this, other| this - other)
    }

    /// As a multiple of another, in the same rounds.
    fn over(&self, other: &Self) -> Option<Estimate> {
        self.paired(other, |this, other| this / other)
    }
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
            rules: rules(&table),
            sets: sets(&table),
            launchers: launchers(&table),
            ahead: ahead::of(&table),
            growth: growths(&table),
            concurrency: concurrency(&table),
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

fn calls(table: &Table<'_>, subject: &str) -> Option<i64> {
    let series = table.find("system-calls", subject)?;
    series.values.first().map(|calls| *calls as i64)
}

fn rules(table: &Table<'_>) -> Vec<RuleCost> {
    let mut seen = BTreeSet::new();
    let of_starts = table
        .order
        .iter()
        .filter_map(|key| key.1.strip_prefix("only:"));
    let names: Vec<&str> = of_starts.filter(|rule| seen.insert(*rule)).collect();
    let none = table.find("start", "none");
    let all = table.find("start", "all");
    let cost = |rule: &&str| {
        let only = format!("only:{rule}");
        let alone = table.find("start", &only);
        let less = table.find("start", &format!("all-less:{rule}"));
        let of = |bench, verdict| table.varied(bench, &only, verdict)?.estimate();
        let base = calls(table, "none");
        RuleCost {
            rule: (*rule).to_owned(),
            alone: alone.zip(none).and_then(|(alone, none)| alone.less(none)),
            among_all: all.zip(less).and_then(|(all, less)| all.less(less)),
            permit: of("evaluate", "permit"),
            refuse: of("evaluate", "refuse"),
            gather_permit: of("gather", "permit"),
            gather_refuse: of("gather", "refuse"),
            calls: calls(table, &only)
                .zip(base)
                .map(|(calls, base)| calls - base),
        }
    };
    names.iter().map(cost).collect()
}

fn sets(table: &Table<'_>) -> Vec<SetCost> {
    let none = table.find("start", "none");
    let mut seen = BTreeSet::new();
    let names = ["start", "evaluate", "gather"]
        .iter()
        .flat_map(|bench| table.of_bench(bench))
        .map(|(key, _)| key.1)
        .filter(|name| !name.contains(':') && !name.starts_with("floor") && *name != RESOLVING)
        .filter(|name| seen.insert(*name));
    names
        .map(|name| {
            let start = table.find("start", name);
            let permitted = |bench| table.varied(bench, name, "permit")?.estimate();
            SetCost {
                set: name.to_owned(),
                start: start.and_then(Series::estimate),
                more: start.zip(none).and_then(|(start, none)| start.less(none)),
                ratio: start.zip(none).and_then(|(start, none)| start.over(none)),
                evaluate: permitted("evaluate"),
                gather: permitted("gather"),
                calls: calls(table, name).and_then(|calls| u64::try_from(calls).ok()),
            }
        })
        .collect()
}

/// What every start does before evidence is gathered, a subject beside the sets.
pub const RESOLVING: &str = "resolve";

/// Isolation of launchers that have no floor of their own.
const USUAL: &str = "floor m,p,i,u,n+proc+dev";

fn launchers(table: &Table<'_>) -> Vec<Launcher> {
    let bench = "side-by-side";
    let mut all: Vec<Launcher> = table
        .of_bench(bench)
        .filter_map(|(key, series)| {
            let own = table.find(bench, &format!("floor {}", key.3));
            let floor = own.or_else(|| table.find(bench, USUAL));
            let sorted = sorted(&series.values);
            Some(Launcher {
                name: key.1.to_owned(),
                isolation: key.3.to_owned(),
                start: series.estimate()?,
                p95: quantile(&sorted, 0.95),
                least: sorted.first().copied()?,
                ratio: floor.and_then(|floor| series.over(floor)),
                failed: series.failed,
                sorted,
            })
        })
        .collect();
    all.sort_by(|one, other| one.start.median.total_cmp(&other.start.median));
    all
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

fn concurrency(table: &Table<'_>) -> Vec<AtOnce> {
    let mut points: Vec<AtOnce> = table
        .of_bench("concurrent")
        .filter_map(|(key, series)| {
            let sorted = sorted(&series.values);
            let rate = table.varied("concurrent-rate", key.1, key.3);
            Some(AtOnce {
                subject: key.1.to_owned(),
                at_once: key.3.parse().ok()?,
                start: series.estimate()?,
                p95: quantile(&sorted, 0.95),
                per_second: rate.and_then(Series::estimate),
            })
        })
        .collect();
    points.sort_by(|one, other| (&one.subject, one.at_once).cmp(&(&other.subject, other.at_once)));
    points
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
