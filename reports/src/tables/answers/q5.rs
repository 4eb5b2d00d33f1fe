//! Q5: does it meet operational needs?

use super::{Asked, Question, said};
use crate::analysis::ViewAnalysis;
use crate::analysis::halves::Share;
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
                vec![
                    ("set", set.to_owned()),
                    ("rate", tally.breakage().to_string()),
                ],
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
    if !sentences.is_empty() {
        sentences.extend(advertised(view));
    }
    sentences.extend(real_configurations(asked));
    sentences
}

/// Sets that were chosen on one half of the data, scored on both.
fn advertised(view: &ViewAnalysis) -> impl Iterator<Item = Cell> {
    view.advertised
        .iter()
        .filter(|set| set.is_chosen)
        .map(|set| {
            let share = |share: Share| format!("{} of {}", share.hits, share.n);
            let (chosen, scored) = (&set.chosen_on, &set.scored_on);
            let mut values = vec![
                ("name", set.name.clone()),
                ("rules", set.rules.count_ones().to_string()),
                ("closed-chosen", share(chosen.closed)),
                ("closed-scored", share(scored.closed)),
                ("broken-chosen", share(chosen.broken)),
                ("broken-scored", share(scored.broken)),
            ];
            let key = match chosen.refused.n + scored.refused.n {
                0 => "answer.q5-advertised",
                _ => {
                    values.push(("refused-chosen", share(chosen.refused)));
                    values.push(("refused-scored", share(scored.refused)));
                    "answer.q5-advertised-shapes"
                }
            };
            said(key, values)
        })
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
            ("suexec", all.set("suexec")?.broken.to_string()),
            ("all", all.set("all")?.broken.to_string()),
            ("shapes", all.working_shapes.to_string()),
            ("rules", most.join(", ")),
        ],
    ))
}
