//! Puts the parts of a plan (`--shard`) back together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::ended::Ended;
use crate::expect;
use crate::hash::hash;
use crate::resume::{self, read_trials};
use crate::rundir::{self, TARGETS};
use crate::writer::{replace, write_rows};
use sekisho_results::{
    ConditionRow, LatencyRow, ProfileRow, ProfileTrialRow, ProfileVerdictRow, Row as _, RuleRow,
    RunFile, RunOptions, ScenarioRow, Shard, TrialRow, VerdictRow,
};

/// Files that every part has a piece of.
const GROWN: [&str; 4] = [
    TrialRow::FILE,
    VerdictRow::FILE,
    ProfileTrialRow::FILE,
    ProfileVerdictRow::FILE,
];

/// Files that are the same in every part.
const SAME: [&str; 6] = [
    ScenarioRow::FILE,
    RuleRow::FILE,
    ConditionRow::FILE,
    TARGETS,
    ProfileRow::FILE,
    LatencyRow::FILE,
];

/// Merges complete parts of one plan into a new directory below `out`; gives it.
///
/// # Errors
/// Names the part that is missing, there twice or not complete, or what of two
/// parts does not fit; nothing is written then.
pub fn merge(parts: &[PathBuf], out: &Path) -> Result<PathBuf> {
    let mut files = Vec::new();
    for directory in parts {
        files.push((directory.as_path(), RunFile::read(directory)?));
    }
    files.sort_by_key(|(_, file)| file.shard().number());
    check(&files)?;
    let mut merged = files[0].1.clone();
    merged.run = name(&files);
    set_whole(&mut merged.options);
    let place = rundir::open(&out.join(&merged.run))?;
    let directory = place.directory.clone();
    for name in GROWN {
        let pieces: Vec<_> = files.iter().map(|(from, _)| from.join(name)).collect();
        join(&pieces, &directory.join(name), &merged.run)?;
    }
    for name in SAME {
        join(&[files[0].0.join(name)], &directory.join(name), &merged.run)?;
    }
    let trials = read_trials(&directory)?;
    let scenarios = resume::rows(&directory.join(ScenarioRow::FILE))?;
    let mismatches = expect::mismatches(&scenarios, &trials);
    write_rows(&directory, &mismatches)?;
    for (_, file) in &files[1..] {
        merged.trials_planned += file.trials_planned;
        merged.trials_done += file.trials_done;
        merged.wall_time_s += file.wall_time_s;
        merged.ended = merged.ended.max(file.ended.clone());
        merged.started = merged.started.min(file.started.clone());
        rundir::add_remains(
            &mut merged,
            &Ended {
                leftovers: file.leftovers.clone(),
                cleared: file.cleared.clone(),
                ..Ended::default()
            },
        );
    }
    rundir::write(&merged, &directory)?;
    Ok(directory)
}

fn set_whole(options: &mut RunOptions) {
    match options {
        RunOptions::Corpus(options) => options.shard = Shard::WHOLE,
        RunOptions::Configurations(options) => options.shard = Shard::WHOLE,
    }
}

/// The same whatever the order of the parts on the command line.
fn name(files: &[(&Path, RunFile)]) -> String {
    let stamp = files.iter().map(|(_, file)| file.run.as_str()).min();
    let stamp = stamp
        .and_then(|run| run.split('-').next())
        .unwrap_or_default();
    let hash = hash(files.iter().map(|(_, file)| file.run.as_bytes()));
    format!("{stamp}-{}", &hash[..6])
}

fn check(files: &[(&Path, RunFile)]) -> Result<()> {
    let Some((first_place, first)) = files.first() else {
        bail!("name the directories of the parts to merge");
    };
    let of = first.shard().of();
    let mut seen: BTreeMap<u32, &Path> = BTreeMap::new();
    for (place, file) in files {
        let (place, shard) = (*place, file.shard());
        let differs = |what: &str, one: &str, other: &str| {
            format!(
                "{} and {} are not parts of one plan: {what} differs ({one}; {other})",
                first_place.display(),
                place.display()
            )
        };
        let differing = first.plan.differing(&file.plan);
        if !differing.is_empty() {
            bail!(differs(
                &differing.join(", "),
                &first.plan_hash,
                &file.plan_hash
            ));
        }
        let (mut own, mut other) = (first.options.clone(), file.options.clone());
        set_whole(&mut own);
        set_whole(&mut other);
        if own != other || shard.of() != of {
            let text = |file: &RunFile| serde_json::to_string(&file.options).unwrap_or_default();
            bail!(differs("options", &text(first), &text(file)));
        }
        for (what, one, other) in [
            ("the kernel", &first.kernel, &file.kernel),
            ("the kind of arena", &first.arena.mode, &file.arena.mode),
        ] {
            if one != other {
                bail!(
                    "{}; runs of different machines are compared, not merged",
                    differs(what, one, other)
                );
            }
        }
        if !file.complete {
            bail!(
                "{} (part {shard}) is not complete: resume it with {}",
                place.display(),
                match file.options {
                    RunOptions::Corpus(_) => crate::campaign::how_to_resume(place),
                    RunOptions::Configurations(_) => crate::profiles::alone::how_to_resume(place),
                }
            );
        }
        if let Some(other) = seen.insert(shard.number(), place) {
            bail!(
                "{} and {} are both part {shard}: leave one out",
                other.display(),
                place.display()
            );
        }
    }
    let missing: Vec<_> = (1..=of)
        .filter(|number| !seen.contains_key(number))
        .collect();
    if !missing.is_empty() {
        let words: Vec<_> = missing
            .iter()
            .map(|number| format!("{number}/{of}"))
            .collect();
        bail!(
            "not all parts are there: run --shard {}",
            words.join(", --shard ")
        );
    }
    Ok(())
}

/// Joins tables of the same columns, with the merged run's id in the column
/// `run`. Without any piece there is no table.
fn join(pieces: &[PathBuf], to: &Path, run: &str) -> Result<()> {
    let mut written: Option<(csv::StringRecord, csv::Writer<Vec<u8>>)> = None;
    for piece in pieces.iter().filter(|piece| piece.exists()) {
        let cannot = || format!("cannot read {}", piece.display());
        let mut reader = csv::Reader::from_path(piece).with_context(cannot)?;
        let header = reader.headers().with_context(cannot)?.clone();
        let (columns, writer) = match &mut written {
            Some(written) => written,
            None => {
                let mut writer = csv::Writer::from_writer(Vec::new());
                writer.write_record(&header)?;
                written.insert((header.clone(), writer))
            }
        };
        if *columns != header {
            bail!("{} has other columns than its like", piece.display());
        }
        let at = header.iter().position(|column| column == "run");
        for record in reader.records() {
            let record = record.with_context(cannot)?;
            let fields = record.iter().enumerate();
            let fields = fields.map(|(column, field)| if Some(column) == at { run } else { field });
            writer.write_record(fields)?;
        }
    }
    match written {
        Some((_, writer)) => replace(to, &writer.into_inner()?),
        None => Ok(()),
    }
}
