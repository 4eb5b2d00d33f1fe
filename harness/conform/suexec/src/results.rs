//! Result files of a run: written as it goes, and taken up again.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use sekisho_lab::writer::replace;
use sekisho_suexec::Condition;
use serde::{Deserialize, Serialize};

use crate::kept::{Case, keep};
use crate::request::Request;
use crate::run::{Job, Judged, Message, Options};
use crate::seen::Seen;
use crate::summary::{SUMMARY, Summary};

/// Name of the file with one line a request.
pub const REQUESTS: &str = "requests.csv";

/// Before the id of a documented difference, in the column `differs`.
const AS_DOCUMENTED: &str = "as documented: ";

/// Beginning of what is told of something left behind.
pub(crate) const LEFT: &str = "left behind: ";

/// What the caller of a run knows of itself.
#[derive(Debug, Clone)]
pub struct About {
    /// RFC 3339.
    pub started: String,
    /// Argument vector.
    pub command: Vec<String>,
    /// Version and commit of this project.
    pub version: String,
    /// Package and version of the original.
    pub original: String,
    /// SHA-256 of its file.
    pub original_sha256: String,
    /// SHA-256 of what an arena carries beside it.
    pub ours_sha256: String,
    /// Kernel release.
    pub kernel: String,
}

/// One line of `requests.csv`; docs/conformance.md says what the columns are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Index, or name of a kept case.
    pub request: String,
    /// Whether both did the same (strict: or differ as documented).
    pub agree: bool,
    verdict: String,
    pub(crate) condition: String,
    pub(crate) status: Option<u8>,
    our_verdict: String,
    our_condition: String,
    our_status: Option<u8>,
    by: String,
    pub(crate) differs: String,
}

impl Row {
    fn of(job: &Job, judged: &Judged) -> Self {
        let original = side(&judged.original);
        let ours = side(&judged.ours);
        let explained = judged.explained.iter();
        let explained = explained.map(|row| format!("{AS_DOCUMENTED}{row}"));
        let differs: Vec<String> = judged.differs.iter().cloned().chain(explained).collect();
        Self {
            request: job.name(),
            agree: judged.agrees(),
            verdict: original.0.to_owned(),
            condition: original.1.to_owned(),
            status: original.2,
            our_verdict: ours.0.to_owned(),
            our_condition: ours.1.to_owned(),
            our_status: ours.2,
            by: judged
                .ours
                .as_ref()
                .map_or(String::new(), |seen| seen.by.clone()),
            differs: differs.join("; ").replace(['\n', '\r'], " "),
        }
    }

    /// Whether every run holds the request: generated ones have a number.
    pub(crate) fn is_of_every_run(&self) -> bool {
        self.request.parse::<u64>().is_err()
    }

    /// The documented differences that explain this one.
    pub(crate) fn explained(&self) -> impl Iterator<Item = &str> {
        let told = self.differs.split("; ").filter(|_| self.agree);
        told.filter_map(|one| one.strip_prefix(AS_DOCUMENTED))
    }
}

/// Takes results as they come.
pub struct Results {
    directory: PathBuf,
    rows: csv::Writer<File>,
    summary: Summary,
}

impl Results {
    /// Makes the files of a run that begins, in a directory that is there.
    ///
    /// # Errors
    /// Names what cannot be written.
    pub fn open(options: &Options, about: About) -> Result<Self> {
        let summary = Summary {
            complete: false,
            started: about.started,
            ended: String::new(),
            command: about.command,
            version: about.version,
            original: about.original,
            original_sha256: about.original_sha256,
            ours_sha256: about.ours_sha256,
            kernel: about.kernel,
            mode: options.mode.word().to_owned(),
            seed: options.seed,
            first: options.first,
            count: options.count,
            done: 0,
            kept: 0,
            agree: 0,
            allowed: 0,
            statuses: BTreeMap::new(),
            differences: BTreeMap::new(),
            disagreements: Vec::new(),
            broken: Vec::new(),
            wall_time_s: 0.0,
        };
        let results = Self {
            rows: writer(&options.directory)?,
            summary,
            directory: options.directory.clone(),
        };
        results.write_summary()?;
        Ok(results)
    }

