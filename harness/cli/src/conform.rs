//! `sekisho conform`: our launchers beside real ones.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use sekisho_conform_suexec::differences::DIFFERENCES;
use sekisho_conform_suexec::kept;
use sekisho_conform_suexec::pairs;
use sekisho_conform_suexec::results::{About, REQUESTS, Results};
use sekisho_conform_suexec::run::{Job, Message, Options, Pair, arenas, demonstrate, run};
use sekisho_conform_suexec::summary::Summary;
use sekisho_lab::hash::hash;
use sekisho_lab::pool::Take;
use sekisho_lab::progress::Progress;
use sekisho_lab::stage::Stages;
use sekisho_lab::{machine, resume, rundir};
use sekisho_suexec::Mode;

use crate::cli::{ConformMode, ConformOciOptions, ConformSuexecOptions};
use crate::exit::Exit;

/// Compares with the real suEXEC.
///
/// # Errors
/// Whatever keeps it from running, with a remedy.
pub fn suexec(options: &ConformSuexecOptions) -> Result<Exit> {
    let original = std::fs::read(&options.suexec).with_context(|| {
        format!(
            "cannot read the real suEXEC {}: install apache2-suexec-custom and run as root, since \
             only root and its group may read it",
            options.suexec.display()
        )
    })?;
    let ours = match &options.launcher {
        Some(path) => std::fs::read(path).with_context(|| {
            format!(
                "cannot read {}: build it with `cargo build --release -p sekisho-suexec`, static \
                 (RUSTFLAGS=\"-C target-feature=+crt-static\")",
                path.display()
            )
        })?,
        None => sekisho_programs::SUEXEC.to_vec(),
    };
    let now = jiff::Timestamp::now();
    let about = About {
        started: now.to_string(),
        command: std::env::args().collect(),
        version: format!(
            "{} ({})",
            env!("CARGO_PKG_VERSION"),
            sekisho_programs::COMMIT
        ),
        original: package_of(&options.suexec),
        original_sha256: hash([original.as_slice()]),
        ours_sha256: hash([ours.as_slice(), sekisho_programs::PROBE]),
        kernel: machine::describe().kernel,
    };
    let stages = arenas(original, ours);
    if options.differences {
        return differences(stages.as_ref());
    }
    let plan = plan(options, &now)?;
    // The first arena before the first file: without one there is no run.
    let (first, _) = stages.start_first()?;
    first.quit()?;

    let mut jobs: Vec<Job> = kept::cases()?
        .into_iter()
        .map(|(name, case)| Job::Kept(name, Box::new(case.request)))
        .collect();
    jobs.extend(
        pairs::pairs()
            .into_iter()
            .map(|(name, request)| Job::Kept(name, Box::new(request))),
    );
    jobs.extend((plan.first..plan.first + plan.count).map(Job::Generated));
    let place = rundir::open(&plan.directory)?;
    let results = match options.resume {
        None => Results::open(&plan, about)?,
        Some(_) => {
            resume::drop_torn_line(&place.directory.join(REQUESTS))?;
            let (results, done) = Results::take_up(&place.directory, &about)?;
            jobs.retain(|job| !done.contains(&job.name()));
            results
        }
    };
    let mut take = Told {
        progress: Progress::new(jobs.len()),
        results,
    };
    let began = Instant::now();
    let signal = run(&plan, jobs, &stages, &mut take)?;
    take.progress.finish();
    let results = take.results;
    if let Some(signal) = signal {
        let summary = results.pause(began.elapsed().as_secs_f64())?;
        eprintln!(
            "interrupted after {} requests, of which {} agree; to continue: sekisho conform suexec \
             --resume {}",
            summary.done,
            summary.agree,
            place.directory.display()
        );
        return Ok(Exit::Interrupted(signal));
    }
    let ended = jiff::Timestamp::now().to_string();
    let summary = results.finish(ended, began.elapsed().as_secs_f64())?;
    print!("{}", summary.text(&plan.directory));
    Ok(match summary.is_clean() {
        true => Exit::Done,
        false => Exit::Unclean,
    })
}

