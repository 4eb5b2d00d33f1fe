//! What a rule set would have done with the recorded starts.

use std::collections::BTreeMap;

use sekisho_rules::RuleSet;
use sekisho_rules::registry::RULES;
use serde::Serialize;

use super::read::Judged;

/// What would have become of one start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Refused; the first of the set's rules that refuses.
    Refused(&'static str),
    /// Started after repairs, which may take away what it needed.
    Repaired,
    /// Started as it was.
    Started,
    /// No rule that was evaluated refuses it, and some rule of the set was not
    /// evaluated.
    NotTold,
}

impl Fate {
    /// Of a start under a rule set.
    #[must_use]
    pub fn of(start: &Judged, set: RuleSet) -> Self {
        let refusing = both(start.refuses, set);
        if let Some(rule) = refusing.rules().next() {
            return Self::Refused(rule.id);
        }
        if !set.without(start.evaluated).is_empty() {
            return Self::NotTold;
        }
        match start.repairs.meets(set) {
            true => Self::Repaired,
            false => Self::Started,
        }
    }

    /// The word in results.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Repaired => "repaired",
            Self::Started => "started",
            Self::NotTold => "not-told",
        }
    }
}

/// The rules in both sets.
#[must_use]
pub fn both(one: RuleSet, other: RuleSet) -> RuleSet {
    one.without(one.without(other))
}

/// What a rule set would have done.
#[derive(Debug, Clone, Serialize)]
pub struct Score {
    /// The expression.
    pub rules: String,
    /// Number of rules in it.
    pub size: u32,
    /// Starts.
    pub starts: u64,
    /// Of these, refused.
    pub refused: u64,
    /// Started after repairs.
    pub repaired: u64,
    /// Started as they were.
    pub started: u64,
    /// Of which the records do not tell.
    pub not_told: u64,
    /// Refused and not refused by the baseline.
    pub newly_refused: Option<u64>,
    /// Refused by the baseline and not refused.
    pub no_longer_refused: Option<u64>,
    /// Each rule that refuses something.
    pub by_rule: Vec<RuleScore>,
    /// Rules of the set that neither refuse nor repair anything.
    pub never_fired: Vec<&'static str>,
}

/// What one rule of a set would have done.
#[derive(Debug, Clone, Serialize)]
pub struct RuleScore {
    /// The rule.
    pub rule: &'static str,
    /// Starts of which it is the first to refuse.
    pub decides: u64,
    /// Starts that it refuses.
    pub refuses: u64,
    /// Starts that it alone of the set refuses.
    pub alone: u64,
    /// Starts that it repairs.
    pub repairs: u64,
}

impl Score {
    /// Of a rule set over all starts, compared with a baseline.
    #[must_use]
    pub fn of(name: &str, set: RuleSet, baseline: Option<RuleSet>, starts: &[Judged]) -> Self {
        let mut score = Self {
            rules: name.to_owned(),
            size: set.len(),
            starts: starts.len() as u64,
            refused: 0,
            repaired: 0,
            started: 0,
            not_told: 0,
            newly_refused: baseline.map(|_| 0),
            no_longer_refused: baseline.map(|_| 0),
            by_rule: Vec::new(),
            never_fired: Vec::new(),
        };
        let mut rules: BTreeMap<&'static str, RuleScore> = BTreeMap::new();
        for start in starts {
            let fate = Fate::of(start, set);
            *match fate {
                Fate::Refused(_) => &mut score.refused,
                Fate::Repaired => &mut score.repaired,
                Fate::Started => &mut score.started,
                Fate::NotTold => &mut score.not_told,
            } += 1;
            if let Some(baseline) = baseline {
                let before = start.refuses.meets(baseline);
                let now = matches!(fate, Fate::Refused(_));
                let newly = u64::from(now && !before);
                score.newly_refused = score.newly_refused.map(|count| count + newly);
                let freed = u64::from(before && !now);
                score.no_longer_refused = score.no_longer_refused.map(|count| count + freed);
            }
            let refusing = both(start.refuses, set);
            for rule in refusing.rules() {
                let one = rules
                    .entry(rule.id)
                    .or_insert_with(|| RuleScore::new(rule.id));
                one.refuses += 1;
                one.decides += u64::from(fate == Fate::Refused(rule.id));
                one.alone += u64::from(refusing.len() == 1);
            }
            for rule in both(start.repairs, set).rules() {
                let one = rules
                    .entry(rule.id)
                    .or_insert_with(|| RuleScore::new(rule.id));
                one.repairs += 1;
            }
        }
        score.never_fired = set
            .rules()
            .map(|rule| rule.id)
            .filter(|rule| !rules.contains_key(rule))
            .collect();
        // In order of evaluation.
        score.by_rule = RULES
            .iter()
            .filter_map(|rule| rules.remove(rule.id))
            .collect();
        score
    }
}

impl RuleScore {
    fn new(rule: &'static str) -> Self {
        Self {
            rule,
            decides: 0,
            refuses: 0,
            alone: 0,
            repairs: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::read::tests::{decision, read};
    use super::*;

    fn set(expression: &str) -> RuleSet {
        RuleSet::parse(expression).unwrap()
    }

    #[test]
    fn the_first_refusing_rule_of_the_set_decides() {
        let lines = [
            decision(
                "start",
                &[
                    ("caller-unknown", "permit"),
                    ("target-user-is-root", "deny"),
                    ("umask-inherited", "sanitize"),
                ],
            ),
            decision(
                "start",
                &[
                    ("caller-unknown", "undetermined"),
                    ("target-user-is-root", "deny"),
                    ("umask-inherited", "permit"),
                ],
            ),
            decision(
                "start",
                &[
                    ("caller-unknown", "permit"),
                    ("target-user-is-root", "permit"),
                    ("umask-inherited", "sanitize"),
                ],
            ),
            decision("denied", &[("caller-unknown", "permit")]),
        ];
        let starts = read(lines.join("\n").as_bytes()).starts;
        let fates = |expression| {
            starts
                .iter()
                .map(|start| Fate::of(start, set(expression)))
                .collect::<Vec<_>>()
        };
        let root = "target-user-is-root";
        assert_eq!(fates("none"), [Fate::Started; 4]);
        assert_eq!(
            fates(root),
            [
                Fate::Refused(root),
                Fate::Refused(root),
                Fate::Started,
                Fate::NotTold
            ]
        );
        assert_eq!(
            fates("caller-unknown,target-user-is-root"),
            [
                Fate::Refused(root),
                Fate::Refused("caller-unknown"),
                Fate::Started,
                Fate::NotTold
            ]
        );
        assert_eq!(
            fates("umask-inherited")[..3],
            [Fate::Repaired, Fate::Started, Fate::Repaired]
        );

        let both = Score::of(
            "x",
            set("caller-unknown,target-user-is-root,init-setuid"),
            Some(set("caller-unknown")),
            &starts,
        );
        assert_eq!((both.refused, both.not_told, both.started), (2, 2, 0));
        assert_eq!(
            (both.newly_refused, both.no_longer_refused),
            (Some(1), Some(0))
        );
        assert_eq!(both.never_fired, ["init-setuid"]);
        let of_root = both.by_rule.iter().find(|rule| rule.rule == root).unwrap();
        assert_eq!((of_root.refuses, of_root.decides, of_root.alone), (2, 1, 1));
    }
}
