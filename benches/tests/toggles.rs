//! Every rule can be switched alone and left out alone, in real starts: in the
//! research build at run time, and, for as many rules as
//! `SEKISHO_HARDENED_RULES` says (drawn by `SEKISHO_SEED`), in hardened builds
//! that have just that rule or all others.
//!
//! A start is made by this program, called with words, in a process of its own:
//! it gives that process the state of the caller.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use sekisho_benches::gather::{self, CHANGES, Case};
use sekisho_benches::world;
use sekisho_rules::registry::RULES;
use sekisho_rules::{Policy, Rule, RuleSet};
use sekisho_sys::process::Ended;

const START: &str = "--start";
const RECORD: &str = "/run/toggles.record";
/// Exit status of a launcher whose rule denied.
const DENIED: u8 = 101;

fn main() -> Result<ExitCode> {
    let mut words = env::args().skip(1);
    if words.next().as_deref() == Some(START) {
        return start(&words.next().context("a change")?);
    }
    if !sekisho_skips::as_root() {
        return Ok(ExitCode::SUCCESS);
    }
    // What ordinary requests are made for.
    let policy = Policy {
        most_environment: Policy::default().most_environment,
        ..gather::policy()?
    };
    let policy = policy.to_string();
    let builds = hardened_builds(&policy)?;
    world::enter(false)?;
    world::put("/etc/sekisho/policy.conf", policy.as_bytes(), 0o644, 0)?;
    let refused = each_rule_at_run_time()?;
    for (rule, builds) in builds {
        let position = RULES.iter().position(|known| known.id == rule.id);
        in_hardened_builds(rule, &refused[position.context("a rule")?], &builds)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The request with one change, by number.
fn start(change: &str) -> Result<ExitCode> {
    sekisho_sys::terminal::new_session().map_err(|error| anyhow::anyhow!("{error}"))?;
    let change = &CHANGES[change.parse::<usize>()?];
    let mut case = Case::ordinary()?;
    (change.apply)(&mut case).context(change.what)?;
    Ok(match case.start()? {
        Ended::Status(status) => ExitCode::from(u8::try_from(status)?),
        Ended::Signal(signal) => ExitCode::from(128 + u8::try_from(signal)?),
    })
}

/// What a start gave.
struct Seen {
    status: Option<i32>,
    err: String,
    record: String,
}

impl Seen {
    fn of(change: usize) -> Result<Self> {
        let _ = fs::remove_file(RECORD);
        let output = Command::new(env::current_exe()?)
            .args([START, &change.to_string()])
            .output()
            .context("this program")?;
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        let what = CHANGES[change].what;
        ensure!(!err.starts_with("Error: "), "{what}: {err}");
        Ok(Self {
            status: output.status.code(),
            err,
            record: fs::read_to_string(RECORD).unwrap_or_default(),
        })
    }

    /// What the record says that a rule said.
    fn verdict(&self, rule: &Rule) -> Option<&str> {
        let (_, verdicts) = self.record.split_once("\"verdicts\":")?;
        let (_, verdict) = verdicts.split_once(&format!("\"{}\":\"", rule.id))?;
        verdict.split('"').next()
    }

    fn is_denied_by(&self, rule: &Rule) -> bool {
        let told = format!(" denied: rule={} ", rule.id);
        self.status == Some(DENIED.into()) && self.err.contains(&told)
    }

    fn names(&self, rule: &Rule) -> bool {
        self.err.contains(&format!("rule={} ", rule.id)) || self.verdict(rule).is_some()
    }
}

/// A request that a rule refuses.
struct Refused {
    change: usize,
    sanitised: bool,
}

fn configure(rules: &str, observe: &str) -> Result<()> {
    world::configure(rules, &format!("record = {RECORD}\nobserve = {observe}\n"))
}

/// For each rule the first change that it refuses when all rules are recorded.
fn requests() -> Result<Vec<Refused>> {
    let mut found: Vec<Option<Refused>> = RULES.iter().map(|_| None).collect();
    configure("none", "all")?;
    for change in 0..CHANGES.len() {
        let seen = Seen::of(change)?;
        for (rule, found) in RULES.iter().zip(&mut found) {
            let verdict = seen.verdict(rule);
            if found.is_none() && matches!(verdict, Some("deny" | "sanitize")) {
                *found = Some(Refused {
                    change,
                    sanitised: verdict == Some("sanitize"),
                });
            }
        }
    }
    let found = RULES.iter().zip(found);
    found
        .map(|(rule, found)| {
            found.with_context(|| format!("{}: no change that it refuses in CHANGES", rule.id))
        })
        .collect()
}

fn each_rule_at_run_time() -> Result<Vec<Refused>> {
    let requests = requests()?;
    let (mut denied, mut went_on) = (0, 0);
    for (rule, request) in RULES.iter().zip(&requests) {
        let (id, what) = (rule.id, CHANGES[request.change].what);
        configure(id, "enforced")?;
        let alone = Seen::of(request.change)?;
        let refuses = match request.sanitised {
            true => alone.verdict(rule) == Some("sanitize") && alone.err.is_empty(),
            false => alone.is_denied_by(rule),
        };
        ensure!(refuses, "{id} alone, {what}: {}{}", alone.err, alone.record);
        for other in RULES.iter().filter(|other| other.id != id) {
            ensure!(!alone.names(other), "{id} alone: {} is on", other.id);
        }
        denied += usize::from(!request.sanitised);
        configure(&format!("all,-{id}"), "enforced")?;
        let without = Seen::of(request.change)?;
        ensure!(!without.record.is_empty(), "{id} off: {}", without.err);
        ensure!(!without.names(rule), "{id} off, {what}: {}", without.err);
        went_on += usize::from(without.status == Some(sekisho_benches::built::RAN));
    }
    println!(
        "{} rules alone: {denied} denied, {} sanitised; all but one: none said a word of the one \
         left out, {went_on} requests ran their init",
        RULES.len(),
        RULES.len() - denied,
    );
    Ok(requests)
}

/// Hardened builds with one rule and with all others.
struct Builds {
    alone: Vec<u8>,
    without: Vec<u8>,
}

fn hardened_builds(policy: &str) -> Result<Vec<(&'static Rule, Builds)>> {
    let count = match env::var("SEKISHO_HARDENED_RULES") {
        Ok(count) => count.parse().context("SEKISHO_HARDENED_RULES")?,
        Err(_) => 0,
    };
    let seed = match env::var("SEKISHO_SEED") {
        Ok(seed) => seed.parse().context("SEKISHO_SEED")?,
        Err(_) => fastrand::u64(..),
    };
    if count > 0 {
        println!("{count} rules in hardened builds, SEKISHO_SEED={seed}");
    }
    let rules: Vec<&Rule> = RULES.to_vec();
    let drawn = fastrand::Rng::with_seed(seed).choose_multiple(rules, count);
    let both = |rule: &'static Rule| {
        let others = RULES.iter().map(|other| other.id);
        let others: Vec<&str> = others.filter(|id| *id != rule.id).collect();
        let builds = Builds {
            alone: build(rule.id, policy)?,
            without: build(&others.join(","), policy)?,
        };
        Ok((rule, builds))
    };
    drawn.into_iter().map(both).collect()
}

fn build(features: &str, policy: &str) -> Result<Vec<u8>> {
    const TARGET: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/hardened");
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("policy.conf");
    fs::write(&file, policy).context("write the policy")?;
    let triple = format!("{}-unknown-linux-gnu", env::consts::ARCH);
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("RUSTFLAGS", "-C target-feature=+crt-static -C panic=abort")
        .env("SEKISHO_POLICY_FILE", &file)
        .args(["build", "--profile", "installed", "--locked", "--offline"])
        .args(["-p", "sekisho-launcher-hardened", "--no-default-features"])
        .args(["--features", features, "--target", &triple])
        .args(["--target-dir", TARGET])
        .output()
        .context("cargo")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "building {features}: {said}");
    let built = Path::new(TARGET).join(triple).join("installed");
    fs::read(built.join("sekisho-launch-hardened")).context("the program")
}

fn in_hardened_builds(rule: &Rule, request: &Refused, builds: &Builds) -> Result<()> {
    let one = RuleSet::one(rule.id).context("a rule")?;
    for (program, rules) in [
        (&builds.alone, one),
        (&builds.without, RuleSet::all().without(one)),
    ] {
        world::put(world::LAUNCHER, program, 0o4755, 0)?;
        let told = Command::new(world::LAUNCHER)
            .args(["--version", "--verbose"])
            .output()?;
        let told = String::from_utf8_lossy(&told.stdout);
        let line = format!("\nrules = {rules}\n");
        ensure!(told.contains(&line), "{}: built with {told}", rule.id);
        let seen = Seen::of(request.change)?;
        // It keeps no record: what it sanitises shows in its list of rules only.
        let expected = rules == one && !request.sanitised;
        let said = &seen.err;
        ensure!(seen.is_denied_by(rule) == expected, "{}: {said}", rule.id);
    }
    let how = match request.sanitised {
        true => "listed",
        false => "denied",
    };
    println!(
        "hardened with {} alone: {how}; with all others: not",
        rule.id
    );
    Ok(())
}
