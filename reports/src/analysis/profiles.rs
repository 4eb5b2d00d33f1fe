//! Real configurations: which of them break under which rules.
//!
//! Configurations of one shape ask for the same start as far as rules can see,
//! so one start stands for several: rates are over configurations, and the
//! number of real starts is said beside them. A configuration counts only where
//! its start works with no rule in force.

use std::collections::BTreeMap;

use serde::Serialize;

use super::interval::Proportion;
use super::lattice::Counted;
use super::sets::{self, Bits};
use crate::read::{Outcome, Run, Verdict};

/// Name of the rule set of all rules that repair rather than refuse.
pub const SANITISING: &str = "sanitising";

/// Everything about the real configurations of a run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Profiles {
    /// Configurations.
    pub configurations: u32,
    /// Real starts with no rule in force, one for each shape and policy.
    pub shapes: u32,
    /// One entry for each policy and world, and one for all worlds together.
    pub groups: Vec<Group>,
    /// Every shape, for who wants to score other rule sets.
    pub masks: Vec<Shape>,
    /// The prediction from the verdicts against the real starts.
    pub agreement: Agreement,
}

/// The configurations of one world under one policy.
#[derive(Debug, Clone, Serialize)]
pub struct Group {
    /// World; `None` for all together.
    pub world: Option<String>,
    /// Policy.
    pub policy: String,
    /// Configurations.
    pub configurations: u32,
    /// Shapes.
    pub shapes: u32,
    /// Configurations whose start works with no rule in force: those counted.
    pub working: u32,
    /// Shapes of these.
    pub working_shapes: u32,
    /// Shapes that do not work with no rule in force, with the reason.
    pub not_working: Vec<NotWorking>,
    /// What breaks under each rule set, `none` left out.
    pub sets: Vec<SetBreakage>,
    /// What each rule breaks; rules that touch nothing left out, most breaking
    /// first.
    pub rules: Vec<RuleBreakage>,
    /// suEXEC's rules that break none of them.
    pub harmless: Vec<String>,
    /// Attacks of the run that these rules stop together, by descriptor; `None`
    /// when the run has no attacks.
    pub harmless_stop: Option<Proportion>,
    /// The same for all rules of the run that break none.
    pub harmless_of_all: u32,
    /// Attacks that those stop.
    pub harmless_of_all_stop: Option<Proportion>,
    /// Rules that refuse every one of them: habits of the world, not of one
    /// configuration.
    pub refuse_all: Vec<String>,
}

/// A shape that counts nowhere.
#[derive(Debug, Clone, Serialize)]
pub struct NotWorking {
    /// The configuration that was started.
    pub profile: String,
    /// Configurations that it stands for.
    pub count: u32,
    /// What came of it.
    pub outcome: Outcome,
    /// Why.
    pub reason: String,
}

/// What breaks under a rule set.
#[derive(Debug, Clone, Serialize)]
pub struct SetBreakage {
    /// Rule set.
    pub rule_set: String,
    /// Working configurations that break.
    pub broken: Proportion,
    /// Shapes of these.
    pub broken_shapes: Proportion,
    /// Working configurations that would break under the set less the rules
    /// that refuse every one; from the verdicts.
    pub without_habits: Option<Proportion>,
}

/// What a rule does to configurations.
#[derive(Debug, Clone, Serialize)]
pub struct RuleBreakage {
    /// Rule.
    pub rule: String,
    /// Working configurations that it refuses.
    pub refused: Proportion,
    /// Working configurations that it repairs.
    pub repaired: u32,
    /// Of these, configurations that do not work any more when all repairing
    /// rules are in force; which of them did it is not known when there are
    /// several.
    pub repaired_broken: u32,
    /// Attacks that it stops alone, by descriptor; `None` without attacks.
    pub attacks: Option<u32>,
}

/// A shape: what the rules say of it under each policy.
#[derive(Debug, Clone, Serialize)]
pub struct Shape {
    /// The configuration that was started.
    pub profile: String,
    /// Its world.
    pub world: String,
    /// One line.
    pub title: String,
    /// Where it was read.
    pub source: String,
    /// Configurations that it stands for.
    pub count: u32,
    /// By policy.
    pub policies: BTreeMap<String, ShapeMask>,
}

