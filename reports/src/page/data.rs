//! What the scripts of the page are given: the run's rules and cases, and for
//! each view which rules stop (or break) which case. Places stand for names:
//! rules, cases and rule sets are numbered from 0 in the order of the lists.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::embed::visible;
use super::fronts::Fronts;
use crate::analysis::cells::Cells;
use crate::analysis::cost::{Cost, Costs, Source};
use crate::analysis::profiles::{Shape, ShapeMask};
use crate::analysis::selection;
use crate::analysis::sets::{self, Bits};
use crate::analysis::view::View;
use crate::analysis::{Analysis, LatticeAnalysis, ViewAnalysis};
use crate::read::{self, Attacker, Run, Verdict};
use crate::text::{Lang, Texts};

/// Rule sets that the explorer offers by name, where the run has such rules.
const PRESETS: [&str; 5] = ["none", "fatal", "suexec", "suexec,-deferred", "all"];

/// Everything.
#[derive(Serialize)]
pub(super) struct Data {
    run: String,
    /// Name of the run of the benches; empty without one.
    bench: String,
    lang: &'static str,
    rules: Vec<Rule>,
    conditions: BTreeMap<u8, String>,
    attackers: Vec<&'static str>,
    cases: Vec<Case>,
    views: Vec<Seen>,
    presets: Vec<Preset>,
    policies: Vec<String>,
    configurations: Vec<Configuration>,
    texts: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Rule {
    id: String,
    class: String,
    conditions: Vec<String>,
    summary: String,
    /// Heading (as a key of the texts) and paragraph.
    documentation: Vec<(&'static str, String)>,
}

#[derive(Serialize)]
struct Case {
    name: String,
    attack: bool,
    attacker: &'static str,
    problem: Option<u8>,
    family: String,
    title: String,
    why: String,
    sources: Vec<String>,
    twin: Option<usize>,
    race: bool,
    request: String,
    witness: String,
    not_demonstrated: Option<String>,
}

/// One target with one way to resolve.
#[derive(Serialize)]
struct Seen {
    name: String,
    /// Whether rule sets can be scored: it has verdicts.
    scored: bool,
    sets: Vec<String>,
    cases: Vec<SeenCase>,
    /// Best rule sets: over all cases first, then for parts of them.
    fronts: Vec<Fronts>,
    smallest: Vec<Smallest>,
    /// What each rule adds to a start, in nanoseconds, from a benchmark.
    costs_ns: Option<Vec<Option<i64>>>,
    /// What each rule counts for in sums, in nanoseconds, at least 0; `None`
    /// where no cost can be told from 0, or without a benchmark.
    prices_ns: Option<Vec<u64>>,
    /// Starts with nothing but the rules of the set evaluated.
    durations: Vec<Duration>,
}

/// A case in one view.
#[derive(Serialize)]
struct SeenCase {
    /// Whether its witness was seen with the rules off.
    demonstrated: bool,
    /// Rules each of which alone stops (or breaks) it.
    stops: Vec<usize>,
    /// Rules of which it is not known what they do.
    unknown: Vec<usize>,
    /// Rules without a verdict.
    unevaluated: Vec<usize>,
    /// Rules that do not permit, with verdict and reason.
    verdicts: Vec<(usize, Verdict, String)>,
    /// Real starts under the sets of the view: what came of it, the rule that
    /// decided, and the reason.
    outcomes: Vec<(usize, &'static str, Option<usize>, String)>,
}

/// A smallest set that stops whatever another stops.
#[derive(Serialize)]
struct Smallest {
    /// The other.
    of: &'static str,
    rules: Vec<usize>,
    exact: bool,
}

/// A real configuration, which stands for all that no rule can tell from it.
#[derive(Serialize)]
struct Configuration {
    name: String,
    world: String,
    title: String,
    source: String,
    count: u32,
    policies: BTreeMap<String, Configured>,
}

/// What the rules say of a configuration under one policy.
#[derive(Serialize)]
struct Configured {
    works: bool,
    refuses: Vec<usize>,
    repairs: Vec<usize>,
    /// Whether repairing may break it.
    open: bool,
}

/// How long real starts took under a rule set of the run.
#[derive(Serialize)]
struct Duration {
    rules: Vec<usize>,
    n: usize,
    lower_us: u64,
    median_us: u64,
    upper_us: u64,
}

/// A rule set with a name.
#[derive(Serialize)]
struct Preset {
    name: &'static str,
    rules: Vec<usize>,
}

impl Data {
    pub(super) fn of(run: &Run, analysis: &Analysis, lang: Lang, texts: &Texts) -> Self {
        let cells = Cells::of(run);
        let views = analysis.views.iter().filter_map(|about| {
            let place = run
                .views
                .iter()
                .position(|view| view.name() == about.name)?;
            Some(Seen::of(&View::of(run, &cells, place), about))
        });
        let presets = PRESETS.iter().filter_map(|name| {
            Some(Preset {
                name,
                rules: list(preset(run, name)?),
            })
        });
        let shapes = analysis.profiles.iter().flat_map(|found| &found.masks);
        let configurations: Vec<_> = shapes.map(Configuration::of).collect();
        let policies: BTreeSet<String> = configurations
            .iter()
            .flat_map(|one| one.policies.keys().cloned())
            .collect();
        let bench = analysis.overhead.as_ref();
        Self {
            run: visible(&run.info.run),
            bench: bench.map_or_else(String::new, |bench| visible(&bench.run)),
            lang: lang.word(),
            rules: run.rules.iter().map(Rule::of).collect(),
            conditions: run
                .conditions
                .iter()
                .map(|condition| (condition.condition, visible(&condition.text)))
                .collect(),
            attackers: Attacker::ALL.map(Attacker::word).to_vec(),
            cases: run.cases.iter().map(|case| Case::of(case, run)).collect(),
            views: views.collect(),
            presets: presets.collect(),
            policies: policies.into_iter().collect(),
            configurations,
            texts: texts.table("explorer"),
        }
    }
}

/// A set by its name; what the run itself says of `suexec` goes first.
fn preset(run: &Run, name: &str) -> Option<Bits> {
    match name.split_once(",-") {
        Some((base, less)) => Some(sets::resolve(run, base)? & !sets::resolve(run, less)?),
        None => sets::resolve(run, name),
    }
}

fn list(set: Bits) -> Vec<usize> {
    sets::members(set).collect()
}

impl Rule {
    fn of(rule: &read::Rule) -> Self {
        let documentation = [
            ("condition", &rule.condition),
            ("why", &rule.why),
            ("denies", &rule.denies),
            ("permits", &rule.permits),
            ("limits", &rule.limits),
        ];
        let documentation = documentation
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(heading, text)| (heading, visible(text)));
        Self {
            id: visible(&rule.rule),
            class: visible(&rule.class),
            conditions: rule.conditions.split_whitespace().map(visible).collect(),
            summary: visible(&rule.summary),
            documentation: documentation.collect(),
        }
    }
}

impl Case {
    fn of(case: &read::Case, run: &Run) -> Self {
        let twin = case.twin.as_ref().and_then(|twin| {
            let (scenario, name) = twin.split_once('/').unwrap_or((twin, "default"));
            run.cases
                .iter()
                .position(|other| other.scenario == scenario && other.case == name)
        });
        Self {
            name: visible(&case.name()),
            attack: case.is_malicious(),
            attacker: case.attacker.map_or("", Attacker::word),
            problem: case.problem,
            family: visible(&case.family),
            title: visible(&case.title),
            why: visible(&case.why),
            sources: [&case.reproduces, &case.related]
                .into_iter()
                .flat_map(|list| list.split("; "))
                .filter(|source| !source.is_empty())
                .map(visible)
                .collect(),
            twin,
            race: case.race,
            request: visible(&case.request),
            witness: visible(&case.witness),
            not_demonstrated: case.not_demonstrated.as_deref().map(visible),
        }
    }
}

impl Configuration {
    fn of(shape: &Shape) -> Self {
        let under = |(policy, mask): (&String, &ShapeMask)| {
            let configured = Configured {
                works: mask.works,
                refuses: list(mask.refuses),
                repairs: list(mask.repairs),
                open: mask.breaks_repaired != Some(false),
            };
            (visible(policy), configured)
        };
        Self {
            name: visible(&shape.profile),
            world: visible(&shape.world),
            title: visible(&shape.title),
            source: visible(&shape.source),
            count: shape.count,
            policies: shape.policies.iter().map(under).collect(),
        }
    }
}

impl Seen {
    fn of(view: &View<'_>, about: &ViewAnalysis) -> Self {
        let run = view.run;
        let named: Vec<(usize, &str)> = about
            .outcomes
            .named()
            .into_iter()
            .filter_map(|name| Some((view.set(name)?, name)))
            .collect();
        let mut reasons: Vec<Vec<(usize, Verdict, String)>> = vec![Vec::new(); run.cases.len()];
        for line in &run.verdicts {
            if line.resolution == about.resolution && line.verdict != Verdict::Permit {
                let reason = visible(&line.reason);
                reasons[line.case].push((line.rule, line.verdict, reason));
            }
        }
        let cases = reasons.into_iter().enumerate().map(|(case, verdicts)| {
            let mask = view.masks[case];
            let outcomes = named.iter().enumerate().filter_map(|(place, (set, _))| {
                let cell = view.cell(*set, case)?;
                let trial = &run.trials[cell.trial];
                let reason = visible(&trial.reason);
                Some((place, cell.effect.word(), trial.rule, reason))
            });
            SeenCase {
                demonstrated: view.demonstrated[case],
                stops: list(mask.stops()),
                unknown: list(mask.unknown & !mask.stops()),
                unevaluated: list(sets::all(&run.rules) & !mask.evaluated),
                verdicts,
                outcomes: outcomes.collect(),
            }
        });
        let lattice = about.lattice.as_ref();
        let prices = benched(about).and_then(Costs::prices);
        let selected = lattice.map_or_else(Vec::new, |_| selection::of(view, prices.as_deref()));
        let fronts = selected
            .iter()
            .map(|one| Fronts::of(one, run.rules.len(), prices.as_deref()));
        Self {
            name: visible(&about.name),
            scored: lattice.is_some(),
            sets: named.iter().map(|(_, name)| visible(name)).collect(),
            cases: cases.collect(),
            fronts: fronts.collect(),
            smallest: lattice.map_or_else(Vec::new, smallest),
            costs_ns: benched(about).map(medians),
            prices_ns: prices,
            durations: durations(run, about),
        }
    }
}

fn smallest(lattice: &LatticeAnalysis) -> Vec<Smallest> {
    let found = [
        ("suexec", &lattice.minimal_suexec),
        ("all", &lattice.minimal),
    ];
    let smallest = found.into_iter().filter_map(|(of, minimal)| {
        Some(Smallest {
            of,
            rules: list(*minimal.sets.first()?),
            exact: minimal.exact,
        })
    });
    smallest.collect()
}

/// From a benchmark only: trials under `none` evaluate all rules, so less them
/// a rule alone seems to cost less than nothing.
fn benched(view: &ViewAnalysis) -> Option<&Costs> {
    let costs = view.costs.as_ref();
    costs.filter(|costs| costs.source == Source::Benchmark)
}

fn medians(costs: &Costs) -> Vec<Option<i64>> {
    let median = |cost: &Option<Cost>| cost.map(|cost| cost.median_ns);
    costs.rules.iter().map(median).collect()
}

/// Under `none` all rules are evaluated though none is enforced, so its starts
/// do not tell what a start without rules takes.
fn durations(run: &Run, view: &ViewAnalysis) -> Vec<Duration> {
    let duration = |one: &crate::analysis::latency::Latency| {
        let rules = sets::resolve(run, &one.rule_set).filter(|set| *set != 0)?;
        Some(Duration {
            rules: list(rules),
            n: one.n,
            lower_us: one.lower_us,
            median_us: one.median_us,
            upper_us: one.upper_us,
        })
    };
    view.latency.iter().filter_map(duration).collect()
}
