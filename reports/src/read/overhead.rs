//! Reads what the benches wrote: `overhead.csv` and `bench.json`.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;

use super::table::{Ended, Place, rows_with};
use crate::{Error, Result};

/// Everything that one run of the benches wrote.
#[derive(Debug, Clone)]
pub struct Overhead {
    /// `bench.json`.
    pub about: About,
    /// Samples in the order of the file, those that could not be taken too.
    pub samples: Vec<Sample>,
}

/// `bench.json`, as far as reports use it.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct About {
    /// Name of the run.
    pub run: String,
    /// Whether everything that can be measured is there.
    pub complete: bool,
    /// Whether it was the quick mode.
    pub quick: bool,
    /// Commit that was measured.
    pub commit: String,
    /// Kernel release.
    pub kernel: String,
    /// Processor.
    pub cpu: String,
    /// Number of processors.
    pub cpus: usize,
    /// Frequency governor, if one is seen.
    pub governor: Option<String>,
    /// Kind of virtual machine, if one is seen.
    pub virtualisation: Option<String>,
    /// How it was measured.
    #[serde(default)]
    pub method: BTreeMap<String, String>,
    /// What was not measured.
    #[serde(default)]
    pub skipped: Vec<Skipped>,
}

/// One thing that was not measured.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Skipped {
    /// Bench that it belongs to.
    pub bench: String,
    /// What was not measured.
    pub subject: String,
    /// Why.
    pub reason: String,
}

/// One line of `overhead.csv`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Sample {
    /// Which bench.
    pub bench: String,
    /// What was measured.
    pub subject: String,
    /// What was varied; empty when nothing was.
    pub parameter: String,
    /// Its value.
    pub value: String,
    /// Round that it belongs to.
    pub round: Option<u32>,
    /// `ns` or `count`.
    pub unit: String,
    /// The sample; `None` when it could not be taken.
    pub sample: Option<f64>,
    /// Why there is none.
    pub error: String,
}

impl Overhead {
    /// Reads the directory; `None` when it has no `overhead.csv`.
    ///
    /// # Errors
    /// A file cannot be read or is not as `docs/results.md` says.
    pub fn load(directory: &Path) -> Result<Option<Self>> {
        let mut samples = Vec::new();
        let columns = ["bench", "subject", "unit", "sample", "error"];
        let path = directory.join("overhead.csv");
        let ended = rows_with(&path, &columns, |sample: Sample, place: &Place<'_>| {
            if sample.sample.is_none() && sample.error.is_empty() {
                return Err(place.error("error", "neither a sample nor why there is none"));
            }
            if sample.sample.is_some_and(|it| !it.is_finite() || it < 0.0) {
                return Err(place.error("sample", "a sample must be a number of at least 0"));
            }
            samples.push(sample);
            Ok(())
        })?;
        if ended == Ended::Absent {
            return Ok(None);
        }
        Ok(Some(Self {
            about: about(&directory.join("bench.json"))?,
            samples,
        }))
    }
}

fn about(path: &Path) -> Result<About> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(Error::Missing {
                path: path.to_owned(),
                remedy: "it belongs to overhead.csv; measure again with `cargo bench`",
            });
        }
        Err(error) => return Err(Error::io(path)(error)),
    };
    serde_json::from_str(&text).map_err(|error| Error::Malformed {
        line: error.line() as u64,
        column: Some(error.column().to_string()),
        message: error.to_string(),
        path: path.to_owned(),
    })
}
