//! What came of a request at one launcher. A crash, a deadline, a fault of the
//! harness and an answer that contradicts itself are a fault: never a verdict
//! and never agreement.

use sekisho_suexec::Condition;
use sekisho_suexec::record::unescaped;
use sekisho_trial::{End, Observation};
use sekisho_witness::{MARK, Report};

use crate::original;
use crate::trial::Subject;

/// How a request ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The program runs; what it saw.
    Started(Box<Report>),
    /// This condition failed (or the settings were told).
    Stopped(Condition),
}

impl Verdict {
    /// Word in result files.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Started(_) => "started",
            Self::Stopped(Condition::SettingsTold) => "told",
            Self::Stopped(_) => "refused",
        }
    }

    /// The condition, when one ended it.
    #[must_use]
    pub fn condition(&self) -> Option<Condition> {
        match self {
            Self::Started(_) => None,
            Self::Stopped(condition) => Some(*condition),
        }
    }
}

/// What one launcher did with a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// How it ended.
    pub verdict: Verdict,
    /// Exit status: the program's when one was started.
    pub status: u8,
    /// What decided at ours: a rule's id, `exact`, `-`; empty for the original.
    pub by: String,
    /// The log as it is.
    pub log: Vec<u8>,
    /// Ours: its records as the original would have written them.
    pub sentences: Vec<Vec<u8>>,
    /// uid, gid and mode of the log.
    pub log_file: Option<(u32, u32, u32)>,
}

/// Reads what was observed of a trial.
///
/// # Errors
/// Why it is no verdict.
pub fn read(subject: Subject, observation: &Observation, nonce: &str) -> Result<Seen, String> {
    let status = match &observation.end {
        End::Exited(status) => {
            u8::try_from(*status).map_err(|_| format!("exit status {status}"))?
        }
        End::Signalled(signal) => return Err(format!("killed by signal {signal}")),
        End::Timeout => return Err("killed at the deadline".to_owned()),
        End::NotStarted(why) => return Err(format!("not started: {why}")),
    };
    if !observation.leftovers.is_empty() {
        return Err(format!("left behind: {}", observation.leftovers.join("; ")));
    }
    if observation.truncated {
        return Err("more output than is kept".to_owned());
    }
    let report = report(&observation.stdout, nonce)?;
    let log = observation
        .collected
        .first()
        .cloned()
        .flatten()
        .unwrap_or_default();
    let said = String::from_utf8_lossy(&observation.stderr).into_owned();
    let mut seen = Seen {
        verdict: Verdict::Stopped(Condition::LogNotOpened),
        status,
        by: String::new(),
        log,
        sentences: Vec::new(),
        log_file: observation
            .observed
            .first()
            .and_then(|file| file.as_ref())
            .map(|file| (file.uid, file.gid, file.mode)),
    };
    let stopped = match subject {
        Subject::Original => read_original(&mut seen, &said)?,
        Subject::Ours(_) => read_ours(&mut seen, &said)?,
    };
    seen.verdict = match (report, stopped) {
        (Some(report), None) if status == 0 => Verdict::Started(Box::new(report)),
        (None, Some(condition)) if condition.status() == status => Verdict::Stopped(condition),
        (report, stopped) => {
            return Err(format!(
                "status {status} and condition {} while the program {}: {}",
                stopped.map_or("none", Condition::word),
                if report.is_some() {
                    "reported"
                } else {
                    "did not report"
                },
                said.trim()
            ));
        }
    };
    Ok(seen)
}

/// The program's report; more than one line of it is as bad as another
/// trial's.
fn report(stdout: &[u8], nonce: &str) -> Result<Option<Report>, String> {
    let text = String::from_utf8_lossy(stdout);
    let mut found = None;
    for line in text.lines() {
        let Some(json) = line.strip_prefix(MARK) else {
            return Err(format!(
                "a line on standard output that is no report: {line}"
            ));
        };
        let report: Report = serde_json::from_str(json)
            .map_err(|error| format!("a report that is none: {error}"))?;
        if report.nonce != nonce {
            return Err("a report of another trial".to_owned());
        }
        if found.replace(report).is_some() {
            return Err("two reports".to_owned());
        }
    }
    Ok(found)
}

fn read_original(seen: &mut Seen, said: &str) -> Result<Option<Condition>, String> {
    // What starts the launcher may have complained before.
    let tells = |begin: &str| said.lines().any(|line| line.starts_with(begin));
    match seen.status {
        0 if tells(original::SETTINGS) => Ok(Some(Condition::SettingsTold)),
        0 => Ok(None),
        1 if said.contains(original::NO_LOG) => Ok(Some(Condition::LogNotOpened)),
        status => match original::condition(status, &seen.log) {
            Some(condition) => Ok(Some(condition)),
            None => Err(format!(
                "status {status} without a line in the log that says why: {}",
                said.trim()
            )),
        },
    }
}

