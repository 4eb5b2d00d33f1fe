//! Runs requests in arenas, several at once, and keeps what came of them.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::{Context as _, Result};
use sekisho_arena::protocol::Equipment;
use sekisho_lab::hash::hash;
use sekisho_lab::pool::{self, Take};
use sekisho_lab::stage::{Arenas, Stage, Stages};
use sekisho_suexec::Mode;

use crate::compare::differences;
use crate::differences::{Difference, Expected, explain};
use crate::generate;
use crate::request::{Request, Wrap};
use crate::results::LEFT;
use crate::seen::{self, Seen, Verdict};
use crate::trial::{Subject, trial};
use crate::world;

/// What a run is asked for.
#[derive(Debug, Clone)]
pub struct Options {
    /// Number of generated requests.
    pub count: u64,
    /// Index of the first.
    pub first: u64,
    /// Seed.
    pub seed: u64,
    /// Mode of ours.
    pub mode: Mode,
    /// Arenas at once.
    pub jobs: usize,
    /// Directory of the results.
    pub directory: PathBuf,
}

/// Arenas with the real suEXEC and ours.
#[must_use]
pub fn arenas(original: Vec<u8>, ours: Vec<u8>) -> Arc<dyn Stages> {
    Arc::new(Arenas::new(Equipment {
        probe: sekisho_programs::PROBE.to_vec(),
        preload: sekisho_programs::PRELOAD.to_vec(),
        files: world::equipment(original, ours),
    }))
}

/// One request to run.
#[derive(Debug, Clone)]
pub enum Job {
    /// A case that is kept, by name.
    Kept(String, Box<Request>),
    /// The generated one with this index.
    Generated(u64),
}

impl Job {
    /// Name in result files.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Kept(name, _) => name.clone(),
            Self::Generated(index) => index.to_string(),
        }
    }
}

/// What came of one request.
#[derive(Debug, Clone)]
pub struct Judged {
    /// What the original did, or why that is no verdict.
    pub original: Result<Seen, String>,
    /// What ours did, likewise.
    pub ours: Result<Seen, String>,
    /// What differs, unexplained.
    pub differs: Vec<String>,
    /// Rows that explain what else differs; strict mode only.
    pub explained: Vec<&'static str>,
}

impl Judged {
    /// Whether both gave a verdict and nothing unexplained differs.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.original.is_ok() && self.ours.is_ok() && self.differs.is_empty()
    }
}

/// From a job to the writer.
pub enum Message {
    /// A request is done; with the simplest request that still disagrees.
    Done(Job, Box<Judged>, Option<Box<Request>>),
    /// An arena left something behind, or cannot be had any more.
    Broken(String),
}

/// Most real runs for shrinking one disagreement.
const MOST_SHRINKING: u32 = 200;

/// Deaths of arenas in a row after which a job gives up.
const MOST_DEATHS: u32 = 3;

/// Both launchers on a stage that is made anew when it died.
pub struct Pair<'a> {
    stages: &'a dyn Stages,
    stage: Option<Box<dyn Stage>>,
    deaths: u32,
    trials: u64,
    number: usize,
}

impl<'a> Pair<'a> {
    /// One that starts its stage with the first request; `number` tells it from
    /// others of the run.
    #[must_use]
    pub fn new(stages: &'a dyn Stages, number: usize) -> Self {
        Self {
            stages,
            stage: None,
            deaths: 0,
            trials: 0,
            number,
        }
    }

    fn stage(&mut self) -> Result<&mut (dyn Stage + 'static)> {
        if self.stage.as_ref().is_none_or(|stage| !stage.is_alive()) {
            let (mut stage, _) = self.stages.start()?;
            stage.prepare(&world::layout())?;
            self.stage = Some(stage);
        }
        let stage = self.stage.as_deref_mut();
        stage.context("a stage that was just made")
    }

    /// What one launcher does with a request.
    ///
    /// # Errors
    /// Only when arenas keep dying; a fault of one trial is in the answer.
    pub fn look(&mut self, request: &Request, subject: Subject) -> Result<Result<Seen, String>> {
        self.trials += 1;
        let word = format!("conform {} {} {}", self.number, self.trials, subject.word());
        let nonce = hash([word.as_bytes()]).split_off(40);
        let trial = trial(request, subject, nonce.clone());
        let ran = self.stage()?.run(trial);
        match ran {
            Ok(observation) => {
                self.deaths = 0;
                Ok(seen::read(subject, &observation, &nonce))
            }
            Err(error) => {
                let alive = self.stage.as_ref().is_some_and(|stage| stage.is_alive());
                self.deaths += u32::from(!alive);
                if self.deaths > MOST_DEATHS {
                    return Err(error.context("arenas keep dying"));
                }
                Ok(Err(format!("harness: {error:#}")))
            }
        }
    }

