//! Whole starts by different launchers, one at a time and many at once.

use serde::Serialize;

use super::Estimate;
use super::series::{Series, Table};
use super::statistics::{quantile, sorted};

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

/// Isolation of launchers that have no floor of their own.
const USUAL: &str = "floor m,p,i,u,n+proc+dev";

pub(super) fn launchers(table: &Table<'_>) -> Vec<Launcher> {
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

pub(super) fn concurrency(table: &Table<'_>) -> Vec<AtOnce> {
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
