//! Short answers to the questions, computed from the numbers of one view; where
//! the run does not answer, what to run instead.

use super::outcomes::{legitimate, malicious};
use super::rules;
use crate::analysis::interval::Proportion;
use crate::analysis::sets;
use crate::analysis::{LatticeAnalysis, ViewAnalysis};
use crate::read::{Attacker, Run};
use crate::tables::Cell;

/// The answer to one question.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Id of the question: `q1`, `q1a` …
    pub question: &'static str,
    /// Whether the run answers it.
    pub answered: bool,
    /// Sentences, as texts with values.
    pub sentences: Vec<Cell>,
}

type Values = Vec<(&'static str, String)>;

impl Answer {
    fn new(question: &'static str, missing: &'static str, sentences: Vec<Cell>) -> Self {
        let answered = !sentences.is_empty();
        Self {
            question,
            answered,
            sentences: if answered {
                sentences
            } else {
                vec![Cell::Said(missing, vec![])]
            },
        }
    }
}

/// All answers.
#[must_use]
pub fn answers(run: &Run, view: &ViewAnalysis) -> Vec<Answer> {
    // What only other kinds of runs measure.
    let other = |question, missing| Answer::new(question, missing, Vec::new());
    vec![
        Answer::new("q1", "answer.q1-missing", security(run, view)),
        other("q1a", "answer.q1a-missing"),
        other("q1b", "answer.q1b-missing"),
        Answer::new("q2", "answer.q2-missing", deferred(view)),
        other("q3", "answer.q3-missing"),
        other("q4", "answer.q4-missing"),
        Answer::new("q5", "answer.q5-missing", breakage(view)),
        other("q6", "answer.q6-missing"),
    ]
}

fn said(key: &'static str, values: Values) -> Cell {
    Cell::Said(key, values)
}

fn rate(rate: Proportion) -> String {
    format!(
        "{}/{} = {:.0} % [{:.0}–{:.0}]",
        rate.hits,
        rate.n,
        rate.rate * 100.0,
        rate.low * 100.0,
        rate.high * 100.0
    )
}

fn security(run: &Run, view: &ViewAnalysis) -> Vec<Cell> {
    if view.demonstrated == 0 {
        return Vec::new();
    }
    let mut sentences = Vec::new();
    for set in ["suexec", "all"] {
        let Some(tally) = malicious(view, set).filter(|tally| tally.n() > 0) else {
            continue;
        };
        let by_attacker = Attacker::ALL.into_iter().filter_map(|attacker| {
            let tally = view
                .outcomes
                .tally(set, |group| group.attacker == Some(attacker))
                .filter(|tally| tally.n() > 0)?;
            Some(format!("{} {}", attacker.word(), rate(tally.block_rate())))
        });
        sentences.push(said(
            "answer.q1-set",
            vec![
                ("set", set.to_owned()),
                ("hits", tally.stopped().to_string()),
                ("n", tally.n().to_string()),
                ("attackers", by_attacker.collect::<Vec<_>>().join("; ")),
            ],
        ));
    }
    if sentences.is_empty() {
        return sentences;
    }
    if let Some(lattice) = &view.lattice {
        sentences.extend(sufficient(run, view, lattice));
    }
    if let Some(residual) = &view.residual {
        let n = residual.len().to_string();
        sentences.push(said("answer.q1-residual", vec![("n", n)]));
    }
    sentences
}

fn sufficient(run: &Run, view: &ViewAnalysis, lattice: &LatticeAnalysis) -> Vec<Cell> {
    let sole = view
        .rules
        .iter()
        .filter(|rule| !rule.sole_of_suexec.is_empty())
        .count();
    let idle = view
        .rules
        .iter()
        .filter(|rule| rule.added_to_none.attacks == 0)
        .count();
    let exactly = |exact: bool| if exact { "" } else { "≤ " };
    vec![
        said(
            "answer.q1-minimal",
            vec![
                (
                    "suexec",
                    format!(
                        "{}{}",
                        exactly(lattice.minimal_suexec.exact),
                        lattice.minimal_suexec.size
                    ),
                ),
                ("suexec-rules", lattice.suexec.count_ones().to_string()),
                (
                    "all",
                    format!("{}{}", exactly(lattice.minimal.exact), lattice.minimal.size),
                ),
                ("all-rules", sets::all(&run.rules).count_ones().to_string()),
            ],
        ),
        said(
            "answer.q1-necessary",
            vec![("sole", sole.to_string()), ("idle", idle.to_string())],
        ),
    ]
}

fn deferred(view: &ViewAnalysis) -> Vec<Cell> {
    let Some(lattice) = &view.lattice else {
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
    sentences
}

fn breakage(view: &ViewAnalysis) -> Vec<Cell> {
    let mut sentences = Vec::new();
    for set in ["suexec", "all"] {
        if let Some(tally) = legitimate(view, set).filter(|tally| tally.n() > 0) {
            sentences.push(said(
                "answer.q5-set",
                vec![("set", set.to_owned()), ("rate", rate(tally.breakage()))],
            ));
        }
    }
    let most = rules::most_breaking(view);
    if !sentences.is_empty() && !most.is_empty() {
        let list = most
            .iter()
            .map(|(rule, count)| format!("{rule} ({count})"))
            .collect::<Vec<_>>()
            .join(", ");
        sentences.push(said("answer.q5-rules", vec![("rules", list)]));
    }
    sentences
}
