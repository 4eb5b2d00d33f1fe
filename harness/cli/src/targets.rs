//! Targets for people: which there are, what each can express, and the same
//! as a file of the run.

use std::fmt::Write as _;

use anyhow::Result;
use comfy_table::{Table, presets};
use sekisho_lab::rundir::expressed;
use sekisho_lab::{carried, choose};
use sekisho_rules::Policy;
use sekisho_targets::{Expresses, Part, Target, patterns};
use serde_json::json;

use crate::cli::Format;
use crate::exit::Exit;
use crate::show::out;

/// `sekisho targets`.
///
/// # Errors
/// An unknown name.
pub fn targets(name: Option<&str>, format: Format) -> Result<Exit> {
    let carried = carried(None, &Policy::default())?;
    let listed = match name {
        Some(name) => vec![choose::find(&carried, name)?],
        None => sekisho_targets::targets(&carried),
    };
    match (format, name) {
        (Format::Json, _) => {
            let all: Vec<_> = listed
                .iter()
                .map(|target| in_json(target.as_ref()))
                .collect();
            out(&format!("{}\n", serde_json::to_string_pretty(&all)?))
        }
        (Format::Text, None) => out(&(list(&listed) + &matrix(&listed))),
        (Format::Text, Some(_)) => {
            let texts = listed.iter().map(|target| one(target.as_ref()));
            out(&texts.collect::<String>())
        }
    }
}

fn in_json(target: &dyn Target) -> serde_json::Value {
    let found = target.find();
    let expresses: serde_json::Map<_, _> = Part::ALL
        .iter()
        .map(|part| {
            let can = expressed(&target.expresses(*part));
            (part.word().to_owned(), json!(can))
        })
        .collect();
    json!({
        "name": target.name(),
        "version": found.as_ref().ok().map(|found| &found.version),
        "path": found.as_ref().ok().map(|found| &found.path),
        "missing": found.as_ref().err(),
        "hint": target.hint(),
        "notes": target.notes(),
        "has_rules": target.has_rules(),
        "expresses": expresses,
    })
}

fn list(targets: &[Box<dyn Target>]) -> String {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header([
        "target",
        "version",
        "path in the arena, or why not",
        "to get it",
    ]);
    for target in targets {
        match target.find() {
            Ok(found) => table.add_row([target.name(), &found.version, &found.path, ""]),
            Err(reason) => table.add_row([target.name(), "", &reason, target.hint()]),
        };
    }
    let mut text = format!("{table}\n\n");
    for (prefix, what) in patterns() {
        let _ = writeln!(text, "also {prefix}{what}");
    }
    text
}

/// Parts by target, as one mark each.
fn matrix(targets: &[Box<dyn Target>]) -> String {
    let mut table = Table::new();
    let names = targets.iter().map(|target| target.name());
    table
        .load_style(presets::ASCII_MARKDOWN)
        .set_header(std::iter::once("part of a start request").chain(names));
    for part in Part::ALL {
        let marks = targets.iter().map(|target| match target.expresses(part) {
            Expresses::Yes => "yes",
            Expresses::Partly(_) => "partly",
            Expresses::No(_) => "-",
        });
        table.add_row(std::iter::once(part.what()).chain(marks));
    }
    format!(
        "\nwhich parts of a start request each can express (a case that asks for another is \
         not applicable):\n{table}\n\n`sekisho targets NAME` says why not, and how a target is set up\n"
    )
}

fn one(target: &dyn Target) -> String {
    let mut text = format!("{}\n\n", target.name());
    match target.find() {
        Ok(found) => {
            let _ = writeln!(text, "version  {}\npath     {}", found.version, found.path);
        }
        Err(reason) => {
            let _ = writeln!(text, "not here: {reason}; {}", target.hint());
        }
    }
    if !target.notes().is_empty() {
        let _ = writeln!(text, "set-up   {}", target.notes());
    }
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header([
        "part",
        "what",
        "expressed",
        "which, or why not",
    ]);
    for part in Part::ALL {
        let can = target.expresses(part);
        table.add_row([part.word(), part.what(), can.word(), can.note()]);
    }
    let _ = writeln!(text, "\n{table}");
    text
}
