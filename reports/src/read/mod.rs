//! Reads the files of a run into one [`Run`].
//!
//! Files that a run writes late may be missing or end in the middle of a line:
//! that is noted and shown, not an error. Anything else that is not as
//! `docs/results.md` says is an error, since numbers made from it would be
//! wrong without anybody seeing it.

pub mod merge;
mod names;
pub mod overhead;
pub mod profiles;
mod records;
mod table;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use sekisho_results::run::ReadError;
use sekisho_results::{ScenarioRow, TrialKey, TrialRow, VerdictRow};

use names::Names;
pub use records::{
    Attacker, Case, Condition, Control, ControlLine, Gain, Kind, LatencyLine, Mismatch, Outcome,
    Ownership, Refusal, Rule, RunInfo, Trial, Verdict, VerdictLine, View,
};
use table::{Ended, Place, rows};

use crate::{Error, Result};

/// Most rules that a run can have: rule sets are bits of a `u128`.
pub const MOST_RULES: usize = 128;

/// Everything that a run wrote.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its directory.
    pub directory: PathBuf,
    /// `run.json`.
    pub info: RunInfo,
    /// Rules in order of evaluation.
    pub rules: Vec<Rule>,
    /// suEXEC's conditions; empty where the run does not hold them.
    pub conditions: Vec<Condition>,
    /// Cases in the order of the file.
    pub cases: Vec<Case>,
    /// Targets and ways to resolve that have trials.
    pub views: Vec<View>,
    /// Names of rule sets that have trials.
    pub sets: Vec<String>,
    /// Trials in the order of the file.
    pub trials: Vec<Trial>,
    /// Controls of attacks, in the order of the file.
    pub controls: Vec<ControlLine>,
    /// Verdicts with every rule evaluated and none enforced.
    pub verdicts: Vec<VerdictLine>,
    /// Expectations of the corpus that did not hold.
    pub mismatches: Vec<Mismatch>,
    /// What the benches wrote into the same directory, if they did.
    pub overhead: Option<overhead::Overhead>,
    /// Real configurations and what came of starting them.
    pub profiles: profiles::Profiles,
    /// Interleaved starts of every launcher; empty when none were made.
    pub latency: Vec<LatencyLine>,
    /// Files that are missing or were cut off.
    pub flaws: Vec<Flaw>,
    /// Lines of `verdicts.csv` that the trials speak of.
    own_verdicts: u64,
}

/// A file of the run that is not whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Name of the file.
    pub file: String,
    /// What is wrong with it.
    pub kind: FlawKind,
}

/// What is wrong with a file of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlawKind {
    /// It is not there.
    Missing,
    /// This line, the last one, is unfinished and left out.
    Torn(u64),
    /// So many lines that trials speak of are not there.
    Lost(u64),
}

impl FlawKind {
    /// Key of the text that tells it.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Missing => "page.flaw-missing",
            Self::Torn(_) => "page.flaw-torn",
            Self::Lost(_) => "page.flaw-lost",
        }
    }

    /// The line, or the number of lines.
    #[must_use]
    pub fn count(self) -> u64 {
        match self {
            Self::Missing => 0,
            Self::Torn(count) | Self::Lost(count) => count,
        }
    }
}

impl Flaw {
    fn of(file: &str, ended: Ended) -> Option<Self> {
        let kind = match ended {
            Ended::Whole => return None,
            Ended::Absent => FlawKind::Missing,
            Ended::Torn(line) => FlawKind::Torn(line),
        };
        Some(Self {
            file: file.to_owned(),
            kind,
        })
    }
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let file = &self.file;
        match self.kind {
            FlawKind::Missing => write!(f, "{file} is missing"),
            FlawKind::Torn(line) => write!(f, "{file}: line {line} was cut off and is left out"),
            FlawKind::Lost(lines) => {
                write!(
                    f,
                    "{file}: {lines} lines that belong to trials are not there"
                )
            }
        }
    }
}

impl Run {
    /// How long a start took, in microseconds; `None` also where it says
    /// nothing about its rule set: the first trial of each case without rules
    /// evaluates and records them all, though none is enforced.
    #[must_use]
    pub fn duration_us(&self, trial: &Trial) -> Option<u64> {
        let has_rules = !self.views[trial.view].resolution.is_empty();
        let observes = has_rules && trial.repeat == 1 && self.sets[trial.set] == "none";
        trial.duration_us.filter(|_| !observes)
    }

