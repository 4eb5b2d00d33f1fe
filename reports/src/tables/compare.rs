//! What changed between two runs.

use std::collections::BTreeMap;

use super::{Cell, Table};
use crate::analysis::compare::{Change, Comparison, Decided};
use crate::read::{Kind, Verdict};

/// Tables of a comparison.
#[must_use]
pub fn of_comparison(comparison: &Comparison) -> Vec<Table> {
    let (races, changes): (Vec<_>, Vec<_>) = comparison
        .changed
        .iter()
        .partition::<Vec<&Change>, _>(|change| change.race);
    vec![
        rates(comparison),
        inventory(comparison),
        outcomes("changed-outcomes", comparison.compared, &changes),
        outcomes("changed-races", comparison.compared, &races),
        verdicts(comparison),
    ]
}

fn rates(comparison: &Comparison) -> Table {
    let columns = ["view", "rule-set", "rate", "#before", "#after"];
    let mut table = Table::new("changed-rates", comparison.rates.len(), &columns);
    for rate in &comparison.rates {
        let kind = match rate.kind {
            Kind::Malicious => "column.block-rate",
            Kind::Legitimate => "column.breakage",
        };
        table.rows.push(vec![
            Cell::id(&rate.view),
            Cell::id(&rate.rule_set),
            Cell::Said(kind, vec![]),
            Cell::Rate(rate.before),
            Cell::Rate(rate.after),
        ]);
    }
    table
}

fn inventory(comparison: &Comparison) -> Table {
    let columns = ["thing", "name", "change"];
    let mut table = Table::new("changed-inventory", comparison.inventory.len(), &columns);
    for only in &comparison.inventory {
        let kind = match only.kind {
            "rule" => "column.rule",
            "rule-set" => "column.rule-set",
            "case" => "column.case",
            _ => "column.view",
        };
        let change = if only.added {
            "word.added"
        } else {
            "word.removed"
        };
        table.rows.push(vec![
            Cell::Said(kind, vec![]),
            Cell::id(&only.name),
            Cell::Said(change, vec![]),
        ]);
    }
    table
}

/// One row for all rule sets under which a case changed in the same way.
fn outcomes(id: &'static str, n: u64, changes: &[&Change]) -> Table {
    let columns = [
        "case",
        "view",
        "before",
        "after",
        "#rule-sets",
        "sets-changed",
    ];
    let mut table = Table::new(id, 0, &columns);
    table.n = n;
    type Key<'a> = (&'a str, &'a str, &'a Decided, &'a Decided);
    let mut rows: BTreeMap<Key<'_>, Vec<String>> = BTreeMap::new();
    for change in changes {
        let key = (&*change.case, &*change.view, &change.before, &change.after);
        rows.entry(key).or_default().push(change.rule_set.clone());
    }
    for ((case, view, before, after), sets) in rows {
        table.rows.push(vec![
            Cell::id(case),
            Cell::id(view),
            decided(before),
            decided(after),
            Cell::Count(sets.len() as u64),
            Cell::Ids(sets),
        ]);
    }
    table
}

fn decided(decided: &Decided) -> Cell {
    let mut ids = vec![decided.effect.word().to_owned()];
    ids.extend(decided.rule.clone());
    Cell::Ids(ids)
}

fn verdicts(comparison: &Comparison) -> Table {
    let columns = ["rule", "case", "resolution", "before", "after"];
    let mut table = Table::new("changed-verdicts", 0, &columns);
    table.n = comparison.verdicts_compared;
    for change in &comparison.verdicts {
        table.rows.push(vec![
            Cell::id(&change.rule),
            Cell::id(&change.case),
            Cell::id(&change.resolution),
            Cell::id(word(change.before)),
            Cell::id(word(change.after)),
        ]);
    }
    table
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Permit => "permit",
        Verdict::Deny => "deny",
        Verdict::Sanitize => "sanitize",
        Verdict::Undetermined => "undetermined",
    }
}
