//! Which trials a run has, and in which order.

use std::collections::HashSet;

use sekisho_targets::Target;

use sekisho_trial::Resolution;

use crate::controls;
use crate::corpus::Case;
use crate::hash::hash;
use crate::sets::{About, NamedSet, SANITISING};
use sekisho_results::{Control, PlanHashes, Shard, TrialKey};

/// Name of the rule set of a target whose rules cannot be switched.
pub const OWN: &str = "own";

/// Everything that a run is made of.
pub struct Plan {
    /// Cases in the order of the corpus.
    pub cases: Vec<Case>,
    /// Rule sets of targets with rules.
    pub sets: Vec<NamedSet>,
    /// Launchers.
    pub targets: Vec<Box<dyn Target>>,
    /// Ways to resolve of targets with rules.
    pub resolutions: Vec<Resolution>,
    /// How often each trial is run; in a trial, which time, from 1.
    pub repeat: u32,
    /// Seed of the order.
    pub seed: u64,
    /// Milliseconds until a trial is killed.
    pub timeout_ms: u64,
    /// Whether of the trials that are about one rule only a sample is run.
    pub sampled: bool,
    /// Which part of the trials belongs to this run.
    pub shard: Shard,
}

/// Of so many trials that a verdict predicts one is run.
const ONE_IN: u64 = 8;

/// Whether a case is started under a set that is about one rule, in a run that
/// samples. What a rule does that repairs is known only from its trial; where the
/// corpus expects an effect, it is held to its word; of the rest, which come out as
/// with no rule, one in [`ONE_IN`] is drawn by seed.
fn is_in_sample(seed: u64, case: &Case, set: &NamedSet, resolution: Resolution) -> bool {
    let Some((about, rule)) = set.about() else {
        return true;
    };
    let expected = match resolution {
        Resolution::ByDescriptor => &case.row.expected,
        Resolution::ByPath => &case.row.expected_by_path,
    };
    let repairs = about == About::Alone && SANITISING.contains(&rule);
    let drawn = || {
        let name = case.name();
        let parts = [name.as_str(), &set.name, resolution.word()].map(str::as_bytes);
        let mut place = seed;
        for byte in hash(parts).bytes() {
            place = place.wrapping_mul(31).wrapping_add(u64::from(byte));
        }
        fastrand::Rng::with_seed(place).u64(..ONE_IN) == 0
    };
    repairs || expected.split(' ').any(|known| known == rule) || drawn()
}

/// One trial of a plan, by positions in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Spec {
    /// Position of the target.
    pub target: usize,
    /// Set and resolution; `None` for a target without switchable rules.
    pub setting: Option<(usize, Resolution)>,
    /// Which control; `None` for the case itself.
    pub control: Option<Control>,
    /// How often each trial is run; in a trial, which time, from 1.
    pub repeat: u32,
}

/// The trials of one case, which share its files.
#[derive(Debug, Clone)]
pub struct Unit {
    /// Position of the case in the plan.
    pub case: usize,
    /// Its trials.
    pub trials: Vec<Spec>,
}

impl Plan {
    /// Every trial of one case, in a fixed order. Controls go with the set
    /// without rules, where attacks are demonstrated.
    fn specs(&self, case: usize) -> Vec<Spec> {
        let mut specs = Vec::new();
        for (target, adapter) in self.targets.iter().enumerate() {
            for repeat in 1..=self.repeat {
                let spec = |setting| Spec {
                    target,
                    setting,
                    control: None,
                    repeat,
                };
                if !adapter.has_rules() {
                    specs.push(spec(None));
                    continue;
                }
                for (place, set) in self.sets.iter().enumerate() {
                    let case = &self.cases[case];
                    let is_run = |resolution: &&Resolution| {
                        !self.sampled || is_in_sample(self.seed, case, set, **resolution)
                    };
                    let settings = self.resolutions.iter().filter(is_run);
                    specs.extend(settings.map(|resolution| spec(Some((place, *resolution)))));
                }
                let none = self.sets.iter().position(|set| set.rules.is_empty());
                let places = none.into_iter().flat_map(|set| {
                    let resolutions = self.resolutions.iter();
                    resolutions.map(move |resolution| Some((set, *resolution)))
                });
                for place in places {
                    let controls = controls::of(&self.cases[case]).into_iter();
                    specs.extend(controls.map(|control| Spec {
                        control: Some(control),
                        ..spec(place)
                    }));
                }
            }
        }
        specs
    }

