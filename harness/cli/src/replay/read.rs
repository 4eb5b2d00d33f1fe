//! Record files as a launcher appends them: one line of JSON each, some of
//! them possibly damaged.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use sekisho_rules::RuleSet;
use serde::Deserialize;

/// Longest line that is taken for a record: a decision about all rules is a few
/// kilobytes.
const LONGEST: usize = 1024 * 1024;

/// What is known of one start.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Place of its file in [`Records::files`].
    pub file: usize,
    /// Line, from 1.
    pub line: u64,
    /// What the launcher did then.
    pub decision: String,
    /// Rules with a verdict.
    pub evaluated: RuleSet,
    /// Rules that deny, or could not observe their fact.
    pub refuses: RuleSet,
    /// Rules that repair something.
    pub repairs: RuleSet,
    /// Reasons of verdicts other than permit.
    pub reasons: BTreeMap<String, String>,
}

/// Everything that was read.
#[derive(Debug, Default)]
pub struct Records {
    /// The files.
    pub files: Vec<PathBuf>,
    /// Starts with verdicts, in the order of files and lines.
    pub starts: Vec<Judged>,
    /// Lines.
    pub lines: u64,
    /// Lines about how an init ended.
    pub ends: u64,
    /// Decisions without verdicts, by word: nobody could have started them, or
    /// nothing was observed.
    pub without_verdicts: BTreeMap<String, u64>,
    /// Lines that are no record: place of the file, line, what is wrong.
    pub damaged: Vec<(usize, u64, String)>,
    /// Rules in the records that this program does not know, with how often.
    pub unknown_rules: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct Line {
    decision: Option<String>,
    #[serde(default)]
    verdicts: BTreeMap<String, String>,
    #[serde(default)]
    reasons: BTreeMap<String, String>,
    ended: Option<serde_json::Value>,
    failed: Option<serde_json::Value>,
}

impl Records {
    /// Reads a file. A line that is no record is counted and named, and the
    /// next one is read.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(&mut self, path: &Path) -> Result<()> {
        let cannot = || format!("cannot read the records {}", path.display());
        let mut reader = BufReader::new(File::open(path).with_context(cannot)?);
        let file = self.files.len();
        self.files.push(path.to_owned());
        let mut bytes = Vec::new();
        for number in 1.. {
            bytes.clear();
            if reader.read_until(b'\n', &mut bytes).with_context(cannot)? == 0 {
                break;
            }
            let torn = bytes.last() != Some(&b'\n');
            let text = bytes.trim_ascii();
            if text.is_empty() {
                continue;
            }
            self.lines += 1;
            if let Err(message) = self.take(text, file, number, torn) {
                self.damaged.push((file, number, message));
            }
        }
        Ok(())
    }

    fn take(&mut self, text: &[u8], file: usize, line: u64, torn: bool) -> Result<(), String> {
        if text.len() > LONGEST {
            return Err(format!("{} bytes are no record", text.len()));
        }
        let parsed: Line = serde_json::from_slice(text).map_err(|error| match torn {
            true => format!("cut off: {error}"),
            false => error.to_string(),
        })?;
        let decision = match (parsed.decision, parsed.ended, parsed.failed) {
            (Some(decision), None, None) => decision,
            (None, Some(_), None) | (None, None, Some(_)) => {
                self.ends += 1;
                return Ok(());
            }
            _ => return Err("neither a decision nor an end".to_owned()),
        };
        const WORDS: [&str; 6] = [
            "start",
            "denied",
            "undetermined",
            "unusable",
            "misconfigured",
            "failed",
        ];
        if !WORDS.contains(&decision.as_str()) {
            return Err(format!("unknown decision {decision:?}"));
        }
        if parsed.verdicts.is_empty() {
            *self.without_verdicts.entry(decision).or_default() += 1;
            return Ok(());
        }
        let mut start = Judged {
            file,
            line,
            decision,
            evaluated: RuleSet::NONE,
            refuses: RuleSet::NONE,
            repairs: RuleSet::NONE,
            reasons: parsed.reasons,
        };
        for (rule, verdict) in &parsed.verdicts {
            let Some(one) = RuleSet::one(rule) else {
                *self.unknown_rules.entry(rule.clone()).or_default() += 1;
                continue;
            };
            match verdict.as_str() {
                "permit" => {}
                "deny" | "undetermined" => start.refuses = start.refuses.with(one),
                "sanitize" => start.repairs = start.repairs.with(one),
                _ => return Err(format!("{rule}: unknown verdict {verdict:?}")),
            }
            start.evaluated = start.evaluated.with(one);
        }
        self.starts.push(start);
        Ok(())
    }

    /// `file:line` of a start.
    pub fn place(&self, start: &Judged) -> String {
        format!("{}:{}", self.files[start.file].display(), start.line)
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A line about a start with these verdicts.
    pub fn decision(word: &str, verdicts: &[(&str, &str)]) -> String {
        let verdicts: BTreeMap<_, _> = verdicts.iter().copied().collect();
        serde_json::json!({"decision": word, "verdicts": verdicts, "reasons": {}}).to_string()
    }

    /// What is read of a file with this content.
    pub fn read(content: &[u8]) -> Records {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("records");
        std::fs::write(&path, content).unwrap();
        let mut records = Records::default();
        records.read(&path).unwrap();
        records
    }

    #[test]
    fn damaged_lines_are_named_and_do_not_stop_the_rest() {
        let good = decision("start", &[("target-user-is-root", "deny")]);
        let lines = [
            good.as_bytes(),
            b"{\"ended\":{\"status\":0}}",
            b"{\"decision\":\"st",
            b"\xff\xfe",
            b"[]",
            b"{}",
            b"{\"decision\":\"maybe\",\"verdicts\":{}}",
            b"{\"decision\":\"start\",\"verdicts\":{\"target-user-is-root\":\"perhaps\"}}",
            b"",
            b"{\"decision\":\"unusable\"}",
            good.as_bytes(),
            b"{\"decision\":\"start\",\"verd",
        ]
        .join(&b"\n"[..]);
        let records = read(&lines);
        assert_eq!(records.starts.len(), 2);
        assert_eq!((records.starts[0].line, records.starts[1].line), (1, 11));
        assert_eq!(records.ends, 1);
        assert_eq!(records.without_verdicts["unusable"], 1);
        let lines: Vec<u64> = records.damaged.iter().map(|(_, line, _)| *line).collect();
        assert_eq!(lines, [3, 4, 5, 6, 7, 8, 12]);
        assert!(
            records.damaged[6].2.starts_with("cut off"),
            "{:?}",
            records.damaged
        );
    }

    #[test]
    fn rules_of_another_version_are_counted_apart() {
        let line = decision(
            "start",
            &[("no-such-rule", "deny"), ("caller-unknown", "permit")],
        );
        let records = read(line.as_bytes());
        assert_eq!(records.unknown_rules["no-such-rule"], 1);
        assert!(records.starts[0].refuses.is_empty());
        assert_eq!(records.starts[0].evaluated.len(), 1);
    }
}
