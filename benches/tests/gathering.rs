//! Gathering in process is what a start does: on every rule's requests, in the
//! private host. The program that gathers is this test itself, called with a
//! word, in a process that holds no descriptors.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use sekisho_benches::gather::{CHANGES, Case, each_rule, early, permitted, shows_in};
use sekisho_benches::world::{self, GATHERED, INIT};
use sekisho_rules::registry::{RULES, decide};
use sekisho_rules::{Evidence, Fact, Needs, Rule, RuleSet};
use sekisho_trace::ptrace::count::Calls;
use sekisho_trace::ptrace::steps::{self, Work};

const REPEAT: &str = "--repeat";
const COUNT: &str = "--count";
const SEARCH: &str = "--search";
/// Entries of the databases that are searched: few, every instruction is a stop.
const ENTRIES: [usize; 2] = [3, 6];

fn main() -> Result<()> {
    let word = std::env::args().nth(1).unwrap_or_default();
    match word.as_str() {
        REPEAT => {
            sekisho_sys::terminal::new_session().map_err(|error| anyhow::anyhow!("{error}"))?;
            nothing_is_remembered_from_the_last_time()?;
            every_rule_is_gathered_for_and_again_alike()?;
            every_fact_is_gathered_as_it_is()
        }
        COUNT => gather_for_each(),
        SEARCH => search(),
        _ => all(),
    }
}

fn all() -> Result<()> {
    if !sekisho_skips::as_root() {
        return Ok(());
    }
    let thread = std::thread::spawn(|| {
        world::enter(false)?;
        let status = own(REPEAT)?.status().context("this program")?;
        ensure!(status.success(), "gathering again: {status}");
        gathering_asks_the_kernel_for_what_a_start_asks()?;
        databases_are_searched_each_time()
    });
    thread.join().expect("no panic")
}

fn own(word: &str) -> Result<Command> {
    let mut program = Command::new(std::env::current_exe()?);
    program.arg(word);
    Ok(program)
}

fn every_rule_is_gathered_for_and_again_alike() -> Result<()> {
    let mut visited = Vec::new();
    let skipped = each_rule(|visit| {
        let (id, needs) = (visit.rule.id, visit.rule.needs);
        let start = visit.asked.gather(needs)?;
        ensure!(start == start.clone().limited_to(needs), "{id}: too much");
        let descriptors = || visit.asked.gather_first(needs).descriptors;
        let mut again = visit.asked.gather_first(needs);
        ensure!(descriptors() == start.descriptors, "{id}: descriptors");
        let mut prepared = visit.asked.resolve()?;
        // Other facts in between must not change it.
        for needs in [needs, facts(RuleSet::all()), needs] {
            again = Evidence {
                descriptors: again.descriptors,
                ..prepared.gather(needs)
            };
        }
        ensure!(start == again, "{id}: another time");
        if visit.verdict == "refuse" {
            println!("{id}: {}", visit.what);
        }
        visited.push((id, visit.verdict));
        Ok(())
    })?;
    for rule in RULES {
        for verdict in ["permit", "refuse"] {
            let seen = visited.contains(&(rule.id, verdict));
            let named = skipped
                .iter()
                .find(|it| (it.rule.as_str(), it.verdict.as_str()) == (rule.id, verdict));
            ensure!(seen != named.is_some(), "{} {verdict}: {named:?}", rule.id);
            // Only what is late cannot be gathered beforehand; else a change is
            // missing in `gather::CHANGES`.
            ensure!(seen != rule.is_late(), "{} {verdict}: {named:?}", rule.id);
        }
    }
    Ok(())
}

/// A change of a fact shows in what is gathered of it.
fn every_fact_is_gathered_as_it_is() -> Result<()> {
    // The terminal was given before and is there for good.
    let late = [Fact::Dropped, Fact::Terminal];
    for fact in Fact::ALL.iter().filter(|fact| !late.contains(fact)) {
        let needs = Needs::of(&[*fact]);
        let usual = Case::ordinary()?.begin()?.gather(needs)?;
        let what = shows_in(*fact);
        let change = CHANGES.iter().find(|change| change.what == what);
        let mut case = Case::ordinary()?;
        (change.with_context(|| format!("no change {what}"))?.apply)(&mut case)?;
        let changed = case.begin()?.gather(needs)?;
        ensure!(changed != usual, "{fact:?} after {what}: {changed:?}");
    }
    Ok(())
}