/// What the rules say of a shape under one policy. Rules are places in the
/// run's list of rules.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct ShapeMask {
    /// Whether it works with no rule in force; else it counts nowhere.
    pub works: bool,
    /// Rules that refuse it.
    #[serde(serialize_with = "sets::as_places")]
    pub refuses: Bits,
    /// Rules that repair something about it.
    #[serde(serialize_with = "sets::as_places")]
    pub repairs: Bits,
    /// Whether it breaks when all repairing rules are in force; `None` when
    /// that was not tried.
    pub breaks_repaired: Option<bool>,
}

/// How the prediction fared.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Agreement {
    /// Starts that could be checked: the verdicts settle them.
    pub checked: u32,
    /// Of these, starts that came out as predicted.
    pub agreed: u32,
    /// Refused starts that named a rule.
    pub refusals: u32,
    /// Of these, starts where it is the first refusing rule of the set.
    pub refusals_by_predicted_rule: u32,
    /// Starts that no rule of the set refuses and some repair: the verdicts do
    /// not tell.
    pub open: u32,
    /// Starts that came out otherwise.
    pub disagreements: Vec<String>,
}

impl ShapeMask {
    /// Whether a rule set breaks it, as far as verdicts tell; `None` when that
    /// hangs on what repairing does.
    #[must_use]
    pub fn predict(&self, set: Bits) -> Option<bool> {
        if self.refuses & set != 0 {
            Some(true)
        } else if self.repairs & set == 0 || self.breaks_repaired == Some(false) {
            Some(false)
        } else {
            None
        }
    }
}

impl Profiles {
    /// The numbers; `None` when the run has no real configurations. `attacks`
    /// are the masks of its demonstrated attacks, by descriptor.
    #[must_use]
    pub fn of(run: &Run, attacks: Option<&Counted>) -> Option<Self> {
        let read = &run.profiles;
        if read.trials.is_empty() {
            return None;
        }
        let shapes = Shapes::of(run);
        let mut groups = Vec::new();
        for policy in 0..read.policies.len() {
            for world in worlds(run) {
                groups.push(shapes.group(run, policy, Some(&world), attacks));
            }
            groups.push(shapes.group(run, policy, None, attacks));
        }
        Some(Self {
            configurations: number(read.configurations.len()),
            shapes: number(shapes.all.len()),
            groups,
            agreement: shapes.agreement(run),
            masks: shapes.all.iter().map(|(_, shape)| shape.clone()).collect(),
        })
    }

    /// The group of a world (all when `None`) under a policy.
    #[must_use]
    pub fn group(&self, world: Option<&str>, policy: &str) -> Option<&Group> {
        self.groups
            .iter()
            .find(|group| group.world.as_deref() == world && group.policy == policy)
    }
}

