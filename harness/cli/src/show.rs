//! Commands that only show: rules, scenarios, targets.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use comfy_table::{Table, presets};
use sekisho_lab::corpus;
use sekisho_results::Kind;
use sekisho_rules::document;
use sekisho_rules::registry::RULES;
use sekisho_rules::set::NAMED;
use sekisho_scenario::nearest::did_you_mean;
use sekisho_scenario::starts::alike;

use crate::cli::{RulesCommand, ScenariosCommand};
use crate::exit::Exit;

/// `sekisho rules …`.
///
/// # Errors
/// Names an unknown rule and the nearest known one.
pub fn rules(command: Option<&RulesCommand>) -> Result<Exit> {
    match command {
        None | Some(RulesCommand::List) => out(&list_rules()),
        Some(RulesCommand::Show { rule }) => {
            let Some(found) = RULES.iter().find(|known| known.id == rule) else {
                let hint = did_you_mean(rule, RULES.iter().map(|rule| rule.id));
                bail!("unknown rule `{rule}`{hint}; `sekisho rules` lists them all");
            };
            let conditions: Vec<_> = found.conditions.iter().map(u8::to_string).collect();
            let conditions = match conditions.is_empty() {
                true => "beyond suEXEC".to_owned(),
                false => format!("suEXEC condition {}", conditions.join(", ")),
            };
            out(&format!(
                "# {}\n\n{} ({}, {conditions}, since {})\n\n{}\n",
                found.id,
                document::summary(found),
                found.class.word(),
                found.since,
                document::markdown(found)
            ))
        }
    }
}

/// Writes to standard output; a reader that has seen enough is no error.
pub fn out(text: &str) -> Result<Exit> {
    use std::io::{ErrorKind, Write as _};
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(Exit::Done),
    }
}

fn list_rules() -> String {
    let mut table = Table::new();
    table
        .load_style(presets::ASCII_MARKDOWN)
        .set_header(["rule", "class", "suEXEC", "refuses"]);
    for rule in RULES {
        let conditions: Vec<_> = rule.conditions.iter().map(u8::to_string).collect();
        table.add_row([
            rule.id,
            rule.class.word(),
            &conditions.join(" "),
            &document::summary(rule),
        ]);
    }
    let mut text = format!("{table}\n\nnamed sets:\n");
    for (name, what) in NAMED {
        let _ = writeln!(text, "  {name:12} {what}");
    }
    text.push_str("  suexec:N     rules of condition N\n");
    text
}

/// `sekisho scenarios …`.
///
/// # Errors
/// Every fault of the scenarios, or the unknown case or field.
pub fn scenarios(directory: Option<&Path>, command: &ScenariosCommand) -> Result<Exit> {
    match command {
        ScenariosCommand::Check => check(directory),
        ScenariosCommand::List { filter } => list(directory, filter),
        ScenariosCommand::Explain { field } => {
            let text = sekisho_scenario::schema::explain(field.as_deref())
                .map_err(|error| anyhow!(error))?;
            out(&format!("{}\n", text.trim_end()))
        }
        ScenariosCommand::Show { case } => show(directory, case),
    }
}

fn check(directory: Option<&Path>) -> Result<Exit> {
    let near = starts_of_their_own(&corpus::scenarios(directory)?)?;
    let cases = corpus::load(directory)?.cases;
    let mut text = String::new();
    for (kind, word) in [
        (Kind::Malicious, "malicious"),
        (Kind::Legitimate, "legitimate"),
    ] {
        let of_kind: Vec<_> = cases.iter().filter(|case| case.row.kind == kind).collect();
        let scenarios: BTreeSet<_> = of_kind.iter().map(|case| &case.row.scenario).collect();
        let _ = writeln!(
            text,
            "{word}: {} scenarios, {} cases",
            scenarios.len(),
            of_kind.len()
        );
    }
    let families: BTreeSet<_> = cases.iter().map(|case| case.row.family.as_str()).collect();
    let _ = writeln!(
        text,
        "families: {}",
        families.into_iter().collect::<Vec<_>>().join(", ")
    );
    let stops: BTreeSet<_> = cases
        .iter()
        .filter(|case| case.row.kind == Kind::Malicious)
        .flat_map(|case| case.row.expected.split(' '))
        .collect();
    let unused: Vec<_> = RULES.iter().map(|rule| rule.id).collect();
    let unused = unused.into_iter().filter(|rule| !stops.contains(rule));
    let unused: Vec<_> = unused.collect();
    if !unused.is_empty() {
        let _ = writeln!(text, "stop no attack alone: {}", unused.join(", "));
    }
    text.push_str(&near);
    out(&text)
}

