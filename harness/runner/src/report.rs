//! The report of a run, made from its files alone.

use std::path::Path;

use anyhow::Result;
use sekisho_reports::Lang;

/// Writes the report beside the files of the run.
///
/// # Errors
/// Names the file that cannot be read or written. An empty or partial run has
/// a report, which says so, and is an error all the same.
pub fn write(directory: &Path, lang: Lang) -> Result<()> {
    let summary = sekisho_reports::write_in(directory, lang)?;
    for figure in &summary.not_drawn {
        eprintln!("sekisho: not drawn: {figure}");
    }
    summary.require_complete()?;
    Ok(())
}
