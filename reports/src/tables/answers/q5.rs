//! Q5: does it meet operational needs?

use super::{Asked, Question, rate, said};
use crate::tables::Cell;
use crate::tables::outcomes::legitimate;
use crate::tables::rules::most_breaking;

pub(super) const QUESTION: Question = Question {
    id: "q5",
    answer,
    missing: "answer.q5-missing",
    command: Some("sekisho eval"),
};

fn answer(asked: &Asked<'_>) -> Vec<Cell> {
    let view = asked.view;
    let mut sentences = Vec::new();
    for set in ["suexec", "all"] {
        if let Some(tally) = legitimate(view, set).filter(|tally| tally.n() > 0) {
            sentences.push(said(
                "answer.q5-set",
                vec![("set", set.to_owned()), ("rate", rate(tally.breakage()))],
            ));
        }
    }
    let most = most_breaking(view);
    if !sentences.is_empty() && !most.is_empty() {
        let list = most
            .iter()
            .map(|(rule, count)| format!("{rule} ({count})"))
            .collect::<Vec<_>>()
            .join(", ");
        sentences.push(said("answer.q5-rules", vec![("rules", list)]));
    }
    sentences.extend(real_configurations(asked));
    sentences
}

/// The same of real configurations, under the hosting policy.
fn real_configurations(asked: &Asked<'_>) -> Option<Cell> {
    let profiles = asked.analysis.profiles.as_ref()?;
    let all = profiles
        .group(None, "default")
        .filter(|group| group.working > 0)?;
    let most = all
        .rules
        .iter()
        .filter(|rule| rule.refused.hits > 0)
        .take(5);
    let most: Vec<String> = most
        .map(|rule| format!("{} ({}/{})", rule.rule, rule.refused.hits, rule.refused.n))
        .collect();
    Some(said(
        "answer.q5-real",
        vec![
            ("suexec", rate(all.set("suexec")?.broken)),
            ("all", rate(all.set("all")?.broken)),
            ("shapes", all.working_shapes.to_string()),
            ("rules", most.join(", ")),
        ],
    ))
}
