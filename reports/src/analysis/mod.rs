//! Numbers from records.
//!
//! [`Analysis`] holds every number that a report shows, with names instead of
//! places, so that all formats are made from the same values. It can be
//! serialised; rule sets then are lists of places in the list of rules.

pub mod adoption;
pub mod cells;
pub mod compare;
pub mod cost;
pub mod distribution;
pub mod gains;
pub mod halves;
pub mod hitting;
pub mod interval;
pub mod latency;
pub mod lattice;
pub mod masks;
pub mod mechanisms;
pub mod notable;
pub mod outcomes;
pub mod overhead;
pub mod pairs;
pub mod pareto;
pub mod prediction;
pub mod problems;
pub mod profiles;
pub mod replacement;
pub mod resolution;
pub mod rules;
pub mod selection;
pub mod sets;
pub mod shapes;
pub mod start_latency;
pub mod targets;
pub mod techniques;
pub mod view;
pub mod wild;

mod order;
mod smallest;
mod sweep;
#[cfg(test)]
mod testing;

use serde::Serialize;

use crate::read::{Run, View};
use cells::Cells;
use lattice::Scorer;
use sets::Bits;

/// Everything that a report says about a run.
#[derive(Debug, Clone, Serialize)]
pub struct Analysis {
    /// Targets and ways to resolve; the one that most tables are about first.
    pub views: Vec<ViewAnalysis>,
    /// Number of attacks in the corpus of the run.
    pub malicious: usize,
    /// Number of legitimate cases.
    pub legitimate: usize,
    /// Trials by outcome, over all views.
    pub trials: Vec<(&'static str, u64)>,
    /// Where by-path and by-descriptor differ; `None` when only one was tried.
    pub resolution: Option<resolution::Differences>,
    /// What the benches say; `None` without them.
    pub overhead: Option<overhead::OverheadAnalysis>,
    /// Real configurations; `None` when the run started none.
    pub profiles: Option<profiles::Profiles>,
    /// Real launchers beside the reference launcher; `None` when there are none.
    pub targets: Option<targets::Targets>,
    /// Start latency of every launcher, from interleaved starts.
    pub start_latency: Vec<start_latency::StartLatency>,
    /// Web start against container start; one entry for each variant of
    /// suexec in the run.
    pub pairs: Vec<pairs::Pairs>,
}

/// Numbers of one view.
#[derive(Debug, Clone, Serialize)]
pub struct ViewAnalysis {
    /// Target and resolution.
    pub name: String,
    /// Target.
    pub target: String,
    /// Resolution; empty for real targets.
    pub resolution: String,
    /// Number of its trials.
    pub trials: u64,
    /// Attacks seen to succeed with the rules off.
    pub demonstrated: usize,
    /// Legitimate cases seen to work with the rules off.
    pub working: usize,
    /// What became of every attack of the corpus.
    pub corpus: techniques::Counts,
    /// Which gains stay open to whom; `None` where no technique is demonstrated.
    pub gains: Option<gains::Gains>,
    /// Advertised rule sets, chosen on one half and scored on the other.
    pub advertised: Vec<halves::Advertised>,
    /// What came of them.
    pub outcomes: outcomes::Outcomes,
    /// What each rule is worth.
    pub rules: Vec<rules::RuleWorth>,
    /// The talk's problem classes against classes of rules.
    pub problems: Vec<problems::Problem>,
    /// Attacks with an empty mask: no rule of the run stops them.
    pub unstopped: usize,
    /// Whether verdict or trial tells of every rule what it does to every
    /// demonstrated case. Over effects that are not known no exact answer is given.
    pub effects_known: bool,
    /// Scores of well-known sets and the front, from the masks; `None` when
    /// the view has no masks.
    pub lattice: Option<LatticeAnalysis>,
    /// The prediction against real starts.
    pub agreement: prediction::Agreement,
    /// Attacks that get through under `all`; `None` when that was not tried.
    pub residual: Option<Vec<notable::Residual>>,
    /// Cases not demonstrated, failed, timed out, skipped.
    pub notable: notable::Notable,
    /// Attacks from the wild by rule set.
    pub wild: Vec<wild::Wild>,
    /// What could stand in the place of the deferred rules.
    pub replacements: Vec<replacement::Replacement>,
    /// What each rule costs; `None` when nothing tells.
    pub costs: Option<cost::Costs>,
    /// Start latency by rule set.
    pub latency: Vec<latency::Latency>,
    /// Scores any rule set.
    pub scorer: Scorer,
}

/// Results over all rule sets of a view.
#[derive(Debug, Clone, Serialize)]
pub struct LatticeAnalysis {
    /// Rules of the run.
    #[serde(serialize_with = "sets::as_places")]
    pub every: Bits,
    /// Rules of suEXEC's conditions.
    #[serde(serialize_with = "sets::as_places")]
    pub suexec: Bits,
    /// Scores of all, suEXEC, and suEXEC less its deferred rules.
    pub scores: Vec<NamedScore>,
    /// Smallest sets that stop whatever all rules stop.
    pub minimal: hitting::Minimal,
    /// Smallest sets of suEXEC's rules that stop whatever those stop.
    pub minimal_suexec: hitting::Minimal,
    /// Pareto front over all rules.
    pub front: pareto::Front,
    /// Pareto front over suEXEC's rules.
    pub front_suexec: pareto::Front,
    /// Pareto front security × compatibility × cost over all rules, in
    /// nanoseconds; `None` without costs that can be told from 0.
    pub front_cost: Option<pareto::Front>,
    /// How many of all rule sets come to which score; `None` when that cannot
    /// be counted.
    pub distribution: Option<distribution::Distribution>,
    /// The order of adoption that buys most for each case broken. A refusal for
    /// a fact that was not seen buys nothing.
    pub adoption: Vec<adoption::Adopted>,
    /// The order that buys most for each nanosecond; `None` as above.
    pub adoption_by_time: Option<Vec<adoption::Adopted>>,
}

/// A rule set and its score.
#[derive(Debug, Clone, Serialize)]
pub struct NamedScore {
    /// Expression.
    pub name: String,
    /// Score from the masks.
    pub score: lattice::Score,
}

impl Analysis {
    /// Analyses a run.
    #[must_use]
    pub fn of(run: &Run) -> Self {
        let cells = Cells::of(run);
        let overhead = run.overhead.as_ref().map(overhead::OverheadAnalysis::of);
        // Nothing can be demonstrated on a real launcher: it has a part of its
        // own, unless there is nothing else.
        let only_real = run.views.iter().all(View::is_real);
        let mut order: Vec<usize> = (0..run.views.len())
            .filter(|place| only_real || !run.views[*place].is_real())
            .collect();
        order.sort_by_key(|place| preference(&run.views[*place]));
        let views: Vec<_> = order
            .iter()
            .map(|place| view::View::of(run, &cells, *place))
            .collect();
        let malicious = run.cases.iter().filter(|case| case.is_malicious()).count();
        Self {
            malicious,
            legitimate: run.cases.len() - malicious,
            trials: outcomes::by_outcome(run),
            resolution: resolution::differences(run, &views),
            profiles: profiles::Profiles::of(
                run,
                views
                    .iter()
                    .find(|view| run.views[view.place].resolution == "by-descriptor")
                    .map(|view| view.scorer().attacks)
                    .as_ref(),
            ),
            views: views
                .iter()
                .map(|view| ViewAnalysis::of(view, overhead.as_ref()))
                .collect(),
            overhead,
            targets: targets::compare(run, &cells),
            start_latency: start_latency::by_target(run),
            pairs: pairs::of(run),
        }
    }
}

/// Views with rule sets first, by descriptor before by path.
fn preference(view: &crate::read::View) -> (bool, bool, String) {
    (
        view.resolution.is_empty(),
        view.resolution != "by-descriptor",
        view.target.clone(),
    )
}

impl ViewAnalysis {
    /// Results over all rule sets, where every effect is known.
    #[must_use]
    pub fn exact_lattice(&self) -> Option<&LatticeAnalysis> {
        self.lattice.as_ref().filter(|_| self.effects_known)
    }

