//! The start of a web server's process against the start of a container: the
//! same cases asked of Apache's suexec and of the container launcher (Q1a).
//!
//! A pair is a case that suexec's words can express and that is demonstrated
//! on the launcher with the rules off. Two things are compared: the verdict,
//! started or refused, and the effect, the witness seen or not. Where both
//! refuse, the condition that suexec names is compared with the conditions of
//! the rule that decided.

use std::collections::BTreeMap;

use serde::Serialize;

use super::cells::{Cells, Effect};
use super::view::View;
use crate::read::{Kind, Refusal, Run};

/// Beginning of the names of Apache's suexec as a target.
const SUEXEC: &str = "suexec-";
/// Beginning of what suexec's adapter writes as the rule that decided.
const CONDITION: &str = "suexec:";
/// Rule sets of the launcher that suexec is compared with.
pub const SETS: [&str; 2] = ["suexec", "all"];

/// All pairs of one variant of suexec with one way to resolve.
#[derive(Debug, Clone, Serialize)]
pub struct Pairs {
    /// Name of the suexec target.
    pub target: String,
    /// Name of the launcher's view.
    pub launcher: String,
    /// Pairs in the order of the run.
    pub pairs: Vec<Pair>,
    /// Demonstrated cases that suexec's words cannot express, by the part.
    pub inexpressible: BTreeMap<String, usize>,
    /// Demonstrated cases that broke on suexec's side, or have no trial there.
    pub without_outcome: usize,
}

/// One case in both shapes.
#[derive(Debug, Clone, Serialize)]
pub struct Pair {
    /// Case.
    pub case: String,
    /// Family.
    pub family: String,
    /// Attack or legitimate.
    pub malicious: bool,
    /// What suexec did.
    pub web: Side,
    /// What the launcher did under each set of [`SETS`]; `None` when that was
    /// not tried or broke.
    pub container: [Option<Side>; SETS.len()],
}

/// What one launcher did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    /// Outcome.
    pub effect: Effect,
    /// Whether it refused.
    pub refused: bool,
    /// Rule that decided; empty on suexec's side.
    pub rule: String,
    /// Conditions of the manual that failed: the one that suexec names, or all
    /// of the launcher's rule.
    pub conditions: Vec<u8>,
    /// What it said.
    pub reason: String,
}

/// How the two sides of a pair compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// Both start it, to the same effect.
    BothStart,
    /// Both start it, to different effects: one of them changes what the
    /// program gets.
    OtherEffect,
    /// Both refuse, by the same condition.
    SameCondition,
    /// Both refuse, by different conditions.
    OtherCondition,
    /// Only suexec refuses.
    OnlyWeb,
    /// Only the container launcher refuses.
    OnlyContainer,
}

impl Relation {
    /// All, in the order of tables and figures.
    pub const ALL: [Self; 6] = [
        Self::BothStart,
        Self::OtherEffect,
        Self::SameCondition,
        Self::OtherCondition,
        Self::OnlyWeb,
        Self::OnlyContainer,
    ];

    /// Its word; `column.<word>` in the texts says it in words.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::BothStart => "both-start",
            Self::OtherEffect => "other-effect",
            Self::SameCondition => "same-condition",
            Self::OtherCondition => "other-condition",
            Self::OnlyWeb => "only-web",
            Self::OnlyContainer => "only-container",
        }
    }

    /// Whether verdict and effect are the same.
    #[must_use]
    pub fn agrees(self) -> bool {
        matches!(
            self,
            Self::BothStart | Self::SameCondition | Self::OtherCondition
        )
    }
}

/// Why two sides differ, as far as conditions and rules tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The launcher's rule is about how the bundle or init is named; suexec's
    /// caller stands where the name leads, so suexec never sees it.
    Reference,
    /// Both know the condition, but look at other objects: suexec at the
    /// init's directory and the init, the launcher at bundle, rootfs,
    /// configuration and init.
    Object,
    /// Both know the condition, but compare with other values: the least ids
    /// are compiled into suexec, the base is compared as text.
    Value,
    /// The launcher's rule refuses what suexec takes out of the environment:
    /// the other reading of one condition.
    Reading,
    /// The launcher's rule belongs to none of the twenty conditions.
    Beyond,
    /// A condition on the way that only one of them can meet (grammar, caller,
    /// the kernel's answer to the start).
    Way,
    /// Both start it, but not with the same environment, groups or limits.
    Handed,
}

