//! What a terminal shows at the end of a run: the numbers of [`Summary`] in
//! words. The unit is the case, never the trial, and numbers of the two ways to
//! resolve are never added.

use std::fmt::Write as _;

use comfy_table::{ContentArrangement, Table, presets};

use crate::analysis::interval::Proportion;
use crate::summary::{Summary, Told, ViewSummary};

/// Most lines of one list; the rest is in the report.
const MOST_LINES: usize = 20;

/// Longest text of one line of a list, in characters.
const LONGEST: usize = 240;

/// The summary as text of at most `width` columns, as far as words allow.
#[must_use]
pub fn text(summary: &Summary, width: u16) -> String {
    let mut text = head(summary);
    if let Some(view) = summary.views.first() {
        text.push_str(&gains(view, width));
        text.push_str(&families(view, width));
        text.push_str(&rules(view, width));
    }
    text.push_str(&targets(summary, width));
    for view in &summary.views {
        lists(&mut text, view);
    }
    list(
        &mut text,
        "mismatches: the corpus expects what did not happen",
        &summary.mismatches,
    );
    list(&mut text, "left behind", &summary.leftovers);
    let cleared: Vec<_> = summary
        .cleared
        .iter()
        .map(|(what, times)| format!("{what} ({times} starts)"))
        .collect();
    list(
        &mut text,
        "left behind by a launcher after every start, and removed by its adapter",
        &cleared,
    );
    for view in &summary.views {
        text.push_str(&headline(view));
    }
    let directory = &summary.directory;
    let _ = writeln!(
        text,
        "files: {directory}\nto look at it, open: {directory}/report.html"
    );
    text
}

fn head(summary: &Summary) -> String {
    let outcomes = summary.outcomes.iter().filter(|(_, n)| **n > 0);
    let outcomes: Vec<_> = outcomes
        .map(|(outcome, n)| format!("{n} {outcome}"))
        .collect();
    let mut text = format!(
        "run {}: {} attacks and {} legitimate cases, {} of {} trials in {:.1} s\n\
         trials by outcome: {}\n\n",
        summary.run,
        summary.malicious,
        summary.legitimate,
        summary.done,
        summary.planned,
        summary.wall_time_s,
        outcomes.join(", ")
    );
    for flaw in &summary.flaws {
        let _ = writeln!(text, "incomplete: {flaw}");
    }
    text
}

/// One line of each view: the result.
fn headline(view: &ViewSummary) -> String {
    if view.demonstrated + view.working == 0 {
        return String::new();
    }
    let mut text = format!("{} {}: ", view.target, view.resolution);
    let sets = view.rule_sets.iter().zip(totals(view)).zip(&view.breakage);
    let parts = sets
        .filter(|((set, _), _)| *set != "none")
        .map(|((set, stopped), broken)| {
            format!(
                "{set} stops {} of {} attacks and breaks {} of {} legitimate starts",
                stopped.hits, stopped.n, broken.hits, broken.n
            )
        });
    let parts: Vec<_> = parts.collect();
    match parts.is_empty() {
        true => {
            let _ = writeln!(
                text,
                "{} attacks succeed and {} legitimate starts work with no rule on",
                view.demonstrated, view.working
            );
        }
        false => {
            let _ = writeln!(text, "{}", parts.join("; "));
        }
    }
    text
}

/// Attacks stopped under each rule set, all families together.
fn totals(view: &ViewSummary) -> Vec<Proportion> {
    let sum = |set: usize| {
        let cells = view
            .families
            .iter()
            .filter_map(|family| family.stopped.get(set));
        let (hits, n) = cells.fold((0, 0), |(hits, n), one| (hits + one.hits, n + one.n));
        Proportion::new(hits, n)
    };
    (0..view.rule_sets.len()).map(sum).collect()
}

fn table(header: impl IntoIterator<Item = String>, width: u16) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::ASCII_MARKDOWN)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width)
        .set_header(header);
    table
}

/// The first table: which gains stay open to whom.
fn gains(view: &ViewSummary, width: u16) -> String {
    let Some(gains) = &view.gains else {
        return String::new();
    };
    let head = ["attacker", "gain"].map(str::to_owned).into_iter();
    let mut table = table(head.chain(gains.sets.iter().cloned()), width);
    for row in &gains.rows {
        let cells = row.cells.iter().map(|cell| {
            let n = cell.open.len() + cell.unknown + cell.closed;
            match (cell.open.len(), cell.unknown) {
                (0, 0) => format!("closed ({n})"),
                (0, unknown) => format!("{unknown} of {n} not known"),
                (open, _) => format!("open: {open} of {n}"),
            }
        });
        let head = [row.attacker.to_string(), row.gain.to_string()];
        table.add_row(head.into_iter().chain(cells));
    }
    let counts = &view.corpus;
    format!(
        "gains that stay open, by techniques that reach them, {} {}:\n{table}\n\
         {} techniques, {} attacks; {} of {} controls without the witness\n\n",
        view.target,
        view.resolution,
        counts.techniques,
        counts.demonstrated,
        counts.absent,
        counts.controls
    )
}

