//! What is told: lines on standard error and in the record.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::string::ToString;
use alloc::vec::Vec;
use sekisho_sys::fd::AsFd;

use sekisho_rules::Verdict;
use sekisho_sys::{credentials as ids, open, process};
use serde_json::{Map, Value, json};

use crate::channel::LateVerdict;
use crate::decide::Decision;
use crate::phases::Phases;
use crate::stop::Stop;

/// Tells the caller, and the record if there is one.
pub struct Reporter {
    /// The program's name.
    pub program: &'static str,
    /// File that records are appended to.
    pub record: Option<String>,
    /// What the decision's line holds so far.
    pub decision: Option<Map<String, Value>>,
    /// Whether that line was written.
    pub recorded: bool,
    /// Where the time went so far.
    pub phases: Phases,
    /// uid and gid of the caller, once known.
    pub caller: Option<(u32, u32)>,
    /// Lines that are still to be told.
    pub pending: Vec<String>,
}

impl Reporter {
    /// A reporter that has nothing to tell yet.
    pub fn new(program: &'static str) -> Self {
        Self {
            program,
            record: None,
            decision: None,
            recorded: false,
            phases: Phases::begin(),
            caller: None,
            pending: Vec::new(),
        }
    }

    /// Tells what is pending, and why nothing was started. A caller that closed its
    /// standard error is told nothing.
    ///
    /// The process becomes the caller before: whoever holds the other end of
    /// standard error decides how long this takes, and a process of root's would
    /// neither count for the caller's limits nor be ended by it.
    pub fn tell(&mut self, stop: Option<&Stop>) {
        let program = self.program;
        let line = stop.map(|stop| match stop {
            Stop::Misconfigured(text) => format!("misconfigured: {text}"),
            Stop::Denied {
                rule,
                required,
                observed,
            } => format!("denied: rule={rule} required={required:?} observed={observed:?}"),
            Stop::Undetermined { rule, cause } => {
                format!("undetermined: rule={rule} cause={cause:?}")
            }
            Stop::Unusable(text) => format!("unusable: {}", one_line(text)),
            Stop::Failed { step, error } => format!("failed: step={step} error={error:?}"),
        });
        self.pending.extend(line);
        if self.pending.is_empty() {
            return;
        }
        if let Some((uid, gid)) = self.caller {
            let become_caller =
                ids::set_gids(gid, gid, gid).and_then(|()| ids::set_uids(uid, uid, uid));
            if become_caller.is_err() {
                return;
            }
        }
        for line in self.pending.drain(..) {
            let _ = open::write_all_to(2, format!("{program}: {line}\n").as_bytes());
        }
    }

    /// Takes up a decision for the record.
    pub fn decided(&mut self, decision: &Decision) {
        if self.record.is_none() {
            return;
        }
        let (mut verdicts, mut reasons) = (Map::new(), Map::new());
        for rule in decision.evaluated.rules() {
            verdicts.insert(rule.id.to_owned(), Verdict::Permit.word().into());
        }
        for (rule, verdict) in &decision.others {
            verdicts.insert(rule.id.to_owned(), verdict.word().into());
            let reason = match verdict {
                Verdict::Permit => continue,
                Verdict::Deny(denial) => denial.observed.clone(),
                Verdict::Sanitize(what) => what.word().to_owned(),
                Verdict::Undetermined(cause) => cause.to_string(),
            };
            reasons.insert(rule.id.to_owned(), reason.into());
        }
        let mut line = Map::new();
        line.insert("decision".to_owned(), "start".into());
        line.insert("verdicts".to_owned(), verdicts.into());
        line.insert("reasons".to_owned(), reasons.into());
        self.decision = Some(line);
    }

    /// Adds the verdict of a rule that was evaluated after the drop.
    pub fn add(&mut self, rule: &str, verdict: &LateVerdict) {
        let Some(line) = &mut self.decision else {
            return;
        };
        let mut put = |part: &str, text: &str| {
            if let Some(Value::Object(map)) = line.get_mut(part) {
                map.insert(rule.to_owned(), text.into());
            }
        };
        put("verdicts", verdict.word());
        match verdict {
            LateVerdict::Deny { observed, .. } => put("reasons", observed),
            LateVerdict::Undetermined { cause } => put("reasons", cause),
            LateVerdict::Permit => {}
        }
    }

    /// Whether there is a record and the decision's line is not in it yet.
    pub fn has_to_record(&self) -> bool {
        self.record.is_some() && !self.recorded
    }

    /// Writes the decision's line, once; `stop` says that it is no start.
    ///
    /// # Errors
    /// The record cannot be written, whatever the reason: a limit of the caller's
    /// on the size of files is one. A start that leaves no record is none.
    pub fn record_decision(&mut self, stop: Option<&Stop>) -> sekisho_sys::Result<()> {
        if self.recorded {
            return Ok(());
        }
        self.recorded = true;
        let mut line = self.decision.take().unwrap_or_default();
        if self.phases.is_on() {
            line.insert("phases".to_owned(), self.phases.value());
        }
        if let Some(stop) = stop {
            line.insert("decision".to_owned(), stop.word().into());
            let mut put = |key: &str, text: &str| line.insert(key.to_owned(), text.into());
            match stop {
                Stop::Denied {
                    rule,
                    required,
                    observed,
                } => {
                    put("rule", rule);
                    put("required", required);
                    put("observed", observed);
                }
                Stop::Undetermined { rule, cause } => {
                    put("rule", rule);
                    put("observed", cause);
                }
                Stop::Unusable(text) | Stop::Misconfigured(text) => {
                    put("observed", text);
                }
                Stop::Failed { step, error } => {
                    put("step", step);
                    put("observed", error);
                }
            }
        }
        self.append(&Value::Object(line))
    }

    /// Writes how the init ended.
    pub fn record_end(&mut self, ended: process::Ended) {
        let written = self.append(&match ended {
            process::Ended::Status(status) => json!({"ended": {"status": status}}),
            process::Ended::Signal(signal) => json!({"ended": {"signal": signal}}),
        });
        self.told(written);
    }

    /// Writes which step failed.
    pub fn record_failure(&mut self, step: &str, error: &str) {
        let written = self.append(&json!({"failed": {"step": step, "error": error}}));
        self.told(written);
    }

    /// Notes that what has already happened could not be recorded.
    pub fn told(&mut self, written: sekisho_sys::Result<()>) {
        let error = written.err().map(|error| format!("record: {error}"));
        self.pending.extend(error);
    }

    /// One write(2) per line, so that lines of several launchers never mix.
    fn append(&self, line: &Value) -> sekisho_sys::Result<()> {
        let Some(path) = &self.record else {
            return Ok(());
        };
        let flags = open::O_WRONLY | open::O_APPEND | open::O_CREAT | open::O_NONBLOCK;
        let file = open::openat2(
            open::AT_FDCWD,
            path.as_bytes(),
            flags,
            open::RESOLVE_NO_SYMLINKS | open::RESOLVE_NO_MAGICLINKS,
        )?;
        open::write_all(file.as_fd(), format!("{line}\n").as_bytes())
    }
}

/// Control bytes that a reference may hold must not reach a terminal.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}
