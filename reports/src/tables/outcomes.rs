//! What came of the cases under the rule sets with names of their own.

use super::{Cell, Column, Table};
use crate::analysis::ViewAnalysis;
use crate::analysis::cells::Tally;
use crate::analysis::outcomes::Group;
use crate::read::{Attacker, Kind};

/// Columns of what came of attacks: those of [`counts`], and their rate.
const COUNTS: [&str; 10] = [
    "#n",
    "#blocked",
    "#undetermined",
    "#neutralised",
    "#compromised",
    "#failed",
    "#timeout",
    "#skipped",
    "#missing",
    "#block-rate",
];

/// Attacks stopped, by family and rule set. Counts, not rates: a family may
/// mix attackers.
pub(super) fn families(view: &ViewAnalysis) -> Table {
    let outcomes = &view.outcomes;
    let mut table = by_set("families", view, &["family"]);
    for family in outcomes.families(Kind::Malicious) {
        let shares = shares(view, |group| group.family == family);
        table.rows.push(row(vec![Cell::id(family)], shares));
    }
    table.rows.push(row(
        vec![Cell::Said("word.total", vec![])],
        shares(view, |_| true),
    ));
    table
}

/// The same by attacker and family.
pub(super) fn attacker_families(view: &ViewAnalysis) -> Table {
    let mut table = by_set("attacker-families", view, &["attacker", "family"]);
    for attacker in Attacker::ALL {
        for family in view.outcomes.families(Kind::Malicious) {
            let holds = |group: &Group| group.attacker == Some(attacker) && group.family == family;
            let shares = shares(view, holds);
            if shares.iter().any(|cell| *cell != Cell::Nothing) {
                let head = vec![Cell::id(attacker.word()), Cell::id(family)];
                table.rows.push(row(head, shares));
            }
        }
    }
    table
}

/// Block rates by attacker and rule set.
pub(super) fn attackers(view: &ViewAnalysis) -> Table {
    let columns = [&["attacker", "rule-set"], &COUNTS[..]].concat();
    let mut table = Table::new("attackers", view.demonstrated, &columns);
    for attacker in Attacker::ALL {
        for set in view.outcomes.named() {
            let Some(tally) = view
                .outcomes
                .tally(set, |group| group.attacker == Some(attacker))
                .filter(tried)
            else {
                continue;
            };
            let mut cells = vec![Cell::id(attacker.word()), Cell::id(set)];
            cells.extend(counts(&tally));
            cells.push(Cell::rate(tally.block_rate()));
            table.rows.push(cells);
        }
    }
    table
}

/// What came of the attacks of each attacker and family under every rule set of
/// the run.
pub(super) fn everything(view: &ViewAnalysis) -> Table {
    let columns = [&["attacker", "family", "rule-set"], &COUNTS[..]].concat();
    let mut table = Table::new("outcomes", view.demonstrated, &columns);
    for (set, groups) in &view.outcomes.sets {
        for (group, tally) in groups {
            let Some(attacker) = group.attacker else {
                continue;
            };
            let mut row = vec![
                Cell::id(attacker.word()),
                Cell::id(&group.family),
                Cell::id(set),
            ];
            row.extend(counts(tally));
            row.push(Cell::rate(tally.block_rate()));
            table.rows.push(row);
        }
    }
    table
}

fn counts(tally: &Tally) -> impl Iterator<Item = Cell> {
    let counts = [
        tally.n(),
        tally.blocked,
        tally.undetermined,
        tally.neutralised,
        tally.compromised,
        tally.failed,
        tally.timeout,
        tally.skipped,
        tally.missing,
    ];
    counts
        .into_iter()
        .map(|count| Cell::Count(u64::from(count)))
}

/// Legitimate cases by rule set.
pub(super) fn breakage(view: &ViewAnalysis) -> Table {
    let mut table = Table::new(
        "breakage",
        view.working,
        &[
            "rule-set",
            "#n",
            "#works",
            "#broken",
            "#failed",
            "#timeout",
            "#skipped",
            "#missing",
            "#breakage",
        ],
    );
    for set in view.outcomes.named() {
        let Some(tally) = legitimate(view, set).filter(tried) else {
            continue;
        };
        let counts = [
            tally.n(),
            tally.works,
            tally.broken,
            tally.failed,
            tally.timeout,
            tally.skipped,
            tally.missing,
        ];
        let mut cells = vec![Cell::id(set)];
        cells.extend(counts.map(|count| Cell::Count(u64::from(count))));
        cells.push(Cell::rate(tally.breakage()));
        table.rows.push(cells);
    }
    table
}

/// Legitimate cases that a rule alone breaks, by rule.
pub(super) fn breaking(view: &ViewAnalysis) -> Table {
    let mut table = Table::new("breaking", view.working, &["rule", "#broken", "cases"]);
    for rule in &view.rules {
        if !rule.breaks_alone.is_empty() {
            table.rows.push(vec![
                Cell::id(&rule.rule),
                Cell::Count(rule.breaks_alone.len() as u64),
                Cell::Ids(rule.breaks_alone.clone()),
            ]);
        }
    }
    table
}

/// Counts of legitimate cases under a set.
pub(super) fn legitimate(view: &ViewAnalysis, set: &str) -> Option<Tally> {
    view.outcomes
        .tally(set, |group| group.kind == Kind::Legitimate)
}

/// Counts of attacks under a set.
pub(super) fn malicious(view: &ViewAnalysis, set: &str) -> Option<Tally> {
    view.outcomes
        .tally(set, |group| group.kind == Kind::Malicious)
}

fn tried(tally: &Tally) -> bool {
    tally.n() + tally.skipped + tally.missing > 0
}

fn by_set(id: &'static str, view: &ViewAnalysis, heads: &[&'static str]) -> Table {
    let mut table = Table::new(id, view.demonstrated, heads);
    let sets = view.outcomes.named();
    table.columns.extend(sets.into_iter().map(Column::set));
    table
}

fn shares(view: &ViewAnalysis, holds: impl Fn(&Group) -> bool) -> Vec<Cell> {
    let share = |set: &str| {
        let tally = view
            .outcomes
            .tally(set, |group| group.kind == Kind::Malicious && holds(group));
        match tally {
            Some(tally) if tally.n() > 0 => {
                Cell::Share(u64::from(tally.stopped()), u64::from(tally.n()))
            }
            _ => Cell::Nothing,
        }
    };
    view.outcomes.named().into_iter().map(share).collect()
}

fn row(mut head: Vec<Cell>, cells: Vec<Cell>) -> Vec<Cell> {
    head.extend(cells);
    head
}
