//! One trial from request to witness, told in full: what was asked, what every
//! rule said, what the launcher did, what the probe saw, which part of the
//! witness holds.

use std::fmt::Write as _;

use anyhow::{Result, bail};
use sekisho_lab::attempt::{Attempt, Judged, Unable, possible};
use sekisho_lab::classify::{Classified, exit_status};
use sekisho_lab::controls;
use sekisho_lab::corpus::{self, Case};
use sekisho_lab::hash::hash;
use sekisho_lab::probe_reports::Reports;
use sekisho_lab::stage::{Arenas, Stages as _};
use sekisho_lab::{carried, choose};
use sekisho_results::Verdict;
use sekisho_rules::{Policy, RuleSet};
use sekisho_targets::{Asked, Decision};
use sekisho_trial::{Observation, Resolution, Setting};
use sekisho_witness::Report;

use crate::cli::{ResolutionChoice, TrialOptions};
use crate::exit::Exit;

/// Runs one trial and tells what happened.
///
/// # Errors
/// An unknown case or rule; whatever keeps an arena from being made.
pub fn trial(options: &TrialOptions) -> Result<Exit> {
    let scenarios = corpus::scenarios(options.scenarios.as_deref())?;
    let Some(loaded) = scenarios.find(&options.case) else {
        bail!(
            "no single case `{}`; `sekisho scenarios list --filter {}` lists cases",
            options.case,
            options.case.split('/').next().unwrap_or_default()
        );
    };
    let case = corpus::resolve(&scenarios, loaded)?;
    let rules = RuleSet::parse(&options.rules)?;
    let policy = Policy::default();
    let carried = carried(options.launcher.as_deref(), &policy)?;
    let target = choose::usable(&carried, &options.target)?;
    let asked = Asked::new(&case.planned.request, controls::layout(&case, None));
    let resolutions = match options.resolution {
        _ if !target.has_rules() => vec![Resolution::ByPath],
        ResolutionChoice::Both => Resolution::ALL.to_vec(),
        ResolutionChoice::ByDescriptor => vec![Resolution::ByDescriptor],
        ResolutionChoice::ByPath => vec![Resolution::ByPath],
    };
    let (mut stage, conditions) =
        Arenas::for_targets(std::slice::from_ref(&target)).start_first()?;
    match possible(&case, &asked, target.as_ref(), &conditions) {
        Ok(()) => {}
        Err(Unable::Skipped(reason)) => bail!("skipped: {reason}"),
        Err(Unable::NotApplicable(part)) => {
            bail!("not applicable: {} cannot express {part}", options.target)
        }
    }
    stage.prepare(&case.planned.layout)?;
    println!("{}", introduction(&case));
    for resolution in resolutions {
        let attempt = Attempt {
            control: None,
            case: &case,
            asked: &asked,
            target: target.as_ref(),
            setting: Setting {
                rules,
                observe_all: true,
                resolution,
            },
            nonce: hash([resolution.word().as_bytes(), options.case.as_bytes()]).split_off(40),
            deadline_ms: options.timeout,
        };
        let judged = attempt.run(stage.as_mut())?;
        match target.has_rules() {
            true => println!(
                "== {}, rules in force: {}\n",
                resolution.word(),
                options.rules
            ),
            false => println!("== {}, under its own rules\n", target.name()),
        }
        print!("{}", told(&case, &judged, options.full)?);
        if target.has_rules() {
            for control in controls::of(&case) {
                let request = controls::request(&case, Some(control));
                let asked = &Asked::new(request, controls::layout(&case, Some(control)));
                let setting = Setting {
                    rules: RuleSet::NONE,
                    ..attempt.setting
                };
                let beside = Attempt {
                    control: Some(control),
                    asked,
                    setting,
                    ..attempt.clone()
                };
                let judged = beside.run(stage.as_mut())?;
                println!(
                    "== {}, control {control}, no rule in force\n",
                    resolution.word()
                );
                print!("{}", told(&case, &judged, options.full)?);
            }
        }
    }
    let left = stage.quit()?;
    if !left.is_empty() {
        bail!("left behind: {}", left.join("; "));
    }
    Ok(Exit::Done)
}

fn introduction(case: &Case) -> String {
    let row = &case.row;
    format!(
        "{}: {}\n\nwhy:     {}\nreproduces: {}\nrelated: {}\ntechnique: {}\nmistake: {}\nacts:    {}\nrequest: {}\nwitness: {}\nexpected to be stopped or broken by: {}\n",
        case.name(),
        row.title,
        row.why,
        row.reproduces,
        row.related,
        row.technique,
        row.mistake,
        row.acts,
        row.request,
        row.witness,
        row.expected,
    )
}

