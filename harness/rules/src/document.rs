//! Documentation of rules, taken from their source files. Never part of a
//! launcher (feature `document`): a setuid program carries no prose.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write as _;

use crate::condition::CONDITIONS;
use crate::registry::{RULES, SOURCES};
use crate::rule::{Class, Rule};
use crate::set::NAMED;

/// The headings that every rule's module documentation must have, in order.
pub const HEADINGS: [&str; 5] = ["Condition", "Why", "Denies", "Permits", "Limits"];

/// The source file of a rule, which begins with its documentation.
#[must_use]
pub fn source(rule: &Rule) -> &'static str {
    let place = RULES.iter().position(|known| known.id == rule.id);
    place.map_or("", |place| SOURCES[place])
}

/// The state that a rule refuses, as a phrase: the rest of the title.
#[must_use]
pub fn summary(rule: &Rule) -> String {
    let title: Vec<&str> = source(rule)
        .lines()
        .map_while(|line| line.strip_prefix("//! "))
        .collect();
    let title = title.join(" ");
    let phrase = title.split_once(": ").map_or("", |(_, phrase)| phrase);
    phrase.strip_suffix('.').unwrap_or(phrase).to_owned()
}

/// The module documentation of a rule as Markdown, without its title.
#[must_use]
pub fn markdown(rule: &Rule) -> String {
    source(rule)
        .lines()
        .take_while(|line| line.starts_with("//!"))
        .map(|line| line.trim_start_matches("//!").trim_start_matches(' '))
        .skip_while(|line| !line.starts_with("## "))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The text under one heading of a rule's documentation as one paragraph.
#[must_use]
pub fn section(rule: &Rule, heading: &str) -> Option<String> {
    let markdown = markdown(rule);
    let mut lines = markdown.lines();
    lines.find(|line| line.strip_prefix("## ") == Some(heading))?;
    let text: Vec<&str> = lines.take_while(|line| !line.starts_with("## ")).collect();
    Some(text.join(" ").trim().to_owned())
}

/// The page of all rules, `docs/rules.md`.
#[must_use]
pub fn rules_markdown() -> String {
    let mut page = String::from(INTRODUCTION);
    conditions(&mut page);
    sets(&mut page);
    table(&mut page);
    for rule in RULES {
        one(&mut page, rule);
    }
    page
}

const INTRODUCTION: &str = "\
# Rules

<!-- Generated from harness/rules/src. To change it, change the sources and run
SEKISHO_WRITE_DOCS=1 cargo test -p sekisho-rules docs_rules -->

A rule states one fact about a start request. Its id names the state that it
refuses. Each can be switched on its own; the numbers of suEXEC's conditions
serve for grouping only. A rule permits, denies, sanitises (the start goes on
once the launcher has repaired the state) or is undetermined (a fact that it
needs could not be observed, which the launcher treats as a denial).
";

fn conditions(page: &mut String) {
    page.push_str(
        "
## suEXEC's conditions

In the order of the Apache HTTP Server manual, read for containers. The classes
are this project's reading: the talk that proposed the port counts nine
selectable, five fatal and two deferred conditions without listing them. The
four that are the act of starting are called `act`.

| no | condition for a container start | class | suexec exit | rules |
|---|---|---|---|---|
",
    );
    for condition in &CONDITIONS {
        let rules = RULES
            .iter()
            .filter(|rule| rule.conditions.contains(&condition.number))
            .map(|rule| link(rule));
        line(
            page,
            format_args!(
                "| {} | {} | {} | {} | {} |",
                condition.number,
                condition.text,
                condition.class.word(),
                list(condition.statuses),
                rules.collect::<Vec<_>>().join(" "),
            ),
        );
    }
}

fn sets(page: &mut String) {
    page.push_str(
        "
## Rule sets

An expression is a list of terms with commas between them: a rule's id, a name
from this table, or `suexec:7` for the rules of a condition. A leading `-` takes
a term away, and an expression that begins with one starts from `all`:
`suexec,-target-user-is-root`, `all,-deferred`.

| name | holds | rules |
|---|---|---|
",
    );
    for (name, holds) in NAMED {
        let count = crate::RuleSet::parse(name).map_or(0, crate::RuleSet::len);
        line(page, format_args!("| `{name}` | {holds} | {count} |"));
    }
}

fn table(page: &mut String) {
    page.push_str(
        "
## All rules

In the order in which they are evaluated.

| rule | what it refuses | class | condition | suexec exit |
|---|---|---|---|---|
",
    );
    for rule in RULES {
        line(
            page,
            format_args!(
                "| {} | {} | {} | {} | {} |",
                link(rule),
                summary(rule),
                rule.class.word(),
                list(rule.conditions),
                list(&statuses(rule)),
            ),
        );
    }
}

fn one(page: &mut String, rule: &Rule) {
    line(page, format_args!("\n## `{}`\n", rule.id));
    let place = match rule.class {
        Class::Further => "further, beyond suEXEC".to_owned(),
        class => format!(
            "{}, suEXEC condition {}, suexec exit {}",
            class.word(),
            list(rule.conditions),
            list(&statuses(rule))
        ),
    };
    let late = if rule.is_late() {
        " Evaluated after privileges were dropped."
    } else {
        ""
    };
    line(
        page,
        format_args!(
            "Refused state: {}. Class: {place}. Since {}.{late}\n",
            summary(rule),
            rule.since
        ),
    );
    for heading in HEADINGS {
        let text = section(rule, heading).unwrap_or_default();
        line(page, format_args!("**{heading}.** {text}\n"));
    }
    // Sections are separated by the blank line that the next one begins with.
    page.truncate(page.trim_end().len());
    page.push('\n');
}

fn statuses(rule: &Rule) -> Vec<u8> {
    let mut statuses: Vec<u8> = CONDITIONS
        .iter()
        .filter(|condition| rule.conditions.contains(&condition.number))
        .flat_map(|condition| condition.statuses.iter().copied())
        .collect();
    statuses.dedup();
    statuses
}

fn link(rule: &Rule) -> String {
    format!("[`{0}`](#{0})", rule.id)
}

fn list(numbers: &[u8]) -> String {
    let words: Vec<String> = numbers.iter().map(u8::to_string).collect();
    words.join(", ")
}

fn line(page: &mut String, text: core::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = writeln!(page, "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docs_rules_is_what_the_sources_say() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/rules.md");
        let page = rules_markdown();
        if std::env::var_os("SEKISHO_WRITE_DOCS").is_some() {
            std::fs::write(path, &page).expect("docs/rules.md can be written");
        }
        let stored = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            stored == page,
            "docs/rules.md is not what the sources say; write it again with \
             SEKISHO_WRITE_DOCS=1 cargo test -p sekisho-rules docs_rules"
        );
    }

    #[test]
    fn the_page_has_a_row_and_a_section_for_every_rule() {
        let page = rules_markdown();
        for rule in RULES {
            assert!(page.contains(&format!("\n## `{}`\n", rule.id)));
            assert!(page.contains(&format!("| {} | {} |", link(rule), summary(rule))));
        }
    }

    #[test]
    fn a_section_is_one_paragraph_up_to_the_next_heading() {
        let rule = &crate::catalogue::target_user_is_root::RULE;
        let denies = section(rule, "Denies").expect("a heading");
        assert_eq!(
            denies,
            "A target user that resolves to uid 0, by whatever name or number."
        );
        assert_eq!(section(rule, "Nothing"), None);
    }
}