fn families(view: &ViewSummary, width: u16) -> String {
    if view.families.is_empty() {
        return String::new();
    }
    let sets = view.rule_sets.iter().cloned();
    let mut table = table(std::iter::once("family".to_owned()).chain(sets), width);
    let share = |one: &Proportion| format!("{}/{}", one.hits, one.n);
    for family in &view.families {
        let cells = family.stopped.iter().map(share);
        table.add_row(std::iter::once(family.family.clone()).chain(cells));
    }
    table.add_row(std::iter::once("all families".to_owned()).chain(totals(view).iter().map(share)));
    format!(
        "attacks stopped of those demonstrated, {} {}:\n{table}\n\n",
        view.target, view.resolution
    )
}

fn rules(view: &ViewSummary, width: u16) -> String {
    let mut rules: Vec<_> = view.rules.iter().collect();
    rules.sort_by_key(|rule| std::cmp::Reverse(rule.stops.len()));
    let (hits, idle): (Vec<_>, Vec<_>) = rules
        .into_iter()
        .partition(|rule| !rule.stops.is_empty() || !rule.breaks.is_empty());
    if hits.is_empty() {
        return String::new();
    }
    let head = ["rule alone", "attacks stopped", "legitimate starts broken"];
    let mut table = table(head.map(str::to_owned), width);
    for rule in hits {
        table.add_row([
            rule.rule.clone(),
            rule.stops.len().to_string(),
            rule.breaks.len().to_string(),
        ]);
    }
    let mut text = format!(
        "what each rule does alone, {} {}:\n{table}\n",
        view.target, view.resolution
    );
    if !idle.is_empty() {
        let names: Vec<_> = idle.iter().map(|rule| rule.rule.as_str()).collect();
        let _ = writeln!(
            text,
            "alone they stop and break nothing: {}",
            names.join(", ")
        );
    }
    text.push('\n');
    text
}

fn targets(summary: &Summary, width: u16) -> String {
    if !summary.targets.iter().any(|target| target.real) {
        return String::new();
    }
    let head = [
        "launcher",
        "attacks let through",
        "legitimate starts broken",
        "cannot express",
        "failed",
    ];
    let mut table = table(head.map(str::to_owned), width);
    let mut targets: Vec<_> = summary.targets.iter().collect();
    targets.sort_by(|one, other| other.let_through.rate.total_cmp(&one.let_through.rate));
    for target in targets {
        let share =
            |one: &Proportion| format!("{} of {} ({:.0} %)", one.hits, one.n, one.rate * 100.0);
        table.add_row([
            target.name.clone(),
            share(&target.let_through),
            share(&target.broken),
            target.not_applicable.to_string(),
            target.failed.to_string(),
        ]);
    }
    let mut text = format!("launchers, of the cases that each can express:\n{table}\n\n");
    if !summary.start_latency.is_empty() {
        let medians = summary
            .start_latency
            .iter()
            .map(|(name, median, n)| match median {
                Some(median) => format!("{name} {:.2} (n={n})", *median as f64 / 1e3),
                None => format!("{name} none worked"),
            });
        let medians: Vec<_> = medians.collect();
        let _ = writeln!(text, "median start latency in ms: {}\n", medians.join(", "));
    }
    text
}

fn lists(text: &mut String, view: &ViewSummary) {
    let of = |what: &str| match view.resolution.as_str() {
        "" => format!("{what}, {}", view.target),
        resolution => format!("{what}, {resolution}"),
    };
    list(
        text,
        &of("not demonstrated with no rule on"),
        &view.not_demonstrated,
    );
    list(
        text,
        &of("legitimate cases that do not work with no rule on"),
        &view.not_working,
    );
    if let Some(residual) = &view.residual {
        told(
            text,
            &of("attacks that all rules together let through"),
            residual,
        );
    }
    told(text, &of("failed"), &view.failed);
    told(text, &of("ran into the deadline"), &view.timeout);
    told(text, &of("skipped"), &view.skipped);
}

fn told(text: &mut String, title: &str, lines: &[Told]) {
    let lines: Vec<_> = lines
        .iter()
        .map(|told| format!("{}: {}", told.case, told.text))
        .collect();
    list(text, title, &lines);
}

fn list(text: &mut String, title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(text, "{title} ({}):", lines.len());
    for line in lines.iter().take(MOST_LINES) {
        match line.char_indices().nth(LONGEST) {
            Some((at, _)) => {
                let _ = writeln!(text, "  {}…", &line[..at]);
            }
            None => {
                let _ = writeln!(text, "  {line}");
            }
        }
    }
    if lines.len() > MOST_LINES {
        let _ = writeln!(
            text,
            "  … and {} more, in the report",
            lines.len() - MOST_LINES
        );
    }
    text.push('\n');
}
