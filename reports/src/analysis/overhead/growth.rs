//! How cost grows with the size of the input: the slope in a log-log plot.

use serde::Serialize;

use super::statistics::{Estimate, Random, median, quantile, resampled_median, sorted};

/// Cost at one size.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// Size of the input.
    pub size: f64,
    /// Cost.
    pub cost: Estimate,
}

/// Growth of one thing in one direction.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Growth {
    /// Which bench.
    pub bench: String,
    /// What was measured.
    pub subject: String,
    /// What grew.
    pub parameter: String,
    /// Cost by size.
    pub points: Vec<Point>,
    /// Exponent: 0 constant, 1 linear, 2 quadratic; `n` is the number of sizes
    /// it was fitted to. `None` with fewer than two sizes.
    pub exponent: Option<Estimate>,
}

/// In words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Ten times the input costs at most a quarter more.
    Constant,
    /// At most as much more as the input.
    Linear,
    /// More than that.
    Worse,
}

impl Class {
    /// Key of its text.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Linear => "linear",
            Self::Worse => "worse",
        }
    }
}

/// 10^0.1 = 1.26: what still counts as constant, and beyond 1 as linear, since
/// caches end and allocators step.
const SLACK: f64 = 0.1;
/// The exponent is fitted to the largest sizes: at small ones the fixed part
/// hides the growth.
const FITTED: usize = 3;
const RESAMPLES: usize = 400;

impl Growth {
    /// From samples by size; sizes in any order.
    #[must_use]
    pub fn of(bench: &str, subject: &str, parameter: &str, samples: &[(f64, Vec<f64>)]) -> Self {
        let mut by_size: Vec<(f64, Vec<f64>)> = samples
            .iter()
            .filter(|(size, values)| *size > 0.0 && !values.is_empty())
            .map(|(size, values)| (*size, sorted(values)))
            .collect();
        by_size.sort_by(|one, other| one.0.total_cmp(&other.0));
        let points = by_size.iter().filter_map(|(size, values)| {
            Some(Point {
                size: *size,
                cost: Estimate::of(values)?,
            })
        });
        Self {
            bench: bench.to_owned(),
            subject: subject.to_owned(),
            parameter: parameter.to_owned(),
            points: points.collect(),
            exponent: exponent(&by_size),
        }
    }

    /// The growth in words, if it is known.
    #[must_use]
    pub fn class(&self) -> Option<Class> {
        let exponent = self.exponent?;
        Some(if exponent.low > 1.0 + SLACK {
            Class::Worse
        } else if exponent.high <= SLACK {
            Class::Constant
        } else {
            Class::Linear
        })
    }
}

fn exponent(by_size: &[(f64, Vec<f64>)]) -> Option<Estimate> {
    let fitted = &by_size[by_size.len().saturating_sub(FITTED)..];
    let fit = |cost: &mut dyn FnMut(&[f64]) -> f64| {
        let points = fitted
            .iter()
            .map(|(size, values)| (size.ln(), cost(values).max(1e-9).ln()));
        slope(&points.collect::<Vec<_>>())
    };
    let value = fit(&mut |values| median(values).unwrap_or(f64::NAN))?;
    let mut random = Random::new(fitted.len() as u64);
    let resampled =
        (0..RESAMPLES).filter_map(|_| fit(&mut |values| resampled_median(values, &mut random)));
    let resampled = sorted(&resampled.collect::<Vec<_>>());
    Some(Estimate {
        n: fitted.len(),
        median: value,
        low: quantile(&resampled, 0.025),
        high: quantile(&resampled, 0.975),
    })
}

/// Least squares; `None` unless there are two different places.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let n = points.len() as f64;
    let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / n;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / n;
    let over: f64 = points
        .iter()
        .map(|(x, y)| (x - mean_x) * (y - mean_y))
        .sum();
    let under: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    (under > 0.0).then_some(over / under)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grown(cost: fn(f64) -> f64) -> Growth {
        let mut random = Random::new(11);
        let mut noise = || 1.0 + (random.next() % 100) as f64 / 1000.0;
        let sizes = [10.0, 100.0, 1000.0, 10_000.0];
        let samples = sizes.map(|n| (n, (0..30).map(|_| cost(n) * noise()).collect()));
        Growth::of("evaluate", "x", "n", &samples)
    }

    #[test]
    fn synthetic_growth_is_recognised() {
        for (cost, class, exponent) in [
            ((|_| 40.0) as fn(f64) -> f64, Class::Constant, 0.0),
            (|n| 20.0 + 2.0 * n, Class::Linear, 0.98),
            (|n| n * n / 50.0, Class::Worse, 2.0),
            (|n| n.sqrt(), Class::Linear, 0.5),
        ] {
            let growth = grown(cost);
            let fitted = growth.exponent.expect("four sizes");
            assert_eq!(growth.class(), Some(class), "{fitted:?}");
            assert!((fitted.median - exponent).abs() < 0.12, "{fitted:?}");
            assert_eq!(growth.points.len(), 4);
        }
    }

    #[test]
    fn one_size_tells_no_growth() {
        let growth = Growth::of("b", "s", "p", &[(10.0, vec![1.0, 2.0])]);
        assert_eq!((growth.exponent, growth.class()), (None, None));
    }
}
