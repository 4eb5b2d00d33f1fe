//! Tables of the benches.

use super::{Cell, Table};
use crate::analysis::overhead::{COUNTED, Estimate, OverheadAnalysis};

/// Every one that has rows.
#[must_use]
pub fn tables(overhead: &OverheadAnalysis) -> Vec<Table> {
    let mut tables = vec![
        sets(overhead),
        rules(overhead),
        launchers(overhead),
        ahead(overhead),
        growth(overhead),
        concurrency(overhead),
        others(overhead),
        failures(overhead),
    ];
    tables.retain(|table| !table.rows.is_empty());
    tables
}

/// `median [low, high] unit`, in the unit that suits it.
fn nanoseconds(estimate: Option<Estimate>) -> Cell {
    let Some(it) = estimate else {
        return Cell::Nothing;
    };
    let largest = it.low.abs().max(it.high.abs());
    let (unit, by) = match largest {
        ns if ns < 1e3 => ("ns", 1.0),
        ns if ns < 1e6 => ("µs", 1e3),
        _ => ("ms", 1e6),
    };
    let [median, low, high] = [it.median, it.low, it.high].map(|ns| digits(ns / by));
    Cell::Text(format!("{median} [{low}, {high}] {unit}"))
}

fn digits(value: f64) -> String {
    if value.abs() < 10.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.1}")
    }
}

fn times(estimate: Option<Estimate>) -> Cell {
    estimate.map_or(Cell::Nothing, |it| {
        Cell::Text(format!("×{:.3} [{:.3}, {:.3}]", it.median, it.low, it.high))
    })
}

fn plain(estimate: Option<Estimate>) -> Cell {
    estimate.map_or(Cell::Nothing, |it| {
        let [median, low, high] = [it.median, it.low, it.high].map(digits);
        Cell::Text(format!("{median} [{low}, {high}]"))
    })
}

fn single(ns: f64) -> Cell {
    Cell::Text(format!("{} µs", digits(ns / 1e3)))
}

fn sets(overhead: &OverheadAnalysis) -> Table {
    let columns = [
        "rule-set",
        "#n",
        "#start",
        "#more",
        "#ratio",
        "#gather",
        "#evaluate",
        "#calls",
    ];
    let mut table = Table::new("bench-sets", 0, &columns);
    for set in &overhead.sets {
        let n = set.start.map_or(0, |it| it.n as u64);
        table.n += n;
        let differs = set.set != "none";
        table.rows.push(vec![
            Cell::id(&set.set),
            Cell::Count(n),
            nanoseconds(set.start),
            nanoseconds(set.more.filter(|_| differs)),
            times(set.ratio.filter(|_| differs)),
            nanoseconds(set.gather),
            nanoseconds(set.evaluate),
            set.calls.map_or(Cell::Nothing, Cell::Count),
        ]);
    }
    table
}

fn rules(overhead: &OverheadAnalysis) -> Table {
    let columns = [
        "rule",
        "#alone",
        "#among-all",
        "#gather-permit",
        "#gather-refuse",
        "#permit",
        "#refuse",
        "#calls-more",
    ];
    let mut table = Table::new("bench-rules", 0, &columns);
    for rule in &overhead.rules {
        table.n = table.n.max(rule.alone.map_or(0, |it| it.n as u64));
        table.rows.push(vec![
            Cell::id(&rule.rule),
            nanoseconds(rule.alone),
            nanoseconds(rule.among_all),
            nanoseconds(rule.gather_permit),
            nanoseconds(rule.gather_refuse),
            nanoseconds(rule.permit),
            nanoseconds(rule.refuse),
            rule.calls
                .map_or(Cell::Nothing, |calls| Cell::Text(calls.to_string())),
        ]);
    }
    table
}

fn launchers(overhead: &OverheadAnalysis) -> Table {
    let columns = [
        "launcher",
        "isolation",
        "#n",
        "#start",
        "#p95",
        "#least",
        "#ratio-floor",
        "#failed",
    ];
    let mut table = Table::new("bench-launchers", 0, &columns);
    for launcher in &overhead.launchers {
        table.n += launcher.start.n as u64;
        table.rows.push(vec![
            Cell::id(&launcher.name),
            Cell::Text(launcher.isolation.clone()),
            Cell::Count(launcher.start.n as u64),
            nanoseconds(Some(launcher.start)),
            single(launcher.p95),
            single(launcher.least),
            times(launcher.ratio),
            Cell::Count(launcher.failed as u64),
        ]);
    }
    table
}

