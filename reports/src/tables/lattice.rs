//! Results over all rule sets.

use super::{Cell, Table};
use crate::analysis::hitting::Minimal;
use crate::analysis::pareto::Front;
use crate::analysis::{LatticeAnalysis, ViewAnalysis, sets};
use crate::read::Run;

/// Most smallest sets of each kind that the table lists.
const MOST_LISTED: usize = 8;

/// Smallest sufficient sets.
pub(super) fn minimal(run: &Run, view: &ViewAnalysis, analysis: &LatticeAnalysis) -> Table {
    let mut table = Table::new("minimal", view.demonstrated, &["among", "#rules", "set"]);
    let mut list = |among: &str, minimal: &Minimal| {
        for set in minimal.sets.iter().take(MOST_LISTED) {
            table.rows.push(vec![
                Cell::id(among),
                Cell::Count(u64::from(minimal.size)),
                Cell::Ids(sets::names(&run.rules, *set)),
            ]);
        }
    };
    list("all", &analysis.minimal);
    list("suexec", &analysis.minimal_suexec);
    table
}

/// The Pareto front.
pub(super) fn front(run: &Run, view: &ViewAnalysis, analysis: &LatticeAnalysis) -> Table {
    let n = view.demonstrated + view.working;
    let columns = ["among", "#stopped", "#broken", "#rules", "set"];
    let mut table = Table::new("front", n, &columns);
    let mut list = |among: &str, front: &Front| {
        for point in &front.points {
            table.rows.push(vec![
                Cell::id(among),
                Cell::Share(u64::from(point.score.stopped), view.demonstrated as u64),
                Cell::Share(u64::from(point.score.broken), view.working as u64),
                Cell::Count(u64::from(point.set.count_ones())),
                Cell::Ids(sets::names(&run.rules, point.set)),
            ]);
        }
    };
    list("all", &analysis.front);
    list("suexec", &analysis.front_suexec);
    table
}
