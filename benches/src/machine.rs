//! `bench.json`: on what machine, how, and what could not be measured.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::built::COMMIT;

/// One thing that was not measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Bench that it belongs to.
    pub bench: String,
    /// What was not measured.
    pub subject: String,
    /// Why.
    pub reason: String,
}

/// `bench.json` (`docs/results.md`).
#[derive(Debug, Clone, Serialize)]
pub struct About {
    /// Name of the run.
    pub run: String,
    /// RFC 3339.
    pub started: String,
    /// RFC 3339; `None` while it runs.
    pub ended: Option<String>,
    /// Whether everything that was asked for is there.
    pub complete: bool,
    /// The command line.
    pub command: Vec<String>,
    /// Whether it was the quick mode.
    pub quick: bool,
    /// Version of this project.
    pub version: &'static str,
    /// Commit that was measured.
    pub commit: &'static str,
    /// Of the order within rounds.
    pub seed: u64,
    /// Kernel release.
    pub kernel: String,
    /// Processor.
    pub cpu: String,
    /// Number of processors.
    pub cpus: usize,
    /// Frequency governor; `None` where there is none to be seen.
    pub governor: Option<String>,
    /// Kind of virtual machine; `None` where no sign of one is seen.
    pub virtualisation: Option<String>,
    /// Mitigations of processor faults by name.
    pub mitigations: BTreeMap<String, String>,
    /// How it was measured, in words and numbers.
    pub method: BTreeMap<String, String>,
    /// What was not measured.
    pub skipped: Vec<Skipped>,
    /// Samples that could not be taken.
    pub failures: u64,
}

impl About {
    /// Looks at the machine.
    #[must_use]
    pub fn of(run: &str, quick: bool, seed: u64) -> Self {
        let cpuinfo = read("/proc/cpuinfo").unwrap_or_default();
        let field = |name: &str| {
            let line = cpuinfo.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let hypervisor = field("flags").is_some_and(|flags| flags.contains("hypervisor"));
        let product = read("/sys/class/dmi/id/product_name");
        Self {
            run: run.to_owned(),
            started: jiff::Timestamp::now().to_string(),
            ended: None,
            complete: false,
            command: std::env::args().collect(),
            quick,
            version: env!("CARGO_PKG_VERSION"),
            commit: COMMIT,
            seed,
            kernel: read("/proc/sys/kernel/osrelease").unwrap_or_default(),
            cpu: field("model name").unwrap_or_default(),
            cpus: std::thread::available_parallelism().map_or(1, Into::into),
            governor: read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            virtualisation: hypervisor.then(|| product.unwrap_or_else(|| "unknown".to_owned())),
            mitigations: mitigations(),
            method: BTreeMap::new(),
            skipped: Vec::new(),
            failures: 0,
        }
    }

    /// Notes that something was not measured, and says so.
    pub fn skip(&mut self, bench: &str, subject: &str, reason: impl Into<String>) {
        let reason = reason.into();
        println!("skipped: {bench} {subject}: {reason}");
        self.skipped.push(Skipped {
            bench: bench.to_owned(),
            subject: subject.to_owned(),
            reason,
        });
    }

    /// Notes one thing about the method.
    pub fn method(&mut self, what: &str, how: impl ToString) {
        self.method.insert(what.to_owned(), how.to_string());
    }

    /// Writes the file into the directory.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, directory: &Path) -> Result<()> {
        let path = directory.join("bench.json");
        let text = serde_json::to_string_pretty(self).context("as JSON")?;
        fs::write(&path, text + "\n").with_context(|| format!("write {}", path.display()))
    }
}

fn read(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

fn mitigations() -> BTreeMap<String, String> {
    let entries = fs::read_dir("/sys/devices/system/cpu/vulnerabilities");
    let entries = entries.into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            Some((
                name,
                fs::read_to_string(entry.path()).ok()?.trim().to_owned(),
            ))
        })
        .collect()
}