impl Why {
    /// Key of its words in the texts.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Reference => "pair.why-reference",
            Self::Object => "pair.why-object",
            Self::Value => "pair.why-value",
            Self::Reading => "pair.why-reading",
            Self::Beyond => "pair.why-beyond",
            Self::Way => "pair.why-way",
            Self::Handed => "pair.why-handed",
        }
    }

    /// Key of the sentence that says how many pairs differ for it.
    #[must_use]
    pub fn answer(self) -> &'static str {
        match self {
            Self::Reference => "answer.q1a-reference",
            Self::Object => "answer.q1a-object",
            Self::Value => "answer.q1a-value",
            Self::Reading => "answer.q1a-reading",
            Self::Beyond => "answer.q1a-beyond",
            Self::Way => "answer.q1a-way",
            Self::Handed => "answer.q1a-handed",
        }
    }

    /// Why the side that refuses by these conditions stands alone.
    fn of(conditions: &[u8]) -> Self {
        let about = |of: &[u8]| conditions.iter().any(|number| of.contains(number));
        if conditions.is_empty() {
            Self::Beyond
        } else if about(&[4]) {
            Self::Reference
        } else if about(&[8, 10, 13]) {
            Self::Value
        } else if about(&[19]) {
            Self::Reading
        } else if about(&[12, 14, 15, 16, 17, 18]) {
            Self::Object
        } else {
            Self::Way
        }
    }
}

/// Pairs that differ in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Class {
    /// How they differ.
    pub relation: Relation,
    /// Why, as far as the data tell.
    pub why: Why,
    /// Condition that suexec names, if it refuses.
    pub web: Option<u8>,
    /// Rule of the launcher, if it refuses.
    pub rule: String,
    /// Conditions of that rule.
    pub conditions: Vec<u8>,
    /// Cases.
    pub cases: Vec<String>,
}

impl Pair {
    /// How the sides compare, with the launcher under a set of [`SETS`]; `None`
    /// when that was not tried or broke.
    #[must_use]
    pub fn relation(&self, set: usize) -> Option<Relation> {
        let container = self.container[set].as_ref()?;
        Some(match (self.web.refused, container.refused) {
            (true, true) => {
                let shared = |number: &u8| self.web.conditions.contains(number);
                match container.conditions.iter().any(shared) {
                    true => Relation::SameCondition,
                    false => Relation::OtherCondition,
                }
            }
            (true, false) => Relation::OnlyWeb,
            (false, true) => Relation::OnlyContainer,
            (false, false) if self.web.seen() == container.seen() => Relation::BothStart,
            (false, false) => Relation::OtherEffect,
        })
    }

    /// Whether the witness was seen on both sides or on neither.
    #[must_use]
    pub fn same_effect(&self, set: usize) -> Option<bool> {
        Some(self.web.seen() == self.container[set].as_ref()?.seen())
    }

    /// Why the sides differ under a set; `None` when they agree.
    #[must_use]
    pub fn why(&self, set: usize) -> Option<Why> {
        let container = self.container[set].as_ref()?;
        match self.relation(set)? {
            Relation::OnlyWeb => Some(Why::of(&self.web.conditions)),
            Relation::OnlyContainer => Some(Why::of(&container.conditions)),
            Relation::OtherEffect => Some(Why::Handed),
            _ => None,
        }
    }
}

impl Side {
    /// Whether the witness was seen.
    fn seen(&self) -> bool {
        matches!(self.effect, Effect::Compromised | Effect::Works)
    }
}

impl Pairs {
    /// Pairs by family and relation under a set.
    #[must_use]
    pub fn families(&self, set: usize) -> BTreeMap<&str, BTreeMap<Relation, usize>> {
        let mut families: BTreeMap<&str, BTreeMap<Relation, usize>> = BTreeMap::new();
        for pair in &self.pairs {
            if let Some(relation) = pair.relation(set) {
                let family = families.entry(&pair.family).or_default();
                *family.entry(relation).or_default() += 1;
            }
        }
        families
    }

    /// Number of pairs in each relation under a set.
    #[must_use]
    pub fn relations(&self, set: usize) -> BTreeMap<Relation, usize> {
        let mut relations = BTreeMap::new();
        for relation in self.pairs.iter().filter_map(|pair| pair.relation(set)) {
            *relations.entry(relation).or_default() += 1;
        }
        relations
    }

