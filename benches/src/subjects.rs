//! Starts by the reference launcher and by the floor.

use std::path::Path;

use anyhow::Result;
use sekisho_rules::registry::RULES;

use crate::rounds::Subject;
use crate::spawn::Start;
use crate::world::{self, FLOOR, INIT, Isolation, LAUNCHER, LOG, NETNS, TARGET};

/// A start by the reference launcher under a rule set.
///
/// # Errors
/// It cannot be made ready.
pub fn launcher(name: &str, rules: &str, isolation: &Isolation) -> Result<Subject> {
    launcher_with(name, rules, "", isolation)
}

/// The same with further lines of `launcher.conf`.
///
/// # Errors
/// It cannot be made ready.
pub fn launcher_with(
    name: &str,
    rules: &str,
    further: &str,
    isolation: &Isolation,
) -> Result<Subject> {
    let bundle = format!("alice/{}", isolation.bundle);
    let words = [LAUNCHER, "alice", "alice", &bundle];
    let start = Start::new(&words, world::CALLER, Path::new("/"), Path::new(LOG))?;
    let (rules, further) = (rules.to_owned(), further.to_owned());
    Ok(Subject {
        before: Box::new(move || world::configure(&rules, &further)),
        ..subject(name, isolation.name, start)
    })
}

/// The same isolation by the floor.
///
/// # Errors
/// It cannot be made ready.
pub fn floor(isolation: &Isolation) -> Result<Subject> {
    floor_with(
        &format!("floor {}", isolation.name),
        isolation.name,
        isolation,
        isolation.letters,
    )
}

/// The floor with other steps.
///
/// # Errors
/// It cannot be made ready.
pub fn floor_with(name: &str, value: &str, in_: &Isolation, letters: &str) -> Result<Subject> {
    let (rootfs, id) = (in_.rootfs(), TARGET.to_string());
    let init = match letters.contains('m') {
        true => INIT.to_owned(),
        false => format!("{rootfs}{INIT}"),
    };
    let words = [FLOOR, "start", letters, &rootfs, &id, &id, NETNS, &init];
    let start = Start::new(&words, 0, Path::new("/"), Path::new(LOG))?;
    Ok(subject(name, value, start))
}

/// Any other start, with what isolation it gives.
#[must_use]
pub fn subject(name: &str, isolation: &str, mut start: Start) -> Subject {
    Subject {
        name: name.to_owned(),
        varied: ("isolation".to_owned(), isolation.to_owned()),
        before: Box::new(|| Ok(())),
        take: Box::new(move |watchdog| start.run(watchdog)),
    }
}

/// Rule sets by name and expression: `none` twice (their difference is what
/// the method cannot resolve), the named ones, each rule alone, all but each.
#[must_use]
pub fn rule_sets() -> Vec<(String, String)> {
    let named = [
        "none",
        "fatal",
        "fatal,selectable",
        "fatal,selectable,deferred",
        "suexec",
        "all",
    ];
    let mut sets: Vec<(String, String)> = named.map(|set| (set.to_owned(), set.to_owned())).into();
    sets.insert(1, ("none-again".to_owned(), "none".to_owned()));
    for rule in RULES {
        sets.push((format!("only:{}", rule.id), rule.id.to_owned()));
        sets.push((format!("all-less:{}", rule.id), format!("all,-{}", rule.id)));
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_sets_are_expressions_and_hold_every_rule() {
        let sets = rule_sets();
        assert_eq!(sets.len(), 7 + 2 * RULES.len());
        for (name, expression) in sets {
            let set = sekisho_rules::RuleSet::parse(&expression).expect("an expression");
            let rules = set.rules().count();
            let expected = match name.split(':').next() {
                Some("only") => 1,
                Some("all-less") => RULES.len() - 1,
                Some("all") => RULES.len(),
                Some("none" | "none-again") => 0,
                _ => rules,
            };
            assert_eq!(rules, expected, "{name}");
        }
    }
}
