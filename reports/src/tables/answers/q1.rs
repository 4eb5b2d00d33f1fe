//! Q1: do the checks really make start-up more secure?

use super::{Asked, Question, number, said, share};
use crate::analysis::gains::Row;
use crate::analysis::{LatticeAnalysis, sets};
use crate::read::Attacker;
use crate::tables::Cell;
use crate::tables::gains::list;
use crate::tables::outcomes::malicious;

pub(super) const QUESTION: Question = Question {
    id: "q1",
    answer,
    missing: "answer.q1-missing",
    command: Some("sekisho eval"),
};

fn answer(asked: &Asked<'_>) -> Vec<Cell> {
    let view = asked.view;
    if view.demonstrated == 0 {
        return Vec::new();
    }
    let mut sentences = gains(asked);
    for set in ["suexec", "all"] {
        let Some(tally) = malicious(view, set).filter(|tally| tally.n() > 0) else {
            continue;
        };
        let by_attacker = Attacker::ALL.into_iter().filter_map(|attacker| {
            let tally = view
                .outcomes
                .tally(set, |group| group.attacker == Some(attacker))
                .filter(|tally| tally.n() > 0)?;
            Some(format!("{} {}", attacker.word(), tally.block_rate()))
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
    sentences.extend(from_the_wild(asked));
    if let Some(lattice) = view.exact_lattice() {
        sentences.extend(sufficient(asked, lattice));
        sentences.extend(among_all_sets(lattice));
    }
    if let Some(residual) = &view.residual {
        let n = residual.len().to_string();
        sentences.push(said("answer.q1-residual", vec![("n", n)]));
    }
    sentences
}

/// Which gains stay open, by set: the headline.
fn gains(asked: &Asked<'_>) -> Vec<Cell> {
    let Some(found) = &asked.view.gains else {
        return Vec::new();
    };
    let sets = found.sets.iter().enumerate();
    sets.filter(|(_, set)| *set != "none")
        .map(|(place, set)| {
            let is_open = |row: &&Row| !row.cells[place].open.is_empty();
            let open: Vec<_> = found.rows.iter().filter(is_open).collect();
            let pairs: Vec<_> = open.iter().map(|row| (row.attacker, row.gain)).collect();
            let mut rates = found.rates.iter();
            let rate = rates.find(|rate| {
                rate.set == *set && rate.attacker.is_none() && rate.ownership.is_none()
            });
            let key = match open.is_empty() {
                true => "answer.q1-gains-closed",
                false => "answer.q1-gains",
            };
            said(
                key,
                vec![
                    ("set", set.clone()),
                    ("open", open.len().to_string()),
                    ("n", found.rows.len().to_string()),
                    (
                        "rate",
                        rate.map_or_else(String::new, |rate| rate.closed.to_string()),
                    ),
                    ("list", list(&pairs)),
                ],
            )
        })
        .collect()
}

fn sufficient(asked: &Asked<'_>, lattice: &LatticeAnalysis) -> Vec<Cell> {
    let rules = &asked.view.rules;
    let sole = rules.iter().filter(|rule| !rule.sole_of_suexec.is_empty());
    let idle = rules.iter().filter(|rule| rule.added_to_none.attacks == 0);
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
                (
                    "all-rules",
                    sets::all(&asked.run.rules).count_ones().to_string(),
                ),
            ],
        ),
        said(
            "answer.q1-necessary",
            vec![
                ("sole", sole.count().to_string()),
                ("idle", idle.count().to_string()),
            ],
        ),
    ]
}

/// Attacks that others found: the fairer number.
fn from_the_wild(asked: &Asked<'_>) -> Option<Cell> {
    let rate_of = |set: &str| {
        let wild = asked.view.wild.iter().find(|wild| wild.rule_set == set)?;
        (wild.tally.n() > 0).then(|| wild.tally.block_rate().to_string())
    };
    Some(said(
        "answer.q1-wild",
        vec![("suexec", rate_of("suexec")?), ("all", rate_of("all")?)],
    ))
}

/// Where suEXEC's set stands among all rule sets.
fn among_all_sets(lattice: &LatticeAnalysis) -> Option<Cell> {
    let distribution = lattice.distribution.as_ref()?;
    let suexec = lattice.scores.iter().find(|score| score.name == "suexec")?;
    let better = distribution.better_than(suexec.score);
    Some(said(
        "answer.q1-better",
        vec![
            ("rules", distribution.rules.to_string()),
            ("better", number(better)),
            ("share", share(better, distribution.sets())),
            ("stopped", suexec.score.stopped.to_string()),
            ("broken", suexec.score.broken.to_string()),
        ],
    ))
}
