//! Rule sets as bits over the run's rules.

use serde::Serializer;

use crate::read::{Rule, Run};

/// A set of rules: bit `n` is the rule at place `n` of [`Run::rules`].
pub type Bits = u128;

/// The places of the rules in a set, in order.
pub fn members(mut set: Bits) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = set.trailing_zeros();
        (set != 0).then(|| {
            set &= set - 1;
            place as usize
        })
    })
}

/// Serialises a set as the list of its places: numbers of 128 bits are more
/// than readers in other languages can hold.
pub(super) fn as_places<S: Serializer>(set: &Bits, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(members(*set))
}

/// As [`as_places`], for several sets.
pub(super) fn each_as_places<S: Serializer>(
    sets: &[Bits],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(sets.iter().map(|set| members(*set).collect::<Vec<_>>()))
}

/// Ids of the rules in a set, in order of evaluation.
#[must_use]
pub fn names(rules: &[Rule], set: Bits) -> Vec<String> {
    members(set)
        .filter_map(|place| rules.get(place).map(|rule| rule.rule.clone()))
        .collect()
}

/// The rules for which the predicate holds.
#[must_use]
pub fn of(rules: &[Rule], mut holds: impl FnMut(&Rule) -> bool) -> Bits {
    rules
        .iter()
        .enumerate()
        .filter(|(_, rule)| holds(rule))
        .fold(0, |bits, (place, _)| bits | 1 << place)
}

/// Every rule.
#[must_use]
pub fn all(rules: &[Rule]) -> Bits {
    of(rules, |_| true)
}

/// The rules of suEXEC's conditions.
#[must_use]
pub fn suexec(rules: &[Rule]) -> Bits {
    of(rules, Rule::is_suexec)
}

/// What a rule set of the run holds: as `run.json` lists it, else as its name
/// says; `None` when neither tells (a random set of a run that does not list
/// its sets).
#[must_use]
pub fn resolve(run: &Run, name: &str) -> Option<Bits> {
    if let Some(listed) = run.info.rule_sets.get(name) {
        return listed.iter().try_fold(0, |bits, id| {
            let place = run.rules.iter().position(|rule| rule.rule == *id)?;
            Some(bits | 1 << place)
        });
    }
    if let Some(rule) = name.strip_prefix("only:") {
        return term(&run.rules, rule);
    }
    if let Some((base, rule)) = name.split_once("-less:") {
        return Some(expression(&run.rules, base)? & !term(&run.rules, rule)?);
    }
    expression(&run.rules, name)
}

fn expression(rules: &[Rule], text: &str) -> Option<Bits> {
    let mut set = 0;
    for (place, word) in text.split(',').map(str::trim).enumerate() {
        match word.strip_prefix('-') {
            Some(word) => {
                if place == 0 {
                    set = all(rules);
                }
                set &= !term(rules, word)?;
            }
            None => set |= term(rules, word)?,
        }
    }
    Some(set)
}

fn term(rules: &[Rule], word: &str) -> Option<Bits> {
    if let Some(number) = word.strip_prefix("suexec:") {
        return Some(of(rules, |rule| {
            rule.conditions.split_whitespace().any(|own| own == number)
        }))
        .filter(|set| *set != 0);
    }
    match word {
        "none" => Some(0),
        "all" => Some(all(rules)),
        "suexec" => Some(suexec(rules)),
        _ => {
            let by_id = of(rules, |rule| rule.rule == word);
            let by_class = of(rules, |rule| rule.class == word);
            Some(by_id | by_class).filter(|set| *set != 0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(id: &str, class: &str, conditions: &str, position: u32) -> Rule {
        Rule {
            rule: id.to_owned(),
            class: class.to_owned(),
            conditions: conditions.to_owned(),
            summary: String::new(),
            since: String::new(),
            position,
            condition: String::new(),
            why: String::new(),
            denies: String::new(),
            permits: String::new(),
            limits: String::new(),
        }
    }

    #[test]
    fn names_of_sets_say_what_they_hold() {
        let rules = [
            rule("a", "fatal", "1", 0),
            rule("b", "deferred", "14 18", 1),
            rule("c", "further", "", 2),
        ];
        for (text, set) in [
            ("none", 0b000),
            ("all", 0b111),
            ("suexec", 0b011),
            ("-a", 0b110),
            ("suexec,-a", 0b010),
            ("all,-deferred", 0b101),
            ("suexec:18,c", 0b110),
        ] {
            assert_eq!(expression(&rules, text), Some(set), "{text}");
        }
        assert_eq!(expression(&rules, "random:1"), None);
        assert_eq!(expression(&rules, "suexec:3"), None);
        assert_eq!(members(0b101).collect::<Vec<_>>(), [0, 2]);
    }
}
