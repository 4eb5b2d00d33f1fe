//! Q1a: is comparing a container start with a web server's process start sound?

use super::{Asked, Question, said};
use crate::analysis::pairs::{Pairs, Relation, SETS, Why};
use crate::tables::Cell;

pub(super) const QUESTION: Question = Question {
    id: "q1a",
    answer,
    missing: "answer.q1a-missing",
    command: Some("sekisho eval --target sekisho,suexec-custom"),
};

fn answer(asked: &Asked<'_>) -> Vec<Cell> {
    // One variant says it; the others have their tables.
    let Some(pairs) = asked.analysis.pairs.first() else {
        return Vec::new();
    };
    let mut sentences: Vec<_> = (0..SETS.len())
        .filter_map(|set| verdicts(pairs, set))
        .collect();
    if sentences.is_empty() {
        return sentences;
    }
    sentences.extend(reasons(pairs));
    sentences.push(said(
        "answer.q1a-bounds",
        vec![
            (
                "inexpressible",
                pairs.inexpressible.values().sum::<usize>().to_string(),
            ),
            ("without", pairs.without_outcome.to_string()),
        ],
    ));
    sentences
}

/// How many pairs agree under a set.
fn verdicts(pairs: &Pairs, set: usize) -> Option<Cell> {
    let relations = pairs.relations(set);
    let n: usize = relations.values().sum();
    let count = |relation| relations.get(&relation).copied().unwrap_or_default();
    let agree: usize = relations
        .iter()
        .filter_map(|(relation, count)| relation.agrees().then_some(count))
        .sum();
    (n > 0).then(|| {
        said(
            "answer.q1a-set",
            vec![
                ("target", pairs.target.clone()),
                ("set", SETS[set].to_owned()),
                ("agree", agree.to_string()),
                ("n", n.to_string()),
                ("start", count(Relation::BothStart).to_string()),
                ("same", count(Relation::SameCondition).to_string()),
                ("other", count(Relation::OtherCondition).to_string()),
                ("web", count(Relation::OnlyWeb).to_string()),
                ("container", count(Relation::OnlyContainer).to_string()),
                ("effect", count(Relation::OtherEffect).to_string()),
            ],
        )
    })
}

/// Why they differ under suEXEC's rules.
fn reasons(pairs: &Pairs) -> Vec<Cell> {
    let count = |why: Why| {
        let pairs = pairs.pairs.iter();
        pairs.filter(|pair| pair.why(0) == Some(why)).count()
    };
    let whys = [
        Why::Reference,
        Why::Object,
        Why::Value,
        Why::Reading,
        Why::Beyond,
        Why::Way,
        Why::Handed,
    ];
    whys.into_iter()
        .map(|why| (why, count(why)))
        .filter(|(_, count)| *count > 0)
        .map(|(why, count)| said(why.answer(), vec![("n", count.to_string())]))
        .collect()
}
