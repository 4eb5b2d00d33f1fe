//! The first table: which gains stay open to which attacker under which rule
//! set, and which technique keeps them open.

use serde::Serialize;

use super::interval::Proportion;
use super::techniques::{self, State, Technique};
use super::view::View;
use crate::read::{Attacker, Gain, Ownership};

/// The matrix of one view.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Gains {
    /// Rule sets with names of their own, `none` first.
    pub sets: Vec<String>,
    /// One row for each attacker and gain that a demonstrated technique shows.
    pub rows: Vec<Row>,
    /// Rates by technique: closed of all, for each part of the attacks and set.
    pub rates: Vec<Rate>,
    /// How the rate of all techniques moves with what is counted.
    pub sensitivity: Vec<Sensitivity>,
}

/// One attacker and one gain.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// Who attacks.
    pub attacker: Attacker,
    /// What he gains.
    pub gain: Gain,
    /// Techniques by name.
    pub techniques: Vec<String>,
    /// One cell for each set.
    pub cells: Vec<Cell>,
}

/// One gain of one attacker under one set.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Cell {
    /// Techniques that keep the gain open, each with a case that shows it.
    pub open: Vec<(String, String)>,
    /// Techniques of which it is not known.
    pub unknown: usize,
    /// Closed techniques.
    pub closed: usize,
}

/// Closed techniques of one part of the attacks under one set.
#[derive(Debug, Clone, Serialize)]
pub struct Rate {
    /// Only this attacker's.
    pub attacker: Option<Attacker>,
    /// Only where this writes the configuration.
    pub ownership: Option<Ownership>,
    /// Rule set.
    pub set: String,
    /// Closed of all.
    pub closed: Proportion,
}

/// The rate over all attackers, counted in another way.
#[derive(Debug, Clone, Serialize)]
pub struct Sensitivity {
    /// What is the unit: `technique`, `case`, `gain-and-family`,
    /// `without:<technique>` (the lowest and the highest of those).
    pub unit: String,
    /// Rule set.
    pub set: String,
    /// Closed or stopped of all.
    pub closed: Proportion,
}

/// The matrix and the rates; `None` where nothing is demonstrated by technique.
#[must_use]
pub fn of(view: &View<'_>) -> Option<Gains> {
    let all = techniques::of(view, |_| true);
    if all.is_empty() {
        return None;
    }
    let places = named(view);
    let mut gains = Gains {
        sets: places
            .iter()
            .map(|set| view.run.sets[*set].clone())
            .collect(),
        ..Gains::default()
    };
    for attacker in Attacker::ALL {
        for gain in Gain::ALL {
            let own = techniques::of(view, |case| {
                case.attacker == Some(attacker) && case.gain == Some(gain)
            });
            if own.is_empty() {
                continue;
            }
            gains.rows.push(Row {
                attacker,
                gain,
                techniques: own.iter().map(|one| one.name.clone()).collect(),
                cells: places.iter().map(|set| cell(view, *set, &own)).collect(),
            });
        }
    }
    let seed = view.run.info.seed;
    for (attacker, ownership) in techniques::parts() {
        let part = techniques::of(view, |case| {
            attacker.is_none_or(|one| case.attacker == Some(one))
                && ownership.is_none_or(|one| case.ownership == Some(one))
        });
        if part.is_empty() {
            continue;
        }
        for set in &places {
            gains.rates.push(Rate {
                attacker,
                ownership,
                set: view.run.sets[*set].clone(),
                closed: rate(view, *set, &part, seed),
            });
        }
    }
    for set in places {
        gains.sensitivity.extend(sensitivity(view, set, &all, seed));
    }
    Some(gains)
}

/// Places of the sets with names of their own that were tried; `none` first.
fn named(view: &View<'_>) -> Vec<usize> {
    let sets = view.run.sets.iter().enumerate();
    let named = sets.filter(|(_, name)| super::outcomes::is_named(name));
    let mut places: Vec<_> = named
        .map(|(place, _)| place)
        .filter(|place| view.cells.any(view.place, *place))
        .collect();
    let rank = |place: &usize| {
        let order = ["none", "suexec", "recommended@1", "all"];
        let name = &view.run.sets[*place];
        let known = order.iter().position(|one| one == name);
        (known.is_none(), known, name.clone())
    };
    places.sort_by_key(rank);
    places
}

fn cell(view: &View<'_>, set: usize, own: &[Technique]) -> Cell {
    let mut cell = Cell::default();
    for technique in own {
        match techniques::state(view, set, technique) {
            State::Closed => cell.closed += 1,
            State::Unknown => cell.unknown += 1,
            State::Open => {
                let case = techniques::kept_open_by(view, set, technique);
                let case = case.map(|case| view.run.cases[case].name());
                cell.open
                    .push((technique.name.clone(), case.unwrap_or_default()));
            }
        }
    }
    cell
}

fn rate(view: &View<'_>, set: usize, part: &[Technique], seed: u64) -> Proportion {
    let states: Vec<_> = part
        .iter()
        .map(|technique| techniques::state(view, set, technique))
        .collect();
    techniques::closed(&states, seed)
}

fn sensitivity(view: &View<'_>, set: usize, all: &[Technique], seed: u64) -> Vec<Sensitivity> {
    let name = view.run.sets[set].clone();
    let line = |unit: String, closed| Sensitivity {
        unit,
        set: name.clone(),
        closed,
    };
    let mut lines = vec![
        line("technique".to_owned(), rate(view, set, all, seed)),
        line(
            "case".to_owned(),
            techniques::stopped_cases(view, set, all, seed),
        ),
        line(
            "gain-and-family".to_owned(),
            rate(view, set, &merged(all), seed),
        ),
    ];
    // Leave one out: the two that move the rate most.
    let mut without: Vec<_> = (0..all.len())
        .filter(|_| all.len() > 1)
        .map(|left_out| {
            let rest: Vec<_> = all
                .iter()
                .enumerate()
                .filter(|(place, _)| *place != left_out)
                .map(|(_, technique)| technique.clone())
                .collect();
            let states: Vec<_> = rest
                .iter()
                .map(|technique| techniques::state(view, set, technique))
                .collect();
            let hits = states.iter().filter(|state| **state == State::Closed);
            let closed = Proportion::new(hits.count() as u32, states.len() as u32);
            line(format!("without:{}", all[left_out].name), closed)
        })
        .collect();
    without.sort_by(|a, b| a.closed.rate.total_cmp(&b.closed.rate));
    let last = without.len().checked_sub(1);
    lines.extend(without.first().cloned());
    lines.extend(
        last.filter(|last| *last > 0)
            .map(|last| without[last].clone()),
    );
    lines
}

/// Techniques of one gain and one family as one.
fn merged(all: &[Technique]) -> Vec<Technique> {
    let mut merged: Vec<Technique> = Vec::new();
    for technique in all {
        let same = merged
            .iter_mut()
            .find(|other| other.gain == technique.gain && other.family == technique.family);
        match same {
            Some(other) => other.cases.extend(&technique.cases),
            None => merged.push(technique.clone()),
        }
    }
    merged
}