    /// Reads the run in a directory.
    ///
    /// # Errors
    /// A file that must be there is missing, cannot be read, or is not as
    /// `docs/results.md` says; the error names file, line and column.
    pub fn load(directory: &Path) -> Result<Self> {
        let mut run = Self {
            directory: directory.to_owned(),
            info: info(directory)?,
            rules: Vec::new(),
            conditions: Vec::new(),
            cases: Vec::new(),
            views: Vec::new(),
            sets: Vec::new(),
            trials: Vec::new(),
            controls: Vec::new(),
            verdicts: Vec::new(),
            mismatches: Vec::new(),
            overhead: overhead::Overhead::load(directory)?,
            profiles: profiles::Profiles::default(),
            latency: Vec::new(),
            flaws: Vec::new(),
            own_verdicts: 0,
        };
        run.read_rules()?;
        run.read_conditions()?;
        run.read_cases()?;
        let names = Names::of(&run);
        run.read_trials(&names)?;
        run.read_verdicts(&names)?;
        run.read_mismatches()?;
        run.profiles = profiles::read(directory, &names.rules, &mut run.flaws)?;
        run.read_latency()?;
        Ok(run)
    }

    /// Trials that the run planned and that are there.
    #[must_use]
    pub fn planned_and_done(&self) -> (u64, u64) {
        let done = self.trials.len() + self.controls.len();
        (self.info.trials_planned, done as u64)
    }

