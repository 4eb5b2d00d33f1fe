//! Writes result files as results come.
//!
//! A run may be killed at any moment, so files are only ever appended to, a
//! batch of whole lines at a time, and the verdicts of a trial reach their
//! file before the trial does: a trial in `trials.csv` is complete.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Serialize;

use sekisho_results::{Row, TrialRow, VerdictRow, columns};

/// What to say when a file cannot be written.
const REMEDY: &str = "free space there or name another place with --out; results written so far \
                      are kept and `--resume` continues after them";

/// A CSV file that grows.
pub(crate) struct Growing {
    path: PathBuf,
    file: File,
    waiting: Vec<u8>,
}

impl Growing {
    /// Opens the file of these rows for appending; a new one gets its header.
    pub(crate) fn open<R: Row>(directory: &Path) -> Result<Self> {
        let path = directory.join(R::FILE);
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let file = file.with_context(|| cannot_write(&path))?;
        let empty = file.metadata().with_context(|| cannot_write(&path))?.len() == 0;
        let mut growing = Self {
            path,
            file,
            waiting: Vec::new(),
        };
        if empty {
            growing.waiting = format!("{}\n", columns::<R>().join(",")).into_bytes();
            growing.flush()?;
        }
        Ok(growing)
    }

    pub(crate) fn push(&mut self, row: &impl Serialize) -> Result<()> {
        let mut writer = lines(&mut self.waiting);
        writer.serialize(row)?;
        writer.flush()?;
        Ok(())
    }

    pub(crate) fn flush(&mut self) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        self.file
            .write_all(&self.waiting)
            .with_context(|| cannot_write(&self.path))?;
        self.waiting.clear();
        Ok(())
    }
}

impl Growing {
    /// Makes what was written survive a loss of power.
    ///
    /// # Errors
    /// Names the file that cannot be written, and what to do.
    pub(crate) fn sync(&mut self) -> Result<()> {
        self.file
            .sync_all()
            .with_context(|| cannot_write(&self.path))
    }
}

fn lines(buffer: &mut Vec<u8>) -> csv::Writer<&mut Vec<u8>> {
    csv::WriterBuilder::new()
        .has_headers(false)
        .from_writer(buffer)
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write {} ({REMEDY})", path.display())
}

/// Where results go as they come.
pub trait Sink {
    /// Takes a trial and the verdicts seen in it.
    ///
    /// # Errors
    /// When a row cannot be put into CSV.
    fn push(&mut self, trial: &TrialRow, verdicts: &[VerdictRow]) -> Result<()>;

    /// Writes what was taken.
    ///
    /// # Errors
    /// Names the file that cannot be written, and what to do.
    fn flush(&mut self) -> Result<()>;

    /// Makes what was written survive a loss of power.
    ///
    /// # Errors
    /// Names the file that cannot be written, and what to do.
    fn finish(&mut self) -> Result<()>;
}

/// The growing files of a run.
pub struct Writer {
    trials: Growing,
    verdicts: Growing,
}

impl Writer {
    /// Opens both files in the run's directory.
    ///
    /// # Errors
    /// Names the file that cannot be written, and what to do.
    pub fn open(directory: &Path) -> Result<Self> {
        Ok(Self {
            trials: Growing::open::<TrialRow>(directory)?,
            verdicts: Growing::open::<VerdictRow>(directory)?,
        })
    }
}

impl Sink for Writer {
    fn push(&mut self, trial: &TrialRow, verdicts: &[VerdictRow]) -> Result<()> {
        for verdict in verdicts {
            self.verdicts.push(verdict)?;
        }
        self.trials.push(trial)
    }

    fn flush(&mut self) -> Result<()> {
        self.verdicts.flush()?;
        self.trials.flush()
    }

    fn finish(&mut self) -> Result<()> {
        self.flush()?;
        self.verdicts.sync()?;
        self.trials.sync()
    }
}

/// Writes a whole file of rows into a directory: all of it or nothing. The file
/// has a header even without rows.
///
/// # Errors
/// Names the file that cannot be written, and what to do.
pub fn write_rows<'a, R: Row + 'a>(
    directory: &Path,
    rows: impl IntoIterator<Item = &'a R>,
) -> Result<()> {
    write_table(&directory.join(R::FILE), &columns::<R>(), rows)
}

/// Writes a file of lines that are of no fixed kind, as [`write_rows`] does.
///
/// # Errors
/// Names the file that cannot be written, and what to do.
pub fn write_table<'a, R: Serialize + 'a>(
    path: &Path,
    columns: &[&str],
    rows: impl IntoIterator<Item = &'a R>,
) -> Result<()> {
    let mut buffer = format!("{}\n", columns.join(",")).into_bytes();
    let mut writer = lines(&mut buffer);
    for row in rows {
        writer.serialize(row)?;
    }
    writer.flush()?;
    drop(writer);
    replace(path, &buffer)
}

/// Replaces a file: a reader sees the old or the new content, never a part.
///
/// # Errors
/// Names the file that cannot be written, and what to do.
pub fn replace(path: &Path, content: &[u8]) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".new");
    let new = path.with_file_name(name);
    std::fs::write(&new, content)
        .and_then(|()| std::fs::rename(&new, path))
        .inspect_err(|_| drop(std::fs::remove_file(&new)))
        .with_context(|| cannot_write(path))
}

#[cfg(test)]
pub(crate) mod tests {
    use sekisho_results::{Kind, Outcome};

    use super::*;

    /// A row for tests.
    pub fn trial(scenario: &str, kind: Kind, rule_set: &str, outcome: Outcome) -> TrialRow {
        TrialRow {
            run: "r".into(),
            scenario: scenario.into(),
            case: "default".into(),
            kind,
            attacker: None,
            problem: None,
            family: "bad-id".into(),
            target: "sekisho".into(),
            rule_set: rule_set.into(),
            rules: 1,
            resolution: "by-descriptor".into(),
            control: None,
            repeat: 1,
            outcome,
            verdict: None,
            rule: String::new(),
            reason: "a, \"b\"".into(),
            exit_status: "0".into(),
            duration_us: Some(1),
            started: 2,
            verdicts: 0,
        }
    }

    #[test]
    fn rows_come_back_under_one_header_after_reopening() {
        let directory = tempfile::tempdir().unwrap();
        let row = trial("s", Kind::Malicious, "none", Outcome::Blocked);
        for _ in 0..2 {
            let mut writer = Writer::open(directory.path()).unwrap();
            writer.push(&row, &[]).unwrap();
            writer.finish().unwrap();
        }
        let mut reader = csv::Reader::from_path(directory.path().join(TrialRow::FILE)).unwrap();
        let rows: Vec<TrialRow> = reader.deserialize().map(Result::unwrap).collect();
        assert_eq!(rows, [row.clone(), row]);
    }

    #[test]
    fn an_unwritable_place_is_named_with_a_remedy() {
        let error = Writer::open(Path::new("/proc/none")).err().unwrap();
        let text = format!("{error:#}");
        assert!(text.contains("/proc/none/trials.csv"), "{text}");
        assert!(text.contains("--out"), "{text}");
    }
}
