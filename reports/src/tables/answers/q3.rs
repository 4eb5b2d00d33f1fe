//! Q3: how can the effect be measured in operation?
//!
//! A start with every rule evaluated and none enforced leaves a record of
//! verdicts. If that record predicts what a real start under any rule set
//! comes to, then recording is enough to measure rules in operation.

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
    let agreed = Proportion::new(count(agreement.agreed), count(agreement.checked));
    let mut sentences = vec![said(
        "answer.q3-agreement",
        vec![
            ("rate", agreed.to_string()),
            ("sets", asked.run.sets.len().to_string()),
        ],
    )];
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
