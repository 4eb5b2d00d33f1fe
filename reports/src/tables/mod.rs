//! Tables, defined once for every format.
//!
//! A table knows what its values are, not how they look: [`Cell`]s are
//! rendered by each format. Every table says how many cases or trials it is
//! about.

mod about;
pub mod answers;
pub mod compare;
pub mod csv;
pub(crate) mod gains;
pub mod latex;
mod lattice;
pub(crate) mod outcomes;
pub mod overhead;
mod pairs;
pub(crate) mod problems;
mod profiles;
pub(crate) mod rules;
mod targets;

use crate::Result;
use crate::analysis::interval::Proportion;
use crate::analysis::{Analysis, ViewAnalysis};
use crate::read::Run;
use crate::text::Texts;

/// A table.
#[derive(Debug, Clone)]
pub struct Table {
    /// Id, the name of its files, and its caption's key in the texts.
    pub id: &'static str,
    /// Number of cases or trials that it is about.
    pub n: u64,
    /// Columns.
    pub columns: Vec<Column>,
    /// Rows, each with as many cells as there are columns.
    pub rows: Vec<Vec<Cell>>,
}

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    /// What stands above it.
    pub head: Head,
    /// Whether its values are numbers.
    pub numeric: bool,
}

/// What stands above a column.
#[derive(Debug, Clone)]
pub enum Head {
    /// `column.<key>` of the texts.
    Key(&'static str),
    /// The name of a rule set.
    Set(String),
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// No such value.
    Nothing,
    /// Words of the corpus or the launcher.
    Text(String),
    /// Ids, separated by commas.
    Ids(Vec<String>),
    /// A text of this project by its key, with values.
    Said(&'static str, Vec<(&'static str, String)>),
    /// A number.
    Count(u64),
    /// `hits/n`.
    Share(u64, u64),
    /// A rate with its interval.
    Rate(Proportion),
    /// A duration in microseconds.
    Micros(u64),
    /// A duration or a difference of durations in nanoseconds, shown in
    /// microseconds.
    Nanos(i64),
}

impl Cell {
    /// One id.
    pub(crate) fn id(id: impl Into<String>) -> Self {
        Self::Ids(vec![id.into()])
    }

    /// A rate, or nothing when there are no cases.
    pub(crate) fn rate(proportion: Proportion) -> Self {
        if proportion.n == 0 {
            Self::Nothing
        } else {
            Self::Rate(proportion)
        }
    }
}

impl Table {
    /// A table with columns from the texts; numeric ones are marked by `#`.
    pub(crate) fn new(id: &'static str, n: usize, columns: &[&'static str]) -> Self {
        Self {
            id,
            n: n as u64,
            columns: columns.iter().map(|key| Column::key(key)).collect(),
            rows: Vec::new(),
        }
    }

    /// The caption, which says the table's n.
    ///
    /// # Errors
    /// There is no such text.
    pub fn caption(&self, texts: &Texts) -> Result<String> {
        texts.say(
            &format!("caption.{}", self.id),
            &[("n", self.n.to_string())],
        )
    }
}

impl Column {
    pub(crate) fn key(key: &'static str) -> Self {
        match key.strip_prefix('#') {
            Some(key) => Self {
                head: Head::Key(key),
                numeric: true,
            },
            None => Self {
                head: Head::Key(key),
                numeric: false,
            },
        }
    }

    pub(crate) fn set(name: &str) -> Self {
        Self {
            head: Head::Set(name.to_owned()),
            numeric: true,
        }
    }
}

/// Tables about the run as a whole.
#[must_use]
pub fn of_run(run: &Run, analysis: &Analysis) -> Vec<Table> {
    let mut tables = vec![
        about::trials(analysis),
        about::mismatches(run),
        problems::mechanisms(),
    ];
    if let Some(found) = &analysis.profiles {
        tables.push(profiles::worlds(found));
        tables.push(profiles::rules(found));
        tables.push(profiles::harmless(found));
        tables.push(profiles::agreement(found));
        tables.push(profiles::not_working(found));
    }
    if let Some(differences) = &analysis.resolution {
        tables.push(about::resolution_outcomes(differences));
        tables.push(about::resolution_verdicts(differences));
    }
    tables.extend(analysis.overhead.iter().flat_map(overhead::tables));
    tables.extend(targets::tables(analysis));
    // One variant of suexec, as in the answer.
    if let Some(found) = analysis.pairs.first() {
        tables.push(pairs::families(found));
        tables.push(pairs::classes(found));
        tables.push(pairs::pairs(found));
        tables.push(pairs::inexpressible(found));
    }
    tables
}

/// Tables about one view.
#[must_use]
pub fn of_view(run: &Run, view: &ViewAnalysis) -> Vec<Table> {
    let mut tables = Vec::new();
    if let Some(found) = &view.gains {
        tables.push(gains::gains(view, found));
        tables.push(gains::rates(view, found));
        tables.push(gains::open(view, found));
        tables.push(gains::sensitivity(view, found));
    }
    if !view.advertised.is_empty() {
        tables.push(gains::advertised(run, view));
    }
    tables.push(gains::corpus(view));
    tables.extend([
        outcomes::families(view),
        outcomes::attackers(view),
        outcomes::attacker_families(view),
        outcomes::breakage(view),
        outcomes::breaking(view),
        rules::alone(view),
        rules::stops(view),
        rules::necessity(view),
        rules::redundancy(view),
        rules::margins(view),
        problems::problems(view),
        about::agreement(view),
        about::disagreements(view),
        about::latency(view),
    ]);
    tables.extend(about::notable(view));
    tables.extend(about::residual(view));
    tables.extend(rules::costs(view));
    if let Some(analysis) = view.exact_lattice() {
        tables.push(lattice::minimal(run, view, analysis));
        tables.push(lattice::front(run, view, analysis));
        tables.push(lattice::adoption(view, analysis));
    }
    tables
}

/// Tables about one view that are too long to be read, for other programs.
#[must_use]
pub fn long_of_view(run: &Run, view: &ViewAnalysis) -> Vec<Table> {
    let mut tables = vec![outcomes::everything(view)];
    if let Some(analysis) = view.exact_lattice() {
        tables.push(lattice::front_cost(run, view, analysis));
        tables.push(lattice::distribution(analysis));
    }
    tables
}
