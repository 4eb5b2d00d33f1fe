//! `overhead.csv`: every sample, as it was taken.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;

/// One sample, a line of `overhead.csv` (`docs/results.md`).
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Sample {
    /// Which bench.
    pub bench: &'static str,
    /// What was measured.
    pub subject: String,
    /// What was varied, if anything.
    pub parameter: String,
    /// Its value.
    pub value: String,
    /// Round, from 1: samples of one round belong together.
    pub round: Option<u32>,
    /// Place within the round, from 1.
    pub position: Option<u32>,
    /// `ns` or `count`.
    pub unit: &'static str,
    /// The sample; `None` when it could not be taken.
    pub sample: Option<f64>,
    /// Number of repetitions that the sample is the mean of.
    pub iterations: u64,
    /// Why there is no sample.
    pub error: String,
}

/// Fields of a [`Sample`], in their order.
const COLUMNS: [&str; 10] = [
    "bench",
    "subject",
    "parameter",
    "value",
    "round",
    "position",
    "unit",
    "sample",
    "iterations",
    "error",
];
/// Name of the file.
const NAME: &str = "overhead.csv";

/// The file, open for appending.
#[derive(Debug)]
pub struct Sheet {
    writer: csv::Writer<File>,
    /// Where it is.
    pub path: PathBuf,
    /// Samples that could not be taken.
    pub failures: u64,
}

impl Sheet {
    /// A new file in the directory.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(directory: &Path) -> Result<Self> {
        let path = directory.join(NAME);
        let file = File::create(&path).with_context(|| format!("create {}", path.display()))?;
        let mut writer = csv::WriterBuilder::new()
            .has_headers(false)
            .from_writer(file);
        writer
            .write_record(COLUMNS)
            .with_context(|| format!("write {}", path.display()))?;
        Ok(Self {
            writer,
            path,
            failures: 0,
        })
    }

    /// Writes one sample.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn put(&mut self, sample: &Sample) -> Result<()> {
        self.failures += u64::from(sample.sample.is_none());
        self.writer
            .serialize(sample)
            .with_context(|| format!("write {}", self.path.display()))
    }

    /// Writes the samples of the file in another directory as well.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn take_in(&mut self, directory: &Path) -> Result<()> {
        let path = directory.join(NAME);
        let what = || format!("take in {}", path.display());
        let mut reader = csv::Reader::from_path(&path).with_context(what)?;
        for record in reader.records() {
            let record = record.with_context(what)?;
            self.writer.write_record(&record).with_context(what)?;
        }
        self.flush()
    }

    /// Writes what is still in memory, so that an interrupted run has it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn flush(&mut self) -> Result<()> {
        self.writer
            .flush()
            .with_context(|| format!("write {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_sample_is_an_empty_field_and_never_zero() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut sheet = Sheet::create(directory.path()).expect("a sheet");
        let failed = Sample {
            bench: "start",
            subject: "all".into(),
            round: Some(1),
            unit: "ns",
            iterations: 1,
            error: "exit status 1, expected 42".into(),
            ..Sample::default()
        };
        sheet.put(&failed).expect("written");
        sheet.flush().expect("written");
        let text = std::fs::read_to_string(&sheet.path).expect("the file");
        assert_eq!(
            text,
            "bench,subject,parameter,value,round,position,unit,sample,iterations,error\n\
             start,all,,,1,,ns,,1,\"exit status 1, expected 42\"\n"
        );
        assert_eq!(sheet.failures, 1);
    }

    #[test]
    fn samples_of_another_sheet_are_taken_in_beneath_one_head() {
        let directories = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
        let sample = |subject: &str| Sample {
            bench: "gather",
            subject: subject.into(),
            unit: "ns",
            sample: Some(7.5),
            iterations: 3,
            ..Sample::default()
        };
        let [mut one, mut other] =
            [0, 1].map(|place| Sheet::create(directories[place].path()).expect("a sheet"));
        other.put(&sample("none")).expect("written");
        other.flush().expect("written");
        one.take_in(directories[1].path()).expect("taken in");
        one.put(&sample("all")).expect("written");
        one.flush().expect("written");
        let text = std::fs::read_to_string(&one.path).expect("the file");
        let rows = "gather,none,,,,,ns,7.5,3,\ngather,all,,,,,ns,7.5,3,\n";
        assert_eq!(text, format!("{}\n{rows}", COLUMNS.join(",")));
    }
}
