//! Result files of a run, and what it says at its end.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use sekisho_suexec::condition::CONDITIONS;
use sekisho_suexec::{Condition, Mode};
use serde::Serialize;

use crate::kept::{Case, keep};
use crate::original::UNREACHABLE;
use crate::request::Request;
use crate::run::{Job, Judged, Message, Options};
use crate::seen::Seen;

/// Requests from which on every reachable exit status has to be reached.
pub const ENOUGH: u64 = 2000;

/// `conform.json`.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Whether the run came to its end.
    pub complete: bool,
    /// RFC 3339.
    pub started: String,
    /// RFC 3339; empty while running.
    pub ended: String,
    /// Argument vector.
    pub command: Vec<String>,
    /// Version and commit of this project.
    pub version: String,
    /// Package and version of the original.
    pub original: String,
    /// SHA-256 of its file.
    pub original_sha256: String,
    /// Kernel release.
    pub kernel: String,
    /// Mode of ours.
    pub mode: &'static str,
    /// Seed.
    pub seed: u64,
    /// Index of the first generated request.
    pub first: u64,
    /// Number of generated requests.
    pub count: u64,
    /// Requests done, kept cases included.
    pub done: u64,
    /// Requests among them that every run holds: kept cases and pairs of
    /// failing conditions.
    pub kept: u64,
    /// Requests on which both agree (strict: or differ as documented).
    pub agree: u64,
    /// Programs that the original started.
    pub allowed: u64,
    /// How often the original ended in each way: `STATUS WORD`.
    pub statuses: BTreeMap<String, u64>,
    /// Strict mode: how often each documented difference was met.
    pub differences: BTreeMap<String, u64>,
    /// Requests that do not agree, with what differs: the first
    /// [`MOST_NAMED`], all in `requests.csv`.
    pub disagreements: Vec<String>,
    /// Faults outside of requests.
    pub broken: Vec<String>,
    /// Seconds.
    pub wall_time_s: f64,
}

/// Most disagreements that the text at the end names.
pub const MOST_NAMED: usize = 10;

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
    /// Kernel release.
    pub kernel: String,
}

/// One line of `requests.csv`.
#[derive(Debug, Serialize)]
struct Row<'a> {
    request: String,
    agree: bool,
    verdict: &'a str,
    condition: &'a str,
    status: Option<u8>,
    our_verdict: &'a str,
    our_condition: &'a str,
    our_status: Option<u8>,
    by: &'a str,
    differs: String,
}

/// Takes results as they come.
pub struct Results {
    directory: PathBuf,
    rows: csv::Writer<File>,
    summary: Summary,
    mode: Mode,
}

