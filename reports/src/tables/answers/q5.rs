//! Q5: does it meet operational needs?

use super::{Asked, Question, said};
use crate::analysis::{LatticeAnalysis, ViewAnalysis};
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
    if let Some(lattice) = view.lattice.as_ref().filter(|_| !sentences.is_empty()) {
        sentences.extend(at_least_price(view, lattice));
        sentences.extend(for_nothing(view, lattice));
    }
    sentences.extend(real_configurations(asked));
    sentences
}

/// What the same security costs at least.
fn at_least_price(view: &ViewAnalysis, lattice: &LatticeAnalysis) -> Option<Cell> {
    let suexec = lattice.scores.iter().find(|score| score.name == "suexec")?;
    let mut points = lattice.front.points.iter();
    let point = points.find(|point| point.score.stopped >= suexec.score.stopped)?;
    Some(said(
        "answer.q5-price",
        vec![
            ("stopped", suexec.score.stopped.to_string()),
            ("broken", suexec.score.broken.to_string()),
            ("rules", point.set.count_ones().to_string()),
            ("hits", point.score.stopped.to_string()),
            ("cost", point.score.broken.to_string()),
            ("n", view.demonstrated.to_string()),
            ("m", view.working.to_string()),
        ],
    ))
}

/// What can be had without breaking anything.
fn for_nothing(view: &ViewAnalysis, lattice: &LatticeAnalysis) -> Option<Cell> {
    let first = lattice.front.points.first()?;
    (first.score.broken == 0).then(|| {
        said(
            "answer.q5-free",
            vec![
                ("hits", first.score.stopped.to_string()),
                ("n", view.demonstrated.to_string()),
                ("rules", first.set.count_ones().to_string()),
            ],
        )
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