    /// Takes up the run in a directory; its file of requests ends with a whole
    /// line. Gives the names of the requests that are done, too.
    ///
    /// # Errors
    /// Names the file that cannot be read or written, or what changed since
    /// the run began.
    pub fn take_up(directory: &Path, about: &About) -> Result<(Self, HashSet<String>)> {
        let mut summary = Summary::read(directory)?;
        let same = [
            ("this program", &summary.version, &about.version),
            (
                "the real suEXEC",
                &summary.original_sha256,
                &about.original_sha256,
            ),
            (
                "our launcher or the probe",
                &summary.ours_sha256,
                &about.ours_sha256,
            ),
        ];
        let changed = same.iter().filter(|(_, then, now)| then != now);
        let changed: Vec<_> = changed.map(|(what, ..)| *what).collect();
        if !changed.is_empty() {
            bail!(
                "the run cannot be resumed: {} changed since it began; start a new one without \
                 --resume",
                changed.join(", ")
            );
        }
        // Counted anew, from what is there.
        (summary.done, summary.kept) = (0, 0);
        (summary.agree, summary.allowed) = (0, 0);
        summary.statuses.clear();
        summary.differences.clear();
        summary.disagreements.clear();
        summary.broken.retain(|what| what.starts_with(LEFT));
        let path = directory.join(REQUESTS);
        let rows =
            || -> csv::Result<Vec<Row>> { csv::Reader::from_path(&path)?.deserialize().collect() };
        let mut done = HashSet::new();
        if path.exists() {
            for row in rows().with_context(|| format!("cannot read {}", path.display()))? {
                summary.count(&row);
                if !done.insert(row.request.clone()) {
                    bail!(
                        "{} has the request {} twice: it was not written by one run",
                        path.display(),
                        row.request
                    );
                }
            }
        }
        let results = Self {
            rows: writer(directory)?,
            summary,
            directory: directory.to_path_buf(),
        };
        Ok((results, done))
    }

    /// Takes one message; whole lines reach the file at once, so that an
    /// interruption loses nothing that was done.
    ///
    /// # Errors
    /// Names what cannot be written.
    pub fn take(&mut self, message: Message) -> Result<()> {
        match message {
            Message::Broken(what) => {
                self.summary.broken.push(what);
                self.write_summary()
            }
            Message::Done(job, judged, simplest) => self.done(&job, &judged, simplest.as_deref()),
        }
    }

    fn done(&mut self, job: &Job, judged: &Judged, simplest: Option<&Request>) -> Result<()> {
        let row = Row::of(job, judged);
        self.summary.count(&row);
        self.rows.serialize(row)?;
        self.rows.flush()?;
        if let Some(request) = simplest {
            self.keep(job, judged, request)?;
        }
        Ok(())
    }

    fn keep(&self, job: &Job, judged: &Judged, request: &Request) -> Result<()> {
        let (name, found) = match job {
            Job::Kept(name, _) => (name.clone(), None),
            Job::Generated(index) => (
                format!("{}-{}-{index}", self.summary.mode, self.summary.seed),
                Some((self.summary.seed, *index)),
            ),
        };
        let case = Case {
            note: format!("unsettled: {}", judged.differs.join("; ")),
            found,
            request: request.clone(),
        };
        keep(&self.directory.join("regressions"), &name, &case)
    }

    /// Leaves a run that was interrupted as far as it came, and gives what is
    /// known of it.
    ///
    /// # Errors
    /// Names what cannot be written.
    pub fn pause(mut self, wall_time_s: f64) -> Result<Summary> {
        self.rows.flush()?;
        self.summary.wall_time_s += wall_time_s;
        self.write_summary()?;
        Ok(self.summary)
    }

