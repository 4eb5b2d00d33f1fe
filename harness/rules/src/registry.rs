//! The list of all rules, in the order of `catalogue/mod.rs`.

use alloc::vec::Vec;

use crate::catalogue;
use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::Rule;
use crate::set::RuleSet;
use crate::verdict::Verdict;

/// The list, and what goes along it without a call through a pointer, which
/// would cost more than most rules do.
macro_rules! registry {
    ($($name:ident,)*) => {
        /// All rules.
        pub const RULES: &[&Rule] = &[$(&catalogue::$name::RULE),*];

        /// Source files of the rules, in the same order: their documentation.
        #[cfg(any(test, feature = "document"))]
        pub(crate) const SOURCES: &[&str] = &[$(include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"), "/src/catalogue/", stringify!($name), ".rs"
        ))),*];

        /// Evaluates the rules one after the other where they stand.
        fn along(set: RuleSet, evidence: &Evidence, policy: &Policy, others: &mut Vec<Other>) {
            let mut one = RuleSet::FIRST;
            $(
                if set.meets(one) {
                    let verdict = catalogue::$name::evaluate(evidence, policy);
                    if verdict != Verdict::Permit {
                        push(others, (one, &catalogue::$name::RULE, verdict));
                    }
                }
                one = one.next();
            )*
            let _ = one;
        }
    };
}

include!(concat!(env!("OUT_DIR"), "/registry.rs"));