impl Group {
    /// What breaks under a rule set.
    #[must_use]
    pub fn set(&self, name: &str) -> Option<&SetBreakage> {
        self.sets.iter().find(|set| set.rule_set == name)
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Worlds in the order of the file.
fn worlds(run: &Run) -> Vec<String> {
    let mut worlds: Vec<String> = Vec::new();
    for configuration in &run.profiles.configurations {
        if !worlds.contains(&configuration.world) {
            worlds.push(configuration.world.clone());
        }
    }
    worlds
}

/// The shapes that were started, each with its place in the configurations.
struct Shapes {
    all: Vec<(usize, Shape)>,
    /// Outcome and reason by place, policy and set.
    outcomes: BTreeMap<(usize, usize, usize), (Outcome, String)>,
}

impl Shapes {
    fn of(run: &Run) -> Self {
        let read = &run.profiles;
        let mut counts: BTreeMap<usize, u32> = BTreeMap::new();
        for configuration in &read.configurations {
            *counts.entry(configuration.shape).or_default() += 1;
        }
        let outcomes: BTreeMap<_, _> = read
            .trials
            .iter()
            .map(|trial| {
                let what = (trial.outcome, trial.reason.clone());
                ((trial.shape, trial.policy, trial.set), what)
            })
            .collect();
        let mut masks: BTreeMap<(usize, usize), ShapeMask> = BTreeMap::new();
        for line in &read.verdicts {
            let mask = masks.entry((line.shape, line.policy)).or_default();
            match line.verdict {
                Verdict::Permit => {}
                Verdict::Deny | Verdict::Undetermined => mask.refuses |= 1 << line.rule,
                Verdict::Sanitize => mask.repairs |= 1 << line.rule,
            }
        }
        let none = read.sets.iter().position(|set| set == "none");
        let repairing = read.sets.iter().position(|set| set == SANITISING);
        let outcome = |shape, policy, set: Option<usize>| {
            outcomes
                .get(&(shape, policy, set?))
                .map(|(outcome, _)| *outcome)
        };
        let all = counts
            .into_iter()
            .filter(|(shape, _)| {
                (0..read.policies.len()).any(|policy| outcome(*shape, policy, none).is_some())
            })
            .map(|(shape, count)| {
                let configuration = &read.configurations[shape];
                let policies = read.policies.iter().enumerate().map(|(policy, name)| {
                    let mut mask = masks.get(&(shape, policy)).copied().unwrap_or_default();
                    mask.works = outcome(shape, policy, none) == Some(Outcome::Works);
                    mask.breaks_repaired = match outcome(shape, policy, repairing) {
                        Some(Outcome::Works) => Some(false),
                        Some(Outcome::Broken) => Some(true),
                        _ => None,
                    };
                    (name.clone(), mask)
                });
                let described = Shape {
                    profile: configuration.profile.clone(),
                    world: configuration.world.clone(),
                    title: configuration.title.clone(),
                    source: configuration.source.clone(),
                    count,
                    policies: policies.collect(),
                };
                (shape, described)
            })
            .collect();
        Self { all, outcomes }
    }

    fn group(
        &self,
        run: &Run,
        policy: usize,
        world: Option<&str>,
        attacks: Option<&Counted>,
    ) -> Group {
        let read = &run.profiles;
        let name = &read.policies[policy];
        let members: Vec<_> = self
            .all
            .iter()
            .filter(|(_, shape)| world.is_none_or(|world| shape.world == world))
            .collect();
        let (count, shapes) = (
            members.iter().map(|(_, shape)| shape.count).sum(),
            number(members.len()),
        );
        let mask = |shape: &Shape| shape.policies.get(name).copied().unwrap_or_default();
        let (working, others): (Vec<_>, Vec<_>) = members
            .into_iter()
            .partition(|(_, shape)| mask(shape).works);
        let counted = |holds: &dyn Fn(usize, &Shape) -> bool| {
            let held = working.iter().filter(|(place, shape)| holds(*place, shape));
            held.fold((0, 0), |(configurations, shapes), (_, shape)| {
                (configurations + shape.count, shapes + 1)
            })
        };
        let (total, total_shapes) = counted(&|_, _| true);
        let every = sets::all(&run.rules);
        let habits = match working.is_empty() {
            true => 0,
            false => working
                .iter()
                .fold(every, |common, (_, shape)| common & mask(shape).refuses),
        };
        let sets = read.sets.iter().enumerate();
        let sets = sets.filter(|(_, set)| *set != "none" && *set != SANITISING);
        let sets = sets.map(|(place, set)| {
            let ran = |shape: usize| self.outcomes.get(&(shape, policy, place));
            let (broken, shapes) = counted(&|shape, _| {
                ran(shape).is_some_and(|(outcome, _)| *outcome == Outcome::Broken)
            });
            let (n, n_shapes) = counted(&|shape, _| {
                ran(shape)
                    .is_some_and(|(outcome, _)| matches!(outcome, Outcome::Broken | Outcome::Works))
            });
            let bits = sets::resolve(run, set);
            let without_habits = bits.filter(|_| habits != 0).map(|bits| {
                let less = bits & !habits;
                let (hits, _) = counted(&|_, shape| {
                    let mask = mask(shape);
                    mask.predict(less)
                        .unwrap_or(mask.breaks_repaired == Some(true))
                });
                Proportion::new(hits, total)
            });
            SetBreakage {
                rule_set: set.clone(),
                broken: Proportion::new(broken, n),
                broken_shapes: Proportion::new(shapes, n_shapes),
                without_habits,
            }
        });
        let mut rules: Vec<RuleBreakage> = (0..run.rules.len())
            .map(|rule| {
                let bit = 1 << rule;
                let (refused, _) = counted(&|_, shape| mask(shape).refuses & bit != 0);
                let (repaired, _) = counted(&|_, shape| mask(shape).repairs & bit != 0);
                let (repaired_broken, _) = counted(&|_, shape| {
                    let mask = mask(shape);
                    mask.repairs & bit != 0 && mask.breaks_repaired == Some(true)
                });
                RuleBreakage {
                    rule: run.rules[rule].rule.clone(),
                    refused: Proportion::new(refused, total),
                    repaired,
                    repaired_broken,
                    attacks: attacks.map(|attacks| attacks.hit(bit)),
                }
            })
            .collect();
        let harmless = rules.iter().enumerate().fold(0, |bits, (place, rule)| {
            match rule.refused.hits == 0 && rule.repaired_broken == 0 {
                true => bits | 1 << place,
                false => bits,
            }
        });
        let harmless = if total == 0 { 0 } else { harmless };
        let stop = |set: Bits| {
            let attacks = attacks.filter(|attacks| attacks.total > 0)?;
            Some(Proportion::new(attacks.hit(set), attacks.total))
        };
        let harmless_suexec = harmless & sets::suexec(&run.rules);
        rules.retain(|rule| rule.refused.hits > 0 || rule.repaired > 0);
        rules.sort_by_key(|rule| std::cmp::Reverse((rule.refused.hits, rule.repaired_broken)));
        let none = read.sets.iter().position(|set| set == "none");
        let not_working = others.iter().map(|(place, shape)| {
            let what = none.and_then(|set| self.outcomes.get(&(*place, policy, set)));
            let (outcome, reason) = what.cloned().unwrap_or((Outcome::Failed, String::new()));
            NotWorking {
                profile: shape.profile.clone(),
                count: shape.count,
                outcome,
                reason,
            }
        });
        Group {
            world: world.map(str::to_owned),
            policy: name.clone(),
            configurations: count,
            shapes,
            working: total,
            working_shapes: total_shapes,
            not_working: not_working.collect(),
            sets: sets.collect(),
            harmless: sets::names(&run.rules, harmless_suexec),
            harmless_stop: stop(harmless_suexec),
            harmless_of_all: harmless.count_ones(),
            harmless_of_all_stop: stop(harmless),
            refuse_all: sets::names(&run.rules, habits),
            rules,
        }
    }

    fn agreement(&self, run: &Run) -> Agreement {
        let read = &run.profiles;
        let shapes: BTreeMap<usize, &Shape> = self
            .all
            .iter()
            .map(|(place, shape)| (*place, shape))
            .collect();
        let mut agreement = Agreement::default();
        for trial in &read.trials {
            let name = &read.sets[trial.set];
            let (Some(shape), Some(set)) = (shapes.get(&trial.shape), sets::resolve(run, name))
            else {
                continue;
            };
            let mask = shape.policies[&read.policies[trial.policy]];
            let broken = match trial.outcome {
                Outcome::Broken => true,
                Outcome::Works => false,
                _ => continue,
            };
            // `none` and the repairing rules are what the prediction is made from.
            if !mask.works || set == 0 || name == SANITISING {
                continue;
            }
            let Some(predicted) = mask.predict(set) else {
                agreement.open += 1;
                continue;
            };
            agreement.checked += 1;
            agreement.agreed += u32::from(predicted == broken);
            if let Some(rule) = trial.rule.filter(|_| broken) {
                agreement.refusals += 1;
                let first = sets::members(mask.refuses & set).next();
                agreement.refusals_by_predicted_rule += u32::from(first == Some(rule));
            }
            if predicted != broken {
                agreement.disagreements.push(format!(
                    "{} under {name}, {} policy: {:?}, {}",
                    shape.profile, read.policies[trial.policy], trial.outcome, trial.reason
                ));
            }
        }
        agreement
    }
}