    /// Whether nothing is missing: it ended, and every planned trial is there.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let (planned, done) = self.planned_and_done();
        self.info.complete && done > 0 && done >= planned && self.flaws.is_empty()
    }

    fn note(&mut self, file: &str, ended: Ended) {
        self.flaws.extend(Flaw::of(file, ended));
    }

    fn read_rules(&mut self) -> Result<()> {
        let file = "rules.csv";
        let path = self.directory.join(file);
        let mut positions = HashSet::new();
        let mut ids = HashSet::new();
        let mut rules = Vec::new();
        let ended = rows(&path, |rule: Rule, place: &Place<'_>| {
            if !positions.insert(rule.position) {
                return Err(place.error("position", "two rules have this position"));
            }
            if !ids.insert(rule.rule.clone()) {
                return Err(place.error("rule", "two rules have this id"));
            }
            if rules.len() == MOST_RULES {
                return Err(place.error("rule", "more than 128 rules"));
            }
            rules.push(rule);
            Ok(())
        })?;
        rules.sort_by_key(|rule| rule.position);
        self.rules = rules;
        self.note(file, ended);
        Ok(())
    }

    /// The words of the conditions: no number is made from them, so a run
    /// without them is whole.
    fn read_conditions(&mut self) -> Result<()> {
        let file = "conditions.csv";
        let path = self.directory.join(file);
        let mut conditions = Vec::new();
        let ended = rows(&path, |row: Condition, _: &Place<'_>| {
            conditions.push(row);
            Ok(())
        })?;
        self.conditions = conditions;
        if ended != Ended::Absent {
            self.note(file, ended);
        }
        Ok(())
    }

    fn read_cases(&mut self) -> Result<()> {
        let file = "scenarios.csv";
        let path = self.directory.join(file);
        let mut seen = HashSet::new();
        let mut cases = Vec::new();
        let ended = rows(&path, |row: ScenarioRow, place: &Place<'_>| {
            let case = Case::from(row);
            if !seen.insert((case.scenario.clone(), case.case.clone())) {
                return Err(place.error("case", "two lines are about this case"));
            }
            if case.is_malicious() && case.attacker.is_none() {
                return Err(place.error("attacker", "a malicious case must name its attacker"));
            }
            cases.push(case);
            Ok(())
        })?;
        self.cases = cases;
        self.note(file, ended);
        Ok(())
    }

    fn read_trials(&mut self, names: &Names) -> Result<()> {
        let file = "trials.csv";
        let path = self.directory.join(file);
        let mut views: Vec<View> = Vec::new();
        let mut sets: Vec<String> = Vec::new();
        let mut set_places: HashMap<String, usize> = HashMap::new();
        let mut trials = Vec::new();
        let mut controls = Vec::new();
        let mut keys: HashMap<TrialKey, u64> = HashMap::new();
        let mut own_verdicts = 0;
        let ended = rows(&path, |row: TrialRow, place: &Place<'_>| {
            let key = row.key();
            if let Some(line) = keys.get(&key) {
                let message = format!("line {line} is about this trial too ({key})");
                return Err(place.error("repeat", message));
            }
            keys.insert(key, place.line);
            own_verdicts += u64::from(row.verdicts);
            let case = names.case(&row.scenario, &row.case, place)?;
            let named = Some(row.rule.as_str()).filter(|rule| !rule.is_empty());
            let (rule, own_rule) = match row.verdict {
                // A real target speaks of its own rules.
                Some(Refusal::Refused) => (None, row.rule),
                _ => (names.rule(named, place)?, String::new()),
            };
            let view = views
                .iter()
                .position(|view| view.target == row.target && view.resolution == row.resolution)
                .unwrap_or_else(|| {
                    views.push(View {
                        target: row.target,
                        resolution: row.resolution,
                    });
                    views.len() - 1
                });
            if let Some(control) = row.control {
                controls.push(ControlLine {
                    case,
                    view,
                    control,
                    outcome: row.outcome,
                    reason: row.reason,
                });
                return Ok(());
            }
            let set = match set_places.get(&row.rule_set) {
                Some(set) => *set,
                None => {
                    sets.push(row.rule_set.clone());
                    set_places.insert(row.rule_set, sets.len() - 1);
                    sets.len() - 1
                }
            };
            trials.push(Trial {
                case,
                view,
                set,
                repeat: row.repeat,
                outcome: row.outcome,
                refusal: row.verdict,
                rule,
                own_rule,
                reason: row.reason,
                exit_status: row.exit_status,
                duration_us: row.duration_us,
            });
            Ok(())
        })?;
        (self.views, self.sets, self.trials) = (views, sets, trials);
        self.controls = controls;
        self.own_verdicts = own_verdicts;
        self.note(file, ended);
        Ok(())
    }

    fn read_verdicts(&mut self, names: &Names) -> Result<()> {
        let file = "verdicts.csv";
        let path = self.directory.join(file);
        let mut verdicts = Vec::new();
        let ended = rows(&path, |row: VerdictRow, place: &Place<'_>| {
            let rule = names
                .rule(Some(&row.rule), place)?
                .ok_or_else(|| place.error("rule", "a verdict must name its rule"))?;
            verdicts.push(VerdictLine {
                case: names.case(&row.scenario, &row.case, place)?,
                resolution: row.resolution,
                rule,
                verdict: row.verdict,
                reason: row.reason,
            });
            Ok(())
        })?;
        self.verdicts = verdicts;
        let lost = self.own_verdicts.saturating_sub(self.verdicts.len() as u64);
        match ended {
            Ended::Whole if lost > 0 => self.flaws.push(Flaw {
                file: file.to_owned(),
                kind: FlawKind::Lost(lost),
            }),
            ended => self.note(file, ended),
        }
        Ok(())
    }

    fn read_mismatches(&mut self) -> Result<()> {
        let file = "mismatches.csv";
        let path = self.directory.join(file);
        let mut mismatches = Vec::new();
        let ended = rows(&path, |row: Mismatch, _: &Place<'_>| {
            mismatches.push(row);
            Ok(())
        })?;
        self.mismatches = mismatches;
        self.note(file, ended);
        Ok(())
    }

    /// Only runs with real launchers, or that were asked for it, have the file.
    fn read_latency(&mut self) -> Result<()> {
        let file = "latency.csv";
        let path = self.directory.join(file);
        let mut latency = Vec::new();
        let ended = rows(&path, |row: LatencyLine, _: &Place<'_>| {
            latency.push(row);
            Ok(())
        })?;
        self.latency = latency;
        if ended != Ended::Absent {
            self.note(file, ended);
        }
        Ok(())
    }
}

fn info(directory: &Path) -> Result<RunInfo> {
    RunInfo::read(directory).map_err(|error| match error {
        ReadError::Io { path, source } if source.kind() == std::io::ErrorKind::NotFound => {
            Error::Missing {
                path,
                remedy: "give the directory of a run, such as out/<run>",
            }
        }
        ReadError::Io { path, source } => Error::io(&path)(source),
        ReadError::Malformed { path, source } => Error::Malformed {
            line: source.line() as u64,
            column: Some(source.column().to_string()),
            message: source.to_string(),
            path,
        },
        ReadError::Version { ref path, .. } => Error::Malformed {
            path: path.clone(),
            line: 1,
            column: Some("schema".to_owned()),
            message: error.to_string(),
        },
    })
}
