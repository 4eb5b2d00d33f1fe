//! Arenas as the runner uses them.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use sekisho_arena::protocol::{Equipment, Trial};
use sekisho_arena::{Arena, StartOptions};
use sekisho_targets::{Prepared, Target};
use sekisho_trial::{Conditions, Layout, Observation};
use sekisho_witness::LINES_PATH;

use crate::ARENA_WORKER;

/// Makes arenas that carry the same things.
pub struct Starter {
    equipment: Equipment,
}

/// A running arena.
pub struct Field {
    arena: Arena,
}

/// What an arena for these targets carries.
pub fn equipment(targets: &[Box<dyn Target>]) -> Equipment {
    Equipment {
        probe: sekisho_programs::PROBE.to_vec(),
        preload: sekisho_programs::PRELOAD.to_vec(),
        files: targets.iter().flat_map(|target| target.equip()).collect(),
    }
}

/// The order to run what a target has prepared, without anything to look at
/// beyond what the target collects.
pub fn order(target: &dyn Target, ready: Prepared, nonce: String, deadline_ms: u64) -> Trial {
    Trial {
        nonce,
        files: ready.files,
        start: ready.start,
        deadline_ms,
        observe: Vec::new(),
        collect: ready.collect,
        pause: ready.pause,
        clear: target
            .leaves()
            .iter()
            .map(|name| (*name).to_owned())
            .collect(),
    }
}

impl Starter {
    /// Arenas with this equipment.
    pub fn new(equipment: Equipment) -> Self {
        Self { equipment }
    }

    /// Starts the first arena of a run.
    ///
    /// # Errors
    /// Why this machine cannot run trials, and what to do about it.
    pub fn start_first(&self) -> Result<(Field, Conditions)> {
        self.begin()
            .context("no arena can be made here (`sekisho doctor` says what is missing)")
    }

    /// Starts a further arena.
    ///
    /// # Errors
    /// When the arena cannot be made.
    pub fn start(&self) -> Result<Field> {
        self.begin().map(|(field, _)| field)
    }

    fn begin(&self) -> Result<(Field, Conditions)> {
        let mut arena = Arena::start(&StartOptions {
            program: None,
            arguments: vec![ARENA_WORKER.into()],
        })?;
        let conditions = arena.equip(self.equipment.clone())?;
        Ok((Field { arena }, conditions))
    }
}

impl Field {
    /// Builds the files of a case.
    ///
    /// # Errors
    /// When a file cannot be made, or the arena died.
    pub fn prepare(&mut self, layout: &Layout) -> Result<()> {
        self.arena
            .prepare(layout.clone())
            .context("the case's files cannot be made")?;
        Ok(())
    }

    /// Runs one trial. What the probe wrote to its file joins what it printed.
    ///
    /// # Errors
    /// When it could not be set up, or the arena died.
    pub fn run(&mut self, trial: Trial) -> Result<Observation> {
        let lines = trial.collect.iter().position(|path| path == LINES_PATH);
        let mut observation = self.arena.run(trial)?;
        if let Some(Some(more)) = lines.and_then(|at| observation.collected.get(at)) {
            if !observation.stdout.ends_with(b"\n") {
                observation.stdout.push(b'\n');
            }
            observation.stdout.extend_from_slice(more);
        }
        Ok(observation)
    }

    /// Whether the arena can still be given orders.
    pub fn is_alive(&self) -> bool {
        self.arena.is_alive()
    }

    /// Ends the arena; gives what was left behind.
    ///
    /// # Errors
    /// When the arena does not end well.
    pub fn quit(self) -> Result<Vec<String>> {
        self.arena.quit()
    }
}

/// The process inside an arena.
pub fn worker() -> ExitCode {
    sekisho_arena::worker().into()
}
