//! The numbers that a terminal and `--format json` show at the end of a run.

use serde::Serialize;

use crate::analysis::gains::Gains;
use crate::analysis::halves::Advertised;
use crate::analysis::interval::Proportion;
use crate::analysis::targets::Column;
use crate::analysis::techniques::Counts;
use crate::analysis::{Analysis, ViewAnalysis};
use crate::read::{Attacker, Kind, Run};
use crate::{Error, Result};

/// A run in short.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Id of the run.
    pub run: String,
    /// Directory of the run.
    pub directory: String,
    /// Whether every planned trial is there and every file is whole.
    pub complete: bool,
    /// Trials planned.
    pub planned: u64,
    /// Trials done.
    pub done: u64,
    /// Files that are missing or were cut off, in words.
    pub flaws: Vec<String>,
    /// Wall time in seconds.
    pub wall_time_s: f64,
    /// Attacks in the corpus.
    pub malicious: usize,
    /// Legitimate cases in the corpus.
    pub legitimate: usize,
    /// Trials by outcome.
    pub outcomes: std::collections::BTreeMap<&'static str, u64>,
    /// Expectations of the corpus that did not hold, in words.
    pub mismatches: Vec<String>,
    /// What was left behind on the host; must be empty.
    pub leftovers: Vec<String>,
    /// What launchers are known to leave behind, removed after so many starts.
    pub cleared: std::collections::BTreeMap<String, u64>,
    /// One entry for each target and way to resolve.
    pub views: Vec<ViewSummary>,
    /// Real launchers, and the reference launcher under sets with names.
    pub targets: Vec<TargetSummary>,
    /// Median start latency in microseconds of launchers by interleaved starts,
    /// with the number of starts.
    pub start_latency: Vec<(String, Option<u64>, usize)>,
    /// Files that were written.
    pub files: Vec<String>,
    /// Figures that could not be made, and why.
    pub not_drawn: Vec<String>,
}

/// A case and what is to be told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Case.
    pub case: String,
    /// In words.
    pub text: String,
}

/// One view in short.
#[derive(Debug, Clone, Serialize)]
pub struct ViewSummary {
    /// Target.
    pub target: String,
    /// Resolution; empty for real targets.
    pub resolution: String,
    /// Trials.
    pub trials: u64,
    /// Attacks seen to succeed with the rules off.
    pub demonstrated: usize,
    /// Legitimate cases seen to work with the rules off.
    pub working: usize,
    /// What became of every attack of the corpus.
    pub corpus: Counts,
    /// Which gains stay open to whom; `null` where no technique is demonstrated.
    pub gains: Option<Gains>,
    /// Advertised rule sets, chosen on one half and scored on the other.
    pub advertised: Vec<Advertised>,
    /// Rule sets with names of their own, `none` first: the columns of
    /// `families`.
    pub rule_sets: Vec<String>,
    /// Attacks stopped by family, one entry for each rule set.
    pub families: Vec<FamilySummary>,
    /// Block rate by attacker and rule set.
    pub block_rates: Vec<BlockRate>,
    /// Legitimate cases broken, one entry for each rule set.
    pub breakage: Vec<Proportion>,
    /// What every rule stops and breaks alone.
    pub rules: Vec<RuleSummary>,
    /// Attacks not demonstrated, by name.
    pub not_demonstrated: Vec<String>,
    /// Legitimate cases that do not work even with the rules off, by name.
    pub not_working: Vec<String>,
    /// Cases with failed trials, and why.
    pub failed: Vec<Told>,
    /// Cases that ran into the deadline.
    pub timeout: Vec<Told>,
    /// Cases with skipped trials, and why.
    pub skipped: Vec<Told>,
    /// Attacks that get through under `all`, with their titles; `null` when that
    /// was not tried.
    pub residual: Option<Vec<Told>>,
    /// Trials checked against the prediction.
    pub predicted: u64,
    /// Of these, trials as predicted.
    pub as_predicted: u64,
    /// Size of the smallest set that stops whatever all rules stop; `null`
    /// without verdicts.
    pub minimal_rules: Option<u32>,
    /// Median start latency in microseconds by rule set with a name.
    pub median_us: Vec<(String, u64)>,
}