/// Keeps results, and shows how far the run is.
struct Told {
    progress: Progress,
    results: Results,
}

impl Take<Message> for Told {
    fn take(&mut self, message: Message) -> Result<()> {
        if let Message::Done(_, judged, _) = &message {
            self.progress.advance(!judged.agrees());
        }
        self.results.take(message)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(()) // Each message is written when it is taken.
    }
}

/// Compares OCI runtimes with the reference launcher.
///
/// # Errors
/// A runtime that is not there; whatever keeps an arena from being made.
pub fn oci(options: &ConformOciOptions) -> Result<Exit> {
    let compared = sekisho_conform_oci::compare(&options.filter, &options.target)?;
    print!("{}", compared.text());
    Ok(match compared.is_clean() {
        true => Exit::Done,
        false => Exit::Unclean,
    })
}

/// What is to be run: what the options say, or what the interrupted run was
/// to be.
fn plan(options: &ConformSuexecOptions, now: &jiff::Timestamp) -> Result<Options> {
    let jobs = options
        .jobs
        .map_or_else(|| 4 * machine::cpus(), usize::from);
    let out = options.out.join("conform");
    if let Some(wanted) = &options.resume {
        let directory = wanted.clone().map_or_else(|| latest(&out), Ok)?;
        let summary = Summary::read(&directory)?;
        if summary.complete {
            bail!(
                "the run {} is complete: nothing to resume",
                directory.display()
            );
        }
        return Ok(Options {
            count: summary.count,
            first: summary.first,
            seed: summary.seed,
            mode: summary.mode()?,
            jobs,
            directory,
        });
    }
    let stamp = format!(
        "{}-{:06x}",
        now.strftime("%Y%m%dT%H%M%SZ"),
        fastrand::u32(..1 << 24)
    );
    Ok(Options {
        count: options.count,
        first: options.first,
        seed: options.seed,
        mode: match options.mode {
            ConformMode::Exact => Mode::SuexecExact,
            ConformMode::Strict => Mode::Strict,
        },
        jobs,
        directory: out.join(stamp),
    })
}

/// The latest run that is not complete.
fn latest(out: &Path) -> Result<PathBuf> {
    rundir::latest(out, |path| {
        Summary::read(path).is_ok_and(|summary| !summary.complete)
    })
}

/// Runs the request of every documented difference.
fn differences(stages: &dyn Stages) -> Result<Exit> {
    let mut pair = Pair::new(stages, 0);
    let mut as_documented = 0;
    for row in &DIFFERENCES {
        let seen = demonstrate(&mut pair, row)?;
        let (original, strict) = (row.original.word(), row.strict.word());
        match seen {
            Ok(()) => {
                as_documented += 1;
                println!("{}: original {original}, strict {strict}", row.id);
            }
            Err(what) => println!("{}: NOT AS DOCUMENTED: {what}", row.id),
        }
    }
    let left = pair.quit()?;
    for left in &left {
        println!("left behind: {left}");
    }
    println!(
        "{as_documented} of {} differences as documented",
        DIFFERENCES.len()
    );
    Ok(
        match as_documented == DIFFERENCES.len() && left.is_empty() {
            true => Exit::Done,
            false => Exit::Unclean,
        },
    )
}

/// Package and version that the file belongs to, as dpkg tells.
fn package_of(path: &Path) -> String {
    let said = |command: &mut Command| {
        let output = command
            .output()
            .ok()
            .filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let owner = said(Command::new("dpkg-query").arg("--search").arg(path));
    let package = owner.and_then(|line| Some(line.split_once(':')?.0.to_owned()));
    let version = package.and_then(|name| {
        said(Command::new("dpkg-query").args([
            "--show",
            "--showformat=${Package} ${Version}",
            &name,
        ]))
    });
    version.unwrap_or_else(|| format!("{} of no package", path.display()))
}
