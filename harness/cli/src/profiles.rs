//! Profiles as they stand: a list, or one in full.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use std::path::Path;

use anyhow::{Result, bail};
use comfy_table::{Table, presets};
use sekisho_lab::campaign::Where;
use sekisho_lab::machine;
use sekisho_lab::profiles::{alone, cases, chosen};
use sekisho_reports::analysis::interval::Proportion;
use sekisho_reports::analysis::profiles::{Group, Profiles};
use sekisho_reports::read::Run;
use sekisho_results::ConfigurationOptions;
use sekisho_scenario::nearest::did_you_mean;
use sekisho_worlds::{PolicyName, Profile, WORLDS};

use crate::cli::{PolicyChoice, ProfilesCommand, ProfilesOptions};
use crate::exit::Exit;
use crate::show;

/// `sekisho profiles …`.
///
/// # Errors
/// An unknown world or profile; whatever keeps arenas from being made.
pub fn command(command: Option<&ProfilesCommand>, options: &ProfilesOptions) -> Result<Exit> {
    match command {
        Some(ProfilesCommand::List { world }) => list(&chosen(world)?),
        Some(ProfilesCommand::Show { profile, policy }) => one(profile, *policy),
        None => run_alone(options),
    }
}

/// A run of its own.
fn run_alone(options: &ProfilesOptions) -> Result<Exit> {
    let (asked, place) = match &options.resume {
        Some(directory) => (
            alone::options_of(directory)?,
            Where::Resume(directory.clone()),
        ),
        None => (asked(options), Where::New(options.out.clone())),
    };
    let jobs = options
        .jobs
        .map_or_else(|| 4 * machine::cpus(), usize::from);
    let run = alone::run(&asked, &place, jobs)?;
    let directory = run.directory.display();
    if let Some(signal) = run.signal {
        eprintln!(
            "interrupted; to continue: {}",
            alone::how_to_resume(&run.directory)
        );
        return Ok(Exit::Interrupted(signal));
    }
    print(&format!(
        "{}\nresults: {directory}\n",
        short(&run.directory)?
    ))?;
    Ok(match run.file.leftovers.is_empty() {
        true => Exit::Done,
        false => Exit::Unclean,
    })
}

fn asked(options: &ProfilesOptions) -> ConfigurationOptions {
    let policies = match options.policy {
        PolicyChoice::Both => PolicyName::ALL.to_vec(),
        PolicyChoice::Default => vec![PolicyName::Default],
        PolicyChoice::Tuned => vec![PolicyName::Tuned],
    };
    ConfigurationOptions {
        worlds: options.world.clone(),
        every: options.every,
        policies: policies.iter().map(|name| name.word().to_owned()).collect(),
        rules: options.rules.clone(),
        random_sets: options.random_sets,
        seed: options.seed,
        timeout_ms: options.timeout,
        launcher: options.launcher.clone(),
        records: options.records.clone(),
        shard: options.shard,
    }
}

/// Writes to standard output.
///
/// # Errors
/// Standard output cannot be written.
pub fn print(text: &str) -> Result<Exit> {
    show::out(text)
}

/// What came of the configurations of a run, for a terminal.
///
/// # Errors
/// The result files cannot be read.
pub fn short(directory: &Path) -> Result<String> {
    let run = Run::load(directory)?;
    let Some(profiles) = Profiles::of(&run, None) else {
        bail!("{} has no starts of configurations", directory.display());
    };
    let sets = run.profiles.sets.iter();
    let sets: Vec<&str> = sets
        .map(String::as_str)
        .filter(|set| !["none", "sanitising"].contains(set) && !set.starts_with("random:"))
        .collect();
    let mut table = Table::new();
    let mut heads = vec![
        "policy",
        "world",
        "configurations",
        "shapes",
        "work with no rule",
    ];
    let broken: Vec<_> = sets
        .iter()
        .map(|set| format!("break under {set}"))
        .collect();
    heads.extend(broken.iter().map(String::as_str));
    table.load_style(presets::ASCII_MARKDOWN).set_header(heads);
    for group in &profiles.groups {
        let mut row = vec![
            group.policy.clone(),
            group.world.clone().unwrap_or_else(|| "all".to_owned()),
            group.configurations.to_string(),
            group.shapes.to_string(),
            group.working.to_string(),
        ];
        row.extend(
            sets.iter()
                .map(|set| rate(group.set(set).map(|set| set.broken))),
        );
        table.add_row(row);
    }
    let mut text = format!("{table}\n");
    for group in profiles.groups.iter().filter(|group| group.world.is_none()) {
        text.push_str(&details(group));
    }
    let agreement = &profiles.agreement;
    let _ = writeln!(
        text,
        "as the verdicts predict: {} of {} starts; the deciding rule: {} of {} refusals; not told \
         by verdicts: {}",
        agreement.agreed,
        agreement.checked,
        agreement.refusals_by_predicted_rule,
        agreement.refusals,
        agreement.open
    );
    for one in &agreement.disagreements {
        let _ = writeln!(text, "  otherwise: {one}");
    }
    Ok(text)
}