fn read_ours(seen: &mut Seen, said: &str) -> Result<Option<Condition>, String> {
    let text = String::from_utf8_lossy(&seen.log).into_owned();
    let mut last = None;
    for line in text.lines() {
        let wrong = || format!("a record that is none: {line}");
        let mut words = line.split(' ');
        let (_, word) = (words.next(), words.next().ok_or_else(wrong)?);
        let (_, by) = (words.next(), words.next().ok_or_else(wrong)?);
        let values: Option<Vec<_>> = words.map(unescaped).collect();
        let values = values.ok_or_else(wrong)?;
        let condition = Condition::of_word(word);
        let sentence = match condition {
            Some(condition) => original::sentence(condition).ok_or_else(wrong)?,
            None if word == "request" => original::REQUEST,
            None => return Err(wrong()),
        };
        if values.len() != sentence.matches("{}").count() || last.is_some() {
            return Err(wrong());
        }
        last = condition;
        by.clone_into(&mut seen.by);
        seen.sentences.push(original::rendered(sentence, &values));
    }
    match seen.status {
        0 if said.lines().any(|line| line.starts_with("mode = ")) => {
            Ok(Some(Condition::SettingsTold))
        }
        1 if said.contains("cannot open the log") => Ok(Some(Condition::LogNotOpened)),
        2 => Err(format!("cannot work at all: {}", said.trim())),
        _ => Ok(last),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(end: End, stdout: &str, stderr: &str, log: Option<&str>) -> Observation {
        Observation {
            end,
            stdout: stdout.as_bytes().to_vec(),
            stderr: stderr.as_bytes().to_vec(),
            truncated: false,
            observed: vec![None],
            collected: vec![log.map(|log| log.as_bytes().to_vec())],
            leftovers: Vec::new(),
            cleared: Vec::new(),
            host_changes: Vec::new(),
            survivors: 0,
            not_done: Vec::new(),
            steps_failed: Vec::new(),
            duration_us: 0,
            total_us: 0,
        }
    }

    fn line(nonce: &str) -> String {
        let report = Report {
            nonce: nonce.into(),
            ..Report::default()
        };
        format!("{MARK}{}\n", serde_json::to_string(&report).unwrap())
    }

    const OURS: Subject = Subject::Ours(sekisho_suexec::Mode::SuexecExact);

    #[test]
    fn crashes_deadlines_and_faults_are_no_verdict() {
        for end in [
            End::Signalled(11),
            End::Timeout,
            End::NotStarted("x".to_owned()),
            End::Exited(139),
        ] {
            let observation = observed(end, "", "", Some(""));
            for subject in [Subject::Original, OURS] {
                assert!(read(subject, &observation, "n").is_err());
            }
        }
        let mut left = observed(End::Exited(0), &line("n"), "", None);
        assert!(read(Subject::Original, &left, "n").is_ok());
        left.leftovers.push("x".to_owned());
        assert!(read(Subject::Original, &left, "n").is_err());
    }

    #[test]
    fn a_start_needs_the_report_of_this_trial() {
        let started = |out: &str| read(OURS, &observed(End::Exited(0), out, "", Some("")), "n");
        assert_eq!(started(&line("n")).unwrap().verdict.word(), "started");
        assert!(started("").is_err());
        assert!(started(&line("m")).is_err());
        assert!(started(&format!("{}{}", line("n"), line("n"))).is_err());
        assert!(started(&format!("hello\n{}", line("n"))).is_err());
    }

    #[test]
    fn a_refusal_needs_status_and_line_that_agree() {
        let stamp = "[2026-01-02 03:04:05]: ";
        let log = format!("{stamp}too few arguments\n");
        let with = |status, log: &str| {
            read(
                Subject::Original,
                &observed(End::Exited(status), "", "", Some(log)),
                "n",
            )
        };
        let seen = with(101, &log).unwrap();
        assert_eq!(seen.verdict, Verdict::Stopped(Condition::ArgumentsUnusable));
        assert!(with(102, &log).is_err());
        assert!(with(101, "").is_err());
        let ours =
            |status, log: &str| read(OURS, &observed(End::Exited(status), "", "", Some(log)), "n");
        let seen = ours(101, "5 arguments-unusable 101 arguments-too-few\n").unwrap();
        assert_eq!(seen.by, "arguments-too-few");
        assert_eq!(seen.sentences, [b"too few arguments".to_vec()]);
        assert!(ours(102, "5 arguments-unusable 101 arguments-too-few\n").is_err());
        assert!(ours(101, "5 arguments-unusable 101 x more\n").is_err());
        assert!(ours(2, "").is_err());
    }
}
