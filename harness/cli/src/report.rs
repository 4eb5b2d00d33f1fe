//! The report of a run, made from its files alone.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use sekisho_reports::{Lang, Summary, comparison, terminal};

use crate::cli::Format;
use crate::exit::Exit;
use crate::show::out;

/// Writes the report beside the files of the run, or of the benches when they
/// are all that the directory holds. `bench`: where the benches of a run are.
///
/// # Errors
/// Names the file that cannot be read or written. An empty or partial run has
/// a report, which says so, and is an error all the same.
pub fn write(directory: &Path, bench: Option<&Path>, lang: Lang) -> Result<()> {
    if directory.join("bench.json").exists() && !directory.join("run.json").exists() {
        for figure in sekisho_reports::write_bench(directory, lang)? {
            eprintln!("sekisho: not drawn: {figure}");
        }
        return Ok(());
    }
    told(&sekisho_reports::write_with(directory, bench, lang)?)
}

/// The report of one run, or of several that are read as one.
///
/// # Errors
/// As [`write()`]; also that several runs do not fit, or have no `out`.
pub fn report(
    runs: &[PathBuf],
    out: Option<&Path>,
    bench: Option<&Path>,
    lang: Lang,
) -> Result<()> {
    match (runs, out) {
        ([run], None) => write(run, bench, lang),
        (_, None) => {
            bail!("several runs have no directory of their own; say where with `--out DIR`")
        }
        (_, Some(out)) => told(&sekisho_reports::write_merged(runs, out, bench, lang)?),
    }
}

fn told(summary: &Summary) -> Result<()> {
    if !summary.not_drawn.is_empty() {
        eprintln!(
            "sekisho: {} figures are not drawn, for want of numbers; the report says of which",
            summary.not_drawn.len()
        );
    }
    summary.require_complete()?;
    Ok(())
}

/// Makes the report of a run that just ended, and shows it in short.
///
/// # Errors
/// As [`write()`].
pub fn show(directory: &Path, format: Format) -> Result<Exit> {
    let summary = sekisho_reports::write_with(directory, None, Lang::English)?;
    match format {
        Format::Text => out(&terminal::text(&summary, width()))?,
        Format::Json => out(&format!("{}\n", serde_json::to_string(&summary)?))?,
    };
    summary.require_complete()?;
    Ok(match summary.is_clean() {
        true => Exit::Done,
        false => Exit::Unclean,
    })
}

/// Columns of the terminal, as `COLUMNS` or the terminal itself tells; 100
/// elsewhere.
fn width() -> u16 {
    let told = std::env::var("COLUMNS").ok();
    let told = told.and_then(|columns| columns.parse().ok());
    told.or_else(|| comfy_table::Table::new().width())
        .unwrap_or(100)
        .max(80)
}

/// Prints what changed between two runs.
///
/// # Errors
/// Names the file of a run that cannot be read.
pub fn compare(before: &Path, after: &Path, lang: Lang, format: Format) -> Result<Exit> {
    let compared = comparison::compare_runs(before, after, lang)?;
    match format {
        Format::Text => print!("{}", compared.text),
        Format::Json => println!("{}", serde_json::to_string(&compared.comparison)?),
    }
    Ok(if compared.is_same() {
        Exit::Done
    } else {
        Exit::Unclean
    })
}
