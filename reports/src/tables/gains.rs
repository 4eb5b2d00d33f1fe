//! Gains, techniques, advertised sets.

use super::{Cell, Column, Table};
use crate::analysis::ViewAnalysis;
use crate::analysis::gains::{Cell as State, Gains, Rate};
use crate::analysis::halves::{Advertised, Share};
use crate::read::{Attacker, Gain, Ownership, Run};

/// Which gains stay open to whom: the first table.
pub(super) fn gains(view: &ViewAnalysis, gains: &Gains) -> Table {
    let mut table = Table::new(
        "gains",
        view.corpus.techniques,
        &["attacker", "what-is-gained", "#techniques"],
    );
    table.columns.extend(gains.sets.iter().map(|set| Column {
        numeric: false,
        ..Column::set(set)
    }));
    for row in &gains.rows {
        let mut cells = vec![
            Cell::id(row.attacker.word()),
            Cell::id(row.gain.word()),
            Cell::Count(row.techniques.len() as u64),
        ];
        cells.extend(row.cells.iter().map(state));
        table.rows.push(cells);
    }
    table
}

fn state(cell: &State) -> Cell {
    let n = || (cell.open.len() + cell.unknown + cell.closed).to_string();
    match (cell.open.is_empty(), cell.unknown) {
        (false, _) => Cell::Said(
            "word.open",
            vec![
                ("count", cell.open.len().to_string()),
                ("n", n()),
                ("case", cell.open[0].1.clone()),
            ],
        ),
        (true, 0) => Cell::Said("word.closed", vec![("n", n())]),
        (true, unknown) => Cell::Said(
            "word.not-known",
            vec![("count", unknown.to_string()), ("n", n())],
        ),
    }
}

/// Every technique that keeps a gain open, with a case and the command that
/// shows it.
pub(super) fn open(view: &ViewAnalysis, gains: &Gains) -> Table {
    let columns = [
        "rule-set",
        "attacker",
        "what-is-gained",
        "technique",
        "shown-by",
    ];
    let mut table = Table::new("open", view.corpus.techniques, &columns);
    for (place, set) in gains.sets.iter().enumerate() {
        if set == "none" {
            continue;
        }
        for row in &gains.rows {
            for (technique, case) in &row.cells[place].open {
                table.rows.push(vec![
                    Cell::id(set),
                    Cell::id(row.attacker.word()),
                    Cell::id(row.gain.word()),
                    Cell::id(technique),
                    Cell::id(command(view, case, set)),
                ]);
            }
        }
    }
    table
}

/// The command that runs a case under a set again.
fn command(view: &ViewAnalysis, case: &str, set: &str) -> String {
    let resolution = &view.resolution;
    format!("sekisho trial {case} --rules {set} --resolution {resolution}")
}

/// Closed techniques by attacker and by ownership of the configuration.
pub(super) fn rates(view: &ViewAnalysis, gains: &Gains) -> Table {
    let columns = ["attacks-of", "rule-set", "#n", "#closed"];
    let mut table = Table::new("technique-rates", view.corpus.techniques, &columns);
    for rate in &gains.rates {
        table.rows.push(vec![
            part(rate),
            Cell::id(&rate.set),
            Cell::Count(u64::from(rate.closed.n)),
            Cell::rate(rate.closed),
        ]);
    }
    table
}

fn part(rate: &Rate) -> Cell {
    match (rate.attacker, rate.ownership) {
        (Some(attacker), _) => Cell::id(Attacker::word(attacker)),
        (None, Some(Ownership::Platform)) => Cell::Said("word.platform-writes", vec![]),
        (None, Some(Ownership::Tenant)) => Cell::Said("word.tenant-writes", vec![]),
        (None, None) => Cell::Said("word.total", vec![]),
    }
}

/// How the rate moves with the unit.
pub(super) fn sensitivity(view: &ViewAnalysis, gains: &Gains) -> Table {
    let columns = ["unit", "rule-set", "#n", "#closed"];
    let mut table = Table::new("sensitivity", view.corpus.techniques, &columns);
    for line in gains.sensitivity.iter().filter(|line| line.set != "none") {
        table.rows.push(vec![
            Cell::id(&line.unit),
            Cell::id(&line.set),
            Cell::Count(u64::from(line.closed.n)),
            Cell::rate(line.closed),
        ]);
    }
    table
}

/// Advertised sets, each with what it does to the half it was chosen on, to the
/// other half, and to real configurations.
pub(super) fn advertised(run: &Run, view: &ViewAnalysis) -> Table {
    let columns = [
        "rule-set",
        "#rules",
        "#closed-chosen",
        "#closed-scored",
        "#spread",
        "#broken-chosen",
        "#broken-scored",
        "#refused-chosen",
        "#refused-scored",
        "rules-of-it",
    ];
    let mut table = Table::new("advertised", view.corpus.techniques, &columns);
    for set in &view.advertised {
        table.rows.push(row(run, set));
    }
    table
}

fn row(run: &Run, set: &Advertised) -> Vec<Cell> {
    let share = |share: Share| match share.n {
        0 => Cell::Nothing,
        n => Cell::Share(share.hits as u64, n as u64),
    };
    let spread = set.spread.map_or(Cell::Nothing, |[low, middle, high]| {
        let percent = |thousandths: u32| f64::from(thousandths) / 10.0;
        Cell::Text(format!(
            "{:.0} % [{:.0}–{:.0}]",
            percent(middle),
            percent(low),
            percent(high)
        ))
    });
    let names = crate::analysis::sets::names(&run.rules, set.rules);
    vec![
        Cell::id(&set.name),
        Cell::Count(u64::from(set.rules.count_ones())),
        share(set.chosen_on.closed),
        share(set.scored_on.closed),
        spread,
        share(set.chosen_on.broken),
        share(set.scored_on.broken),
        share(set.chosen_on.refused),
        share(set.scored_on.refused),
        match set.is_chosen {
            true => Cell::Ids(names),
            false => Cell::Nothing,
        },
    ]
}

/// What became of every attack of the corpus.
pub(super) fn corpus(view: &ViewAnalysis) -> Table {
    let counts = &view.corpus;
    let mut table = Table::new("corpus", counts.attacks, &["what", "#n"]);
    let lines = [
        ("word.attacks-demonstrated", counts.demonstrated),
        ("word.techniques", counts.techniques),
        ("word.attacks-not-seen", counts.not_seen),
        ("word.attacks-not-performable", counts.not_performable),
        ("word.attacks-control-shows", counts.control_shows_witness),
        ("word.attacks-control-failed", counts.control_failed),
        ("word.attacks-skipped", counts.skipped),
        ("word.attacks-staged", counts.staged),
        ("word.controls", counts.controls),
        ("word.controls-absent", counts.absent),
    ];
    for (key, count) in lines {
        let cells = vec![Cell::Said(key, vec![]), Cell::Count(count as u64)];
        table.rows.push(cells);
    }
    table
}

/// Gains in words, for sentences.
pub(crate) fn list(gains: &[(Attacker, Gain)]) -> String {
    let words: Vec<_> = gains
        .iter()
        .map(|(attacker, gain)| format!("{gain} ({attacker})"))
        .collect();
    words.join(", ")
}
