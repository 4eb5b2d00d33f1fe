//! Makes the report of a run.

use std::fs;
use std::path::{Path, PathBuf};

use crate::analysis::Analysis;
use crate::read::Run;
use crate::summary::Summary;
use crate::text::Texts;
use crate::{Error, Result, markdown, tables};

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

/// Writes every table of a run as CSV into its directory `tables`: those of the
/// whole run as `<id>.csv`, those of one target and way to resolve as
/// `<target>-<resolution>-<id>.csv`. Returns the files.
///
/// # Errors
/// As [`write()`].
pub fn write_tables(run_dir: &Path) -> Result<Vec<PathBuf>> {
    let run = Run::load(run_dir)?;
    let analysis = Analysis::of(&run);
    let texts = Texts::english()?;
    let directory = run_dir.join("tables");
    fs::create_dir_all(&directory).map_err(Error::io(&directory))?;
    let mut all = vec![(String::new(), tables::of_run(&run, &analysis))];
    for view in &analysis.views {
        // Names of targets may be paths.
        let name = view.name.replace([' ', '/'], "-");
        all.push((format!("{name}-"), tables::of_view(&run, view)));
    }
    let mut files = Vec::new();
    for (prefix, tables) in all {
        for table in tables {
            let path = directory.join(format!("{prefix}{}.csv", table.id));
            replace(&path, &tables::csv::render(&table, &texts)?)?;
            files.push(path);
        }
    }
    Ok(files)
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