fn rate(proportion: Option<Proportion>) -> String {
    match proportion.filter(|proportion| proportion.n > 0) {
        Some(p) => format!("{}/{} = {:.0} %", p.hits, p.n, p.rate * 100.0),
        None => "–".to_owned(),
    }
}

fn details(group: &Group) -> String {
    let mut text = String::new();
    for one in &group.not_working {
        let _ = writeln!(
            text,
            "{} policy, does not work with no rule (counts nowhere): {} (for {}): {} {}",
            group.policy,
            one.profile,
            one.count,
            one.outcome.word(),
            one.reason
        );
    }
    let most = group
        .rules
        .iter()
        .filter(|rule| rule.refused.hits > 0)
        .take(12);
    let most: Vec<_> = most
        .map(|rule| format!("{} {}", rule.rule, rule.refused.hits))
        .collect();
    let _ = writeln!(
        text,
        "{} policy, rules that refuse most: {}",
        group.policy,
        most.join(", ")
    );
    text
}

/// Lists configurations; those that are started say how many they stand for.
///
/// # Errors
/// Standard output cannot be written.
pub fn list(profiles: &[Profile]) -> Result<Exit> {
    let mut stands_for: BTreeMap<&str, usize> = BTreeMap::new();
    for profile in profiles {
        *stands_for.entry(&profile.stands_for_it).or_default() += 1;
    }
    let mut text = String::new();
    for world in WORLDS {
        let of_world: Vec<_> = profiles
            .iter()
            .filter(|profile| profile.world.id == world.id)
            .collect();
        if of_world.is_empty() {
            continue;
        }
        let started = of_world
            .iter()
            .filter(|profile| profile.is_started())
            .count();
        let _ = writeln!(
            text,
            "{}: {} ({} configurations, {started} shapes)",
            world.id,
            world.title,
            of_world.len()
        );
        for profile in of_world {
            let key = profile.key();
            let how = match stands_for.get(key.as_str()) {
                Some(1) => "started".to_owned(),
                Some(count) => format!("started for {count}"),
                None => format!("as {}", profile.stands_for_it),
            };
            let _ = writeln!(text, "  {key}  [{how}]  {}", profile.record.title);
        }
    }
    print(&text)
}

/// Shows a profile as a scenario, with what every rule of its world compares.
///
/// # Errors
/// Names an unknown profile and the nearest known one.
pub fn one(wanted: &str, policy: PolicyChoice) -> Result<Exit> {
    let profiles = chosen(&[])?;
    let Some(profile) = profiles.iter().find(|profile| profile.key() == wanted) else {
        let keys: Vec<_> = profiles.iter().map(Profile::key).collect();
        let hint = did_you_mean(wanted, keys.iter().map(String::as_str));
        bail!("unknown profile `{wanted}`{hint}; `sekisho profiles list` lists them all");
    };
    let policy = match policy {
        PolicyChoice::Tuned => PolicyName::Tuned,
        PolicyChoice::Default | PolicyChoice::Both => PolicyName::Default,
    };
    let case = cases::loaded(profile, policy, &[])?;
    let mut text = format!("# {}, {} policy\n", profile.key(), policy.word());
    if !profile.is_started() {
        let _ = writeln!(text, "# looks to every rule like {}", profile.stands_for_it);
    }
    let scenario = serde_json::to_value(&case.spec)?;
    text.push_str(&serde_json::to_string_pretty(&without_empty(scenario))?);
    text.push('\n');
    print(&text)
}

/// What says nothing is left out.
fn without_empty(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| (name, without_empty(value)))
                .filter(|(_, value)| {
                    let empty = match value {
                        Value::Null => true,
                        Value::Array(list) => list.is_empty(),
                        Value::Object(fields) => fields.is_empty(),
                        _ => false,
                    };
                    !empty
                })
                .collect(),
        ),
        other => other,
    }
}