    /// Ends the run.
    ///
    /// # Errors
    /// Names what cannot be written.
    pub fn finish(mut self, ended: String, wall_time_s: f64) -> Result<Summary> {
        self.rows.flush()?;
        self.summary.complete = self.summary.broken.is_empty();
        self.summary.ended = ended;
        self.summary.wall_time_s += wall_time_s;
        self.write_summary()?;
        Ok(self.summary)
    }

    fn write_summary(&self) -> Result<()> {
        let text = serde_json::to_string_pretty(&self.summary)? + "\n";
        replace(&self.directory.join(SUMMARY), text.as_bytes())
    }
}

/// Appends to the file of requests; the names of the columns come first.
fn writer(directory: &Path) -> Result<csv::Writer<File>> {
    let path = directory.join(REQUESTS);
    let file = File::options().append(true).create(true).open(&path);
    let file =
        file.with_context(|| format!("cannot write {}: choose a writable --out", path.display()))?;
    let begins = file.metadata()?.len() == 0;
    Ok(csv::WriterBuilder::new()
        .has_headers(begins)
        .from_writer(file))
}

fn side(seen: &Result<Seen, String>) -> (&str, &str, Option<u8>) {
    match seen {
        Ok(seen) => {
            let condition = seen.verdict.condition().map_or("", Condition::word);
            (seen.verdict.word(), condition, Some(seen.status))
        }
        Err(_) => ("failed", "", None),
    }
}

#[cfg(test)]
mod tests {
    use sekisho_suexec::Mode;

    use super::*;

    fn about(version: &str) -> About {
        About {
            started: "x".to_owned(),
            command: Vec::new(),
            version: version.to_owned(),
            original: "x".to_owned(),
            original_sha256: "x".to_owned(),
            ours_sha256: "x".to_owned(),
            kernel: "x".to_owned(),
        }
    }

    fn judged(differs: &[&str], explained: &[&'static str]) -> Judged {
        let fault = || Err("x".to_owned());
        Judged {
            original: fault(),
            ours: fault(),
            differs: differs.iter().map(|text| (*text).to_owned()).collect(),
            explained: explained.to_vec(),
        }
    }

    fn done(index: u64, differs: &[&str], explained: &[&'static str]) -> Message {
        let judged = Box::new(judged(differs, explained));
        Message::Done(Job::Generated(index), judged, None)
    }

    #[test]
    fn a_run_is_taken_up_with_what_its_rows_say() {
        let directory = std::env::temp_dir().join(format!("sekisho-up-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let options = Options {
            count: 3,
            first: 0,
            seed: 1,
            mode: Mode::Strict,
            jobs: 1,
            directory: directory.clone(),
        };
        let mut results = Results::open(&options, about("1")).unwrap();
        for message in [
            done(0, &["a\nb", "as documented: not"], &[]),
            done(1, &[], &["x"]),
            Message::Broken(format!("{LEFT}cgroup")),
            Message::Broken("arenas keep dying".to_owned()),
        ] {
            results.take(message).unwrap();
        }
        drop(results);

        let (results, names) = Results::take_up(&directory, &about("1")).unwrap();
        assert_eq!(names, ["0", "1"].map(str::to_owned).into());
        let summary = &results.summary;
        assert_eq!((summary.done, summary.kept, summary.agree), (2, 0, 0));
        assert_eq!(summary.disagreements[0], "0: a b; as documented: not");
        assert!(summary.differences.is_empty(), "none of them agrees");
        assert_eq!(summary.broken, ["left behind: cgroup"]);
        drop(results);

        let other = Results::take_up(&directory, &about("2")).err().unwrap();
        assert!(
            other.to_string().contains("this program changed"),
            "{other}"
        );
        let (mut results, _) = Results::take_up(&directory, &about("1")).unwrap();
        results.take(done(1, &[], &[])).unwrap();
        drop(results);
        let twice = Results::take_up(&directory, &about("1")).err().unwrap();
        assert!(twice.to_string().contains("1 twice"), "{twice}");
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
