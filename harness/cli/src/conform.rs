//! `sekisho conform`: our launchers beside real ones.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use sekisho_arena::{Arena, StartOptions};
use sekisho_conform_suexec::differences::DIFFERENCES;
use sekisho_conform_suexec::kept;
use sekisho_conform_suexec::pairs;
use sekisho_conform_suexec::results::{About, REQUESTS, Results};
use sekisho_conform_suexec::run::{Field, Job, Message, Options, Programs, demonstrate, run};
use sekisho_conform_suexec::summary::Summary;
use sekisho_lab::pool::Signals;
use sekisho_lab::progress::Progress;
use sekisho_lab::runfile::hash;
use sekisho_lab::stage::WORKER;
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
    let programs = Programs {
        original,
        ours,
        probe: sekisho_programs::PROBE.to_vec(),
        preload: sekisho_programs::PRELOAD.to_vec(),
    };
    let start = || {
        Arena::start(&StartOptions {
            program: None,
            arguments: vec![WORKER.into()],
        })
    };
    if options.differences {
        return differences(&programs, &start);
    }
    let plan = plan(options, &now)?;
    // The first arena before the first file: without one there is no run.
    let first =
        start().context("no arena can be made here (`sekisho doctor` says what is missing)")?;
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
    let mut results = match options.resume {
        None => Results::open(&plan, about)?,
        Some(_) => {
            resume::drop_torn_line(&place.directory.join(REQUESTS))?;
            let (results, done) = Results::take_up(&place.directory, &about)?;
            jobs.retain(|job| !done.contains(&job.name()));
            results
        }
    };
    let mut progress = Progress::new(jobs.len());
    let began = Instant::now();
    let signal = Signals::watch()?;
    let stop = || signal.load(Ordering::Relaxed) != 0;
    run(&plan, &jobs, &programs, &start, &stop, |message| {
        if let Message::Done(_, judged, _) = &message {
            progress.advance(!judged.agrees());
        }
        results.take(message)
    })?;
    progress.finish();
    if stop() {
        let summary = results.pause(began.elapsed().as_secs_f64())?;
        eprintln!(
            "interrupted after {} requests, of which {} agree; to continue: sekisho conform suexec \
             --resume {}",
            summary.done,
            summary.agree,
            place.directory.display()
        );
        return Ok(Exit::Interrupted(signal.load(Ordering::Relaxed)));
    }
    let ended = jiff::Timestamp::now().to_string();
    let summary = results.finish(ended, began.elapsed().as_secs_f64())?;
    print!("{}", summary.text(&plan.directory));
    Ok(match summary.is_clean() {
        true => Exit::Done,
        false => Exit::Unclean,
    })
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
fn differences(programs: &Programs, start: &(dyn Fn() -> Result<Arena> + Sync)) -> Result<Exit> {
    let mut field = Field::new(start, programs, 0);
    let mut as_documented = 0;
    for row in &DIFFERENCES {
        let seen = demonstrate(&mut field, row)?;
        let (original, strict) = (row.original.word(), row.strict.word());
        match seen {
            Ok(()) => {
                as_documented += 1;
                println!("{}: original {original}, strict {strict}", row.id);
            }
            Err(what) => println!("{}: NOT AS DOCUMENTED: {what}", row.id),
        }
    }
    let left = field.quit()?;
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
