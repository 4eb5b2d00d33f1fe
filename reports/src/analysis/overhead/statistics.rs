//! Medians with intervals, from the samples alone: no distribution of start
//! times is assumed, since they have long tails.

use serde::Serialize;

/// Resamples of a bootstrap: enough for two digits of a 95 % interval.
const RESAMPLES: usize = 1000;

/// A median with its 95 % interval (percentile bootstrap, B. Efron, R. J.
/// Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// Number of samples.
    pub n: usize,
    /// The median.
    pub median: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Estimate {
    /// Of these values; `None` without any.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        let sorted = sorted(values);
        let median = median(&sorted)?;
        let n = sorted.len();
        let mut random = Random::new(n as u64);
        let mut medians: Vec<f64> = (0..RESAMPLES)
            .map(|_| resampled_median(&sorted, &mut random))
            .collect();
        medians.sort_by(f64::total_cmp);
        Some(Self {
            n,
            median,
            low: quantile(&medians, 0.025),
            high: quantile(&medians, 0.975),
        })
    }

    /// Whether the interval holds the value.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// The values in order.
#[must_use]
pub fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// Median of sorted values.
#[must_use]
pub fn median(sorted: &[f64]) -> Option<f64> {
    let upper = sorted.get(sorted.len() / 2)?;
    let lower = sorted.get((sorted.len() - 1) / 2)?;
    Some(f64::midpoint(*lower, *upper))
}

/// Value below which that share of the sorted values lies (nearest rank).
#[must_use]
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    let place = rank.clamp(1, sorted.len().max(1)) - 1;
    sorted.get(place).copied().unwrap_or(f64::NAN)
}

/// Median of a sample with replacement from sorted values.
pub(super) fn resampled_median(sorted: &[f64], random: &mut Random) -> f64 {
    let n = sorted.len();
    let mut places: Vec<usize> = (0..n).map(|_| random.below(n)).collect();
    let (below, upper, _) = places.select_nth_unstable(n / 2);
    let upper = *upper;
    let lower = match n % 2 {
        0 => below.iter().max().copied().unwrap_or(upper),
        _ => upper,
    };
    f64::midpoint(sorted[lower], sorted[upper])
}

/// Random numbers that are the same in every report of the same samples
/// (splitmix64: G. Steele and others, "Fast splittable pseudorandom number
/// generators", 2014).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `n`, which is at least 1.
    fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }

    #[cfg(test)]
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_holds_the_true_median_about_as_often_as_it_says() {
        // Exponential with median ln 2: skewed, as start times are.
        let mut random = Random::new(7);
        let trials = 100;
        let held = (0..trials)
            .filter(|_| {
                let values: Vec<f64> = (0..60).map(|_| -(1.0 - random.unit()).ln()).collect();
                Estimate::of(&values).is_some_and(|it| it.holds(std::f64::consts::LN_2))
            })
            .count();
        let share = held as f64 / f64::from(trials);
        assert!((0.88..=1.0).contains(&share), "{share}");
    }

    #[test]
    fn one_value_has_no_spread_and_none_has_no_median() {
        let one = Estimate::of(&[3.0]).expect("a value");
        assert_eq!((one.median, one.low, one.high, one.n), (3.0, 3.0, 3.0, 1));
        assert_eq!(Estimate::of(&[]), None);
        assert_eq!(median(&[1.0, 2.0, 4.0, 9.0]), Some(3.0));
    }

    #[test]
    fn more_samples_make_the_interval_narrower() {
        let mut random = Random::new(3);
        let mut width = |n: usize| {
            let values: Vec<f64> = (0..n).map(|_| random.unit()).collect();
            let it = Estimate::of(&values).expect("values");
            it.high - it.low
        };
        assert!(width(1000) < width(20));
    }

    #[test]
    fn quantiles_are_nearest_ranks() {
        let values = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(
            [0.0, 0.5, 0.95].map(|q| quantile(&values, q)),
            [1.0, 2.0, 4.0]
        );
    }
}