/// A rule, the set that holds it alone, and a verdict other than a permit.
pub type Other = (RuleSet, &'static Rule, Verdict);

/// Evaluates the rules of a set, in the order of [`RULES`], and gives those
/// verdicts that are not [`Verdict::Permit`]: rules of the set that are not
/// among them permit.
#[must_use]
pub fn decide(set: RuleSet, evidence: &Evidence, policy: &Policy) -> Vec<Other> {
    let mut others = Vec::new();
    if set.len() > FEW {
        along(set, evidence, policy, &mut others);
        return others;
    }
    for (one, rule) in set.each() {
        let verdict = (rule.evaluate)(evidence, policy);
        if verdict != Verdict::Permit {
            push(&mut others, (one, rule, verdict));
        }
    }
    others
}

/// For so many rules it is cheaper to call each than to pass those that are off.
const FEW: u32 = 16;

#[cold]
#[inline(never)]
fn push(others: &mut Vec<Other>, other: Other) {
    others.push(other);
}

/// Evaluates the rules of a set, in the order of [`RULES`], and gives all
/// verdicts.
pub fn evaluate<'a>(
    set: RuleSet,
    evidence: &'a Evidence,
    policy: &'a Policy,
) -> impl Iterator<Item = (&'static Rule, Verdict)> + 'a {
    set.rules()
        .map(move |rule| (rule, (rule.evaluate)(evidence, policy)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::condition::CONDITIONS;
    use crate::document::{HEADINGS, section, source, summary};
    use crate::rule::{Class, Fact, Needs};
    use crate::testing::{ordinary, verdict};
    use crate::verdict::Cause;

    fn catalogue() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("src/catalogue")
    }

    fn facts_of(needs: Needs) -> Vec<Fact> {
        Fact::ALL
            .iter()
            .copied()
            .filter(|f| needs.has(*f))
            .collect()
    }

    #[test]
    fn ids_are_unique_and_name_their_files() {
        let ids: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), RULES.len(), "an id is used twice");
        for rule in RULES {
            let kebab = |b: u8| b.is_ascii_lowercase() || b == b'-';
            assert!(rule.id.bytes().all(kebab), "{}", rule.id);
            let file = catalogue().join(rule.id.replace('-', "_") + ".rs");
            let text = std::fs::read_to_string(&file).expect("a file named like the rule");
            assert_eq!(source(rule), text, "{}: source is another file", rule.id);
            let title = format!("//! `{}`: ", rule.id);
            assert!(text.starts_with(&title), "{}: title", rule.id);
        }
    }

    #[test]
    fn every_file_of_the_catalogue_is_registered() {
        for entry in std::fs::read_dir(catalogue()).expect("the catalogue") {
            let name = entry.expect("an entry").file_name();
            let stem = name.to_str().and_then(|name| name.strip_suffix(".rs"));
            let id = stem.expect("a source file").replace('_', "-");
            let known = id == "mod" || RuleSet::one(&id).is_some();
            assert!(known, "{id}: no line in catalogue/mod.rs");
        }
    }

    #[test]
    fn every_rule_is_documented_under_all_headings() {
        for rule in RULES {
            for heading in HEADINGS {
                let text = section(rule, heading).unwrap_or_default();
                assert!(text.len() > 10, "{}: nothing under {heading}", rule.id);
                assert!(text.ends_with('.'), "{}: {heading}: {text}", rule.id);
            }
            let phrase = summary(rule);
            assert!(phrase.len() > 10, "{}: summary", rule.id);
            assert!(!phrase.ends_with('.'), "{}: summary", rule.id);
            assert!(!rule.since.is_empty(), "{}", rule.id);
        }
    }

    #[test]
    fn every_condition_is_covered_and_classes_are_its() {
        for condition in &CONDITIONS {
            let mut rules = RULES
                .iter()
                .filter(|r| r.conditions.contains(&condition.number));
            assert!(rules.clone().count() > 0, "condition {}", condition.number);
            let class = |rule: &&&Rule| rule.class == condition.class;
            assert!(rules.clone().any(|rule| class(&rule)));
            assert!(rules.all(|rule| class(&rule) || rule.class == Class::Further));
        }
        for rule in RULES {
            assert!(rule.conditions.iter().all(|n| (1..=20).contains(n)));
            let further = rule.class == Class::Further;
            assert!(further || !rule.conditions.is_empty(), "{}", rule.id);
        }
    }

    #[test]
    fn rules_stand_in_apaches_order_and_further_ones_last() {
        let order = |rule: &&Rule| match rule.class {
            Class::Further => u8::MAX,
            _ => rule.conditions.first().copied().unwrap_or(u8::MAX),
        };
        assert!(RULES.is_sorted_by_key(order));
    }

    #[test]
    fn every_rule_permits_an_ordinary_request_with_just_what_it_needs() {
        for rule in RULES {
            assert_eq!(verdict(rule, |_, _| ()), Verdict::Permit, "{}", rule.id);
        }
    }

    #[test]
    fn no_rule_permits_without_evidence() {
        let policy = Policy::default();
        for (rule, verdict) in evaluate(RuleSet::all(), &Evidence::default(), &policy) {
            let expected = Verdict::undetermined(Cause::NotGathered);
            assert_eq!(verdict, expected, "{}", rule.id);
        }
    }

    #[test]
    fn every_need_of_a_rule_is_really_needed() {
        for rule in RULES {
            for left_out in facts_of(rule.needs) {
                let rest = facts_of(rule.needs).into_iter().filter(|f| *f != left_out);
                let rest = Needs::of(&rest.collect::<Vec<_>>());
                let verdict = (rule.evaluate)(&ordinary().limited_to(rest), &Policy::default());
                let expected = Verdict::undetermined(Cause::NotGathered);
                assert_eq!(verdict, expected, "{} does not need {left_out:?}", rule.id);
            }
        }
    }

    #[test]
    fn every_rule_tests_a_refusal_and_a_permit() {
        for rule in RULES {
            let (_, tests) = source(rule).split_once("#[cfg(test)]").expect("tests");
            let has = |words: &[&str]| words.iter().any(|word| tests.contains(word));
            let refusal = [
                "denied(",
                "sanitized(",
                "Verdict::Deny",
                "Verdict::deny(",
                "Verdict::Sanitize",
            ];
            assert!(has(&refusal), "{}: no test that refuses", rule.id);
            let permit = ["permitted(", "Verdict::Permit"];
            assert!(has(&permit), "{}: no test that permits", rule.id);
        }
    }
}
