//! Rule sets of a run: the default ones, those asked for, random ones.

use anyhow::{Result, bail};
use sekisho_rules::registry::RULES;
use sekisho_rules::{Class, RuleSet};

/// A rule set under the name that result files give it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedSet {
    /// Name, unique in a run.
    pub name: String,
    /// The rules.
    pub rules: RuleSet,
}

impl NamedSet {
    fn new(name: impl Into<String>, rules: RuleSet) -> Self {
        Self {
            name: name.into(),
            rules,
        }
    }

    /// The rule that the set holds alone, or lacks of suEXEC's, by its name.
    #[must_use]
    pub fn about(&self) -> Option<(About, &str)> {
        let alone = self
            .name
            .strip_prefix(ONLY)
            .map(|rule| (About::Alone, rule));
        alone.or_else(|| {
            let left = self.name.strip_prefix(SUEXEC_LESS)?;
            Some((About::LeftOut, left))
        })
    }

    /// Whether all rules are observed in its trials: those under `none` fill
    /// `verdicts.csv`.
    pub fn observes_all(&self) -> bool {
        self.rules.is_empty()
    }
}

/// Name of the set without rules, on which demonstration rests.
pub const NONE: &str = "none";
/// Name of the set of all rules.
pub const ALL: &str = "all";
/// Name of the set of the twenty conditions.
pub const SUEXEC: &str = "suexec";
/// Prefix of the sets with one rule.
pub const ONLY: &str = "only:";
/// Prefix of suEXEC's sets with one rule less.
pub const SUEXEC_LESS: &str = "suexec-less:";

/// Rules that repair instead of refusing. Their verdict does not tell whether a
/// start survives that: it has to be seen.
pub const SANITISING: [&str; 8] = [
    "environment-not-allowed",
    "path-differs-from-policy",
    "supplementary-groups-inherited",
    "descriptor-inherited",
    "limits-inherited",
    "signals-inherited",
    "umask-inherited",
    "terminal-shared",
];

/// How a set is about one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// It holds that rule alone.
    Alone,
    /// It is suEXEC's without that rule.
    LeftOut,
}

/// `none`, `all`, `suexec`, each rule alone, `suexec` less each of its rules.
pub fn default_sets() -> Vec<NamedSet> {
    let suexec = RuleSet::of(|rule| rule.class != Class::Further);
    let alone = |rule: &str| RuleSet::one(rule).unwrap_or_default();
    let mut sets = vec![
        NamedSet::new(NONE, RuleSet::NONE),
        NamedSet::new(ALL, RuleSet::all()),
        NamedSet::new(SUEXEC, suexec),
    ];
    sets.extend(
        RULES
            .iter()
            .map(|rule| NamedSet::new(format!("{ONLY}{}", rule.id), alone(rule.id))),
    );
    sets.extend(suexec.rules().map(|rule| {
        NamedSet::new(
            format!("{SUEXEC_LESS}{}", rule.id),
            suexec.without(alone(rule.id)),
        )
    }));
    sets
}

/// The sets that the expressions name, and `none` with them: without it
/// nothing is demonstrated. Names of the default sets are understood too.
///
/// # Errors
/// Names the unknown term and the nearest known one.
pub fn sets_of(expressions: &[String]) -> Result<Vec<NamedSet>> {
    let mut sets = vec![NamedSet::new(NONE, RuleSet::NONE)];
    let known = default_sets();
    for expression in expressions {
        let name: String = expression.split_whitespace().collect();
        let rules = match known.iter().find(|set| set.name == name) {
            Some(set) => set.rules,
            None => match name.strip_prefix("all-less:") {
                Some(rule) => RuleSet::all().without(RuleSet::parse(rule)?),
                None => RuleSet::parse(&name)?,
            },
        };
        if sets.iter().all(|set| set.name != name) {
            sets.push(NamedSet::new(name, rules));
        }
    }
    Ok(sets)
}

/// `count` random sets, each rule in it with a chance of a half.
///
/// # Errors
/// When more are asked for than there are names for.
pub fn random_sets(count: u32, seed: u64) -> Result<Vec<NamedSet>> {
    if count > 10_000 {
        bail!("{count} random rule sets are more than a run can hold: ask for at most 10000");
    }
    let mut random = fastrand::Rng::with_seed(seed);
    let set = |number| NamedSet::new(format!("random:{number}"), RuleSet::of(|_| random.bool()));
    Ok((1..=count).map(set).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_default_sets_hold_each_rule_alone_once() {
        let sets = default_sets();
        let names: BTreeSet<_> = sets.iter().map(|set| &set.name).collect();
        assert_eq!(names.len(), sets.len(), "names are unique");
        for rule in RULES {
            let alone: Vec<_> = sets
                .iter()
                .filter(|set| set.name == format!("only:{}", rule.id))
                .collect();
            assert_eq!(alone.len(), 1);
            assert_eq!(
                alone[0]
                    .rules
                    .rules()
                    .map(|rule| rule.id)
                    .collect::<Vec<_>>(),
                [rule.id]
            );
        }
        let suexec = &sets[2].rules;
        for set in sets
            .iter()
            .filter(|set| set.name.starts_with("suexec-less:"))
        {
            assert_eq!(set.rules.len() + 1, suexec.len(), "{}", set.name);
        }
    }

    #[test]
    fn none_is_always_among_the_sets_and_names_are_not_repeated() {
        let sets = sets_of(&["all".into(), "none".into(), "all".into()]).unwrap();
        let names: Vec<_> = sets.iter().map(|set| set.name.as_str()).collect();
        assert_eq!(names, ["none", "all"]);
        let only = sets_of(&["only:target-user-is-root".into()]).unwrap();
        assert_eq!(only[1].rules.len(), 1);
        let less = sets_of(&["all-less:target-user-is-root".into()]).unwrap();
        assert_eq!(less[1].rules.len() + 1, RuleSet::all().len());
    }

    #[test]
    fn an_unknown_rule_names_the_nearest() {
        let error = sets_of(&["suexec,-target-user-is-rot".into()])
            .unwrap_err()
            .to_string();
        assert!(error.contains("`target-user-is-root`"), "{error}");
    }

    #[test]
    fn random_sets_depend_on_the_seed_alone() {
        assert_eq!(random_sets(9, 7).unwrap(), random_sets(9, 7).unwrap());
        assert_ne!(random_sets(9, 7).unwrap(), random_sets(9, 8).unwrap());
        assert!(random_sets(10_001, 7).is_err());
    }
}
