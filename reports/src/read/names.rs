//! Cases and rules by the names that other files give them.

use std::collections::HashMap;

use super::Run;
use super::table::Place;
use crate::Result;

/// Places of cases and rules by name.
pub(super) struct Names {
    cases: HashMap<String, HashMap<String, usize>>,
    pub(super) rules: HashMap<String, usize>,
}

impl Names {
    pub(super) fn of(run: &Run) -> Self {
        let mut cases: HashMap<String, HashMap<String, usize>> = HashMap::new();
        for (place, case) in run.cases.iter().enumerate() {
            cases
                .entry(case.scenario.clone())
                .or_default()
                .insert(case.case.clone(), place);
        }
        let rules = run
            .rules
            .iter()
            .enumerate()
            .map(|(place, rule)| (rule.rule.clone(), place))
            .collect();
        Self { cases, rules }
    }

    pub(super) fn case(&self, scenario: &str, case: &str, place: &Place<'_>) -> Result<usize> {
        self.cases
            .get(scenario)
            .and_then(|cases| cases.get(case))
            .copied()
            .ok_or_else(|| {
                place.error(
                    "case",
                    format!("`{scenario}/{case}` is not in scenarios.csv"),
                )
            })
    }

    pub(super) fn rule(&self, rule: Option<&str>, place: &Place<'_>) -> Result<Option<usize>> {
        rule.map(|rule| {
            self.rules
                .get(rule)
                .copied()
                .ok_or_else(|| place.error("rule", format!("`{rule}` is not in rules.csv")))
        })
        .transpose()
    }
}