fn told(case: &Case, judged: &Judged, full: bool) -> Result<String> {
    let observation = &judged.observation;
    let mut text = String::new();
    let Classified {
        outcome,
        rule,
        reason,
        ..
    } = &judged.classified;
    writeln!(text, "outcome: {outcome} {rule} {reason}")?;
    writeln!(text, "exit:    {}", exit_status(&observation.end))?;
    writeln!(
        text,
        "took:    {} us, {} us with set-up",
        observation.duration_us, observation.total_us
    )?;
    let error = String::from_utf8_lossy(&observation.stderr);
    for line in error.lines() {
        writeln!(text, "stderr:  {line}")?;
    }
    for (_, why) in &observation.not_done {
        writeln!(text, "not done: {why}")?;
    }
    for step in &observation.steps_failed {
        writeln!(text, "step failed: {step}")?;
    }
    for group in &observation.cleared {
        writeln!(
            text,
            "removed: empty cgroup {group}, which it leaves behind"
        )?;
    }
    for change in &observation.host_changes {
        writeln!(text, "host:    {change}")?;
    }
    if observation.survivors > 0 {
        let n = observation.survivors;
        writeln!(
            text,
            "host:    {n} processes outlived the launcher and were killed"
        )?;
    }
    for left in &observation.leftovers {
        writeln!(text, "left behind: {left}")?;
    }
    if let Some(decision) = &judged.answer.decision {
        text.push_str(&verdicts(decision));
    }
    text.push_str(&witnessed(case, &judged.reports, observation));
    if full {
        let collected = observation.collected.iter().flatten();
        for file in collected {
            writeln!(
                text,
                "record:  {}",
                String::from_utf8_lossy(file).trim_end()
            )?;
        }
        for report in &judged.reports.all {
            writeln!(text, "report:  {}", serde_json::to_string_pretty(report)?)?;
        }
    }
    text.push('\n');
    Ok(text)
}

fn verdicts(decision: &Decision) -> String {
    let mut text = String::new();
    for (rule, verdict) in &decision.verdicts {
        if *verdict != Verdict::Permit {
            let reason = decision.reasons.get(rule).map_or("", String::as_str);
            let _ = writeln!(text, "verdict: {:12} {rule}: {reason}", verdict.word());
        }
    }
    text
}

fn witnessed(case: &Case, reports: &Reports, observation: &Observation) -> String {
    let mut text = String::new();
    if let Some(fault) = &reports.fault {
        let _ = writeln!(text, "fault:   {fault}");
    }
    for report in &reports.all {
        let _ = writeln!(text, "probe:   {}", brief(report));
        let Ok(value) = serde_json::to_value(report) else {
            continue;
        };
        if case
            .witness
            .via
            .as_ref()
            .is_some_and(|via| *via != report.via)
        {
            let _ = writeln!(text, "         not the way that the witness asks for");
            continue;
        }
        for predicate in &case.witness.all {
            let (mark, is) = match predicate.holds(&value) {
                true => ("holds", String::new()),
                false => (
                    "FAILS",
                    value
                        .pointer(&predicate.at)
                        .map_or("; it is absent".to_owned(), |is| format!("; it is {is}")),
                ),
            };
            let _ = writeln!(text, "         {mark} {predicate}{is}");
        }
    }
    for (file, seen) in case.witness.files.iter().zip(&observation.observed) {
        let seen = match seen {
            Some(seen) => format!("uid {} mode {:o}", seen.uid, seen.mode),
            None => "absent".to_owned(),
        };
        let _ = writeln!(text, "file:    {}: {seen}", file.path);
    }
    text
}

/// The probe's report in one line.
fn brief(report: &Report) -> String {
    let reached = report
        .canaries
        .iter()
        .filter(|(_, reached)| reached.read || reached.write || reached.used)
        .map(|(name, _)| name.as_str());
    let effective = report.capabilities.get("effective").map_or(0, Vec::len);
    format!(
        "via {} at {} as uid {}/{}/{} gid {}/{}/{} groups {:?} exe {} cwd {} capabilities {effective} canaries [{}]",
        report.via,
        report.place,
        report.uid.real,
        report.uid.effective,
        report.uid.saved,
        report.gid.real,
        report.gid.effective,
        report.gid.saved,
        report.groups,
        report.exe,
        report.cwd,
        reached.collect::<Vec<_>>().join(" "),
    )
}
