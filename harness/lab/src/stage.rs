//! Where trials run.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use sekisho_arena::protocol::{Equipment, Trial};
use sekisho_arena::{Arena, StartOptions};
use sekisho_targets::Target;
use sekisho_trial::{Conditions, Layout, Observation};
use sekisho_witness::LINES_PATH;

/// The word by which a program that uses this library is started again as an
/// arena's worker: its `main` then calls [`worker`] before anything else, since
/// a process with threads cannot enter namespaces.
pub const WORKER: &str = "arena-worker";

/// A place where trials run one after the other: an arena, or what stands for
/// one in a test.
pub trait Stage: Send {
    /// Builds the files of a case; replaces those of the one before.
    ///
    /// # Errors
    /// When a file cannot be made, or the stage has died.
    fn prepare(&mut self, layout: &Layout) -> Result<()>;

    /// Runs one trial on a fresh copy of the prepared files.
    ///
    /// # Errors
    /// When it could not be set up, or the stage has died: a fault of harness or
    /// host, never a result.
    fn run(&mut self, order: Trial) -> Result<Observation>;

    /// Whether it can still be given orders.
    fn is_alive(&self) -> bool;

    /// Ends it; gives what was left behind.
    ///
    /// # Errors
    /// When it does not end well.
    fn quit(self: Box<Self>) -> Result<Vec<String>>;
}

/// Makes stages that carry the same things.
pub trait Stages: Send + Sync {
    /// Starts one; with it what the host decides for trials there.
    ///
    /// # Errors
    /// When it cannot be made.
    fn start(&self) -> Result<(Box<dyn Stage>, Conditions)>;

    /// Starts the first one of a run.
    ///
    /// # Errors
    /// Why this machine cannot run trials, and what to do about it.
    fn start_first(&self) -> Result<(Box<dyn Stage>, Conditions)> {
        self.start()
            .context("no arena can be made here (`sekisho doctor` says what is missing)")
    }
}

/// Starts arenas, each a process of this program.
pub struct Arenas {
    equipment: Equipment,
}

impl Arenas {
    /// Arenas that carry what these targets need.
    #[must_use]
    pub fn for_targets(targets: &[Box<dyn Target>]) -> Self {
        Self::new(Equipment {
            probe: sekisho_programs::PROBE.to_vec(),
            preload: sekisho_programs::PRELOAD.to_vec(),
            files: targets.iter().flat_map(|target| target.equip()).collect(),
        })
    }

    /// Arenas with this equipment.
    #[must_use]
    pub fn new(equipment: Equipment) -> Self {
        Self { equipment }
    }
}

impl Stages for Arenas {
    fn start(&self) -> Result<(Box<dyn Stage>, Conditions)> {
        let mut arena = Arena::start(&StartOptions {
            program: None,
            arguments: vec![WORKER.into()],
        })?;
        let conditions = arena.equip(self.equipment.clone())?;
        Ok((Box::new(ArenaStage(arena)), conditions))
    }
}

struct ArenaStage(Arena);

impl Stage for ArenaStage {
    fn prepare(&mut self, layout: &Layout) -> Result<()> {
        self.0
            .prepare(layout.clone())
            .context("the case's files cannot be made")?;
        Ok(())
    }

    /// What the probe wrote to its file joins what it printed.
    fn run(&mut self, order: Trial) -> Result<Observation> {
        let lines = order.collect.iter().position(|path| path == LINES_PATH);
        let mut observation = self.0.run(order)?;
        if let Some(Some(more)) = lines.and_then(|at| observation.collected.get(at)) {
            if !observation.stdout.ends_with(b"\n") {
                observation.stdout.push(b'\n');
            }
            observation.stdout.extend_from_slice(more);
        }
        Ok(observation)
    }

    fn is_alive(&self) -> bool {
        self.0.is_alive()
    }

    fn quit(self: Box<Self>) -> Result<Vec<String>> {
        self.0.quit()
    }
}

/// The process inside an arena.
#[must_use]
pub fn worker() -> ExitCode {
    sekisho_arena::worker().into()
}
