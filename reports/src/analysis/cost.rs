//! What each rule costs, in time.
//!
//! A benchmark is the right source; without one, a run's own trials say
//! something, though little: they run beside each other, and the time of a
//! whole start is far larger than that of a rule. The same case under
//! `only:<rule>` and under `none` makes a pair; the median of the differences
//! is the estimate, and its interval says how little is known. It needs two
//! trials of each: in the first without rules all of them are evaluated.

use std::collections::HashMap;

use serde::Serialize;

use super::pareto;
use super::sets::Bits;
use super::view::View;
use crate::read::Outcome;

/// Where costs come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Durations of the run's own trials: weak.
    Trials,
    /// An interleaved benchmark.
    Benchmark,
}

impl Source {
    /// Word in tables; its sentence is the text `word.cost-<word>`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Trials => "trials",
            Self::Benchmark => "benchmark",
        }
    }
}

/// Costs of the rules.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Costs {
    /// Where they come from.
    pub source: Source,
    /// One entry for each rule of the run, in its order; `None` where there is
    /// no measurement.
    pub rules: Vec<Option<Cost>>,
}

/// What one rule adds to a start.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cost {
    /// Pairs (or samples) that it was measured in.
    pub n: usize,
    /// Median of the differences, in nanoseconds; may be negative by chance.
    pub median_ns: i64,
    /// Lower end of the median's interval at 95 % or more, in nanoseconds.
    pub low_ns: i64,
    /// Its upper end.
    pub high_ns: i64,
}

impl Costs {
    /// Costs from the trials of the view; `None` when no rule was tried alone
    /// on cases that work with it and without, or each trial was made once.
    #[must_use]
    pub fn of_trials(view: &View<'_>) -> Option<Self> {
        let run = view.run;
        let mut shortest: HashMap<(usize, usize), u64> = HashMap::new();
        for trial in &run.trials {
            // Not the first, so that all sets have as many repetitions.
            let counts = trial.view == view.place && trial.repeat > 1;
            if let (true, Outcome::Works, Some(duration)) =
                (counts, trial.outcome, run.duration_us(trial))
            {
                // Of repetitions the shortest: what disturbs only adds.
                let known = shortest.entry((trial.set, trial.case)).or_insert(duration);
                *known = duration.min(*known);
            }
        }
        let none = view.none?;
        let cost = |rule: &crate::read::Rule| {
            let alone = view.set(&format!("only:{}", rule.rule))?;
            let differences = view.legitimate().filter_map(|case| {
                let with = *shortest.get(&(alone, case))?;
                let without = *shortest.get(&(none, case))?;
                Some(1000 * (signed(with) - signed(without)))
            });
            Cost::of(differences.collect())
        };
        let rules: Vec<_> = run.rules.iter().map(cost).collect();
        rules.iter().any(Option::is_some).then_some(Self {
            source: Source::Trials,
            rules,
        })
    }

    /// What each rule costs, in nanoseconds, at least 0; 0 where there is no
    /// measurement. `None` when no cost can be told from 0: then nothing can be
    /// weighed by it, and 0 would look like a merit.
    #[must_use]
    pub fn prices(&self) -> Option<Vec<u64>> {
        let mut distinct = self.rules.iter().flatten().filter(|cost| cost.low_ns > 0);
        distinct.next()?;
        let price = |cost: &Option<Cost>| cost.map_or(0, |cost| cost.price());
        Some(self.rules.iter().map(price).collect())
    }

    /// What the rules of a set cost together, in nanoseconds; `None` as for
    /// [`Self::prices`].
    #[must_use]
    pub fn of_set(&self, set: Bits) -> Option<u64> {
        let prices = self.prices()?;
        Some(pareto::price(set, &prices))
    }

    /// Rules whose interval holds 0: nothing is known but that they are cheap.
    #[must_use]
    pub fn indistinct(&self) -> usize {
        let costs = self.rules.iter().flatten();
        costs.filter(|cost| cost.low_ns <= 0).count()
    }
}

impl Cost {
    /// The cost in nanoseconds, at least 0.
    #[must_use]
    pub fn price(&self) -> u64 {
        u64::try_from(self.median_ns).unwrap_or(0)
    }

    /// The median with its interval from the order statistics: differences
    /// need no known distribution (binomial with p = 1/2, normal
    /// approximation, ends rounded outwards).
    #[must_use]
    pub fn of(mut differences: Vec<i64>) -> Option<Self> {
        differences.sort_unstable();
        let n = differences.len();
        let last = n.checked_sub(1)?;
        let half = 1.959_963_984_540_054 * (n as f64).sqrt() / 2.0;
        let low = (n as f64 / 2.0 - half).floor().max(1.0) as usize - 1;
        let high = ((n as f64 / 2.0 + half).ceil() as usize).min(last);
        Some(Self {
            n,
            median_ns: i64::midpoint(differences[last / 2], differences[n / 2]),
            low_ns: differences[low],
            high_ns: differences[high],
        })
    }
}

fn signed(duration: u64) -> i64 {
    i64::try_from(duration).unwrap_or(i64::MAX / 2000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_lies_in_its_interval_and_one_value_is_its_own() {
        let cost = Cost::of((1..=100).collect()).expect("values");
        // Order statistics 40 and 61 of 100: coverage 96.5 % (W. J. Conover,
        // Practical Nonparametric Statistics, table of the binomial).
        assert_eq!((cost.median_ns, cost.low_ns, cost.high_ns), (50, 40, 61));
        let one = Cost::of(vec![7]).expect("a value");
        assert_eq!(
            (one.n, one.median_ns, one.low_ns, one.high_ns),
            (1, 7, 7, 7)
        );
        assert_eq!(Cost::of(Vec::new()), None);
    }

    #[test]
    fn costs_that_cannot_be_told_from_nothing_are_no_prices() {
        let cost = |low_ns, median_ns| {
            Some(Cost {
                n: 9,
                median_ns,
                low_ns,
                high_ns: 900,
            })
        };
        let costs = |rules| Costs {
            source: Source::Trials,
            rules,
        };
        let vague = costs(vec![cost(-3, 40), None]);
        assert_eq!((vague.prices(), vague.of_set(0b1)), (None, None));
        assert_eq!(vague.indistinct(), 1);
        let clear = costs(vec![cost(-3, 40), None, cost(5, 60)]);
        assert_eq!(clear.prices(), Some(vec![40, 0, 60]));
        assert_eq!(clear.of_set(0b101), Some(100));
    }

    #[test]
    fn negative_costs_are_shown_but_buy_nothing() {
        let cost = Cost::of(vec![-5, -4, -3]).expect("values");
        assert_eq!((cost.median_ns, cost.price()), (-4, 0));
    }
}
