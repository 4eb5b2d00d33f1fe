//! Q2: what about the conditions that do not carry over simply?

use super::{Asked, Question, said};
use crate::tables::Cell;

pub(super) const QUESTION: Question = Question {
    id: "q2",
    answer,
    missing: "answer.q2-missing",
    command: Some("sekisho eval"),
};

fn answer(asked: &Asked<'_>) -> Vec<Cell> {
    let view = asked.view;
    let Some(lattice) = view.exact_lattice() else {
        return Vec::new();
    };
    let score = |name: &str| {
        let found = lattice.scores.iter().find(|score| score.name == name);
        found.map(|score| score.score)
    };
    let deferred: Vec<_> = view
        .rules
        .iter()
        .filter(|rule| rule.class == "deferred")
        .collect();
    let (Some(with), Some(without)) = (score("suexec"), score("suexec,-deferred")) else {
        return Vec::new();
    };
    if deferred.is_empty() || view.demonstrated == 0 {
        return Vec::new();
    }
    let mut sentences = vec![said(
        "answer.q2-all",
        vec![
            ("rules", deferred.len().to_string()),
            ("gain", (with.stopped - without.stopped).to_string()),
            ("n", view.demonstrated.to_string()),
            ("cost", (with.broken - without.broken).to_string()),
            ("m", view.working.to_string()),
        ],
    )];
    for rule in deferred {
        let margin = rule.taken_from_suexec.unwrap_or_default();
        sentences.push(said(
            "answer.q2-rule",
            vec![
                ("rule", rule.rule.clone()),
                ("alone", rule.added_to_none.attacks.to_string()),
                ("gain", margin.attacks.to_string()),
                ("broken", rule.added_to_none.broken.to_string()),
                ("cost", margin.broken.to_string()),
            ],
        ));
    }
    for found in &view.replacements {
        let key = if found.by_attacks > 0 {
            "answer.q2-replacement"
        } else {
            "answer.q2-no-replacement"
        };
        let mut values = vec![
            ("rule", found.rule.clone()),
            ("n", found.attacks.to_string()),
            ("broken", found.broken.to_string()),
        ];
        if found.by_attacks > 0 {
            values.extend([
                ("by", found.by.join(", ")),
                ("hits", found.by_attacks.to_string()),
                ("cost", found.by_broken.to_string()),
            ]);
        }
        sentences.push(said(key, values));
    }
    sentences
}
