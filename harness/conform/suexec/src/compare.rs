//! Whether two launchers did the same.

use std::collections::BTreeSet;

use sekisho_witness::Report;

use crate::original::stamp;
use crate::seen::{Seen, Verdict};

/// What differs between the original and ours in exact mode; empty when they
/// agree.
///
/// Compared are the verdict, the condition, the exit status, every value of
/// every line of the log, owner and mode of the log, and of a started program
/// the whole report, in the order in which the program found things.
#[must_use]
pub fn differences(original: &Seen, ours: &Seen) -> Vec<String> {
    let mut found = Vec::new();
    let mut differ = |what: &str, one: &dyn std::fmt::Debug, other: &dyn std::fmt::Debug| {
        found.push(format!("{what}: {one:?} and {other:?}"));
    };
    let (one, other) = (&original.verdict, &ours.verdict);
    if one.word() != other.word() {
        differ("verdict", &one.word(), &other.word());
    }
    if one.condition() != other.condition() {
        let word = |verdict: &Verdict| verdict.condition().map_or("-", |found| found.word());
        differ("condition", &word(one), &word(other));
    }
    if original.status != ours.status {
        differ("status", &original.status, &ours.status);
    }
    if let Err((line, expected)) = log_reads(&original.log, &ours.sentences) {
        differ("log", &line, &expected);
    }
    if original.log_file != ours.log_file {
        differ("log's owner and mode", &original.log_file, &ours.log_file);
    }
    if let (Verdict::Started(one), Verdict::Started(other)) = (one, other) {
        for (field, one, other) in report_differences(one, other) {
            found.push(format!("{field}: {one} and {other}"));
        }
    }
    found
}

/// Whether the original's log says what our records say.
fn log_reads(log: &[u8], sentences: &[Vec<u8>]) -> Result<(), (String, String)> {
    let mut rest = log;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    for sentence in sentences {
        let wrong = || (text(rest), text(sentence));
        let after = &rest[stamp(rest).ok_or_else(wrong)?..];
        let after = after.strip_prefix(sentence.as_slice()).ok_or_else(wrong)?;
        rest = after.strip_prefix(b"\n").ok_or_else(wrong)?;
    }
    match rest.is_empty() {
        true => Ok(()),
        false => Err((text(rest), String::new())),
    }
}

/// Fields of two reports that differ, with both values as JSON.
#[must_use]
pub fn report_differences(one: &Report, other: &Report) -> Vec<(String, String, String)> {
    let values = [one, other].map(|report| serde_json::to_value(comparable(report)));
    let [
        Ok(serde_json::Value::Object(one)),
        Ok(serde_json::Value::Object(other)),
    ] = values
    else {
        return vec![("report".to_owned(), String::new(), String::new())];
    };
    let fields: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let differing = fields
        .into_iter()
        .filter(|field| one.get(*field) != other.get(*field));
    differing
        .map(|field| {
            let text = |object: &serde_json::Map<_, serde_json::Value>| {
                object.get(field).map_or(String::new(), ToString::to_string)
            };
            (field.clone(), text(&one), text(&other))
        })
        .collect()
}

/// A report without what every trial has for itself: its nonce, and the
/// numbers of its pipes.
#[must_use]
pub fn comparable(report: &Report) -> Report {
    let mut report = report.clone();
    report.nonce.clear();
    for descriptor in &mut report.descriptors {
        if descriptor.target.starts_with("pipe:[") {
            "pipe".clone_into(&mut descriptor.target);
        }
    }
    report
}

#[cfg(test)]
mod tests {
    use sekisho_suexec::Condition;
    use sekisho_witness::Descriptor;

    use super::*;

    fn seen(verdict: Verdict, log: &str, sentences: &[&str]) -> Seen {
        Seen {
            verdict,
            status: 101,
            by: String::new(),
            log: log.as_bytes().to_vec(),
            sentences: sentences.iter().map(|s| s.as_bytes().to_vec()).collect(),
            log_file: None,
        }
    }

    fn started(change: impl Fn(&mut Report)) -> Seen {
        let mut report = Report::default();
        change(&mut report);
        seen(Verdict::Started(Box::new(report)), "", &[])
    }

    #[test]
    fn any_field_of_the_report_counts() {
        let plain = started(|_| ());
        let fields: [fn(&mut Report); 7] = [
            |report| report.environment.push("A=1".to_owned()),
            |report| report.uid.saved = 1,
            |report| report.groups.push(1),
            |report| report.umask = "0077".to_owned(),
            |report| report.cwd = "/x".to_owned(),
            |report| report.argv.push(String::new()),
            |report| report.blocked_signals.push("SIGHUP".to_owned()),
        ];
        for change in fields {
            assert_eq!(differences(&plain, &started(change)).len(), 1);
        }
    }

    #[test]
    fn what_every_trial_has_for_itself_does_not() {
        let with = |nonce: &str, target: &str| {
            started(|report| {
                nonce.clone_into(&mut report.nonce);
                report.descriptors.push(Descriptor {
                    target: target.to_owned(),
                    ..Descriptor::default()
                });
            })
        };
        assert_eq!(
            differences(&with("a", "pipe:[1]"), &with("b", "pipe:[2]")),
            [""; 0]
        );
        assert_eq!(differences(&with("a", "/x"), &with("b", "/y")).len(), 1);
    }

    #[test]
    fn the_log_is_compared_value_by_value() {
        let stop = || Verdict::Stopped(Condition::ArgumentsUnusable);
        let log = "[2026-01-02 03:04:05]: a b\n[2026-01-02 03:04:05]: c\n";
        let original = seen(stop(), log, &[]);
        assert!(differences(&original, &seen(stop(), "", &["a b", "c"])).is_empty());
        for wrong in [&["a b"][..], &["a x", "c"], &["a b", "c", "d"], &[]] {
            assert_eq!(
                differences(&original, &seen(stop(), "", wrong)).len(),
                1,
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn another_condition_is_a_difference_even_with_the_same_status() {
        let one = seen(Verdict::Stopped(Condition::GroupNameUnknown), "", &[]);
        let other = seen(Verdict::Stopped(Condition::GroupIdUnknown), "", &[]);
        assert_eq!(differences(&one, &other).len(), 1);
    }
}