impl Results {
    /// Makes the directory and its files.
    ///
    /// # Errors
    /// Names what cannot be written.
    pub fn open(options: &Options, about: About) -> Result<Self> {
        let directory = options.directory.clone();
        let remedy = || {
            format!(
                "cannot write {}: choose a writable --out",
                directory.display()
            )
        };
        std::fs::create_dir_all(&directory).with_context(remedy)?;
        let file = File::create(directory.join("requests.csv")).with_context(remedy)?;
        let results = Self {
            rows: csv::Writer::from_writer(file),
            summary: Summary {
                complete: false,
                started: about.started,
                ended: String::new(),
                command: about.command,
                version: about.version,
                original: about.original,
                original_sha256: about.original_sha256,
                kernel: about.kernel,
                mode: options.mode.word(),
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
            },
            mode: options.mode,
            directory,
        };
        results.write_summary()?;
        Ok(results)
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
                Ok(())
            }
            Message::Done(job, judged, simplest) => self.done(&job, &judged, simplest.as_deref()),
        }
    }

    fn done(&mut self, job: &Job, judged: &Judged, simplest: Option<&Request>) -> Result<()> {
        let agrees = judged.agrees();
        let summary = &mut self.summary;
        summary.done += 1;
        summary.kept += u64::from(matches!(job, Job::Kept(..)));
        summary.agree += u64::from(agrees);
        if !agrees && summary.disagreements.len() < MOST_NAMED {
            let differs = judged.differs.join("; ").replace(['\n', '\r'], " ");
            summary
                .disagreements
                .push(format!("{}: {differs}", job.name()));
        }
        if let Ok(seen) = &judged.original {
            summary.allowed += u64::from(seen.verdict.condition().is_none());
            let key = key(seen.verdict.condition());
            *summary.statuses.entry(key).or_default() += 1;
        }
        for row in &judged.explained {
            *summary.differences.entry((*row).to_owned()).or_default() += 1;
        }
        let original = side(&judged.original);
        let ours = side(&judged.ours);
        let explained = judged
            .explained
            .iter()
            .map(|row| format!("as documented: {row}"));
        let differs: Vec<String> = judged.differs.iter().cloned().chain(explained).collect();
        self.rows.serialize(Row {
            request: job.name(),
            agree: agrees,
            verdict: original.0,
            condition: original.1,
            status: original.2,
            our_verdict: ours.0,
            our_condition: ours.1,
            our_status: ours.2,
            by: judged.ours.as_ref().map_or("", |seen| seen.by.as_str()),
            differs: differs.join("; ").replace(['\n', '\r'], " "),
        })?;
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
                format!("{}-{}-{index}", self.mode.word(), self.summary.seed),
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

    /// Ends the run.
    ///
    /// # Errors
    /// Names what cannot be written.
    pub fn finish(mut self, ended: String, wall_time_s: f64) -> Result<Summary> {
        self.rows.flush()?;
        self.summary.complete = self.summary.broken.is_empty();
        self.summary.ended = ended;
        self.summary.wall_time_s = wall_time_s;
        self.write_summary()?;
        Ok(self.summary)
    }

    fn write_summary(&self) -> Result<()> {
        let path = self.directory.join("conform.json");
        let text = serde_json::to_string_pretty(&self.summary)? + "\n";
        let new = path.with_extension("json.new");
        let written = File::create(&new)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .and_then(|()| std::fs::rename(&new, &path));
        written.with_context(|| format!("cannot write {}", path.display()))
    }
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

fn key(condition: Option<Condition>) -> String {
    match condition {
        Some(condition) => format!("{:03} {}", condition.status(), condition.word()),
        None => "000 started".to_owned(),
    }
}

impl Summary {
    /// Exit statuses that can be reached and were not.
    #[must_use]
    pub fn missed(&self) -> Vec<String> {
        let all: BTreeSet<String> = CONDITIONS.iter().map(|entry| key(Some(entry.0))).collect();
        all.into_iter()
            .filter(|key| !self.statuses.contains_key(key))
            .collect()
    }

    /// Whether nothing is left to explain.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let all = self.kept + self.count;
        let missed = self.count >= ENOUGH && !self.missed().is_empty();
        self.complete && self.done == all && self.agree == all && !missed
    }

    /// What a run says at its end; the last line counts the agreement.
    #[must_use]
    pub fn text(&self, directory: &Path) -> String {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "original: {} ({})",
            self.original,
            &self.original_sha256[..12]
        );
        let _ = writeln!(
            text,
            "mode {}, seed {}, {} generated requests from {}, {} that every run holds, {:.0} s",
            self.mode, self.seed, self.count, self.first, self.kept, self.wall_time_s
        );
        let _ = writeln!(
            text,
            "allowed by the original: {} of {} ({:.0} %)",
            self.allowed,
            self.done,
            100.0 * self.allowed as f64 / (self.done.max(1)) as f64
        );
        let _ = writeln!(text, "how the original ended:");
        for (key, count) in &self.statuses {
            let _ = writeln!(text, "  {count:>6}  {key}");
        }
        for key in self.missed() {
            let _ = writeln!(text, "       0  {key}: not reached in this run");
        }
        for (status, why) in UNREACHABLE {
            let _ = writeln!(text, "       -  {status}: {why}");
        }
        if self.mode == Mode::Strict.word() {
            let _ = writeln!(text, "documented differences met:");
            for row in &crate::differences::DIFFERENCES {
                let count = self.differences.get(row.id).copied().unwrap_or_default();
                let _ = writeln!(text, "  {count:>6}  {}", row.id);
            }
        }
        for what in &self.disagreements {
            let _ = writeln!(text, "disagrees: {what}");
        }
        for what in &self.broken {
            let _ = writeln!(text, "broken: {what}");
        }
        let _ = writeln!(text, "results: {}", directory.display());
        if self.agree != self.done {
            let _ = writeln!(
                text,
                "what disagreed, shrunk: {}",
                directory.join("regressions").display()
            );
        }
        let all = self.kept + self.count;
        let _ = match self.mode == Mode::Strict.word() {
            true => writeln!(
                text,
                "{} of {all} agree or differ as documented",
                self.agree
            ),
            false => writeln!(text, "{} of {all} agree", self.agree),
        };
        text
    }
}
