//! Namespaces made while the request is examined, against the usual way.

use serde::Serialize;

use super::Estimate;
use super::series::{Series, Table};

/// One thing that was started in one way.
#[derive(Debug, Clone, Serialize)]
pub struct Ahead {
    /// What was started: a floor, a rule set, or a request that is refused.
    pub subject: String,
    /// When namespaces were made: `after-deciding` or `while-deciding`.
    pub way: String,
    /// A whole start (ns).
    pub start: Estimate,
    /// As a multiple of `none` in the same way and round.
    pub of_none: Option<Estimate>,
    /// As a multiple of the floor that makes everything in turn, in the same
    /// round.
    pub of_floor: Option<Estimate>,
    /// As a multiple of the floor in the same way and round.
    pub of_own_floor: Option<Estimate>,
    /// CPU time of all its processes (ns).
    pub cpu: Option<Estimate>,
}

const BENCH: &str = "ahead";
/// Namespaces were made while the request was examined.
pub const MEANWHILE: &str = "while-deciding";
const WAYS: [&str; 2] = ["after-deciding", MEANWHILE];

pub(super) fn of(table: &Table<'_>) -> Vec<Ahead> {
    let find = |subject: &str, way: &str| table.varied(BENCH, subject, way);
    let one = |subject: &str, way: &str| -> Option<Ahead> {
        let series = find(subject, way)?;
        let over = |other: &str, way: &str| find(other, way).and_then(|other| series.over(other));
        let cpu = table.varied("ahead-cpu", subject, way);
        Some(Ahead {
            subject: subject.to_owned(),
            way: way.to_owned(),
            start: series.estimate()?,
            of_none: over("none", way),
            of_floor: over("floor", WAYS[0]),
            of_own_floor: over("floor", way),
            cpu: cpu.and_then(Series::estimate),
        })
    };
    let mut subjects: Vec<&str> = Vec::new();
    for (key, _) in table.of_bench(BENCH) {
        if !subjects.contains(&key.1) {
            subjects.push(key.1);
        }
    }
    // The order of the samples is that of a shuffled round: floors first, then
    // what takes longer.
    let mut rows: Vec<Ahead> = subjects
        .iter()
        .flat_map(|subject| WAYS.iter().filter_map(|way| one(subject, way)))
        .collect();
    let rank = |subject: &str| {
        let usual = table.varied(BENCH, subject, WAYS[0]);
        let median = usual.and_then(Series::estimate).map_or(0.0, |it| it.median);
        (!subject.starts_with("floor"), median)
    };
    rows.sort_by(|one, other| {
        let (one, other) = (rank(&one.subject), rank(&other.subject));
        one.0.cmp(&other.0).then(one.1.total_cmp(&other.1))
    });
    rows
}