/// One launcher in short, under one rule set where it has such.
#[derive(Debug, Clone, Serialize)]
pub struct TargetSummary {
    /// Launcher, with its rule set unless that is its own.
    pub name: String,
    /// Whether it is a real launcher.
    pub real: bool,
    /// Demonstrated attacks that it can express and lets through.
    pub let_through: Proportion,
    /// Legitimate cases that it can express and does not start as they should be.
    pub broken: Proportion,
    /// Demonstrated attacks that it cannot express.
    pub not_applicable: u32,
    /// Cases in which it or the harness broke.
    pub failed: u32,
    /// Cases for which the machine lacks something.
    pub skipped: u32,
}

/// Attacks of one family.
#[derive(Debug, Clone, Serialize)]
pub struct FamilySummary {
    /// Family.
    pub family: String,
    /// Stopped attacks for each rule set.
    pub stopped: Vec<Proportion>,
}

/// Attacks of one attacker under one rule set.
#[derive(Debug, Clone, Serialize)]
pub struct BlockRate {
    /// Attacker.
    pub attacker: &'static str,
    /// Rule set.
    pub rule_set: String,
    /// Stopped attacks.
    pub stopped: Proportion,
    /// Of these, refused because a rule could not observe its fact.
    pub undetermined: u32,
}

/// One rule alone.
#[derive(Debug, Clone, Serialize)]
pub struct RuleSummary {
    /// Rule.
    pub rule: String,
    /// Attacks that it stops alone, by name.
    pub stops: Vec<String>,
    /// Legitimate cases that it breaks alone, by name.
    pub breaks: Vec<String>,
    /// Attacks that of all rules only this one stops.
    pub sole: usize,
}

impl Summary {
    pub(crate) fn of(run: &Run, analysis: &Analysis) -> Self {
        let (planned, done) = run.planned_and_done();
        let mismatch = |row: &crate::read::Mismatch| {
            let (scenario, case, resolution) = (&row.scenario, &row.case, &row.resolution);
            format!("{scenario}/{case} ({resolution}): {}", row.text)
        };
        let targets = analysis.targets.iter().flat_map(|targets| &targets.columns);
        Self {
            run: run.info.run.clone(),
            directory: run.directory.display().to_string(),
            complete: run.is_complete(),
            planned,
            done,
            flaws: run.flaws.iter().map(ToString::to_string).collect(),
            wall_time_s: run.info.wall_time_s,
            malicious: analysis.malicious,
            legitimate: analysis.legitimate,
            outcomes: analysis.trials.iter().copied().collect(),
            mismatches: run.mismatches.iter().map(mismatch).collect(),
            leftovers: run.info.leftovers.clone(),
            cleared: run.info.cleared.clone(),
            views: analysis.views.iter().map(ViewSummary::of).collect(),
            targets: targets.map(TargetSummary::of).collect(),
            start_latency: analysis
                .start_latency
                .iter()
                .map(|one| (one.name.clone(), one.median_us, one.n))
                .collect(),
            files: Vec::new(),
            not_drawn: Vec::new(),
        }
    }

    /// Whether expectations held, no trial failed or ran into the deadline, and
    /// nothing was left behind.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let broke = ["failed", "timeout"];
        let broke = broke.iter().filter_map(|word| self.outcomes.get(word));
        self.mismatches.is_empty() && self.leftovers.is_empty() && broke.sum::<u64>() == 0
    }

    /// Fails for a run that is empty or partial, so that a command that made a
    /// report of one does not end as if all were well.
    ///
    /// # Errors
    /// [`Error::Empty`] or [`Error::Partial`].
    pub fn require_complete(&self) -> Result<()> {
        let path = self.directory.clone().into();
        if self.done == 0 {
            Err(Error::Empty { path })
        } else if !self.complete {
            Err(Error::Partial {
                path,
                done: self.done,
                planned: self.planned,
                flaws: self.flaws.clone(),
            })
        } else {
            Ok(())
        }
    }
}

