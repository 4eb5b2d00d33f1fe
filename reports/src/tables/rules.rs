//! What each rule is worth.

use super::{Cell, Table};
use crate::analysis::ViewAnalysis;
use crate::analysis::interval::Proportion;
use crate::analysis::rules::Margin;

/// Every rule alone: what it stops, what it breaks, what only it stops.
pub(super) fn alone(view: &ViewAnalysis) -> Table {
    let mut table = Table::new(
        "rules-alone",
        view.demonstrated + view.working,
        &[
            "rule",
            "class",
            "conditions",
            "#stops",
            "#unseen",
            "#breaks",
            "#sole-all",
            "#sole-suexec",
        ],
    );
    let rate = |count: usize, n: usize| match (u32::try_from(count), u32::try_from(n)) {
        (Ok(count), Ok(n)) => Cell::rate(Proportion::new(count, n)),
        _ => Cell::Nothing,
    };
    for rule in &view.rules {
        let (stops, unseen, breaks) = if rule.tried_alone {
            (
                rate(rule.stops_alone.len(), view.demonstrated),
                Cell::Count(rule.unseen_alone as u64),
                rate(rule.breaks_alone.len(), view.working),
            )
        } else {
            (Cell::Nothing, Cell::Nothing, Cell::Nothing)
        };
        table.rows.push(vec![
            Cell::id(&rule.rule),
            Cell::id(&rule.class),
            Cell::Text(rule.conditions.clone()),
            stops,
            unseen,
            breaks,
            Cell::Count(rule.sole_of_all.len() as u64),
            Cell::Count(rule.sole_of_suexec.len() as u64),
        ]);
    }
    table
}

/// Which attacks each rule stops alone, by name.
pub(super) fn stops(view: &ViewAnalysis) -> Table {
    let mut table = Table::new(
        "rules-stop",
        view.demonstrated,
        &["rule", "#stops", "cases"],
    );
    for rule in &view.rules {
        if rule.tried_alone {
            table.rows.push(vec![
                Cell::id(&rule.rule),
                Cell::Count(rule.stops_alone.len() as u64),
                Cell::Ids(rule.stops_alone.clone()),
            ]);
        }
    }
    table
}

/// suEXEC's rules less one: what gets through then, seen and predicted.
pub(super) fn necessity(view: &ViewAnalysis) -> Table {
    let mut table = Table::new(
        "necessity",
        view.demonstrated,
        &["rule", "#let-through", "#sole-suexec", "cases"],
    );
    for rule in &view.rules {
        if let Some(cases) = &rule.let_through_without {
            table.rows.push(vec![
                Cell::id(&rule.rule),
                Cell::Count(cases.len() as u64),
                Cell::Count(rule.sole_of_suexec.len() as u64),
                Cell::Ids(cases.clone()),
            ]);
        }
    }
    table
}

/// Marginal gain and breakage of every rule, from the masks.
pub(super) fn margins(view: &ViewAnalysis) -> Table {
    let mut table = Table::new(
        "margins",
        view.demonstrated + view.working,
        &[
            "rule",
            "#none-gain",
            "#none-cost",
            "#all-gain",
            "#all-cost",
            "#suexec-gain",
            "#suexec-cost",
        ],
    );
    let cells = |margin: Option<Margin>| match margin {
        Some(margin) => [
            Cell::Count(u64::from(margin.attacks)),
            Cell::Count(u64::from(margin.broken)),
        ],
        None => [Cell::Nothing, Cell::Nothing],
    };
    for rule in &view.rules {
        let mut row = vec![Cell::id(&rule.rule)];
        row.extend(cells(Some(rule.added_to_none)));
        row.extend(cells(Some(rule.taken_from_all)));
        row.extend(cells(rule.taken_from_suexec));
        table.rows.push(row);
    }
    table
}

/// What of the rules could be left out: rules that alone stop some attack, that
/// others stop as well, that stop nothing.
pub(super) fn redundancy(view: &ViewAnalysis) -> Table {
    let columns = [
        "rule",
        "worth",
        "#stops",
        "#breaks",
        "#sole-all",
        "covered-by",
    ];
    let mut table = Table::new("redundancy", view.demonstrated, &columns);
    for rule in &view.rules {
        let worth = match (rule.added_to_none.attacks, rule.sole_of_all.len()) {
            (0, _) => "word.idle",
            (_, 0) => "word.replaceable",
            _ => "word.necessary",
        };
        table.rows.push(vec![
            Cell::id(&rule.rule),
            Cell::Said(worth, vec![]),
            Cell::Count(u64::from(rule.added_to_none.attacks)),
            Cell::Count(u64::from(rule.added_to_none.broken)),
            Cell::Count(rule.sole_of_all.len() as u64),
            Cell::Ids(rule.covered_by.clone()),
        ]);
    }
    table
}

/// What each rule adds to the time of a start.
pub(super) fn costs(view: &ViewAnalysis) -> Option<Table> {
    let costs = view.costs.as_ref()?;
    let columns = ["rule", "source", "#pairs", "#median", "#low", "#high"];
    let mut table = Table::new("costs", 0, &columns);
    for (rule, cost) in view.rules.iter().zip(&costs.rules) {
        let Some(cost) = cost else { continue };
        table.n += cost.n as u64;
        table.rows.push(vec![
            Cell::id(&rule.rule),
            Cell::id(costs.source.word()),
            Cell::Count(cost.n as u64),
            Cell::Nanos(cost.median_ns),
            Cell::Nanos(cost.low_ns),
            Cell::Nanos(cost.high_ns),
        ]);
    }
    Some(table)
}

/// The rules that alone break the most legitimate cases, at most five.
pub(super) fn most_breaking(view: &ViewAnalysis) -> Vec<(&str, usize)> {
    let mut rules: Vec<_> = view
        .rules
        .iter()
        .map(|rule| (rule.rule.as_str(), rule.breaks_alone.len()))
        .filter(|(_, count)| *count > 0)
        .collect();
    rules.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    rules.truncate(5);
    rules
}