    fn of(view: &view::View<'_>, overhead: Option<&overhead::OverheadAnalysis>) -> Self {
        let read = &view.run.views[view.place];
        let scorer = view.scorer();
        let masks: Vec<Bits> = view
            .attacks()
            .map(|case| view.masks[case].stops())
            .collect();
        let ids: Vec<&str> = view
            .run
            .rules
            .iter()
            .map(|rule| rule.rule.as_str())
            .collect();
        // The benches are about the launcher whose rules can be switched.
        let measured = overhead.filter(|_| !read.resolution.is_empty());
        let costs = measured
            .and_then(|overhead| overhead.per_rule_cost(&ids))
            .or_else(|| cost::Costs::of_trials(view));
        let has_masks = view.masks.iter().any(|mask| mask.evaluated != 0);
        Self {
            name: read.name(),
            target: read.target.clone(),
            resolution: read.resolution.clone(),
            trials: view
                .run
                .trials
                .iter()
                .filter(|trial| trial.view == view.place)
                .count() as u64,
            demonstrated: masks.len(),
            working: view.legitimate().count(),
            corpus: techniques::counts(view),
            gains: gains::of(view),
            advertised: halves::of(view),
            outcomes: outcomes::Outcomes::of(view),
            rules: rules::worth(view, &scorer),
            problems: problems::of(view),
            unstopped: masks.iter().filter(|mask| **mask == 0).count(),
            effects_known: view.knows_all_effects(),
            lattice: has_masks.then(|| LatticeAnalysis::of(view, &scorer, &masks, costs.as_ref())),
            agreement: prediction::check(view.run, view),
            residual: notable::residual(view),
            notable: notable::Notable::of(view),
            wild: wild::of(view),
            replacements: replacement::of(view),
            costs,
            latency: latency::by_set(view),
            scorer,
        }
    }
}

impl LatticeAnalysis {
    fn of(
        view: &view::View<'_>,
        scorer: &Scorer,
        masks: &[Bits],
        costs: Option<&cost::Costs>,
    ) -> Self {
        let rules = &view.run.rules;
        let (every, suexec) = (sets::all(rules), sets::suexec(rules));
        let deferred = sets::of(rules, |rule| rule.class == "deferred");
        let names = sets::names(rules, every);
        let prices = costs.and_then(cost::Costs::prices);
        let merits = view.merit_scorer();
        let adopt = |thrift| {
            let prices = prices.as_deref().unwrap_or(&[]);
            adoption::order(&merits, every, &names, prices, thrift)
        };
        let scores = [
            ("all", every),
            ("suexec", suexec),
            ("suexec,-deferred", suexec & !deferred),
        ];
        Self {
            every,
            suexec,
            scores: scores
                .map(|(name, set)| NamedScore {
                    name: name.to_owned(),
                    score: scorer.score(set),
                })
                .to_vec(),
            minimal: hitting::minimal(masks.iter().copied()),
            minimal_suexec: hitting::minimal(masks.iter().map(|mask| mask & suexec)),
            front: scorer.front(every),
            front_suexec: scorer.front(suexec),
            front_cost: prices
                .as_ref()
                .map(|prices| scorer.front_with_cost(every, prices)),
            distribution: scorer.distribution(every),
            adoption: adopt(adoption::Thrift::Breakage),
            adoption_by_time: prices.as_ref().map(|_| adopt(adoption::Thrift::Time)),
        }
    }
}
