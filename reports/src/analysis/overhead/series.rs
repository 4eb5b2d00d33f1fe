//! Samples by what they are of.

use std::collections::BTreeMap;

use super::Estimate;
use crate::read::overhead::Sample;

/// Samples of one thing: value and round.
#[derive(Default)]
pub(super) struct Series<'a> {
    pub(super) unit: &'a str,
    pub(super) values: Vec<f64>,
    by_round: BTreeMap<u32, f64>,
    pub(super) failed: usize,
}

/// bench, subject, parameter, value.
pub(super) type Key<'a> = (&'a str, &'a str, &'a str, &'a str);

pub(super) struct Table<'a> {
    series: BTreeMap<Key<'a>, Series<'a>>,
    /// Keys in the order of the samples.
    pub(super) order: Vec<Key<'a>>,
}

impl<'a> Table<'a> {
    pub(super) fn of(samples: &'a [Sample]) -> Self {
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
    pub(super) fn of_bench(&self, bench: &str) -> impl Iterator<Item = (Key<'a>, &Series<'a>)> {
        let keys = self.order.iter().filter(move |key| key.0 == bench);
        keys.filter_map(|key| Some((*key, self.series.get(key)?)))
    }

    /// The series of a subject, whatever was varied.
    pub(super) fn find(&self, bench: &str, subject: &str) -> Option<&Series<'a>> {
        self.of_bench(bench)
            .find_map(|(key, series)| (key.1 == subject).then_some(series))
    }

    pub(super) fn varied(&self, bench: &str, subject: &str, value: &str) -> Option<&Series<'a>> {
        self.of_bench(bench)
            .find_map(|(key, series)| (key.1 == subject && key.3 == value).then_some(series))
    }
}

impl Series<'_> {
    pub(super) fn estimate(&self) -> Option<Estimate> {
        Estimate::of(&self.values)
    }

    /// `combine(this, other)` of every round that has both.
    pub(super) fn paired(&self, other: &Self, combine: fn(f64, f64) -> f64) -> Option<Estimate> {
        let pairs = self
            .by_round
            .iter()
            .filter_map(|(round, value)| Some(combine(*value, *other.by_round.get(round)?)));
        Estimate::of(&pairs.collect::<Vec<_>>())
    }

    /// What it is more than another, in the same rounds.
    pub(super) fn less(&self, other: &Self) -> Option<Estimate> {
        self.paired(other, |this, other| this - other)
    }

    /// As a multiple of another, in the same rounds.
    pub(super) fn over(&self, other: &Self) -> Option<Estimate> {
        self.paired(other, |this, other| this / other)
    }
}
