//! Whether the corpus puts every rule to the test: attacks that it stops, and
//! legitimate requests that differ least from those and that it must let pass.

use std::collections::BTreeSet;

use sekisho_results::Kind;
use sekisho_results::ScenarioRow;
use sekisho_rules::registry::RULES;

/// Least attacks, and least twins of attacks, that every rule must have.
pub const LEAST: usize = 2;

/// What the corpus has for one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The rule.
    pub rule: &'static str,
    /// Demonstrable attacks that it is expected to stop alone.
    pub attacks: usize,
    /// Distinct twins of those attacks which it is expected to let pass.
    pub twins: usize,
    /// Legitimate cases that it is expected to break.
    pub breaks: usize,
}

impl Coverage {
    /// Whether that is enough.
    pub fn is_enough(&self) -> bool {
        self.attacks >= LEAST && self.twins >= LEAST
    }
}

/// The coverage of every rule, in the order of evaluation.
pub fn coverage<'a>(rows: impl IntoIterator<Item = &'a ScenarioRow>) -> Vec<Coverage> {
    let rows: Vec<_> = rows.into_iter().collect();
    RULES.iter().map(|rule| of_rule(rule.id, &rows)).collect()
}

fn of_rule(rule: &'static str, rows: &[&ScenarioRow]) -> Coverage {
    let named = |row: &ScenarioRow| row.expected.split(' ').any(|expected| expected == rule);
    let hit: Vec<_> = rows.iter().filter(|row| named(row)).collect();
    let broken: BTreeSet<String> = hit
        .iter()
        .filter(|row| row.kind == Kind::Legitimate)
        .map(|row| format!("{}/{}", row.scenario, row.case))
        .collect();
    let attacks: Vec<_> = hit
        .iter()
        .filter(|row| row.kind == Kind::Malicious && row.not_demonstrated.is_empty())
        .collect();
    let twins: BTreeSet<&str> = attacks
        .iter()
        .map(|row| row.twin.as_str())
        .filter(|twin| !broken.contains(*twin))
        .collect();
    Coverage {
        rule,
        attacks: attacks.len(),
        twins: twins.len(),
        breaks: broken.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sekisho_lab::corpus;

    #[test]
    fn every_rule_has_attacks_that_it_stops_and_twins_that_it_lets_pass() {
        let cases = corpus::load(None).unwrap().cases;
        let few: Vec<_> = coverage(cases.iter().map(|case| &case.row))
            .into_iter()
            .filter(|coverage| !coverage.is_enough())
            .collect();
        assert!(few.is_empty(), "{few:#?}");
    }

    #[test]
    fn a_corpus_without_cases_covers_nothing() {
        assert!(coverage([]).iter().all(|coverage| !coverage.is_enough()));
    }
}