    /// Differing pairs under a set, those alike together, the most first.
    #[must_use]
    pub fn classes(&self, set: usize) -> Vec<Class> {
        let mut classes: Vec<Class> = Vec::new();
        for pair in &self.pairs {
            let (Some(relation), Some(why), Some(container)) =
                (pair.relation(set), pair.why(set), &pair.container[set])
            else {
                continue;
            };
            let new = Class {
                relation,
                why,
                web: pair.web.conditions.first().copied(),
                rule: container.rule.clone(),
                conditions: container.conditions.clone(),
                cases: vec![pair.case.clone()],
            };
            let alike = classes.iter_mut().find(|class| {
                (class.relation, class.web, &class.rule) == (new.relation, new.web, &new.rule)
            });
            match alike {
                Some(class) => class.cases.extend(new.cases),
                None => classes.push(new),
            }
        }
        classes.sort_by(|a, b| {
            let key = |class: &Class| (class.relation, std::cmp::Reverse(class.cases.len()));
            key(a).cmp(&key(b))
        });
        classes
    }
}

/// The pairs of a run: of each variant of suexec with the launcher, by
/// descriptor where that was tried. Empty when the run has not both.
#[must_use]
pub fn of(run: &Run) -> Vec<Pairs> {
    let cells = Cells::of(run);
    let launcher = run
        .views
        .iter()
        .enumerate()
        .filter(|(_, view)| !view.resolution.is_empty())
        .min_by_key(|(_, view)| view.resolution != "by-descriptor");
    let Some((place, _)) = launcher else {
        return Vec::new();
    };
    let launcher = View::of(run, &cells, place);
    let variants = run.views.iter().enumerate();
    let mut pairs: Vec<_> = variants
        .filter(|(_, view)| view.target.starts_with(SUEXEC))
        .map(|(place, _)| between(run, &cells, place, &launcher))
        .filter(|pairs| !pairs.pairs.is_empty())
        .collect();
    // The order of trials is random; the first one is what the answer says.
    pairs.sort_by(|a, b| a.target.cmp(&b.target));
    pairs
}

fn between(run: &Run, cells: &Cells, web: usize, launcher: &View<'_>) -> Pairs {
    let mut pairs = Pairs {
        target: run.views[web].target.clone(),
        launcher: run.views[launcher.place].name(),
        pairs: Vec::new(),
        inexpressible: BTreeMap::new(),
        without_outcome: 0,
    };
    let own = run.sets.iter().position(|set| set == "own");
    let sets = SETS.map(|name| launcher.set(name));
    for case in launcher.cases(|_| true) {
        let cell = own.and_then(|set| cells.get(web, set, case));
        let Some(cell) = cell else {
            pairs.without_outcome += 1;
            continue;
        };
        if cell.effect == Effect::NotApplicable {
            let reason = &run.trials[cell.trial].reason;
            let part = reason.split(':').next().unwrap_or_default();
            *pairs.inexpressible.entry(part.to_owned()).or_default() += 1;
            continue;
        }
        let Some(web) = side(run, cell.trial, cell.effect) else {
            pairs.without_outcome += 1;
            continue;
        };
        let container = sets.map(|set| {
            let cell = launcher.cell(set?, case)?;
            side(run, cell.trial, cell.effect)
        });
        let about = &run.cases[case];
        pairs.pairs.push(Pair {
            case: about.name(),
            family: about.family.clone(),
            malicious: about.kind == Kind::Malicious,
            web,
            container,
        });
    }
    pairs
}

/// What a trial tells; `None` when it broke.
fn side(run: &Run, trial: usize, effect: Effect) -> Option<Side> {
    effect.is_stop()?;
    let trial = &run.trials[trial];
    let rule = trial.rule.map(|place| &run.rules[place]);
    let conditions = match (rule, trial.own_rule.strip_prefix(CONDITION)) {
        (Some(rule), _) => numbers(&rule.conditions),
        (None, Some(number)) => numbers(number),
        // The kernel's refusal of the init is the twentieth on both sides.
        (None, None) if trial.refusal == Some(Refusal::Unusable) => vec![20],
        (None, None) => Vec::new(),
    };
    Some(Side {
        effect,
        refused: trial.refusal.is_some(),
        rule: rule.map(|rule| rule.rule.clone()).unwrap_or_default(),
        conditions,
        reason: trial.reason.clone(),
    })
}

fn numbers(text: &str) -> Vec<u8> {
    let numbers = text.split_whitespace();
    numbers.filter_map(|number| number.parse().ok()).collect()
}
