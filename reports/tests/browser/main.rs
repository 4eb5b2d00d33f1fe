//! The page in a real browser: what a reader sees and hears of it, and that
//! its numbers are those of the analysis.

#[path = "../common/mod.rs"]
mod common;

mod browser;
mod configurations;
mod explorer;
mod hostile;
mod looks;
mod plot;
mod use_of_it;

use std::fs;
use std::path::{Path, PathBuf};

use sekisho_reports::analysis::Analysis;
use sekisho_reports::read::Run;
use sekisho_reports::{Lang, write_in};
use tempfile::TempDir;

/// A run with its report.
pub struct Made {
    /// Where its files are.
    pub directory: TempDir,
    /// Its records.
    pub run: Run,
    /// Its numbers.
    pub analysis: Analysis,
}

impl Made {
    /// The run that is kept with the tests: a small real one.
    pub fn small(lang: Lang) -> Self {
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/small-run");
        let directory = tempfile::tempdir().expect("a temporary directory");
        for file in fs::read_dir(kept).expect("the kept run") {
            let file = file.expect("a file").path();
            let name = file.file_name().expect("a name");
            fs::copy(&file, directory.path().join(name)).expect("a copy");
        }
        Self::of(directory, lang)
    }

    /// Makes the report of a run.
    pub fn of(directory: TempDir, lang: Lang) -> Self {
        write_in(directory.path(), lang).expect("a report");
        let run = Run::load(directory.path()).expect("a run");
        let analysis = Analysis::of(&run);
        Self {
            directory,
            run,
            analysis,
        }
    }

    /// The place of a view of the analysis in the run.
    pub fn place_of(&self, name: &str) -> usize {
        let views = &self.run.views;
        let place = views.iter().position(|view| view.name() == name);
        place.expect("a view of the run")
    }

    /// Its page.
    pub fn page(&self, lang: Lang) -> PathBuf {
        self.directory.path().join(lang.file("report", "html"))
    }
}
