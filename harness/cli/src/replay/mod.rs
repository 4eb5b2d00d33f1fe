//! Replays what a launcher in operation recorded (`docs/operation.md`): which
//! of those starts would a rule set have refused, and by which rule?
//!
//! Nothing is started and no privilege is needed: the verdicts are in the
//! records, and a rule set refuses when one of its rules does.

mod read;
mod score;
mod show;

use anyhow::{Result, bail};
use sekisho_rules::RuleSet;

use crate::cli::ReplayOptions;
use crate::exit::Exit;
use crate::show::out;

pub use read::Records;
pub use score::Score;

/// `sekisho replay …`.
///
/// # Errors
/// An unknown rule; a file that cannot be read; no record in any of them.
pub fn replay(options: &ReplayOptions) -> Result<Exit> {
    let mut sets = Vec::new();
    for expression in &options.rules {
        let name: String = expression.split_whitespace().collect();
        sets.push((RuleSet::parse(&name)?, name));
    }
    let baseline = match &options.baseline {
        Some(expression) => Some((RuleSet::parse(expression)?, expression.clone())),
        None => None,
    };
    let mut records = Records::default();
    for path in &options.records {
        records.read(path)?;
    }
    if records.starts.is_empty() {
        bail!(
            "no start with verdicts among {} lines: record with `observe = all` \
             (docs/operation.md), and give the files that `record` names",
            records.lines
        );
    }
    let base = baseline.as_ref().map(|(set, _)| *set);
    let scores: Vec<Score> = sets
        .iter()
        .map(|(set, name)| Score::of(name, *set, base, &records.starts))
        .collect();
    let baseline = baseline.map(|(_, name)| name);
    out(&match options.format {
        crate::cli::ReplayFormat::Text => show::text(&records, &scores, baseline.as_deref()),
        crate::cli::ReplayFormat::Csv => show::csv(&records, &sets)?,
        crate::cli::ReplayFormat::Json => show::json(&records, &scores, baseline.as_deref())?,
    })
}
