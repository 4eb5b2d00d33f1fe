//! By path against by descriptor: the same launcher, the same requests.

use serde::Serialize;

use super::cells::Effect;
use super::outcomes::is_named;
use super::sets;
use super::view::View;
use crate::read::Run;

/// Where the two ways to resolve differ.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Differences {
    /// Pairs of outcomes that were compared.
    pub compared: u64,
    /// Outcomes that differ, under rule sets with names of their own.
    pub outcomes: Vec<OutcomeDifference>,
    /// Verdicts that were compared, as pairs of case and rule.
    pub verdicts_compared: u64,
    /// Rules that refuse a case in one way and not in the other.
    pub verdicts: Vec<VerdictDifference>,
}

/// A case that comes out differently.
#[derive(Debug, Clone, Serialize)]
pub struct OutcomeDifference {
    /// Case.
    pub case: String,
    /// Rule set.
    pub rule_set: String,
    /// By descriptor.
    pub by_descriptor: Effect,
    /// By path.
    pub by_path: Effect,
}

/// A case about which a rule says something else.
#[derive(Debug, Clone, Serialize)]
pub struct VerdictDifference {
    /// Rule.
    pub rule: String,
    /// Case.
    pub case: String,
    /// Whether it refuses by descriptor (then not by path), or the reverse.
    pub refuses_by_descriptor: bool,
}

/// The differences; `None` when the run has not both ways of one target.
#[must_use]
pub fn differences(run: &Run, views: &[View<'_>]) -> Option<Differences> {
    let way = |view: &View<'_>| run.views[view.place].resolution.as_str();
    let descriptor = views.iter().find(|view| way(view) == "by-descriptor")?;
    let target = &run.views[descriptor.place].target;
    let path = views
        .iter()
        .find(|view| way(view) == "by-path" && run.views[view.place].target == *target)?;
    let mut differences = Differences::default();
    for (set, name) in run.sets.iter().enumerate().filter(|(_, set)| is_named(set)) {
        for (case, about) in run.cases.iter().enumerate() {
            let (Some(left), Some(right)) = (descriptor.cell(set, case), path.cell(set, case))
            else {
                continue;
            };
            differences.compared += 1;
            if left.effect != right.effect {
                differences.outcomes.push(OutcomeDifference {
                    case: about.name(),
                    rule_set: name.clone(),
                    by_descriptor: left.effect,
                    by_path: right.effect,
                });
            }
        }
    }
    for (case, about) in run.cases.iter().enumerate() {
        let (left, right) = (&descriptor.masks[case], &path.masks[case]);
        let both = left.evaluated & right.evaluated;
        differences.verdicts_compared += u64::from(both.count_ones());
        for rule in sets::members((left.refuses() ^ right.refuses()) & both) {
            differences.verdicts.push(VerdictDifference {
                rule: run.rules[rule].rule.clone(),
                case: about.name(),
                refuses_by_descriptor: left.refuses() >> rule & 1 == 1,
            });
        }
    }
    differences
        .verdicts
        .sort_by(|a, b| (&a.rule, &a.case).cmp(&(&b.rule, &b.case)));
    Some(differences)
}
