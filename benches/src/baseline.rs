//! Saved runs of the benches, and comparing with them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use sekisho_reports::analysis::overhead::Estimate;
use sekisho_reports::read::overhead::Sample;

/// What a saved run consists of.
const FILES: [&str; 2] = ["overhead.csv", "bench.json"];

/// Where saved runs are: a directory for each, beneath this.
#[derive(Debug, Clone)]
pub struct Baselines(PathBuf);

/// What is measured: bench, subject, what is varied, its value, unit.
type Series = [String; 5];

/// A series in both runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Bench, subject and value of what is varied.
    pub name: String,
    /// Then and now.
    pub values: [Estimate; 2],
    /// What is to be said of it.
    pub verdict: Verdict,
}

/// Whether something became worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Worse beyond noise.
    Regression,
    /// Better beyond noise.
    Improvement,
    /// Neither.
    Same,
}

/// A run beside a saved one.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Series that changed, regressions first.
    pub changed: Vec<Change>,
    /// Number of series in both.
    pub compared: usize,
    /// Series of the baseline that this run does not have.
    pub gone: usize,
}

impl Baselines {
    /// Those in this directory.
    #[must_use]
    pub fn within(directory: &Path) -> Self {
        Self(directory.to_owned())
    }

    /// Whether a name can be one: letters, digits, `-`, `_` and `.`, not first.
    ///
    /// # Errors
    /// It cannot.
    pub fn check_name(name: &str) -> Result<()> {
        let usual = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let fine = !name.is_empty() && !name.starts_with('.') && name.bytes().all(usual);
        ensure!(fine, "`{name}` cannot be the name of a baseline");
        Ok(())
    }

    /// The samples that were saved.
    ///
    /// # Errors
    /// There is no such baseline, or it cannot be read.
    pub fn read(&self, name: &str) -> Result<Vec<Sample>> {
        let directory = self.0.join(name);
        if !directory.is_dir() {
            let known = self.names().join(", ");
            bail!(
                "no baseline `{name}` in {}; there are: {known}",
                self.0.display()
            );
        }
        read(&directory)
    }

    /// Names of saved runs.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort_unstable();
        names
    }

    /// Saves a run, in place of one of that name.
    ///
    /// # Errors
    /// A file cannot be copied.
    pub fn save(&self, name: &str, run: &Path) -> Result<()> {
        let directory = self.0.join(name);
        fs::create_dir_all(&directory).with_context(|| format!("mkdir {}", directory.display()))?;
        for file in FILES {
            let (from, to) = (run.join(file), directory.join(file));
            fs::copy(&from, &to).with_context(|| format!("copy to {}", to.display()))?;
        }
        Ok(())
    }
}

/// The samples of a run.
///
/// # Errors
/// They cannot be read.
pub fn read(run: &Path) -> Result<Vec<Sample>> {
    let path = run.join(FILES[0]);
    let mut reader =
        csv::Reader::from_path(&path).with_context(|| format!("read {}", path.display()))?;
    let samples = reader.deserialize().collect::<std::result::Result<_, _>>();
    samples.with_context(|| format!("read {}", path.display()))
}

impl Comparison {
    /// Compares two runs. A time is worse when the 95 % intervals of the medians
    /// (percentile bootstrap) do not meet *and* the median grew by more than the
    /// share `noise`: two runs differ in what neither of them varies. What is
    /// counted once is exact: any growth is worse.
    #[must_use]
    pub fn of(then: &[Sample], now: &[Sample], noise: f64) -> Self {
        let (then, now) = (series(then), series(now));
        let (mut changed, mut compared, mut gone) = (Vec::new(), 0, 0);
        for (series, old) in &then {
            let found = now.get(series);
            let Some((old, new)) = Estimate::of(old).zip(found.and_then(|new| Estimate::of(new)))
            else {
                gone += 1;
                continue;
            };
            compared += 1;
            let [bench, subject, _, value, unit] = series;
            let once = old.n == 1 && new.n == 1;
            let verdict = match unit.as_str() {
                "count" if once => judge(old.median, new.median, 0.0),
                _ if new.low > old.high || new.high < old.low => {
                    judge(old.median, new.median, noise)
                }
                _ => Verdict::Same,
            };
            // Starts per second, not what they cost.
            let verdict = match (bench.as_str(), verdict) {
                ("concurrent-rate", Verdict::Regression) => Verdict::Improvement,
                ("concurrent-rate", Verdict::Improvement) => Verdict::Regression,
                _ => verdict,
            };
            if verdict != Verdict::Same {
                changed.push(Change {
                    name: format!("{bench} {subject} {value}").trim_end().to_owned(),
                    values: [old, new],
                    verdict,
                });
            }
        }
        changed.sort_by_key(|change| change.verdict);
        Self {
            changed,
            compared,
            gone,
        }
    }

