//! From evidence to a decision.

use alloc::borrow::ToOwned;
use alloc::string::ToString;
use alloc::vec::Vec;

use sekisho_rules::registry::decide;
use sekisho_rules::{Evidence, Fact, Needs, Policy, Rule, RuleSet, Sanitation, Verdict};

use crate::stop::Stop;

/// All verdicts of one request.
#[derive(Debug, Default)]
pub struct Decision {
    /// Rules that were evaluated.
    pub evaluated: RuleSet,
    /// What those said that do not permit.
    pub others: Vec<(&'static Rule, Verdict)>,
    /// The first rule in force that refuses, in the order of the registry.
    pub refused_by: Option<&'static Rule>,
    /// What the rules in force want done.
    pub sanitations: Vec<Sanitation>,
}

/// Rules that are evaluated before the start.
pub fn early(set: RuleSet) -> RuleSet {
    set.without(late(set))
}

/// Rules that are evaluated after privileges were dropped.
pub fn late(set: RuleSet) -> RuleSet {
    set.within(RuleSet::of(sekisho_rules::Rule::is_late))
}

impl Decision {
    /// Evaluates `observed`; only rules of `enforced` refuse or sanitise.
    pub fn of(enforced: RuleSet, observed: RuleSet, evidence: &Evidence, policy: &Policy) -> Self {
        let mut decision = Self {
            evaluated: observed,
            ..Self::default()
        };
        for (one, rule, verdict) in decide(observed, evidence, policy) {
            let in_force = one.meets(enforced);
            if in_force && verdict.refuses() && decision.refused_by.is_none() {
                decision.refused_by = Some(rule);
            }
            if let (true, Verdict::Sanitize(what)) = (in_force, &verdict) {
                decision.sanitations.push(*what);
            }
            decision.others.push((rule, verdict));
        }
        decision
    }

    /// Why the request is refused, if it is.
    pub fn refusal(&self) -> Option<(&'static Rule, Stop)> {
        let refused_by = self.refused_by?;
        let (rule, verdict) = self
            .others
            .iter()
            .find(|(rule, _)| rule.id == refused_by.id)?;
        let id = rule.id.to_owned();
        Some((
            rule,
            match verdict {
                Verdict::Deny(denial) => Stop::Denied {
                    rule: id,
                    required: denial.required.clone().into_owned(),
                    observed: denial.observed.clone(),
                },
                Verdict::Undetermined(cause) => Stop::Undetermined {
                    rule: id,
                    cause: cause.to_string(),
                },
                Verdict::Permit | Verdict::Sanitize(_) => return None,
            },
        ))
    }
}

/// What the rules in force want done to the environment. Asked before the
/// rest is gathered: the search for the init goes by the `PATH` it will get.
pub fn environment_sanitations(
    enforced: RuleSet,
    evidence: &Evidence,
    policy: &Policy,
) -> Vec<Sanitation> {
    asking_only(Fact::Environment, enforced, evidence, policy).sanitations
}

/// Whether a rule in force refuses that looks at the caller alone.
pub fn refuses_caller(enforced: RuleSet, evidence: &Evidence, policy: &Policy) -> bool {
    asking_only(Fact::Caller, enforced, evidence, policy)
        .refused_by
        .is_some()
}

/// What the rules in force say that need this fact and no other.
fn asking_only(fact: Fact, enforced: RuleSet, evidence: &Evidence, policy: &Policy) -> Decision {
    let only = Needs::of(&[fact]);
    let rules = enforced.within(RuleSet::of(|rule| rule.needs == only));
    Decision::of(rules, rules, evidence, policy)
}
