//! Runs requests in arenas, several at once, and keeps what came of them.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use anyhow::{Context as _, Result};
use sekisho_arena::Arena;
use sekisho_arena::protocol::Equipment;
use sekisho_suexec::Mode;
use sha2::{Digest as _, Sha256};

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

/// The programs that an arena carries.
#[derive(Debug, Clone)]
pub struct Programs {
    /// The real suEXEC.
    pub original: Vec<u8>,
    /// Ours.
    pub ours: Vec<u8>,
    /// The probe.
    pub probe: Vec<u8>,
    /// The preload object, which every arena carries.
    pub preload: Vec<u8>,
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

/// An arena that makes itself anew when it died.
pub struct Field<'a> {
    start: &'a (dyn Fn() -> Result<Arena> + Sync),
    programs: &'a Programs,
    arena: Option<Arena>,
    deaths: u32,
    trials: u64,
    number: usize,
}

impl<'a> Field<'a> {
    /// One that starts its arena with the first request.
    #[must_use]
    pub fn new(
        start: &'a (dyn Fn() -> Result<Arena> + Sync),
        programs: &'a Programs,
        number: usize,
    ) -> Self {
        Self {
            start,
            programs,
            arena: None,
            deaths: 0,
            trials: 0,
            number,
        }
    }

    fn arena(&mut self) -> Result<&mut Arena> {
        if self.arena.as_ref().is_none_or(|arena| !arena.is_alive()) {
            let mut arena = (self.start)()?;
            let programs = self.programs;
            arena.equip(Equipment {
                probe: programs.probe.clone(),
                preload: programs.preload.clone(),
                files: world::equipment(programs.original.clone(), programs.ours.clone()),
            })?;
            arena.prepare(world::layout())?;
            self.arena = Some(arena);
        }
        self.arena.as_mut().context("an arena that was just made")
    }

    /// What one launcher does with a request.
    ///
    /// # Errors
    /// Only when arenas keep dying; a fault of one trial is in the answer.
    pub fn look(&mut self, request: &Request, subject: Subject) -> Result<Result<Seen, String>> {
        self.trials += 1;
        let word = format!("conform {} {} {:?}", self.number, self.trials, subject);
        let hash = Sha256::digest(word.as_bytes());
        let nonce: String = hash[..12]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let trial = trial(request, subject, nonce.clone());
        let ran = self.arena()?.run(trial);
        match ran {
            Ok(observation) => {
                self.deaths = 0;
                Ok(seen::read(subject, &observation, &nonce))
            }
            Err(error) => {
                let alive = self.arena.as_ref().is_some_and(Arena::is_alive);
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
    /// As [`Field::look`].
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
        self.arena.map_or(Ok(Vec::new()), Arena::quit)
    }
}

/// Runs the request of a documented difference for real.
///
/// # Errors
/// What is not as documented; or that arenas keep dying.
pub fn demonstrate(field: &mut Field, row: &Difference) -> Result<Result<(), String>> {
    let request = row.request();
    let exact = field.judge(&request, Mode::SuexecExact)?;
    let strict = field.judge(&request, Mode::Strict)?;
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

/// Runs all jobs, until it is `asked_to_stop`; `take` gets every message, in no
/// order, on this thread, and says whether to go on.
///
/// # Errors
/// When `take` fails; what it took until then is its own to keep.
pub fn run(
    options: &Options,
    jobs: &[Job],
    programs: &Programs,
    start: &(dyn Fn() -> Result<Arena> + Sync),
    asked_to_stop: &(dyn Fn() -> bool + Sync),
    mut take: impl FnMut(Message) -> Result<()>,
) -> Result<()> {
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let (to, from) = mpsc::channel();
    std::thread::scope(|scope| {
        for number in 0..options.jobs.max(1) {
            let (next, stop, to) = (&next, &stop, to.clone());
            scope.spawn(move || {
                let mut field = Field::new(start, programs, number);
                while !stop.load(Ordering::Relaxed) && !asked_to_stop() {
                    let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) else {
                        break;
                    };
                    let done = work(&mut field, job, options);
                    let message = done.unwrap_or_else(|error| {
                        stop.store(true, Ordering::Relaxed);
                        Message::Broken(format!("{}: {error:#}", job.name()))
                    });
                    if to.send(message).is_err() {
                        break;
                    }
                }
                let left = field
                    .quit()
                    .unwrap_or_else(|error| vec![format!("{error:#}")]);
                for left in left {
                    let _ = to.send(Message::Broken(format!("{LEFT}{left}")));
                }
            });
        }
        drop(to);
        let mut taken = Ok(());
        for message in from {
            if taken.is_ok() {
                taken = take(message);
                stop.fetch_or(taken.is_err(), Ordering::Relaxed);
            }
        }
        taken
    })
}

fn work(field: &mut Field, job: &Job, options: &Options) -> Result<Message> {
    let (request, tree) = match job {
        Job::Kept(_, request) => ((**request).clone(), None),
        Job::Generated(index) => {
            let tree = generate::tree(options.seed, *index).map_err(anyhow::Error::msg)?;
            (tree.request(), Some(tree))
        }
    };
    let judged = field.judge(&request, options.mode)?;
    if judged.agrees() {
        return Ok(Message::Done(job.clone(), Box::new(judged), None));
    }
    let simplest = match tree {
        Some(tree) => shrink(field, tree, request, options.mode)?,
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
    field: &mut Field,
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
                !field.judge(&request, mode)?.agrees()
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
