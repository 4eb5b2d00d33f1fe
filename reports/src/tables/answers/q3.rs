//! Q3: how can the effect be measured in operation?
//!
//! A start with every rule evaluated and none enforced leaves a record of
//! verdicts. That the record predicts starts of the same run, on the same host, is
//! a test of the launcher's consistency: it stands beside what can be said without
//! any record.

use super::{Asked, Question, said};
use crate::analysis::interval::Proportion;
use crate::tables::Cell;

pub(super) const QUESTION: Question = Question {
    id: "q3",
    answer,
    missing: "answer.q3-missing",
    command: Some("sekisho eval"),
};

fn answer(asked: &Asked<'_>) -> Vec<Cell> {
    let agreement = &asked.view.agreement;
    let count = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    if agreement.checked == 0 {
        return Vec::new();
    }
    let share = |of: u64, all: u64| format!("{of}/{all}");
    let mut sentences = vec![said(
        "answer.q3-agreement",
        vec![
            ("rate", share(agreement.agreed, agreement.checked)),
            ("sets", asked.run.sets.len().to_string()),
        ],
    )];
    if agreement.trivial > 0 {
        sentences.push(said(
            "answer.q3-trivial",
            vec![("rate", share(agreement.trivial_right, agreement.trivial))],
        ));
    }
    if agreement.refusals > 0 {
        let named = Proportion::new(
            count(agreement.refusals_by_predicted_rule),
            count(agreement.refusals),
        );
        sentences.push(said("answer.q3-named", vec![("rate", named.to_string())]));
    }
    sentences.push(said(
        "answer.q3-limits",
        vec![
            ("used", agreement.used.to_string()),
            ("races", agreement.races.to_string()),
            ("unknown", agreement.unknown.to_string()),
        ],
    ));
    sentences
}
