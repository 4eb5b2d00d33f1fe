//! Real launchers beside the reference launcher.

use super::{Cell, Column, Table};
use crate::analysis::Analysis;
use crate::analysis::start_latency::StartLatency;
use crate::analysis::targets::{Counts, Targets, Told};

/// Tables about real launchers; none when the run has none.
pub(super) fn tables(analysis: &Analysis) -> Vec<Table> {
    let mut tables = Vec::new();
    if let Some(targets) = &analysis.targets {
        tables.extend([
            families(targets),
            outcomes(targets),
            let_through(targets),
            stopped(targets),
            broken(targets),
            failed(targets),
        ]);
    }
    if !analysis.start_latency.is_empty() {
        tables.push(latency(&analysis.start_latency));
    }
    tables
}

/// Family by launcher: `blocked + neutralised / compromised`, and what stands
/// apart.
fn families(targets: &Targets) -> Table {
    let mut table = Table::new("target-families", targets.demonstrated, &["family"]);
    let heads = targets
        .columns
        .iter()
        .map(|column| Column::set(&column.name));
    table.columns.extend(heads);
    let mut names: Vec<&String> = targets
        .columns
        .iter()
        .flat_map(|column| column.families.keys())
        .collect();
    names.sort_unstable();
    names.dedup();
    for family in names {
        let counts = targets.columns.iter().map(|column| {
            let counts = column.families.get(family).copied();
            cell(&counts.unwrap_or_default())
        });
        table
            .rows
            .push(std::iter::once(Cell::id(family)).chain(counts).collect());
    }
    let sums = targets.columns.iter().map(|column| cell(&column.attacks()));
    let head = std::iter::once(Cell::Said("word.total", vec![]));
    table.rows.push(head.chain(sums).collect());
    table
}

fn cell(counts: &Counts) -> Cell {
    let shown = [
        ("B", counts.blocked),
        ("N", counts.neutralised),
        ("C", counts.compromised),
        ("F", counts.failed),
        ("S", counts.skipped + counts.missing),
        ("–", counts.not_applicable),
    ];
    let shown: Vec<_> = shown
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(mark, count)| format!("{count} {mark}"))
        .collect();
    match shown.is_empty() {
        true => Cell::Nothing,
        false => Cell::Text(shown.join(", ")),
    }
}

/// The same as numbers: one line for each launcher and family, and one for
/// its legitimate cases.
fn outcomes(targets: &Targets) -> Table {
    let columns = [
        "target",
        "family",
        "#blocked",
        "#neutralised",
        "#compromised",
        "#twin-too",
        "#works",
        "#broken",
        "#failed",
        "#skipped",
        "#not-applicable",
        "#missing",
    ];
    let mut table = Table::new(
        "target-outcomes",
        targets.demonstrated + targets.working,
        &columns,
    );
    for column in &targets.columns {
        let families = column.families.iter();
        let families = families.map(|(family, counts)| (Cell::id(family), *counts));
        let legitimate = (Cell::Said("word.legitimate", vec![]), column.legitimate);
        let all = (Cell::Said("word.total", vec![]), column.attacks());
        for (family, counts) in families.chain([all, legitimate]) {
            let numbers = [
                counts.blocked,
                counts.neutralised,
                counts.compromised,
                counts.twin_too,
                counts.works,
                counts.broken,
                counts.failed,
                counts.skipped,
                counts.not_applicable,
                counts.missing,
            ];
            let mut row = vec![Cell::id(&column.name), family];
            row.extend(numbers.map(|number| Cell::Count(u64::from(number))));
            table.rows.push(row);
        }
    }
    table
}

/// What each real launcher lets through.
fn let_through(targets: &Targets) -> Table {
    let columns = [
        "target",
        "case",
        "attacker",
        "family",
        "title",
        "on-reference",
    ];
    let mut table = Table::new("target-let-through", targets.demonstrated, &columns);
    for column in targets.columns.iter().filter(|column| column.real) {
        for found in &column.let_through {
            let reference = match found.demonstrated {
                true => "word.demonstrated",
                false => "word.not-demonstrated",
            };
            table.rows.push(vec![
                Cell::id(&column.name),
                Cell::id(&found.case),
                Cell::id(&found.attacker),
                Cell::id(&found.family),
                Cell::Text(found.title.clone()),
                Cell::Said(reference, vec![]),
            ]);
        }
    }
    table
}

/// What each real launcher stops, in its own words, and its twin.
fn stopped(targets: &Targets) -> Table {
    let columns = ["target", "case", "outcome", "twin", "exit-status", "reason"];
    let mut table = Table::new("target-stopped", targets.demonstrated, &columns);
    for column in targets.columns.iter().filter(|column| column.real) {
        for found in &column.stopped {
            let mut row = told(&column.name, &found.told);
            let twin = found
                .twin
                .map_or(Cell::Nothing, |twin| Cell::id(twin.word()));
            row.insert(3, twin);
            table.rows.push(row);
        }
    }
    table
}

/// Legitimate starts that real launchers break.
fn broken(targets: &Targets) -> Table {
    list("target-broken", targets.working, targets, |column| {
        &column.broken
    })
}

/// Trials of real launchers that tell nothing.
fn failed(targets: &Targets) -> Table {
    list(
        "target-failed",
        targets.demonstrated + targets.working,
        targets,
        |column| &column.failed,
    )
}

fn list(
    id: &'static str,
    n: usize,
    targets: &Targets,
    of: impl Fn(&crate::analysis::targets::Column) -> &Vec<Told>,
) -> Table {
    let columns = ["target", "case", "outcome", "exit-status", "reason"];
    let mut table = Table::new(id, n, &columns);
    for column in targets.columns.iter().filter(|column| column.real) {
        let rows = of(column).iter().map(|one| told(&column.name, one));
        table.rows.extend(rows);
    }
    table
}

fn told(target: &str, told: &Told) -> Vec<Cell> {
    vec![
        Cell::id(target),
        Cell::id(&told.case),
        Cell::id(told.effect.word()),
        Cell::Text(told.exit_status.clone()),
        Cell::Text(told.reason.clone()),
    ]
}

/// Start latency by launcher.
fn latency(all: &[StartLatency]) -> Table {
    let columns = [
        "target",
        "#n",
        "#median",
        "#interval-low",
        "#interval-high",
        "#failed",
    ];
    let mut table = Table::new("target-latency", 0, &columns);
    for one in all {
        table.n += one.n as u64;
        let micros = |value: Option<u64>| value.map_or(Cell::Nothing, Cell::Micros);
        table.rows.push(vec![
            Cell::id(&one.name),
            Cell::Count(one.n as u64),
            micros(one.median_us),
            micros(one.interval_us.map(|(low, _)| low)),
            micros(one.interval_us.map(|(_, high)| high)),
            Cell::Count(one.failed as u64),
        ]);
    }
    table
}