    /// Whether anything became worse.
    #[must_use]
    pub fn regressed(&self) -> bool {
        let worse = |change: &Change| change.verdict == Verdict::Regression;
        self.changed.iter().any(worse)
    }
}

fn judge(old: f64, new: f64, noise: f64) -> Verdict {
    if new > old * (1.0 + noise) {
        Verdict::Regression
    } else if new * (1.0 + noise) < old {
        Verdict::Improvement
    } else {
        Verdict::Same
    }
}

fn series(samples: &[Sample]) -> BTreeMap<Series, Vec<f64>> {
    let mut all: BTreeMap<Series, Vec<f64>> = BTreeMap::new();
    for sample in samples {
        let of = [
            &sample.bench,
            &sample.subject,
            &sample.parameter,
            &sample.value,
            &sample.unit,
        ];
        let values = all.entry(of.map(Clone::clone)).or_default();
        values.extend(sample.sample);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::{Sample as Line, Sheet};

    fn run(directory: &Path, lines: &[(&'static str, &str, &'static str, &[f64])]) {
        let mut sheet = Sheet::create(directory).expect("a sheet");
        for (bench, subject, unit, values) in lines {
            for value in *values {
                sheet
                    .put(&Line {
                        bench,
                        subject: (*subject).into(),
                        unit,
                        sample: Some(*value),
                        iterations: 1,
                        ..Line::default()
                    })
                    .expect("written");
            }
        }
        sheet.flush().expect("written");
        fs::write(directory.join("bench.json"), "{}").expect("written");
    }

    #[test]
    fn a_regression_is_what_leaves_interval_and_noise() {
        let root = tempfile::tempdir().expect("a directory");
        let baselines = Baselines::within(&root.path().join("baselines"));
        let [then, now] = ["then", "now"].map(|name| root.path().join(name));
        for directory in [&then, &now] {
            fs::create_dir(directory).expect("made");
        }
        let near = [100.0, 101.0, 99.0, 100.0];
        let wide = [50.0, 100.0, 150.0, 90.0];
        run(
            &then,
            &[
                ("start", "worse", "ns", &near),
                ("start", "noise", "ns", &near),
                ("start", "wide", "ns", &wide),
                ("start", "better", "ns", &near),
                ("start", "gone", "ns", &near),
                ("system-calls", "all", "count", &[219.0]),
                ("system-calls", "none", "count", &[163.0]),
                ("concurrent-rate", "all", "count", &near),
            ],
        );
        let times = |factor: f64| near.map(|value| value * factor);
        run(
            &now,
            &[
                ("start", "worse", "ns", &times(1.2)),
                ("start", "noise", "ns", &times(1.04)),
                ("start", "wide", "ns", &wide.map(|value| value * 1.2)),
                ("start", "better", "ns", &times(0.8)),
                ("system-calls", "all", "count", &[220.0]),
                ("system-calls", "none", "count", &[163.0]),
                ("concurrent-rate", "all", "count", &times(0.5)),
            ],
        );
        baselines.save("main", &then).expect("saved");
        assert_eq!(baselines.names(), ["main"]);
        let saved = baselines.read("main").expect("there");
        let comparison = Comparison::of(&saved, &read(&now).expect("there"), 0.05);
        let changed: Vec<_> = comparison
            .changed
            .iter()
            .map(|change| (change.name.as_str(), change.verdict))
            .collect();
        let (worse, better) = (Verdict::Regression, Verdict::Improvement);
        assert_eq!(
            changed,
            [
                ("concurrent-rate all", worse),
                ("start worse", worse),
                ("system-calls all", worse),
                ("start better", better)
            ]
        );
        assert!(comparison.regressed());
        assert_eq!((comparison.compared, comparison.gone), (7, 1));
        assert!(!Comparison::of(&saved, &saved, 0.05).regressed());
        let missing = baselines.read("other").expect_err("none");
        assert!(missing.to_string().contains("there are: main"), "{missing}");
    }

    #[test]
    fn names_stay_in_their_directory() {
        for name in ["", ".", "..", "a/b", ".hidden", "a b"] {
            assert!(Baselines::check_name(name).is_err(), "{name}");
        }
        assert!(Baselines::check_name("main-1.2_x").is_ok());
    }
}
