//! Documentation of rules, taken from their source files.

use crate::rule::Rule;

/// The headings that every rule's module documentation must have, in order.
pub const HEADINGS: [&str; 5] = ["Condition", "Why", "Denies", "Permits", "Limits"];

/// The module documentation of a rule as Markdown, without its title line.
#[must_use]
pub fn markdown(rule: &Rule) -> String {
    rule.source
        .lines()
        .take_while(|line| line.starts_with("//!"))
        .map(|line| line.trim_start_matches("//!").trim_start_matches(' '))
        .skip_while(|line| !line.starts_with("## "))
        .collect::<Vec<_>>()
        .join("\n")
}
