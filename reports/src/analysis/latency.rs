//! Start latency by rule set.

use serde::Serialize;

use super::view::View;
use crate::read::Outcome;

/// Durations of the legitimate starts that worked under one rule set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Latency {
    /// Rule set.
    pub rule_set: String,
    /// Number of starts.
    pub n: usize,
    /// Lower quartile, in microseconds.
    pub lower_us: u64,
    /// Median, in microseconds.
    pub median_us: u64,
    /// Upper quartile, in microseconds.
    pub upper_us: u64,
}

/// Latency under every set of the view, in the order of the run. Only starts
/// that worked count: a refusal is fast because it starts nothing.
#[must_use]
pub fn by_set(view: &View<'_>) -> Vec<Latency> {
    let run = view.run;
    let mut durations: Vec<Vec<u64>> = vec![Vec::new(); run.sets.len()];
    for trial in &run.trials {
        if trial.view == view.place && trial.outcome == Outcome::Works {
            durations[trial.set].extend(run.duration_us(trial));
        }
    }
    durations
        .into_iter()
        .zip(&run.sets)
        .filter(|(durations, _)| !durations.is_empty())
        .map(|(mut durations, set)| {
            durations.sort_unstable();
            Latency {
                rule_set: set.clone(),
                n: durations.len(),
                lower_us: quantile(&durations, 1, 4),
                median_us: quantile(&durations, 1, 2),
                upper_us: quantile(&durations, 3, 4),
            }
        })
        .collect()
}

/// The value that `part / of` of the sorted values are not above; between two
/// values their mean.
#[must_use]
pub fn quantile(sorted: &[u64], part: usize, of: usize) -> u64 {
    let exact = sorted.len() * part;
    let above = (exact / of).min(sorted.len() - 1);
    if exact.is_multiple_of(of) && above > 0 {
        sorted[above - 1].midpoint(sorted[above])
    } else {
        sorted[above]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_few_values() {
        assert_eq!(quantile(&[7], 1, 2), 7);
        assert_eq!(quantile(&[1, 3], 1, 2), 2);
        assert_eq!(quantile(&[1, 3, 9], 1, 2), 3);
        assert_eq!(quantile(&[1, 2, 3, 4], 1, 4), 1);
        assert_eq!(quantile(&[1, 2, 3, 4, 5], 3, 4), 4);
    }
}
