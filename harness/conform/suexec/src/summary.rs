//! `conform.json`: what a run is, and the counts of its rows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use sekisho_suexec::condition::CONDITIONS;
use sekisho_suexec::{Condition, Mode};
use serde::{Deserialize, Serialize};

use crate::original::UNREACHABLE;
use crate::results::Row;

/// Requests from which on every reachable exit status has to be reached.
pub const ENOUGH: u64 = 2000;

/// `conform.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
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
    /// SHA-256 of what an arena carries beside it: ours and the probe.
    pub ours_sha256: String,
    /// Kernel release.
    pub kernel: String,
    /// Mode of ours.
    pub mode: String,
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
    /// Faults outside of requests; what was left behind stays here when the run
    /// is resumed.
    pub broken: Vec<String>,
    /// Seconds.
    pub wall_time_s: f64,
}

/// Most disagreements that the text at the end names.
pub const MOST_NAMED: usize = 10;

/// Name of the file.
pub const SUMMARY: &str = "conform.json";

/// What a start is called beside the words of conditions.
const STARTED: &str = "000 started";

fn key(condition: Condition) -> String {
    format!("{:03} {}", condition.status(), condition.word())
}

impl Summary {
    /// Reads the file of the run in a directory.
    ///
    /// # Errors
    /// Names the file and what is wrong with it.
    pub fn read(directory: &Path) -> Result<Self> {
        let path = directory.join(SUMMARY);
        let read = || -> Result<Self> { Ok(serde_json::from_slice(&std::fs::read(&path)?)?) };
        read().with_context(|| {
            format!(
                "cannot read {}: is it the directory of a run of this version?",
                path.display()
            )
        })
    }

    /// Counts one row.
    pub fn count(&mut self, row: &Row) {
        self.done += 1;
        self.kept += u64::from(row.is_of_every_run());
        self.agree += u64::from(row.agree);
        if !row.agree && self.disagreements.len() < MOST_NAMED {
            let what = format!("{}: {}", row.request, row.differs);
            self.disagreements.push(what);
        }
        if row.status.is_some() {
            let condition = Condition::of_word(&row.condition);
            self.allowed += u64::from(condition.is_none());
            let key = condition.map_or(STARTED.to_owned(), key);
            *self.statuses.entry(key).or_default() += 1;
        }
        for difference in row.explained() {
            *self.differences.entry(difference.to_owned()).or_default() += 1;
        }
    }

    /// The mode of ours.
    ///
    /// # Errors
    /// When the word is none.
    pub fn mode(&self) -> Result<Mode> {
        let modes = [Mode::Strict, Mode::SuexecExact];
        let mode = modes.into_iter().find(|mode| mode.word() == self.mode);
        mode.with_context(|| format!("{SUMMARY}: there is no mode `{}`", self.mode))
    }

    /// Exit statuses that can be reached and were not.
    #[must_use]
    pub fn missed(&self) -> Vec<String> {
        let all: BTreeSet<String> = CONDITIONS.iter().map(|entry| key(entry.0)).collect();
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