/// Refuses cases that are the same start; lists those of different scenarios that
/// differ in one fact, with the fact.
fn starts_of_their_own(corpus: &sekisho_scenario::Corpus) -> Result<String> {
    let of = |index: usize| &corpus.cases[index];
    let pairs = alike(&corpus.world, &corpus.cases, 1)
        .map_err(|fault| anyhow!("a case cannot be planned: {}", fault.message))?;
    let (same, near): (Vec<_>, Vec<_>) = pairs.iter().partition(|pair| pair.differ.is_empty());
    if !same.is_empty() {
        let lines: Vec<_> = same
            .iter()
            .map(|pair| format!("  {} and {}", of(pair.first).key(), of(pair.second).key()))
            .collect();
        bail!(
            "the same start in several cases (files, owners, request):\n{}\n\
             keep one of each, or change what makes them differ",
            lines.join("\n")
        );
    }
    let mut text = String::new();
    for pair in near {
        let (first, second) = (of(pair.first), of(pair.second));
        if first.scenario != second.scenario {
            let (one, other) = (first.key(), second.key());
            let _ = writeln!(text, "nearly the same: {one}, {other} ({})", pair.differ[0]);
        }
    }
    Ok(text)
}

fn list(directory: Option<&Path>, filter: &[String]) -> Result<Exit> {
    let cases = corpus::load(directory)?.filtered(filter)?;
    let mut text = String::new();
    for case in &cases {
        let kind = case.row.kind.word();
        let _ = writeln!(
            text,
            "{}\t{kind}\t{}\t{}",
            case.name(),
            case.row.family,
            case.row.title
        );
    }
    out(&text)
}

fn show(directory: Option<&Path>, wanted: &str) -> Result<Exit> {
    let scenarios = corpus::scenarios(directory)?;
    let Some(found) = scenarios.find(wanted) else {
        let keys: Vec<_> = scenarios
            .cases
            .iter()
            .map(sekisho_scenario::Case::key)
            .collect();
        let of: Vec<_> = keys
            .iter()
            .filter(|key| key.split('/').next() == Some(wanted))
            .collect();
        if let [_, ..] = of.as_slice() {
            let names: Vec<_> = of.iter().map(|key| key.as_str()).collect();
            bail!(
                "`{wanted}` has several cases, name one: {}",
                names.join(", ")
            );
        }
        let ids = scenarios.cases.iter().map(|case| case.scenario.as_str());
        let hint = did_you_mean(wanted, keys.iter().map(String::as_str).chain(ids));
        bail!("unknown case `{wanted}`{hint}; `sekisho scenarios list` shows them all");
    };
    let case = corpus::resolve(&scenarios, found)?;
    let row = &case.row;
    let mut text = format!("{}: {}\n\n{}\n\n", case.name(), row.title, row.why);
    let fields = [
        ("file", found.file.display().to_string()),
        ("family", row.family.clone()),
        ("reproduces", row.reproduces.clone()),
        ("related", row.related.clone()),
        ("twin", row.twin.clone()),
        ("request", row.request.clone()),
        ("witness", row.witness.clone()),
        ("expected", row.expected.clone()),
        ("by path", row.expected_by_path.clone()),
        ("not shown", row.not_demonstrated.clone()),
        ("requires", case.requires.join(", ")),
    ];
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(text, "{name:10} {value}");
    }
    out(&text)
}
