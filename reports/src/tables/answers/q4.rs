//! Q4: performance?

use super::{Asked, Question, Values, not_answered, said};
use crate::analysis::cost::Source;
use crate::analysis::overhead::{Class, Estimate, MEANWHILE, OverheadAnalysis};
use crate::tables::Cell;

pub(super) const QUESTION: Question = Question {
    id: "q4",
    answer,
    missing: "answer.q4-missing",
    command: Some("cargo bench && sekisho report RUN --bench out/bench/<time>"),
};

/// The usual isolation of a container.
const USUAL: &str = "sekisho all m,p,i,u,n+proc+dev";

fn answer(asked: &Asked<'_>) -> Vec<Cell> {
    let Some(overhead) = &asked.analysis.overhead else {
        return from_trials(asked);
    };
    let parts = [starts, floor, ahead, gathering, deciding, growing];
    parts.iter().filter_map(|part| part(overhead)).collect()
}

/// Without a bench, a weak first look from the run's own trials, and what an
/// answer needs.
fn from_trials(asked: &Asked<'_>) -> Vec<Cell> {
    let costs = asked.view.costs.as_ref();
    let Some(costs) = costs.filter(|costs| costs.source == Source::Trials) else {
        return Vec::new();
    };
    let measured = costs.rules.iter().flatten().count();
    let distinct = measured - costs.indistinct();
    let values = vec![
        ("rules", measured.to_string()),
        ("distinct", distinct.to_string()),
    ];
    let mut sentences = vec![said("answer.q4-weak", values)];
    sentences.extend(not_answered(QUESTION.missing, QUESTION.command));
    sentences
}

fn interval(it: Estimate, by: f64, digits: usize) -> Values {
    let shown = |value: f64| format!("{:.digits$}", value / by);
    vec![
        ("median", shown(it.median)),
        ("low", shown(it.low)),
        ("high", shown(it.high)),
    ]
}

/// All rules against none.
fn starts(overhead: &OverheadAnalysis) -> Option<Cell> {
    let all = overhead.sets.iter().find(|set| set.set == "all")?;
    let mut values = interval(all.ratio?, 1.0, 3);
    values.push(("more", format!("{:.1}", all.more?.median / 1000.0)));
    values.push(("n", all.ratio?.n.to_string()));
    Some(said("answer.q4-starts", values))
}

/// All rules against the floor.
fn floor(overhead: &OverheadAnalysis) -> Option<Cell> {
    let usual = overhead.launchers.iter().find(|it| it.name == USUAL)?;
    Some(said("answer.q4-floor", interval(usual.ratio?, 1.0, 2)))
}

/// All rules, with namespaces made while the request is examined.
fn ahead(overhead: &OverheadAnalysis) -> Option<Cell> {
    let mut rows = overhead.ahead.iter();
    let all = rows.find(|it| it.subject == "all" && it.way == MEANWHILE)?;
    let mut values = interval(all.of_none?, 1.0, 3);
    values.push(("floor", format!("{:.2}", all.of_floor?.median)));
    Some(said("answer.q4-ahead", values))
}

/// Gathering evidence of a resolved request.
fn gathering(overhead: &OverheadAnalysis) -> Option<Cell> {
    let all = overhead.sets.iter().find(|set| set.set == "all")?;
    Some(said(
        "answer.q4-gathering",
        interval(all.gather?, 1000.0, 1),
    ))
}

/// Deciding a prepared request.
fn deciding(overhead: &OverheadAnalysis) -> Option<Cell> {
    let all = overhead.sets.iter().find(|set| set.set == "all")?;
    Some(said("answer.q4-deciding", interval(all.evaluate?, 1.0, 0)))
}

/// Rules that grow worse than their input.
fn growing(overhead: &OverheadAnalysis) -> Option<Cell> {
    let judged = || overhead.judged_growth();
    let curves = judged().filter(|it| it.class().is_some()).count();
    if curves == 0 {
        return None;
    }
    let worse = judged()
        .filter(|it| it.class() == Some(Class::Worse))
        .map(|it| format!("{} ({})", it.subject, it.parameter));
    let worse: Vec<_> = worse.collect();
    let curves = ("curves", curves.to_string());
    Some(match worse.is_empty() {
        true => said("answer.q4-linear", vec![curves]),
        false => said("answer.q4-worse", vec![curves, ("worse", worse.join(", "))]),
    })
}
