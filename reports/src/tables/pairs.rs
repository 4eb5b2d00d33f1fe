//! Web start against container start: the same cases asked of Apache's suexec
//! and of the launcher.

use super::{Cell, Column, Table};
use crate::analysis::pairs::{Pair, Pairs, Relation, SETS, Side};

/// Every pair: what suexec did, what the launcher did under each rule set.
pub(super) fn pairs(pairs: &Pairs) -> Table {
    let columns = [
        "case",
        "suexec-outcome",
        "suexec-condition",
        "rule-set",
        "outcome",
        "rule",
        "conditions",
        "same-verdict",
        "same-effect",
    ];
    let mut table = Table::new("pairs", pairs.pairs.len(), &columns);
    for pair in &pairs.pairs {
        for (set, name) in SETS.iter().enumerate() {
            if let Some(container) = &pair.container[set] {
                table.rows.push(row(pair, set, name, container));
            }
        }
    }
    table
}

fn row(pair: &Pair, set: usize, name: &str, container: &Side) -> Vec<Cell> {
    let said = |yes: bool| Cell::Said(if yes { "word.yes" } else { "word.no" }, vec![]);
    vec![
        Cell::id(&pair.case),
        Cell::id(pair.web.effect.word()),
        Cell::Text(pair.web.reason.clone()),
        Cell::id(name),
        Cell::id(container.effect.word()),
        Cell::id(&container.rule),
        Cell::Text(numbers(&container.conditions)),
        said(pair.web.refused == container.refused),
        pair.same_effect(set).map_or(Cell::Nothing, said),
    ]
}

fn numbers(numbers: &[u8]) -> String {
    let numbers: Vec<_> = numbers.iter().map(u8::to_string).collect();
    numbers.join(" ")
}

/// Pairs by family and relation, under suEXEC's rules.
pub(super) fn families(pairs: &Pairs) -> Table {
    let mut table = Table::new("pair-families", pairs.pairs.len(), &["family", "#pairs"]);
    let relations = Relation::ALL.iter().map(|relation| Column {
        numeric: true,
        ..Column::key(relation.key())
    });
    table.columns.extend(relations);
    let total = [(None, pairs.relations(0))];
    let families = pairs.families(0).into_iter();
    let rows = families.map(|(family, counts)| (Some(family), counts));
    for (family, counts) in rows.chain(total) {
        let head = match family {
            Some(family) => Cell::id(family),
            None => Cell::Said("word.total", vec![]),
        };
        let count = |relation| counts.get(&relation).copied().unwrap_or_default() as u64;
        let mut row = vec![head, Cell::Count(counts.values().sum::<usize>() as u64)];
        row.extend(Relation::ALL.map(|relation| Cell::Count(count(relation))));
        table.rows.push(row);
    }
    table
}

/// Classes of differences, under each rule set.
pub(super) fn classes(pairs: &Pairs) -> Table {
    let columns = [
        "rule-set",
        "relation",
        "#suexec-number",
        "rule",
        "conditions",
        "#pairs",
        "why",
        "cases",
    ];
    let mut table = Table::new("pair-classes", pairs.pairs.len(), &columns);
    for (set, name) in SETS.iter().enumerate() {
        for class in pairs.classes(set) {
            let web = class.web.filter(|_| class.relation == Relation::OnlyWeb);
            table.rows.push(vec![
                Cell::id(*name),
                Cell::id(class.relation.key()),
                web.map_or(Cell::Nothing, |number| Cell::Count(number.into())),
                Cell::id(&class.rule),
                Cell::Text(numbers(&class.conditions)),
                Cell::Count(class.cases.len() as u64),
                Cell::Said(class.why.key(), vec![]),
                Cell::Ids(class.cases),
            ]);
        }
    }
    table
}

/// Demonstrated cases that suexec's words cannot express, by the part.
pub(super) fn inexpressible(pairs: &Pairs) -> Table {
    let n = pairs.inexpressible.values().sum();
    let mut table = Table::new("pair-inexpressible", n, &["asked-part", "#cases"]);
    for (part, count) in &pairs.inexpressible {
        table
            .rows
            .push(vec![Cell::id(part), Cell::Count(*count as u64)]);
    }
    table
}
