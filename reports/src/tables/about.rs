//! Tables about how far the numbers carry: what could not be counted, what the
//! prediction is worth, what gets through.

use super::{Cell, Table};
use crate::analysis::notable::Note;
use crate::analysis::outcomes::is_named;
use crate::analysis::resolution::Differences;
use crate::analysis::{Analysis, ViewAnalysis};
use crate::read::Run;

/// Trials by outcome.
pub(super) fn trials(analysis: &Analysis) -> Table {
    let n: u64 = analysis.trials.iter().map(|(_, count)| count).sum();
    let mut table = Table::new("trials", 0, &["outcome", "#trials"]);
    table.n = n;
    for (outcome, count) in &analysis.trials {
        table
            .rows
            .push(vec![Cell::id(*outcome), Cell::Count(*count)]);
    }
    table
}

/// Expectations of the corpus that did not hold.
pub(super) fn mismatches(run: &Run) -> Table {
    let columns = ["case", "resolution", "mismatch", "rules", "text"];
    let mut table = Table::new("mismatches", run.mismatches.len(), &columns);
    for mismatch in &run.mismatches {
        table.rows.push(vec![
            Cell::id(format!("{}/{}", mismatch.scenario, mismatch.case)),
            Cell::id(&mismatch.resolution),
            Cell::id(&mismatch.kind),
            Cell::Ids(
                mismatch
                    .rules
                    .split_whitespace()
                    .map(str::to_owned)
                    .collect(),
            ),
            Cell::Text(mismatch.text.clone()),
        ]);
    }
    table
}

/// Outcomes that differ by path and by descriptor.
pub(super) fn resolution_outcomes(differences: &Differences) -> Table {
    let columns = ["case", "rule-set", "by-descriptor", "by-path"];
    let mut table = Table::new("resolution-outcomes", 0, &columns);
    table.n = differences.compared;
    for difference in &differences.outcomes {
        table.rows.push(vec![
            Cell::id(&difference.case),
            Cell::id(&difference.rule_set),
            Cell::id(difference.by_descriptor.word()),
            Cell::id(difference.by_path.word()),
        ]);
    }
    table
}

/// Rules that refuse in one way only.
pub(super) fn resolution_verdicts(differences: &Differences) -> Table {
    let columns = ["rule", "case", "refuses"];
    let mut table = Table::new("resolution-verdicts", 0, &columns);
    table.n = differences.verdicts_compared;
    for difference in &differences.verdicts {
        let way = if difference.refuses_by_descriptor {
            "word.only-by-descriptor"
        } else {
            "word.only-by-path"
        };
        table.rows.push(vec![
            Cell::id(&difference.rule),
            Cell::id(&difference.case),
            Cell::Said(way, vec![]),
        ]);
    }
    table
}

/// Agreement of prediction and trials by kind of rule set.
pub(super) fn agreement(view: &ViewAnalysis) -> Table {
    let mut table = Table::new("agreement", 0, &["set-kind", "#agreed"]);
    table.n = view.agreement.checked;
    for kind in &view.agreement.kinds {
        table.rows.push(vec![
            Cell::id(&kind.kind),
            Cell::Share(kind.agreed, kind.checked),
        ]);
    }
    table
}

/// Trials that came out otherwise than predicted.
pub(super) fn disagreements(view: &ViewAnalysis) -> Table {
    let columns = [
        "case",
        "rule-set",
        "#repeat",
        "predicted",
        "outcome",
        "reason",
    ];
    let mut table = Table::new("disagreements", 0, &columns);
    table.n = view.agreement.checked;
    for found in &view.agreement.disagreements {
        let predicted = if found.predicted_stop {
            Cell::Said("word.stopped-by", vec![("rules", found.by.join(", "))])
        } else {
            Cell::Said("word.not-stopped", vec![])
        };
        table.rows.push(vec![
            Cell::id(&found.case),
            Cell::id(&found.rule_set),
            Cell::Count(u64::from(found.repeat)),
            predicted,
            Cell::id(found.outcome.word()),
            Cell::Text(found.reason.clone()),
        ]);
    }
    table
}

/// Start latency under rule sets with names of their own.
pub(super) fn latency(view: &ViewAnalysis) -> Table {
    let columns = ["rule-set", "#n", "#lower", "#median", "#upper"];
    let mut table = Table::new("latency", 0, &columns);
    for latency in view.latency.iter().filter(|one| is_named(&one.rule_set)) {
        table.n += latency.n as u64;
        table.rows.push(vec![
            Cell::id(&latency.rule_set),
            Cell::Count(latency.n as u64),
            Cell::Micros(latency.lower_us),
            Cell::Micros(latency.median_us),
            Cell::Micros(latency.upper_us),
        ]);
    }
    table
}

/// Attacks that get through under `all`.
pub(super) fn residual(view: &ViewAnalysis) -> Option<Table> {
    let residual = view.residual.as_ref()?;
    let columns = ["case", "attacker", "family", "title", "reason"];
    let mut table = Table::new("residual", view.demonstrated, &columns);
    for found in residual {
        let reason = if !found.refused_by.is_empty() {
            Cell::Said(
                "residual.refused",
                vec![("rules", found.refused_by.join(", "))],
            )
        } else if !found.sanitized_by.is_empty() {
            Cell::Said(
                "residual.sanitized",
                vec![
                    ("rules", found.sanitized_by.join(", ")),
                    ("why", found.why.clone()),
                ],
            )
        } else {
            Cell::Said("residual.permitted", vec![("why", found.why.clone())])
        };
        table.rows.push(vec![
            Cell::id(&found.case),
            Cell::id(&found.attacker),
            Cell::id(&found.family),
            Cell::Text(found.title.clone()),
            reason,
        ]);
    }
    Some(table)
}

/// Cases that are in no rate, or count against the rules.
pub(super) fn notable(view: &ViewAnalysis) -> Vec<Table> {
    let notable = &view.notable;
    let lists = [
        ("not-demonstrated", &notable.attacks_not_demonstrated),
        ("not-working", &notable.legitimate_not_working),
        ("failed", &notable.failed),
        ("timeout", &notable.timeout),
        ("skipped", &notable.skipped),
        ("not-applicable", &notable.not_applicable),
    ];
    let mut tables: Vec<Table> = lists.map(|(id, notes)| list(id, notes)).into();
    let mut table = Table::new("not-tried", notable.not_tried.len(), &["case"]);
    table.rows = notable
        .not_tried
        .iter()
        .map(|case| vec![Cell::id(case)])
        .collect();
    tables.push(table);
    tables
}

fn list(id: &'static str, notes: &[Note]) -> Table {
    let columns = ["case", "rule-set", "#rule-sets", "outcome", "reason"];
    let mut table = Table::new(id, notes.len(), &columns);
    for note in notes {
        table.rows.push(vec![
            Cell::id(&note.case),
            Cell::id(&note.rule_set),
            Cell::Count(u64::from(note.trials)),
            Cell::id(note.effect.word()),
            Cell::Text(note.reason.clone()),
        ]);
    }
    table
}
