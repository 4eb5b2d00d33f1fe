//! Q6: which mechanism helps against which problem?

use super::{Asked, Question, said};
use crate::analysis::problems::ClassWorth;
use crate::tables::Cell;

pub(super) const QUESTION: Question = Question {
    id: "q6",
    answer,
    missing: "answer.q6-missing",
    command: Some("sekisho eval"),
};

fn answer(asked: &Asked<'_>) -> Vec<Cell> {
    let problems = &asked.view.problems;
    let measured = problems.iter().filter(|problem| problem.attacks > 0);
    let mut sentences: Vec<Cell> = measured
        .map(|problem| {
            let class = |class: &ClassWorth| format!("{} {}", class.class, class.stops);
            let classes: Vec<_> = problem.classes.iter().map(class).collect();
            said(
                "answer.q6-problem",
                vec![
                    ("problem", problem.problem.to_string()),
                    ("n", problem.attacks.to_string()),
                    ("suexec", problem.suexec.to_string()),
                    ("all", problem.all.to_string()),
                    ("classes", classes.join(", ")),
                ],
            )
        })
        .collect();
    if !sentences.is_empty() {
        sentences.push(said("answer.q6-mechanisms", vec![]));
    }
    sentences
}