fn nothing_is_remembered_from_the_last_time() -> Result<()> {
    let asked = Case::ordinary()?.begin()?;
    let all = early(RuleSet::all());
    let descriptors = asked.gather_first(facts(all)).descriptors;
    let mut prepared = asked.resolve()?;
    let mut gather = || Evidence {
        descriptors: descriptors.clone(),
        ..prepared.gather(facts(all))
    };
    permitted(all, &gather(), &asked.policy)?;
    let chmod = |path: &str, mode| fs::set_permissions(path, Permissions::from_mode(mode));
    let config = format!("{}/config.json", GATHERED.bundle());
    let init = format!("{}{INIT}", GATHERED.rootfs());
    chmod(&GATHERED.bundle(), 0o777)?;
    chmod(&GATHERED.rootfs(), 0o777)?;
    chmod(&config, 0o666)?;
    fs::write(&init, "echo\n")?;
    chmod(&init, 0o644)?;
    let refused = decide(all, &gather(), &asked.policy);
    let refused: Vec<&str> = refused.iter().map(|(_, rule, _)| rule.id).collect();
    let expected = [
        "bundle-writable-by-others",
        "rootfs-writable-by-others",
        "init-not-executable",
        "config-writable-by-others",
        "init-format-unrecognised",
    ];
    ensure!(refused.len() == expected.len(), "{refused:?}");
    ensure!(
        expected.iter().all(|id| refused.contains(id)),
        "{refused:?}"
    );
    Ok(())
}

fn facts(set: RuleSet) -> Needs {
    early(set).needs()
}

/// Rules whose calls are counted.
fn counted() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().copied().filter(|rule| !rule.is_late())
}

fn gather_for_each() -> Result<()> {
    sekisho_sys::terminal::new_session().map_err(|error| anyhow::anyhow!("{error}"))?;
    let asked = Case::ordinary()?.begin()?;
    steps::perform(counted().map(|rule| -> Work<'_> {
        // A start looks at descriptors before it has any.
        if rule.needs.has(Fact::Descriptors) {
            return Box::new(|| drop(asked.gather_first(rule.needs)));
        }
        let mut prepared = asked.resolve().expect("the ordinary request");
        Box::new(move || drop(prepared.gather(rule.needs)))
    }))
}

/// The page of system calls is what real starts make (`tests/system_calls.rs`).
fn gathering_asks_the_kernel_for_what_a_start_asks() -> Result<()> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/system-calls.md");
    let page = fs::read_to_string(page).context("docs/system-calls.md")?;
    let of_starts: BTreeMap<&str, Calls> = page.lines().filter_map(row).collect();
    let of_gathering = steps::calls(own(COUNT)?)?;
    ensure!(of_gathering.len() == counted().count(), "not all counted");
    for (rule, mut calls) in counted().zip(of_gathering) {
        let start = of_starts.get(rule.id).context("not on the page")?;
        let has = |fact| rule.needs.has(fact);
        // The standard library looks at what it closes, unless it is optimised.
        calls.remove("fcntl");
        // A start leaves the init open until it executes it.
        if has(Fact::InitFormat) || has(Fact::Interpreter) {
            let closed = calls.get_mut("close").context("left open")?;
            *closed -= 1;
            calls.retain(|_, count| *count > 0);
        }
        // Starts of the page clean up what these find.
        let cleans = has(Fact::State) || has(Fact::GroupsHeld);
        let as_many = match cleans {
            true => calls
                .iter()
                .all(|(name, count)| start.get(name) >= Some(count)),
            false => &calls == start,
        };
        ensure!(as_many, "{}: {calls:?}, in a start {start:?}", rule.id);
        ensure!(!cleans || !calls.is_empty(), "{}: none", rule.id);
    }
    Ok(())
}

fn search() -> Result<()> {
    let needs = Needs::of(&[Fact::Membership]);
    let asked = Case::ordinary()?.begin()?;
    steps::perform(ENTRIES.into_iter().map(|entries| -> Work<'_> {
        // Read when the request is resolved, and searched now.
        world::databases(entries).expect("written");
        let mut prepared = asked.resolve().expect("the ordinary request");
        Box::new(move || drop(prepared.gather(needs)))
    }))
}

/// What is counted is done for the second time.
fn databases_are_searched_each_time() -> Result<()> {
    let counts = steps::instructions(own(SEARCH)?)?;
    println!("searching {ENTRIES:?} entries: {counts:?} instructions");
    ensure!(2 * counts[1] > 3 * counts[0], "{ENTRIES:?}: {counts:?}");
    Ok(())
}

/// A row of one rule: its name and which calls it adds.
fn row(line: &str) -> Option<(&str, Calls)> {
    let mut cells = line.split('|').map(str::trim).skip(1);
    let (rule, which) = (cells.next()?, cells.nth(2)?);
    let calls = which.split(", ").filter(|call| !call.is_empty());
    let call = |text: &str| {
        let (name, count) = text.split_once(" +")?;
        Some((name.trim_matches('`').to_owned(), count.parse().ok()?))
    };
    Some((
        rule.trim_matches('`'),
        calls.map(call).collect::<Option<_>>()?,
    ))
}
