//! The numbers that a terminal and `--format json` show at the end of a run.

use serde::Serialize;

use crate::analysis::interval::Proportion;
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
    pub wall_time_s: Option<f64>,
    /// Attacks in the corpus.
    pub malicious: usize,
    /// Legitimate cases in the corpus.
    pub legitimate: usize,
    /// Trials by outcome.
    pub outcomes: std::collections::BTreeMap<&'static str, u64>,
    /// Expectations of the corpus that did not hold.
    pub mismatches: usize,
    /// Things left behind on the host; must be 0.
    pub leftovers: usize,
    /// One entry for each target and way to resolve.
    pub views: Vec<ViewSummary>,
    /// Files that were written.
    pub files: Vec<String>,
    /// Figures that could not be made, and why.
    pub not_drawn: Vec<String>,
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
    /// Cases with failed trials, by name.
    pub failed: Vec<String>,
    /// Cases that ran into the deadline, by name.
    pub timeout: Vec<String>,
    /// Cases with skipped trials, by name.
    pub skipped: Vec<String>,
    /// Attacks that get through under `all`; `null` when that was not tried.
    pub residual: Option<Vec<String>>,
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
        let flaw = |flaw: &crate::read::Flaw| match flaw.line {
            None => format!("{} is missing", flaw.file),
            Some(line) => format!("{}: line {line} was cut off and is left out", flaw.file),
        };
        Self {
            run: run.info.run.clone(),
            directory: run.directory.display().to_string(),
            complete: run.is_complete(),
            planned,
            done,
            flaws: run.flaws.iter().map(flaw).collect(),
            wall_time_s: run.info.wall_time_s,
            malicious: analysis.malicious,
            legitimate: analysis.legitimate,
            outcomes: analysis.trials.iter().copied().collect(),
            mismatches: run.mismatches.len(),
            leftovers: run.info.leftovers.len(),
            views: analysis.views.iter().map(ViewSummary::of).collect(),
            files: Vec::new(),
            not_drawn: Vec::new(),
        }
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
        let notable = &view.notable;
        Self {
            target: view.target.clone(),
            resolution: view.resolution.clone(),
            trials: view.trials,
            demonstrated: view.demonstrated,
            working: view.working,
            families: families.collect(),
            block_rates: block_rates.collect(),
            breakage: tallies(&|group| group.kind == Kind::Legitimate)
                .iter()
                .map(|tally| tally.breakage())
                .collect(),
            rules: rules.collect(),
            not_demonstrated: names(&notable.attacks_not_demonstrated),
            not_working: names(&notable.legitimate_not_working),
            failed: names(&notable.failed),
            timeout: names(&notable.timeout),
            skipped: names(&notable.skipped),
            residual: view
                .residual
                .as_ref()
                .map(|residual| residual.iter().map(|found| found.case.clone()).collect()),
            predicted: view.agreement.checked,
            as_predicted: view.agreement.agreed,
            minimal_rules: view.lattice.as_ref().map(|lattice| lattice.minimal.size),
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
