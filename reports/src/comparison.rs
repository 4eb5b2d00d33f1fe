//! What changed between two runs, for a terminal.

use std::path::Path;

use minijinja::context;
use minijinja::value::{Serde, Value};

use crate::analysis::compare::{Comparison, compare};
use crate::read::Run;
use crate::tables::compare::of_comparison;
use crate::text::{Lang, Texts};
use crate::{Result, markdown};

/// A comparison and its text.
#[derive(Debug, Clone)]
pub struct Compared {
    /// The numbers.
    pub comparison: Comparison,
    /// The same as Markdown.
    pub text: String,
    /// Runs that are not complete, by id: what they lack is no change.
    pub incomplete: Vec<String>,
}

impl Compared {
    /// Whether both runs are complete and say the same.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.incomplete.is_empty() && self.comparison.is_same()
    }
}

/// Reads two runs and says what changed from the first to the second.
///
/// # Errors
/// A file of a run cannot be read or is malformed.
pub fn compare_runs(before: &Path, after: &Path, lang: Lang) -> Result<Compared> {
    let runs = [Run::load(before)?, Run::load(after)?];
    let texts = Texts::of(lang)?;
    let comparison = compare(&runs[0], &runs[1]);
    let incomplete = runs.iter().filter(|run| !run.is_complete());
    let incomplete: Vec<String> = incomplete.map(|run| run.info.run.clone()).collect();
    let races = comparison.changed.iter().filter(|change| change.race);
    let races = races.count();
    let environment = markdown::environment(&texts)?;
    let text = environment.get_template("compare.md")?.render(context! {
        before => markdown::escape(&comparison.before),
        after => markdown::escape(&comparison.after),
        same => incomplete.is_empty() && comparison.is_same(),
        compared => comparison.compared,
        changed => comparison.changed.len() - races,
        races => races,
        only_before => comparison.only_before,
        only_after => comparison.only_after,
        verdicts_compared => comparison.verdicts_compared,
        verdicts => comparison.verdicts.len(),
        incomplete => incomplete.iter().map(|run| markdown::escape(run)).collect::<Vec<_>>(),
        tables => Value::from(Serde(markdown::shown(&of_comparison(&comparison), &texts)?)),
    })?;
    Ok(Compared {
        comparison,
        text,
        incomplete,
    })
}
