//! Start latency of every launcher, from the starts that were interleaved for
//! it (`latency.csv`).

use serde::Serialize;

use super::latency::quantile;
use crate::read::{LatencyLine, Run};

/// Starts of one launcher under one rule set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StartLatency {
    /// Target, with rule set and resolution where it has such.
    pub name: String,
    /// Starts that worked.
    pub n: usize,
    /// Starts that failed; in no number here.
    pub failed: usize,
    /// Sorted durations in microseconds.
    pub durations_us: Vec<u64>,
    /// Median in microseconds; `None` when no start worked.
    pub median_us: Option<u64>,
    /// Its distribution-free interval of at least 95 %, from order statistics;
    /// `None` when there are too few starts.
    pub interval_us: Option<(u64, u64)>,
}

/// The launchers of a run, fastest first.
#[must_use]
pub fn by_target(run: &Run) -> Vec<StartLatency> {
    let mut found: Vec<StartLatency> = Vec::new();
    for line in &run.latency {
        let name = name(line);
        let place = found.iter().position(|one| one.name == name);
        let place = place.unwrap_or_else(|| {
            found.push(StartLatency {
                name,
                n: 0,
                failed: 0,
                durations_us: Vec::new(),
                median_us: None,
                interval_us: None,
            });
            found.len() - 1
        });
        match line.duration_us {
            Some(duration) => found[place].durations_us.push(duration),
            None => found[place].failed += 1,
        }
    }
    for one in &mut found {
        one.durations_us.sort_unstable();
        one.n = one.durations_us.len();
        one.median_us = (one.n > 0).then(|| quantile(&one.durations_us, 1, 2));
        one.interval_us = median_interval(&one.durations_us);
    }
    found.sort_by(|one, other| {
        let key = |one: &StartLatency| (one.median_us.is_none(), one.median_us);
        key(one).cmp(&key(other)).then(one.name.cmp(&other.name))
    });
    found
}

fn name(line: &LatencyLine) -> String {
    let parts = [&line.target, &line.rule_set, &line.resolution];
    let parts = parts.map(String::as_str);
    match parts {
        [target, "own" | "", ""] => target.to_owned(),
        [target, set, ""] => format!("{target} {set}"),
        [target, set, resolution] => format!("{target} {set} {resolution}"),
    }
}

/// The narrowest pair of order statistics, equally far from both ends, that
/// holds the median with at least 95 %: the number of values below the median
/// is binomial with one half.
fn median_interval(sorted: &[u64]) -> Option<(u64, u64)> {
    let n = sorted.len();
    // Chance of at most `k` of `n` below the median.
    let mut chance = 0.5_f64.powi(i32::try_from(n).ok()?);
    let mut sum = chance;
    let mut k = 0;
    if sum > 0.025 || n == 0 {
        return None;
    }
    loop {
        chance *= (n - k) as f64 / (k + 1) as f64;
        if sum + chance > 0.025 {
            return Some((sorted[k], sorted[n - 1 - k]));
        }
        sum += chance;
        k += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_median_is_the_one_of_tables() {
        let values: Vec<u64> = (1..=20).collect();
        // n = 20: the 6th and the 15th, coverage 95.9 %.
        assert_eq!(median_interval(&values), Some((6, 15)));
        // n = 6 is the least for 95 %: the extremes, 96.9 %.
        assert_eq!(median_interval(&values[..6]), Some((1, 6)));
        assert_eq!(median_interval(&values[..5]), None);
        assert_eq!(median_interval(&[]), None);
    }
}
