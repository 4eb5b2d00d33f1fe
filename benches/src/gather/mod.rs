//! Gathering evidence in process: requests in the private host, each permitted
//! by every rule or refused by some, as far as the launcher takes them until
//! evidence is gathered.

mod case;
mod changes;

use anyhow::{Context, Result, ensure};
use sekisho_rules::registry::{RULES, decide};
use sekisho_rules::{Evidence, Policy, Rule, RuleSet, Verdict};
use serde::{Deserialize, Serialize};

pub use case::{Asked, Case, policy};
pub use changes::{CHANGES, Change, shows_in};

/// Why late rules are not gathered for.
const LATE: &str =
    "its fact is there only in the process that becomes the init, after privileges were dropped";
/// Why a rule refuses no request here.
const PERMITTED: &str = "no request is made that it refuses";

/// A rule whose facts are not gathered, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Its id.
    pub rule: String,
    /// `permit` or `refuse`.
    pub verdict: String,
    /// Why.
    pub reason: String,
}

/// A rule and a request to gather for it.
pub struct Visit<'a> {
    /// The rule.
    pub rule: &'static Rule,
    /// `permit` or `refuse`: what it was seen to say.
    pub verdict: &'static str,
    /// What is so in the request.
    pub what: &'static str,
    /// The request.
    pub asked: &'a Asked,
}

/// Visits every rule with a request that it permits, then with the first one that
/// it refuses. Verdicts are those of evidence that was gathered for the rule
/// alone. Gives those that could not be visited.
///
/// The calling process should have one thread and no descriptors above 2.
///
/// # Errors
/// A request cannot be made, or the ordinary one is not permitted, or those of
/// `visit`.
pub fn each_rule(mut visit: impl FnMut(Visit<'_>) -> Result<()>) -> Result<Vec<Skipped>> {
    let (mut skipped, mut left) = (Vec::new(), Vec::new());
    let asked = Case::ordinary()?.begin()?;
    for rule in RULES.iter().copied() {
        if rule.is_late() {
            skipped.extend(["permit", "refuse"].map(|verdict| skip(rule, verdict, LATE)));
            continue;
        }
        left.push(rule);
        let said = said(rule, &asked)?;
        ensure!(said == Verdict::Permit, "{}: {said:?}", rule.id);
        visit(Visit {
            rule,
            verdict: "permit",
            what: "the ordinary request",
            asked: &asked,
        })?;
    }
    drop(asked);
    let mut failed = Vec::new();
    for change in CHANGES {
        let mut case = Case::ordinary()?;
        if let Err(error) = (change.apply)(&mut case) {
            failed.push(format!("{}: {error:#}", change.what));
            continue;
        }
        let asked = case.begin()?;
        let mut others = Vec::new();
        for rule in left {
            let said = said(rule, &asked).context(change.what)?;
            if !matches!(said, Verdict::Deny(_) | Verdict::Sanitize(_)) {
                others.push(rule);
                continue;
            }
            visit(Visit {
                rule,
                verdict: "refuse",
                what: change.what,
                asked: &asked,
            })?;
        }
        left = others;
    }
    let reason = match failed.is_empty() {
        true => PERMITTED.to_owned(),
        false => format!("{PERMITTED} ({})", failed.join("; ")),
    };
    skipped.extend(left.iter().map(|rule| skip(rule, "refuse", &reason)));
    Ok(skipped)
}

fn skip(rule: &Rule, verdict: &str, reason: &str) -> Skipped {
    Skipped {
        rule: rule.id.to_owned(),
        verdict: verdict.to_owned(),
        reason: reason.to_owned(),
    }
}

/// What the rule says about the request.
fn said(rule: &Rule, asked: &Asked) -> Result<Verdict> {
    let evidence = asked.gather(rule.needs)?;
    Ok((rule.evaluate)(&evidence, &asked.policy))
}

/// All rules of the set that can be evaluated on what is gathered.
#[must_use]
pub fn early(set: RuleSet) -> RuleSet {
    set.without(RuleSet::of(Rule::is_late))
}

/// Fails unless every rule of the set permits.
///
/// # Errors
/// Names the rules and what they say.
pub fn permitted(set: RuleSet, evidence: &Evidence, policy: &Policy) -> Result<()> {
    let others = decide(set, evidence, policy);
    let said = others.iter().map(|(_, rule, verdict)| (rule.id, verdict));
    ensure!(others.is_empty(), "{:?}", said.collect::<Vec<_>>());
    Ok(())
}
