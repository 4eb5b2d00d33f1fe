//! The talk's problem classes: what rules stop, and what mechanisms are said to
//! address.

use super::{Cell, Column, Table};
use crate::analysis::ViewAnalysis;
use crate::analysis::mechanisms::{Claim, MECHANISMS};

/// Demonstrated attacks of each problem class, and what the rules of each
/// class stop of them.
pub(super) fn problems(view: &ViewAnalysis) -> Table {
    let columns = ["problem", "#n", "#suexec-stops", "#all-stops"];
    let mut table = Table::new("problems", view.demonstrated, &columns);
    if let Some(first) = view.problems.first() {
        let classes = first.classes.iter().map(|class| Column::set(&class.class));
        table.columns.extend(classes);
    }
    for problem in &view.problems {
        let n = problem.attacks as u64;
        let share = |hits: usize| match n {
            0 => Cell::Nothing,
            _ => Cell::Share(hits as u64, n),
        };
        let mut row = vec![
            Cell::Said(word(problem.problem), vec![]),
            Cell::Count(n),
            share(problem.suexec),
            share(problem.all),
        ];
        row.extend(problem.classes.iter().map(|class| share(class.stops)));
        table.rows.push(row);
    }
    table
}

/// The talk's table as claimed, beside it what this run measured of it.
pub(super) fn mechanisms() -> Table {
    let columns = ["mechanism", "problem", "claimed", "measured"];
    let mut table = Table::new("mechanisms", MECHANISMS.len(), &columns);
    for mechanism in &MECHANISMS {
        for (problem, claim) in (1..).zip(mechanism.claims) {
            let claimed = match claim {
                Claim::No => continue,
                Claim::Partly => "word.claimed-partly",
                Claim::Yes => "word.claimed",
            };
            table.rows.push(vec![
                Cell::Said(name(mechanism.id), vec![]),
                Cell::Said(word(problem), vec![]),
                Cell::Said(claimed, vec![]),
                Cell::Said("word.not-measured", vec![]),
            ]);
        }
    }
    table
}

/// The text that names a problem class.
pub(crate) fn word(problem: u8) -> &'static str {
    match problem {
        1 => "word.problem-1",
        2 => "word.problem-2",
        3 => "word.problem-3",
        _ => "word.problem-4",
    }
}

/// The text that names a mechanism.
pub(crate) fn name(mechanism: &str) -> &'static str {
    match mechanism {
        "user-namespaces" => "mechanism.user-namespaces",
        "capabilities" => "mechanism.capabilities",
        "seccomp" => "mechanism.seccomp",
        "mandatory-access-control" => "mechanism.mandatory-access-control",
        "service-mesh" => "mechanism.service-mesh",
        "rootless" => "mechanism.rootless",
        _ => "mechanism.hypervisors",
    }
}