impl ViewSummary {
    fn of(view: &ViewAnalysis) -> Self {
        let outcomes = &view.outcomes;
        let rule_sets = outcomes.named();
        let tallies = |holds: &dyn Fn(&crate::analysis::outcomes::Group) -> bool| {
            let tally = |set: &&str| outcomes.tally(set, holds).unwrap_or_default();
            rule_sets.iter().map(tally).collect::<Vec<_>>()
        };
        let families = outcomes
            .families(Kind::Malicious)
            .into_iter()
            .map(|family| {
                let holds = |group: &crate::analysis::outcomes::Group| {
                    group.kind == Kind::Malicious && group.family == family
                };
                FamilySummary {
                    family: family.to_owned(),
                    stopped: tallies(&holds).iter().map(|one| one.block_rate()).collect(),
                }
            });
        let block_rates = Attacker::ALL.into_iter().flat_map(|attacker| {
            let tallies = tallies(&|group| group.attacker == Some(attacker));
            rule_sets
                .iter()
                .zip(tallies)
                .filter(|(_, tally)| tally.n() > 0)
                .map(move |(set, tally)| BlockRate {
                    attacker: attacker.word(),
                    rule_set: (*set).to_owned(),
                    stopped: tally.block_rate(),
                    undetermined: tally.undetermined,
                })
                .collect::<Vec<_>>()
        });
        let rules = view.rules.iter().map(|rule| RuleSummary {
            rule: rule.rule.clone(),
            stops: rule.stops_alone.clone(),
            breaks: rule.breaks_alone.clone(),
            sole: rule.sole_of_all.len(),
        });
        let names = |notes: &[crate::analysis::notable::Note]| {
            notes.iter().map(|note| note.case.clone()).collect()
        };
        let told = |notes: &[crate::analysis::notable::Note]| {
            let told = notes.iter().map(|note| Told {
                case: note.case.clone(),
                text: format!(
                    "{} trials, first under {}: {}",
                    note.trials, note.rule_set, note.reason
                ),
            });
            told.collect()
        };
        let notable = &view.notable;
        Self {
            target: view.target.clone(),
            resolution: view.resolution.clone(),
            trials: view.trials,
            demonstrated: view.demonstrated,
            working: view.working,
            corpus: view.corpus,
            gains: view.gains.clone(),
            advertised: view.advertised.clone(),
            families: families.collect(),
            block_rates: block_rates.collect(),
            breakage: tallies(&|group| group.kind == Kind::Legitimate)
                .iter()
                .map(|tally| tally.breakage())
                .collect(),
            rules: rules.collect(),
            not_demonstrated: names(&notable.attacks_not_demonstrated),
            not_working: names(&notable.legitimate_not_working),
            failed: told(&notable.failed),
            timeout: told(&notable.timeout),
            skipped: told(&notable.skipped),
            residual: view
                .residual
                .as_ref()
                .map(|residual| residual.iter().map(residual_told).collect()),
            predicted: view.agreement.checked,
            as_predicted: view.agreement.agreed,
            minimal_rules: view.exact_lattice().map(|lattice| lattice.minimal.size),
            median_us: view
                .latency
                .iter()
                .filter(|one| rule_sets.contains(&one.rule_set.as_str()))
                .map(|one| (one.rule_set.clone(), one.median_us))
                .collect(),
            rule_sets: rule_sets.iter().map(|set| (*set).to_owned()).collect(),
        }
    }
}

fn residual_told(found: &crate::analysis::notable::Residual) -> Told {
    Told {
        case: found.case.clone(),
        text: found.title.clone(),
    }
}

impl TargetSummary {
    fn of(column: &Column) -> Self {
        let attacks = column.attacks();
        let legitimate = column.legitimate;
        Self {
            name: column.name.clone(),
            real: column.real,
            let_through: Proportion::new(
                attacks.compromised,
                attacks.compromised + attacks.stopped(),
            ),
            broken: Proportion::new(legitimate.broken, legitimate.broken + legitimate.works),
            not_applicable: attacks.not_applicable,
            failed: attacks.failed + legitimate.failed,
            skipped: attacks.skipped + legitimate.skipped,
        }
    }
}