    /// Runs a request at both launchers and compares.
    ///
    /// # Errors
    /// As [`Pair::look`].
    pub fn judge(&mut self, request: &Request, mode: Mode) -> Result<Judged> {
        let original = self.look(request, Subject::Original)?;
        let ours = self.look(request, Subject::Ours(mode))?;
        let mut judged = Judged {
            original,
            ours,
            differs: Vec::new(),
            explained: Vec::new(),
        };
        if request.wrap == Wrap::Exchanged {
            // What the shell and strace start beside it takes numbers too.
            for seen in [&mut judged.original, &mut judged.ours]
                .into_iter()
                .flatten()
            {
                if let Verdict::Started(report) = &mut seen.verdict {
                    (report.pid, report.ppid) = (0, 0);
                }
            }
        }
        match (&judged.original, &judged.ours) {
            (Ok(original), Ok(ours)) => match mode {
                Mode::SuexecExact => judged.differs = differences(original, ours),
                Mode::Strict => match explain(request, original, ours) {
                    Some(rows) => judged.explained = rows,
                    None => judged.differs = differences(original, ours),
                },
            },
            (original, ours) => {
                let faults = [
                    ("the original", original.as_ref().err()),
                    ("ours", ours.as_ref().err()),
                ];
                for (who, fault) in faults {
                    judged
                        .differs
                        .extend(fault.map(|fault| format!("{who}: {fault}")));
                }
            }
        }
        Ok(judged)
    }

    /// Ends the arena; gives what was left behind.
    ///
    /// # Errors
    /// When it does not end well.
    pub fn quit(self) -> Result<Vec<String>> {
        self.stage.map_or(Ok(Vec::new()), |stage| stage.quit())
    }
}

/// Runs the request of a documented difference for real.
///
/// # Errors
/// What is not as documented; or that arenas keep dying.
pub fn demonstrate(pair: &mut Pair<'_>, row: &Difference) -> Result<Result<(), String>> {
    let request = row.request();
    let exact = pair.judge(&request, Mode::SuexecExact)?;
    let strict = pair.judge(&request, Mode::Strict)?;
    if !exact.agrees() {
        return Ok(Err(format!("exact mode: {}", exact.differs.join("; "))));
    }
    let sides = [
        ("the original", &exact.original, row.original),
        ("exact mode", &exact.ours, row.original),
        ("the original once more", &strict.original, row.original),
        ("strict mode", &strict.ours, row.strict),
    ];
    for (who, seen, expected) in sides {
        let found = match seen {
            Ok(seen) => match seen.verdict.condition() {
                None => Expected::Started,
                Some(condition) => Expected::Refused(condition),
            },
            Err(fault) => return Ok(Err(format!("{who}: {fault}"))),
        };
        if found != expected {
            return Ok(Err(format!(
                "{who}: {} instead of {}",
                found.word(),
                expected.word()
            )));
        }
    }
    match strict.explained.contains(&row.id) {
        true => Ok(Ok(())),
        false => Ok(Err(format!(
            "explained by {:?}: {}",
            strict.explained,
            strict.differs.join("; ")
        ))),
    }
}

/// Runs all jobs; `take` gets every message, in no order, on this thread. Gives
/// the signal that ended the run early, if any.
///
/// # Errors
/// When `take` fails; what it took until then is its own to keep.
pub fn run(
    options: &Options,
    jobs: Vec<Job>,
    stages: &Arc<dyn Stages>,
    take: &mut impl Take<Message>,
) -> Result<Option<i32>> {
    let next = AtomicUsize::new(0);
    let stop = Arc::new(AtomicBool::new(false));
    let worker = {
        let (options, stages, stop) = (options.clone(), Arc::clone(stages), Arc::clone(&stop));
        move |number: usize, to: &tokio::sync::mpsc::Sender<Message>| {
            let mut pair = Pair::new(stages.as_ref(), number);
            while !stop.load(Ordering::Relaxed) {
                let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) else {
                    break;
                };
                let done = work(&mut pair, job, &options);
                let message = done.unwrap_or_else(|error| {
                    stop.store(true, Ordering::Relaxed);
                    Message::Broken(format!("{}: {error:#}", job.name()))
                });
                if to.blocking_send(message).is_err() {
                    break;
                }
            }
            let left = pair
                .quit()
                .unwrap_or_else(|error| vec![format!("{error:#}")]);
            for left in left {
                let _ = to.blocking_send(Message::Broken(format!("{LEFT}{left}")));
            }
        }
    };
    pool::drive(options.jobs, &stop, worker, take)
}

fn work(pair: &mut Pair<'_>, job: &Job, options: &Options) -> Result<Message> {
    let (request, tree) = match job {
        Job::Kept(_, request) => ((**request).clone(), None),
        Job::Generated(index) => {
            let tree = generate::tree(options.seed, *index).map_err(anyhow::Error::msg)?;
            (tree.request(), Some(tree))
        }
    };
    let judged = pair.judge(&request, options.mode)?;
    if judged.agrees() {
        return Ok(Message::Done(job.clone(), Box::new(judged), None));
    }
    let simplest = match tree {
        Some(tree) => shrink(pair, tree, request, options.mode)?,
        None => request,
    };
    Ok(Message::Done(
        job.clone(),
        Box::new(judged),
        Some(Box::new(simplest)),
    ))
}

/// The simplest request on the way that still disagrees, each tried for real.
fn shrink(
    pair: &mut Pair<'_>,
    mut tree: generate::Tree,
    request: Request,
    mode: Mode,
) -> Result<Request> {
    let mut simplest = request;
    let mut more = tree.simplify();
    let mut tried = 0;
    while more && tried < MOST_SHRINKING {
        let request = tree.request();
        // Many simplifications change nothing that the request holds.
        let disagrees = match request == simplest {
            true => true,
            false => {
                tried += 1;
                !pair.judge(&request, mode)?.agrees()
            }
        };
        more = if disagrees {
            simplest = request;
            tree.simplify()
        } else {
            tree.complicate()
        };
    }
    Ok(simplest)
}