fn ahead(overhead: &OverheadAnalysis) -> Table {
    let columns = [
        "launcher",
        "namespaces-made",
        "#n",
        "#start",
        "#ratio",
        "#ratio-floor",
        "#ratio-own-floor",
        "#cpu-time",
    ];
    let mut table = Table::new("bench-ahead", 0, &columns);
    for row in &overhead.ahead {
        table.n += row.start.n as u64;
        let floor = row.subject.starts_with("floor");
        table.rows.push(vec![
            Cell::id(&row.subject),
            Cell::id(&row.way),
            Cell::Count(row.start.n as u64),
            nanoseconds(Some(row.start)),
            times(row.of_none.filter(|_| !floor && row.subject != "none")),
            times(row.of_floor),
            times(row.of_own_floor),
            nanoseconds(row.cpu),
        ]);
    }
    table
}

fn growth(overhead: &OverheadAnalysis) -> Table {
    let columns = [
        "bench",
        "subject",
        "parameter",
        "#smallest",
        "#largest",
        "#exponent",
        "growth",
    ];
    let mut table = Table::new("bench-growth", overhead.growth.len(), &columns);
    for growth in &overhead.growth {
        let end = |point: Option<&crate::analysis::overhead::Point>| {
            point.map_or(Cell::Nothing, |point| {
                let cost = match growth.bench == COUNTED {
                    true => Cell::Text(digits(point.cost.median)),
                    false => nanoseconds(Some(point.cost)),
                };
                match cost {
                    Cell::Text(cost) => Cell::Text(format!("{}: {cost}", point.size)),
                    _ => Cell::Nothing,
                }
            })
        };
        let said = |class: crate::analysis::overhead::Class| match class.word() {
            "constant" => Cell::Said("word.growth-constant", vec![]),
            "linear" => Cell::Said("word.growth-linear", vec![]),
            _ => Cell::Said("word.growth-worse", vec![]),
        };
        table.rows.push(vec![
            Cell::id(&growth.bench),
            Cell::id(&growth.subject),
            Cell::id(&growth.parameter),
            end(growth.points.first()),
            end(growth.points.last()),
            plain(growth.exponent),
            growth.class().map_or(Cell::Nothing, said),
        ]);
    }
    table
}

fn concurrency(overhead: &OverheadAnalysis) -> Table {
    let columns = [
        "launcher",
        "#at-once",
        "#n",
        "#start",
        "#p95",
        "#per-second",
    ];
    let mut table = Table::new("bench-concurrency", 0, &columns);
    for point in &overhead.concurrency {
        table.n += point.start.n as u64;
        table.rows.push(vec![
            Cell::id(&point.subject),
            Cell::Count(point.at_once),
            Cell::Count(point.start.n as u64),
            nanoseconds(Some(point.start)),
            single(point.p95),
            plain(point.per_second),
        ]);
    }
    table
}

fn others(overhead: &OverheadAnalysis) -> Table {
    let columns = ["bench", "subject", "varied", "#n", "#value"];
    let mut table = Table::new("bench-others", 0, &columns);
    for other in &overhead.others {
        table.n += other.value.n as u64;
        table.rows.push(vec![
            Cell::id(&other.bench),
            Cell::id(&other.subject),
            Cell::Text(other.varied.clone()),
            Cell::Count(other.value.n as u64),
            match other.unit.as_str() {
                "ns" => nanoseconds(Some(other.value)),
                _ => plain(Some(other.value)),
            },
        ]);
    }
    table
}

fn failures(overhead: &OverheadAnalysis) -> Table {
    let columns = ["bench", "subject", "#n", "reason"];
    let mut table = Table::new("bench-failures", 0, &columns);
    for failure in &overhead.failures {
        table.n += failure.n as u64;
        table.rows.push(vec![
            Cell::id(&failure.bench),
            Cell::id(&failure.subject),
            Cell::Count(failure.n as u64),
            Cell::Text(failure.reason.clone()),
        ]);
    }
    table
}
