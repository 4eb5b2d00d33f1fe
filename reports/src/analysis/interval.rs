//! Proportions and their intervals.

use std::fmt;

use serde::Serialize;

/// `hits` of `n`, with the Wilson score interval at 95 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Proportion {
    /// Number of cases that count.
    pub hits: u32,
    /// Number of cases looked at.
    pub n: u32,
    /// `hits / n`; 0 when `n` is 0, which tables show as "no value".
    pub rate: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

/// 97.5 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

impl Proportion {
    /// The proportion with its interval (E. B. Wilson, "Probable inference,
    /// the law of succession, and statistical inference", JASA 22, 1927); with
    /// `n` = 0 nothing is known: 0 to 1.
    #[must_use]
    pub fn new(hits: u32, n: u32) -> Self {
        if n == 0 {
            return Self {
                hits,
                n,
                rate: 0.0,
                low: 0.0,
                high: 1.0,
            };
        }
        let (count, rate) = (f64::from(n), f64::from(hits) / f64::from(n));
        let scale = 1.0 + Z * Z / count;
        let middle = (rate + Z * Z / (2.0 * count)) / scale;
        let half = Z / scale * (rate * (1.0 - rate) / count + Z * Z / (4.0 * count * count)).sqrt();
        Self {
            hits,
            n,
            rate,
            // At the ends the formula gives exactly 0 and 1, up to rounding.
            low: if hits == 0 { 0.0 } else { middle - half },
            high: if hits == n { 1.0 } else { middle + half },
        }
    }
}

/// Cases that belong together: they are drawn together or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cluster {
    /// Number of its cases that count.
    pub hits: u32,
    /// Number of its cases.
    pub n: u32,
}

/// Draws of a bootstrap.
const DRAWS: usize = 10_000;

impl Proportion {
    /// The proportion over clusters, with the 95 % percentile interval of a
    /// bootstrap that resamples clusters (B. Efron, R. J. Tibshirani, "An
    /// Introduction to the Bootstrap", 1993, section 13.3): 10,000 draws from
    /// this seed. Without cases nothing is known: 0 to 1.
    #[must_use]
    pub fn clustered(clusters: &[Cluster], seed: u64) -> Self {
        let hits = clusters.iter().map(|cluster| cluster.hits).sum();
        let n = clusters.iter().map(|cluster| cluster.n).sum();
        let plain = Self::new(hits, n);
        if n == 0 {
            return plain;
        }
        let mut random = fastrand::Rng::with_seed(seed);
        let mut rates: Vec<f64> = (0..DRAWS)
            .filter_map(|_| {
                let mut sum = (0, 0);
                for _ in clusters {
                    let cluster = clusters[random.usize(..clusters.len())];
                    sum = (sum.0 + cluster.hits, sum.1 + cluster.n);
                }
                (sum.1 > 0).then(|| f64::from(sum.0) / f64::from(sum.1))
            })
            .collect();
        rates.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let last = rates.len().saturating_sub(1);
            rates.get((share * last as f64).round() as usize).copied()
        };
        Self {
            low: at(0.025).unwrap_or(0.0),
            high: at(0.975).unwrap_or(1.0),
            ..plain
        }
    }
}

impl fmt::Display for Proportion {
    /// As text gives a rate, with its n and its interval.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| share * 100.0;
        write!(
            f,
            "{}/{} = {:.0} % [{:.0}–{:.0}]",
            self.hits,
            self.n,
            percent(self.rate),
            percent(self.low),
            percent(self.high)
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn published_values_come_out() {
        // R. G. Newcombe, Statistics in Medicine 17 (1998), Table I, method 3
        for (hits, n, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let proportion = Proportion::new(hits, n);
            assert!((proportion.low - low).abs() < 5e-5, "{proportion:?}");
            assert!((proportion.high - high).abs() < 5e-5, "{proportion:?}");
        }
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_rate_and_stays_between_0_and_1(
            (hits, n) in (1_u32..2000).prop_flat_map(|n| (0..=n, Just(n)))
        ) {
            let p = Proportion::new(hits, n);
            prop_assert!(0.0 <= p.low && p.low <= p.rate && p.rate <= p.high && p.high <= 1.0);
        }

        #[test]
        fn the_interval_of_the_complement_is_the_mirror_image(
            (hits, n) in (1_u32..2000).prop_flat_map(|n| (0..=n, Just(n)))
        ) {
            let (p, q) = (Proportion::new(hits, n), Proportion::new(n - hits, n));
            prop_assert!((p.low - (1.0 - q.high)).abs() < 1e-12);
        }

        #[test]
        fn more_cases_make_the_interval_narrower(
            (hits, n) in (1_u32..500).prop_flat_map(|n| (0..=n, Just(n)))
        ) {
            let (few, many) = (Proportion::new(hits, n), Proportion::new(hits * 4, n * 4));
            prop_assert!(many.high - many.low < few.high - few.low);
        }
    }
}
