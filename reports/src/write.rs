//! Makes the report of a run.

use std::fs;
use std::path::Path;

use crate::analysis::Analysis;
use crate::read::Run;
use crate::summary::Summary;
use crate::text::Texts;
use crate::{Error, Result, markdown};

/// Reads the run in a directory and writes `report.md` beside its files.
///
/// The report of an empty or partial run is written too, and says so; callers
/// end with [`Summary::require_complete`].
///
/// # Errors
/// A file of the run cannot be read or is malformed, or the report cannot be
/// written; an earlier report is then still whole.
pub fn write(run_dir: &Path) -> Result<Summary> {
    let run = Run::load(run_dir)?;
    let analysis = Analysis::of(&run);
    let text = markdown::render(&run, &analysis, &Texts::english()?)?;
    let mut summary = Summary::of(&run, &analysis);
    let path = run_dir.join("report.md");
    replace(&path, &text)?;
    summary.files.push(path.display().to_string());
    Ok(summary)
}

/// Writes beside and renames, so that a full disk does not cost the old file.
fn replace(path: &Path, text: &str) -> Result<()> {
    let partial = path.with_extension("partial");
    let written = fs::write(&partial, text).and_then(|()| fs::rename(&partial, path));
    written.map_err(|error| {
        // Nothing more can be done if even that fails; the error is reported.
        let _ = fs::remove_file(&partial);
        Error::io(path)(error)
    })
}
