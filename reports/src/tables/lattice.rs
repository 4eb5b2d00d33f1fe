//! Results over all rule sets.

use super::{Cell, Table};
use crate::analysis::adoption::Adopted;
use crate::analysis::hitting::Minimal;
use crate::analysis::pareto::{Front, Point};
use crate::analysis::sets::Bits;
use crate::analysis::{LatticeAnalysis, ViewAnalysis, sets};
use crate::read::Run;

/// Most smallest sets of each kind that the table lists.
const MOST_LISTED: usize = 8;

/// Smallest sufficient sets: what all of them hold, then what each holds
/// beside it.
pub(super) fn minimal(run: &Run, view: &ViewAnalysis, analysis: &LatticeAnalysis) -> Table {
    let columns = ["among", "part", "#rules", "set"];
    let mut table = Table::new("minimal", view.demonstrated, &columns);
    let mut list = |among: &str, minimal: &Minimal| {
        let mut row = |part: &'static str, set: Bits| {
            table.rows.push(vec![
                Cell::id(among),
                Cell::Said(part, vec![]),
                Cell::Count(u64::from(set.count_ones())),
                Cell::Ids(sets::names(&run.rules, set)),
            ]);
        };
        // Of sets that are not listed nobody knows what they hold.
        let all = minimal.sets.iter().copied().reduce(|all, set| all & set);
        let common = all.filter(|_| minimal.listed_all).unwrap_or(0);
        if common != 0 {
            row("word.in-all", common);
        }
        for set in minimal.sets.iter().take(MOST_LISTED) {
            if set & !common != 0 {
                row("word.and-one-of", set & !common);
            }
        }
    };
    list("all", &analysis.minimal);
    list("suexec", &analysis.minimal_suexec);
    table
}

/// The Pareto front; what its sets cost beside it.
pub(super) fn front(run: &Run, view: &ViewAnalysis, analysis: &LatticeAnalysis) -> Table {
    let n = view.demonstrated + view.working;
    let columns = ["among", "#stopped", "#broken", "#rules", "#cost", "set"];
    let mut table = Table::new("front", n, &columns);
    let mut list = |among: &str, front: &Front| {
        for point in &front.points {
            let cost = view.costs.as_ref();
            let cost = cost.and_then(|costs| costs.of_set(point.set));
            let row = point_row(run, view, (among, point), cost);
            table.rows.push(row);
        }
    };
    list("all", &analysis.front);
    list("suexec", &analysis.front_suexec);
    table
}

/// The Pareto front with cost as a third measure.
pub(super) fn front_cost(run: &Run, view: &ViewAnalysis, analysis: &LatticeAnalysis) -> Table {
    let n = view.demonstrated + view.working;
    let columns = ["among", "#stopped", "#broken", "#rules", "#cost", "set"];
    let mut table = Table::new("front-cost", n, &columns);
    let front = analysis.front_cost.iter();
    for point in front.flat_map(|front| &front.points) {
        let cost = Some(point.cost);
        table.rows.push(point_row(run, view, ("all", point), cost));
    }
    table
}

fn point_row(
    run: &Run,
    view: &ViewAnalysis,
    (among, point): (&str, &Point),
    cost: Option<u64>,
) -> Vec<Cell> {
    vec![
        Cell::id(among),
        Cell::Share(u64::from(point.score.stopped), view.demonstrated as u64),
        Cell::Share(u64::from(point.score.broken), view.working as u64),
        Cell::Count(u64::from(point.set.count_ones())),
        nanos(cost),
        Cell::Ids(sets::names(&run.rules, point.set)),
    ]
}

fn nanos(cost: Option<u64>) -> Cell {
    cost.map_or(Cell::Nothing, |ns| {
        Cell::Nanos(i64::try_from(ns).unwrap_or(i64::MAX))
    })
}

/// Number of rule sets by score.
pub(super) fn distribution(analysis: &LatticeAnalysis) -> Table {
    let scores = analysis.distribution.iter();
    let mut scores = scores.flat_map(|distribution| &distribution.scores);
    let columns = ["#stopped", "#broken", "#sets"];
    let mut table = Table::new("distribution", 0, &columns);
    table.n = analysis
        .distribution
        .iter()
        .map(|of| u64::from(of.rules))
        .sum();
    table.rows = scores
        .by_ref()
        .map(|(score, sets)| {
            vec![
                Cell::Count(u64::from(score.stopped)),
                Cell::Count(u64::from(score.broken)),
                Cell::Text(sets.to_string()),
            ]
        })
        .collect();
    table
}

/// In which order to adopt rules.
pub(super) fn adoption(view: &ViewAnalysis, analysis: &LatticeAnalysis) -> Table {
    let n = view.demonstrated + view.working;
    let columns = [
        "order",
        "#step",
        "rule",
        "#gain",
        "#more-broken",
        "#cost",
        "#stopped",
        "#broken",
        "#total-cost",
    ];
    let mut table = Table::new("adoption", n, &columns);
    let known = analysis.adoption_by_time.is_some();
    let costs = |ns: u64| nanos(known.then_some(ns));
    let mut list = |order: &'static str, steps: &[Adopted]| {
        for (step, adopted) in (1..).zip(steps) {
            table.rows.push(vec![
                Cell::Said(order, vec![]),
                Cell::Count(step),
                Cell::id(&adopted.rule),
                Cell::Count(u64::from(adopted.gain)),
                Cell::Count(u64::from(adopted.broken)),
                costs(adopted.cost_ns),
                Cell::Share(u64::from(adopted.total.stopped), view.demonstrated as u64),
                Cell::Share(u64::from(adopted.total.broken), view.working as u64),
                costs(adopted.total_cost_ns),
            ]);
        }
    };
    list("word.by-breakage", &analysis.adoption);
    if let Some(steps) = &analysis.adoption_by_time {
        list("word.by-time", steps);
    }
    table
}
