//! What a replay says: tables, one line for each start and set, or all of it.

use std::fmt::Write as _;

use anyhow::Result;
use comfy_table::{Table, presets};
use sekisho_results::one_line;
use sekisho_rules::RuleSet;
use serde_json::json;

use super::read::Records;
use super::score::{Fate, Score, both};

/// Damaged lines that are named; the rest is only counted.
const NAMED: usize = 10;

/// Tables for people.
pub fn text(records: &Records, scores: &[Score], baseline: Option<&str>) -> String {
    let mut text = about(records);
    let mut table = Table::new();
    let mut heads = vec![
        "rules",
        "starts",
        "refused",
        "repaired",
        "as they were",
        "not told",
    ];
    if baseline.is_some() {
        heads.extend(["newly refused", "no longer"]);
    }
    table.load_style(presets::ASCII_MARKDOWN).set_header(heads);
    for score in scores {
        let mut row = vec![
            score.rules.clone(),
            score.starts.to_string(),
            share(score.refused, score.starts),
            score.repaired.to_string(),
            score.started.to_string(),
            score.not_told.to_string(),
        ];
        let changes = [score.newly_refused, score.no_longer_refused];
        row.extend(changes.into_iter().flatten().map(|count| count.to_string()));
        table.add_row(row);
    }
    let _ = writeln!(text, "{table}");
    if let Some(baseline) = baseline {
        let _ = writeln!(text, "newly and no longer: compared with `{baseline}`");
    }
    for score in scores {
        let _ = writeln!(text, "\n{}: {} rules", score.rules, score.size);
        let mut table = Table::new();
        table
            .load_style(presets::ASCII_MARKDOWN)
            .set_header(["rule", "refuses", "decides", "alone", "repairs"]);
        for rule in &score.by_rule {
            table.add_row([
                rule.rule.to_owned(),
                rule.refuses.to_string(),
                rule.decides.to_string(),
                rule.alone.to_string(),
                rule.repairs.to_string(),
            ]);
        }
        if !score.by_rule.is_empty() {
            let _ = writeln!(text, "{table}");
        }
        if !score.never_fired.is_empty() {
            let _ = writeln!(text, "never fired: {}", score.never_fired.join(" "));
        }
    }
    text
}

fn share(count: u64, of: u64) -> String {
    format!("{count} ({:.1} %)", count as f64 * 100.0 / of.max(1) as f64)
}

fn about(records: &Records) -> String {
    let mut text = format!(
        "{} files, {} lines: {} starts with verdicts, {} ends",
        records.files.len(),
        records.lines,
        records.starts.len(),
        records.ends
    );
    for (word, count) in &records.without_verdicts {
        let _ = write!(text, ", {count} {word} without verdicts");
    }
    let _ = writeln!(text, ", {} damaged", records.damaged.len());
    for (file, line, message) in records.damaged.iter().take(NAMED) {
        let _ = writeln!(
            text,
            "  damaged: {}:{line}: {}",
            records.files[*file].display(),
            one_line(message)
        );
    }
    if records.damaged.len() > NAMED {
        let _ = writeln!(text, "  and {} more", records.damaged.len() - NAMED);
    }
    for (rule, count) in &records.unknown_rules {
        let _ = writeln!(
            text,
            "  this version knows no rule {}: its {count} verdicts are left out",
            one_line(rule)
        );
    }
    text.push('\n');
    text
}

/// One line for each start and rule set.
///
/// # Errors
/// A row cannot be put into CSV.
pub fn csv(records: &Records, sets: &[(RuleSet, String)]) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "file",
        "line",
        "recorded",
        "rule_set",
        "result",
        "rule",
        "refusing",
        "repairing",
        "reason",
    ])?;
    for start in &records.starts {
        for (set, name) in sets {
            let fate = Fate::of(start, *set);
            let rule = match fate {
                Fate::Refused(rule) => rule,
                _ => "",
            };
            let ids = |rules: RuleSet| {
                let ids: Vec<_> = both(rules, *set).rules().map(|rule| rule.id).collect();
                ids.join(" ")
            };
            let reason = start.reasons.get(rule).map_or("", String::as_str);
            writer.write_record([
                &records.files[start.file].display().to_string(),
                &start.line.to_string(),
                &start.decision,
                name,
                fate.word(),
                rule,
                &ids(start.refuses),
                &ids(start.repairs),
                &one_line(reason),
            ])?;
        }
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// Everything as one JSON object; the starts that are refused by place.
///
/// # Errors
/// Never in practice: all of it is text and numbers.
pub fn json(records: &Records, scores: &[Score], baseline: Option<&str>) -> Result<String> {
    let damaged = records.damaged.iter().map(|(file, line, message)| {
        json!({
            "file": records.files[*file].display().to_string(),
            "line": line,
            "message": message,
        })
    });
    let sets = scores.iter().map(|score| {
        let set = RuleSet::parse(&score.rules).unwrap_or_default();
        let refused = records.starts.iter().filter_map(|start| {
            let Fate::Refused(rule) = Fate::of(start, set) else {
                return None;
            };
            Some(json!({"at": records.place(start), "rule": rule}))
        });
        let mut value = json!(score);
        value["refused_starts"] = json!(refused.collect::<Vec<_>>());
        value
    });
    let value = json!({
        "files": records.files,
        "lines": records.lines,
        "starts": records.starts.len(),
        "ends": records.ends,
        "without_verdicts": records.without_verdicts,
        "damaged": damaged.collect::<Vec<_>>(),
        "unknown_rules": records.unknown_rules,
        "baseline": baseline,
        "sets": sets.collect::<Vec<_>>(),
    });
    Ok(format!("{}\n", serde_json::to_string_pretty(&value)?))
}
