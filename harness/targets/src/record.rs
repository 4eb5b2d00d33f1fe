//! The record of the reference launcher (`docs/launcher.md`): one line of JSON
//! for the decision, one for what became of the init.

use std::collections::BTreeMap;

use sekisho_results::Verdict;
use serde::Deserialize;

/// What the launcher recorded of one start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// What was decided.
    pub decision: Option<Decision>,
    /// What became of the init.
    pub end: Option<InitEnd>,
}

/// The first line of a record.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Decision {
    /// What was decided.
    pub decision: Word,
    /// The rule that decided; empty when no rule did.
    #[serde(default)]
    pub rule: String,
    /// What that rule required, or what was wrong.
    #[serde(default)]
    pub required: String,
    /// What was observed instead; the error of a step that failed.
    #[serde(default)]
    pub observed: String,
    /// The step that failed before anything was decided; empty otherwise.
    #[serde(default)]
    pub step: String,
    /// The verdict of every rule that was evaluated, by rule.
    #[serde(default)]
    pub verdicts: BTreeMap<String, Verdict>,
    /// Reasons of verdicts other than permit, by rule.
    #[serde(default)]
    pub reasons: BTreeMap<String, String>,
}

/// What a launcher may decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Word {
    /// The init is to be executed.
    Start,
    /// A rule refused.
    Denied,
    /// A rule could not be evaluated.
    Undetermined,
    /// Nobody could start such a request.
    Unusable,
    /// The launcher cannot work as it is installed.
    Misconfigured,
    /// A step before the start failed.
    Failed,
}

/// The second line of a record.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InitEnd {
    /// The init was executed and has ended.
    Ended(Ended),
    /// It could not be executed, or a step after the decision failed.
    Failed {
        /// The step.
        step: String,
        /// What went wrong; reads like strace.
        error: String,
    },
}

/// How an init ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ended {
    /// With an exit status.
    Status(i32),
    /// By a signal.
    Signal(i32),
}

/// Any line of a record. Fields of later versions are let through.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Decision(Decision),
    End(InitEnd),
}

impl Record {
    /// Reads the lines of a record file.
    ///
    /// # Errors
    /// Names the first line that is not one of a record, or comes twice.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "the record is not UTF-8".to_owned())?;
        let mut record = Self::default();
        for (index, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.is_empty())
        {
            let number = index + 1;
            let twice = || format!("line {number} of the record comes twice");
            match serde_json::from_str(line) {
                Ok(Line::Decision(_)) if record.decision.is_some() => return Err(twice()),
                Ok(Line::End(_)) if record.end.is_some() => return Err(twice()),
                Ok(Line::Decision(decision)) => record.decision = Some(decision),
                Ok(Line::End(end)) => record.end = Some(end),
                Err(_) => return Err(format!("line {number} is not one of a record: {line}")),
            }
        }
        Ok(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lines_of_a_start_are_read() {
        let record = Record::parse(
            b"{\"decision\":\"start\",\"rule\":\"\",\"required\":\"\",\"observed\":\"\",\
              \"verdicts\":{\"target-user-is-root\":\"permit\"},\"reasons\":{}}\n\
              {\"ended\":{\"status\":3}}\n",
        )
        .unwrap();
        let decision = record.decision.unwrap();
        assert_eq!(decision.decision, Word::Start);
        assert_eq!(decision.verdicts["target-user-is-root"], Verdict::Permit);
        assert_eq!(record.end, Some(InitEnd::Ended(Ended::Status(3))));
        let signal = Record::parse(b"{\"ended\":{\"signal\":9}}").unwrap();
        assert_eq!(signal.end, Some(InitEnd::Ended(Ended::Signal(9))));
        let failed = Record::parse(b"{\"failed\":{\"step\":\"exec\",\"error\":\"ENOENT\"}}");
        assert!(
            matches!(failed.unwrap().end, Some(InitEnd::Failed { step, .. }) if step == "exec")
        );
    }

    #[test]
    fn what_is_no_record_is_refused_with_its_line() {
        for wrong in [
            "{",
            "{\"decision\":\"maybe\"}",
            "{\"decision\":\"start\",\"verdicts\":{\"target-user-is-root\":\"perhaps\"}}",
            "[]",
            "{\"ended\":{\"status\":\"3\"}}",
        ] {
            let error = Record::parse(wrong.as_bytes()).unwrap_err();
            assert!(error.contains("line 1"), "{error}");
        }
        let decision = "{\"decision\":\"denied\"}\n";
        assert!(
            Record::parse(decision.repeat(2).as_bytes())
                .unwrap_err()
                .contains("twice")
        );
        assert!(Record::parse(b"\xff").is_err());
        assert_eq!(Record::parse(b""), Ok(Record::default()));
    }
}
