//! How long legitimate starts take with no rule, suEXEC's and all: a first
//! look, since trials run beside each other.

use std::collections::{BTreeMap, HashSet};

use super::axis::Axis;
use super::sheet::{BLACK, BLUE, GREY, Look, Point, SMALL, Sheet, TEXT, VERMILION, count, figure};
use super::{Drawing, Subject};
use crate::Result;
use crate::analysis::latency::quantile;
use crate::read::Outcome;

const ID: &str = "q4_duration";
const SIZE: Point = (760, 400);
const ROW: i32 = 21;
const SETS: [&str; 3] = ["none", "suexec", "all"];
/// From this factor between shortest and longest the axis is logarithmic.
const WIDE: f64 = 8.0;

pub(super) fn draw(subject: &Subject<'_>) -> Result<Drawing> {
    let (lines, cases) = durations(subject);
    let all = || lines.iter().flat_map(|(_, durations)| durations);
    let (Some(least), Some(most)) = (all().min(), all().max()) else {
        return subject.missing("needs-durations");
    };
    let (least, most) = (milliseconds(*least), milliseconds(*most));
    let log = most > least * WIDE && least > 0.0;
    let x = Axis {
        values: (if log { least * 0.95 } else { 0.0 }, most * 1.05),
        pixels: (72, SIZE.0 - 16),
        log,
    };
    let y = Axis {
        values: (0.0, 100.0),
        pixels: (SIZE.1 - 52, 10),
        log: false,
    };
    let caption = subject.say("q4_duration-caption", &[("cases", cases.to_string())])?;
    let size = (SIZE.0, SIZE.1 + ROW * count(lines.len()));
    figure(subject, ID, size, &caption, |sheet| {
        let ends = (y.pixels.1, y.pixels.0);
        x.along(sheet, ends, &subject.say("axis-duration", &[])?)?;
        y.upward(sheet, x.pixels, &subject.say("axis-share", &[])?)?;
        let mut below = SIZE.1 + ROW / 2;
        for (set, durations) in &lines {
            let mut stairs = vec![(x.pixels.0, y.at(0.0))];
            for (place, duration) in durations.iter().enumerate() {
                let at = x.at(milliseconds(*duration));
                let share = |place: usize| 100.0 * place as f64 / durations.len() as f64;
                stairs.push((at, y.at(share(place))));
                stairs.push((at, y.at(share(place + 1))));
            }
            stairs.push((x.pixels.1, y.at(100.0)));
            stairs.dedup();
            stroke(sheet, &stairs, set)?;
            stroke(sheet, &[(20, below), (56, below)], set)?;
            sheet.text((68, below), set, Look::left(TEXT))?;
            let quartile = |part| format!("{:.1}", milliseconds(quantile(durations, part, 4)));
            let values = [
                ("n", durations.len().to_string()),
                ("lower", quartile(1)),
                ("median", quartile(2)),
                ("upper", quartile(3)),
            ];
            let text = subject.say("quartiles", &values)?;
            sheet.text((180, below), &text, Look::left(SMALL).colour(GREY))?;
            below += ROW;
        }
        Ok(())
    })
}

/// Sorted durations in microseconds under each set, of the cases that work
/// under all of these sets, and the number of these cases: otherwise sets that
/// break slow starts would look fast.
fn durations<'a>(subject: &Subject<'a>) -> (Vec<(&'a str, Vec<u64>)>, usize) {
    let (run, view) = (subject.run, subject.view);
    let mut by_set: BTreeMap<usize, Vec<(usize, u64)>> = BTreeMap::new();
    let shown = |set: usize| SETS.iter().position(|name| *name == run.sets[set]);
    for trial in &run.trials {
        let of = &run.views[trial.view];
        let mine = of.target == view.target && of.resolution == view.resolution;
        if let (true, Some(place), Outcome::Works, Some(duration)) = (
            mine,
            shown(trial.set),
            trial.outcome,
            run.duration_us(trial),
        ) {
            by_set
                .entry(place)
                .or_default()
                .push((trial.case, duration));
        }
    }
    let cases = |trials: &Vec<(usize, u64)>| -> HashSet<usize> {
        trials.iter().map(|(case, _)| *case).collect()
    };
    let common = by_set
        .values()
        .map(cases)
        .reduce(|one, other| &one & &other)
        .unwrap_or_default();
    let lines = by_set.into_iter().map(|(place, trials)| {
        let trials = trials.into_iter();
        let kept = trials.filter(|(case, _)| common.contains(case));
        let mut durations: Vec<u64> = kept.map(|(_, duration)| duration).collect();
        durations.sort_unstable();
        (SETS[place], durations)
    });
    (lines.collect(), common.len())
}

fn milliseconds(microseconds: u64) -> f64 {
    microseconds as f64 / 1000.0
}

fn stroke(sheet: &Sheet<'_>, path: &[Point], set: &str) -> Result<()> {
    match set {
        "none" => sheet.line(path, BLACK, 2),
        "suexec" => sheet.dashes(path, BLUE, 2),
        _ => sheet.line(path, VERMILION, 1),
    }
}
