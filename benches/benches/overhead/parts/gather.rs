//! In process: gathering evidence for rules and rule sets, of real requests in
//! the private host, and resolving requests that grow.
//!
//! In a process of its own: it becomes what a launcher is that has begun to look
//! at a request (ids, limits, signals, umask), and it must hold no descriptors,
//! since these are evidence as well.

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use sekisho_benches::directions::{self, DIRECTIONS, Direction};
use sekisho_benches::gather::{Asked, Case, Skipped, each_rule, early, permitted, policy};
use sekisho_benches::sheet::Sheet;
use sekisho_benches::subjects::rule_sets;
use sekisho_rules::registry::RULES;
use sekisho_rules::{Fact, Needs, RuleSet, Verdict};

use super::Bench;
use super::timer::Timer;

/// Word that makes this program gather; a directory for what it finds and
/// `quick` or `full` follow.
pub const GATHERING: &str = "--gathering";
/// In the private host, which ends with this process.
const DIRECTORY: &str = "/run/gather";
const SKIPPED: &str = "skipped.json";

pub fn run(bench: &mut Bench<'_>) -> Result<()> {
    println!("gathering evidence in process");
    bench
        .about
        .method("gather", Timer::new(bench.options.quick)?.method());
    std::fs::create_dir_all(DIRECTORY).context(DIRECTORY)?;
    let mode = if bench.options.quick { "quick" } else { "full" };
    let status = Command::new(std::env::current_exe()?)
        .args([GATHERING, DIRECTORY, mode])
        .status();
    let status = status.context("start the process that gathers")?;
    ensure!(status.success(), "the process that gathers: {status}");
    bench.sheet.take_in(Path::new(DIRECTORY))?;
    let skipped = Path::new(DIRECTORY).join(SKIPPED);
    let skipped = std::fs::read_to_string(&skipped).context(SKIPPED)?;
    let skipped: Vec<Skipped> = serde_json::from_str(&skipped).context(SKIPPED)?;
    for it in skipped {
        let subject = format!("only:{} ({})", it.rule, it.verdict);
        bench.about.skip("gather", &subject, it.reason);
    }
    Ok(())
}

/// Gathers, in the process that [`run`] starts.
///
/// # Errors
/// A request cannot be made, or is not judged as it should be.
pub fn gather(directory: &Path, mode: &str) -> Result<()> {
    let quick = mode == "quick";
    sekisho_sys::terminal::new_session().map_err(|error| anyhow::anyhow!("{error}"))?;
    let (mut growth, mut timer) = (Timer::new(quick)?, Timer::new(quick)?);
    for direction in DIRECTIONS {
        for size in direction.sizes(quick) {
            grown(&mut growth, direction, *size)?;
        }
        directions::back()?;
    }
    sets(&mut timer)?;
    // Last, since one of its requests leaves a terminal behind.
    let skipped = each_rule(|visit| {
        let subject = format!("only:{}", visit.rule.id);
        let varied = ("verdict", visit.verdict.to_owned());
        timer.sample("gather", &subject, varied, |iterations| {
            gathered(visit.asked, visit.rule.needs, iterations)
        })
    })?;
    let mut sheet = Sheet::create(directory)?;
    timer.write(&mut sheet)?;
    growth.write(&mut sheet)?;
    let skipped = serde_json::to_string(&skipped)?;
    std::fs::write(directory.join(SKIPPED), skipped).context(SKIPPED)
}

/// Sets on the ordinary request, and resolving it, which every start does.
fn sets(timer: &mut Timer) -> Result<()> {
    let asked = Case::ordinary()?.begin()?;
    let permit = || ("verdict", "permit".to_owned());
    timer.sample("gather", "resolve", permit(), |n| resolved(&asked, n))?;
    for (name, expression) in rule_sets() {
        if name.contains(':') {
            continue;
        }
        set(
            timer,
            "gather",
            &name,
            permit(),
            &asked,
            RuleSet::parse(&expression)?,
        )?;
    }
    Ok(())
}

/// Resolving, and gathering for all rules and for those that the direction
/// concerns: one of each that need the same, for which the same is done.
fn grown(timer: &mut Timer, direction: &Direction, size: usize) -> Result<()> {
    (direction.make)(size)?;
    let mut case = Case::of(&direction.reference(size)?, policy()?);
    for (name, value) in direction.variables(size) {
        case.variable(format!("{name}={value}").as_bytes());
    }
    case.groups.extend(direction.groups(size));
    let asked = case.begin()?;
    let bench = "gather-growth";
    let varied = || (direction.parameter, size.to_string());
    timer.sample(bench, "resolve", varied(), |n| resolved(&asked, n))?;
    set(timer, bench, "all", varied(), &asked, RuleSet::all())?;
    let mut seen = Vec::new();
    for rule in RULES.iter().filter(|rule| !rule.is_late()) {
        let concerned = direction.facts.iter().any(|fact| rule.needs.has(*fact));
        if !concerned || seen.contains(&rule.needs) {
            continue;
        }
        seen.push(rule.needs);
        let said = (rule.evaluate)(&asked.gather(rule.needs)?, &asked.policy);
        ensure!(said == Verdict::Permit, "{} {size}: {said:?}", rule.id);
        timer.sample(bench, &format!("only:{}", rule.id), varied(), |n| {
            gathered(&asked, rule.needs, n)
        })?;
    }
    Ok(())
}

fn set(
    timer: &mut Timer,
    bench: &'static str,
    name: &str,
    varied: super::timer::Varied,
    asked: &Asked,
    set: RuleSet,
) -> Result<()> {
    let set = early(set);
    permitted(set, &asked.gather(set.needs())?, &asked.policy).context(varied.1.clone())?;
    timer.sample(bench, name, varied, |n| gathered(asked, set.needs(), n))
}

/// How long gathering takes so many times, of a request that was resolved before.
fn gathered(asked: &Asked, needs: Needs, iterations: u64) -> Result<Duration> {
    let descriptors = Needs::of(&[Fact::Descriptors]);
    let mut taken = Duration::ZERO;
    if needs.has(Fact::Descriptors) {
        let begin = Instant::now();
        for _ in 0..iterations {
            drop(black_box(asked.gather_first(black_box(needs))));
        }
        taken += begin.elapsed();
    }
    if needs != descriptors {
        let mut prepared = asked.resolve()?;
        let begin = Instant::now();
        for _ in 0..iterations {
            drop(black_box(prepared.gather(black_box(needs))));
        }
        taken += begin.elapsed();
    }
    Ok(taken)
}

/// How long resolving takes so many times, without giving back what it holds.
fn resolved(asked: &Asked, iterations: u64) -> Result<Duration> {
    let mut taken = Duration::ZERO;
    for _ in 0..iterations {
        let begin = Instant::now();
        let prepared = black_box(asked).resolve()?;
        taken += begin.elapsed();
        drop(black_box(prepared));
    }
    Ok(taken)
}