    /// Number of trials of this part of the plan.
    #[must_use]
    pub fn size(&self) -> usize {
        let all = (0..self.cases.len()).map(|case| self.specs(case).len());
        (0..all.sum())
            .filter(|position| self.shard.has(*position))
            .count()
    }

    /// The key of a trial in the result files.
    pub fn key(&self, case: usize, spec: &Spec) -> TrialKey {
        let case = &self.cases[case];
        TrialKey {
            scenario: case.row.scenario.clone(),
            case: case.row.case.clone(),
            target: self.targets[spec.target].name().to_owned(),
            rule_set: self.set_name(spec).to_owned(),
            resolution: spec
                .setting
                .map_or("", |(_, resolution)| resolution.word())
                .to_owned(),
            control: spec.control,
            repeat: spec.repeat,
        }
    }

    /// Name of the rule set of a trial.
    pub fn set_name(&self, spec: &Spec) -> &str {
        spec.setting
            .map_or(OWN, |(set, _)| self.sets[set].name.as_str())
    }

    /// The trials that are not done, shuffled by the seed: cases among each
    /// other, and the trials of each case.
    pub fn units(&self, done: &HashSet<TrialKey>) -> Vec<Unit> {
        let mut random = fastrand::Rng::with_seed(self.seed);
        let mut next = 0;
        let mut units: Vec<Unit> = (0..self.cases.len())
            .map(|case| {
                let specs = self.specs(case);
                let positions = next..;
                next += specs.len();
                let own = specs.iter().zip(positions);
                let own = own.filter(|(_, position)| self.shard.has(*position));
                let mut trials: Vec<_> = own.map(|(spec, _)| *spec).collect();
                trials.retain(|spec| done.is_empty() || !done.contains(&self.key(case, spec)));
                random.shuffle(&mut trials);
                Unit { case, trials }
            })
            .filter(|unit| !unit.trials.is_empty())
            .collect();
        random.shuffle(&mut units);
        units
    }

    /// Hashes of everything that decides which trials there are and what they
    /// mean. `programs` are the bytes of what is carried.
    pub fn hashes(&self, programs: &[&[u8]]) -> PlanHashes {
        let cases: Vec<_> = self
            .cases
            .iter()
            .map(|case| case.fingerprint.as_bytes())
            .collect();
        let sets: Vec<_> = self
            .sets
            .iter()
            .map(|set| format!("{}={}", set.name, set.rules))
            .collect();
        let targets: Vec<_> = self
            .targets
            .iter()
            .map(|target| match target.find() {
                Ok(found) => format!("{} {}", target.name(), found.version),
                Err(_) => target.name().to_owned(),
            })
            .collect();
        let resolutions: Vec<_> = self
            .resolutions
            .iter()
            .map(|resolution| resolution.word())
            .collect();
        let options = format!(
            "seed {} repeat {} resolution {} timeout {} sampled {}",
            self.seed,
            self.repeat,
            resolutions.join(" "),
            self.timeout_ms,
            self.sampled
        );
        PlanHashes {
            corpus: hash(cases),
            rule_sets: hash(sets.iter().map(|set| set.as_bytes())),
            targets: hash(targets.iter().map(|target| target.as_bytes())),
            programs: hash(programs.iter().copied()),
            options: hash([options.as_bytes()]),
        }
    }
}
