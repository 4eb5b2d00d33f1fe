//! The report of a run, made from its files alone.

use std::path::Path;

use anyhow::Result;

/// Writes the report beside the files of the run.
///
/// # Errors
/// Names the file that cannot be read or written.
pub fn write(directory: &Path) -> Result<()> {
    sekisho_reports::write(directory)?;
    Ok(())
}
