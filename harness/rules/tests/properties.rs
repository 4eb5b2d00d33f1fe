//! What holds for all rules on any evidence and any policy.

mod common;

use common::{evidence, fact, policy};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use sekisho_rules::registry::{RULES, decide, evaluate};
use sekisho_rules::{Evidence, Fact, Needs, Policy, Rule, RuleSet, Verdict};

/// Mostly sets of a few rules: odd evidence is refused by any large set.
fn set() -> impl Strategy<Value = RuleSet> {
    let any_set = any::<u128>().prop_map(|bits| {
        let mut bits = bits;
        RuleSet::of(|_| {
            let chosen = bits & 1 == 1;
            bits >>= 1;
            chosen
        })
    });
    let few = proptest::collection::vec(proptest::sample::select(RULES.to_vec()), 0..4);
    let few = few.prop_map(|rules| RuleSet::of(|rule| rules.iter().any(|r| r.id == rule.id)));
    prop_oneof![1 => any_set, 3 => few]
}

fn admits(set: RuleSet, evidence: &Evidence, policy: &Policy) -> bool {
    !evaluate(set, evidence, policy).any(|(_, verdict)| verdict.refuses())
}

fn rules_in_any_order() -> impl Strategy<Value = Vec<&'static Rule>> {
    Just(RULES.to_vec()).prop_shuffle()
}

#[test]
fn every_fact_is_generated_in_its_own_field() {
    let mut runner = TestRunner::deterministic();
    for &of in Fact::ALL {
        let mut seen = false;
        for _ in 0..20 {
            let fill = fact(of).new_tree(&mut runner).expect("a value").current();
            let mut evidence = Evidence::default();
            fill.apply(&mut evidence);
            let own = evidence.clone().limited_to(Needs::of(&[of]));
            assert_eq!(own, evidence, "{of:?} fills another field");
            seen |= evidence != Evidence::default();
        }
        assert!(seen, "{of:?} is never generated");
    }
}

proptest! {
    #[test]
    fn more_rules_never_admit_more(e in evidence(), p in policy(), a in set(), b in set()) {
        let both = a.with(b);
        let admitted = admits(both, &e, &p);
        prop_assert_eq!(admitted, admits(a, &e, &p) && admits(b, &e, &p));
        prop_assert!(admits(RuleSet::NONE, &e, &p));
    }

    #[test]
    fn a_verdict_depends_on_no_order_and_no_other_rule(
        e in evidence(), p in policy(), rules in rules_in_any_order(),
    ) {
        let together: Vec<_> = evaluate(RuleSet::all(), &e, &p).collect();
        for rule in rules {
            let (_, expected) = together
                .iter()
                .find(|(other, _)| other.id == rule.id)
                .expect("every rule is in the whole set");
            prop_assert_eq!(&(rule.evaluate)(&e, &p), expected, "{}", rule.id);
        }
    }

    #[test]
    fn a_decision_is_what_each_rule_says_unless_it_permits(
        e in evidence(), p in policy(), set in set(),
    ) {
        let each = evaluate(set, &e, &p).map(|(rule, verdict)| {
            (RuleSet::one(rule.id).expect("a rule of the registry"), rule.id, verdict)
        });
        let expected: Vec<_> = each.filter(|(.., it)| *it != Verdict::Permit).collect();
        let decided = decide(set, &e, &p).into_iter();
        let decided: Vec<_> = decided.map(|(one, rule, it)| (one, rule.id, it)).collect();
        prop_assert_eq!(decided, expected);
    }

    #[test]
    fn a_rule_reads_only_what_it_says_it_needs(e in evidence(), p in policy()) {
        for rule in RULES {
            let needed = e.clone().limited_to(rule.needs);
            let verdict = (rule.evaluate)(&needed, &p);
            prop_assert_eq!(verdict, (rule.evaluate)(&e, &p), "{}", rule.id);
        }
    }

    #[test]
    fn a_denial_is_one_bounded_line(e in evidence(), p in policy()) {
        for (rule, verdict) in evaluate(RuleSet::all(), &e, &p) {
            if let Verdict::Deny(denial) = verdict {
                for text in [denial.required.as_ref(), denial.observed.as_str()] {
                    let line_break = |c: char| c.is_control() || "\u{2028}\u{2029}".contains(c);
                    prop_assert!(!text.contains(line_break), "{}: {text:?}", rule.id);
                    prop_assert!(!text.is_empty(), "{}: nothing said", rule.id);
                    // 120 characters, each escaped as at most \u{10ffff}, of
                    // up to three texts.
                    prop_assert!(text.len() < 4000, "{}: {} bytes", rule.id, text.len());
                }
            }
        }
    }

    #[test]
    fn a_policy_text_never_panics_and_a_valid_one_comes_back(text in "(?s).{0,200}") {
        if let Ok(policy) = Policy::parse(&text) {
            prop_assert_eq!(Policy::parse(&policy.to_string()), Ok(policy));
        }
    }

    #[test]
    fn an_expression_never_panics_and_a_set_comes_back(text in "[a-z:,0-9-]{0,40}", set in set()) {
        let _ = RuleSet::parse(&text);
        prop_assert_eq!(RuleSet::parse(&set.to_string()), Ok(set));
    }
}
