//! Security against compatibility: what every rule set can reach at best, and
//! where the named sets stand.

use super::axis::Axis;
use super::sheet::{BLACK, GREY, Look, Mark, Point, SMALL, Sheet, TEXT, VERMILION, count, figure};
use super::{Drawing, Subject};
use crate::Result;
use crate::analysis::lattice::Score;
use crate::analysis::pareto::Front;
use crate::analysis::sets;

const ID: &str = "q1_pareto";
const SIZE: Point = (760, 440);
const ROW: i32 = 21;
/// Most sets of a run that are marked.
const MOST_NAMED: usize = 8;

pub(super) fn draw(subject: &Subject<'_>) -> Result<Drawing> {
    let view = subject.view;
    let lattice = match subject.scored() {
        Ok(lattice) => lattice,
        Err(needs) => return subject.missing(needs),
    };
    let named = named(subject);
    let every = view.scorer.score(lattice.every);
    let farthest = lattice
        .front
        .points
        .iter()
        .chain(&lattice.front_suexec.points);
    let broken = farthest
        .map(|point| point.score.broken)
        .chain([every.broken]);
    let broken = named.iter().map(|(_, score)| score.broken).chain(broken);
    let broken = f64::from(broken.max().unwrap_or(0)).max(1.0);
    let x = Axis {
        values: (0.0, broken * 1.04),
        pixels: (72, SIZE.0 - 16),
        log: false,
    };
    let y = Axis {
        values: (0.0, view.demonstrated as f64 * 1.03),
        pixels: (SIZE.1 - 52, 6),
        log: false,
    };
    let caption = subject.say(
        "q1_pareto-caption",
        &[
            ("attacks", view.demonstrated.to_string()),
            ("cases", view.working.to_string()),
            ("rules", lattice.every.count_ones().to_string()),
        ],
    )?;
    let mut caption = subject.with_untried(caption)?;
    let exact = lattice.front.exact && lattice.front_suexec.exact;
    caption.push(' ');
    caption.push_str(&subject.say(if exact { "exact" } else { "inexact" }, &[])?);
    let budgets = budgets(subject);
    let rows = named.len() + budgets.len() + 2;
    let size = (SIZE.0, SIZE.1 + ROW * count(rows));
    figure(subject, ID, size, &caption, |sheet| {
        let at = |score: Score| {
            (
                x.at(f64::from(score.broken)),
                y.at(f64::from(score.stopped)),
            )
        };
        x.along(
            sheet,
            (y.pixels.1, y.pixels.0),
            &subject.say("axis-broken", &[])?,
        )?;
        y.upward(
            sheet,
            (x.pixels.0, x.pixels.1),
            &subject.say("axis-stopped", &[])?,
        )?;
        // Nothing can stand above the front, also to the right of its end.
        let end = x.pixels.1;
        front(sheet, &lattice.front, at, end, true)?;
        front(sheet, &lattice.front_suexec, at, end, false)?;
        for (_, within) in &budgets {
            budget(sheet, within, at, end)?;
        }
        for (place, (_, score)) in named.iter().enumerate() {
            sheet.mark(at(*score), 6, Mark::of(place))?;
        }
        let mut below = SIZE.1 + ROW / 2;
        for (text, bold) in [("front-all", true), ("front-suexec", false)] {
            stroke(sheet, &[(20, below), (56, below)], bold)?;
            sheet.text((68, below), &subject.say(text, &[])?, Look::left(TEXT))?;
            below += ROW;
        }
        for (cost, _) in &budgets {
            sheet.line(&[(20, below), (56, below)], VERMILION, 1)?;
            let cost = format!("{:.1}", *cost as f64 / 1000.0);
            let text = subject.say("front-budget", &[("cost", cost)])?;
            sheet.text((68, below), &text, Look::left(TEXT))?;
            below += ROW;
        }
        for (place, (name, score)) in named.iter().enumerate() {
            sheet.mark((38, below), 6, Mark::of(place))?;
            sheet.text((68, below), name, Look::left(TEXT))?;
            let values = [
                (
                    "stopped",
                    format!("{}/{}", score.stopped, view.demonstrated),
                ),
                ("broken", format!("{}/{}", score.broken, view.working)),
            ];
            let text = subject.say("stopped-broken", &values)?;
            sheet.text((330, below), &text, Look::left(SMALL).colour(GREY))?;
            below += ROW;
        }
        Ok(())
    })
}

/// Scores of the sets with names, from the masks; every set once.
fn named(subject: &Subject<'_>) -> Vec<(String, Score)> {
    let (run, view) = (subject.run, subject.view);
    let scored = view.lattice.iter().flat_map(|lattice| &lattice.scores);
    let mut names: Vec<String> = vec!["none".to_owned()];
    names.extend(scored.map(|score| score.name.clone()));
    names.extend(view.outcomes.named().into_iter().map(str::to_owned));
    let mut seen = Vec::new();
    names.retain(|name| {
        let new = !seen.contains(name);
        seen.push(name.clone());
        new
    });
    names
        .into_iter()
        .filter_map(|name| {
            let set = sets::resolve(run, &name)?;
            Some((name, view.scorer.score(set)))
        })
        .take(MOST_NAMED)
        .collect()
}

/// Best scores within a part of what all rules cost, and that part in
/// nanoseconds: a quarter and a half. None without costs.
fn budgets(subject: &Subject<'_>) -> Vec<(u64, Vec<Score>)> {
    let view = subject.view;
    let front = view.lattice.as_ref().and_then(|lattice| {
        let front = lattice.front_cost.as_ref()?;
        let all = view.costs.as_ref()?.of_set(lattice.every)?;
        (front.exact && all > 0).then_some((front, all))
    });
    let Some((front, all)) = front else {
        return Vec::new();
    };
    let within = |part: u64| {
        let cost = all / part;
        let mut best: Vec<Score> = Vec::new();
        // By rising breakage, then by falling number of attacks stopped.
        for point in front.points.iter().filter(|point| point.cost <= cost) {
            let last = best.last();
            if last.is_none_or(|last| point.score.stopped > last.stopped) {
                best.push(point.score);
            }
        }
        (cost, best)
    };
    [4, 2].map(within).to_vec()
}

fn budget(
    sheet: &Sheet<'_>,
    scores: &[Score],
    at: impl Fn(Score) -> Point,
    end: i32,
) -> Result<()> {
    sheet.line(&stairs(scores.iter().copied(), at, end), VERMILION, 1)
}

/// Between two points the lower one is the best.
fn stairs(
    scores: impl Iterator<Item = Score>,
    at: impl Fn(Score) -> Point,
    end: i32,
) -> Vec<Point> {
    let mut stairs: Vec<Point> = Vec::new();
    for score in scores {
        let (x, y) = at(score);
        if let Some((_, before)) = stairs.last().copied() {
            stairs.push((x, before));
        }
        stairs.push((x, y));
    }
    if let Some((_, last)) = stairs.last().copied() {
        stairs.push((end, last));
    }
    stairs
}

/// The front as stairs, with its points.
fn front(
    sheet: &Sheet<'_>,
    front: &Front,
    at: impl Fn(Score) -> Point,
    end: i32,
    bold: bool,
) -> Result<()> {
    let scores = front.points.iter().map(|point| point.score);
    let stairs = stairs(scores, &at, end);
    stroke(sheet, &stairs, bold)?;
    for point in &front.points {
        let (x, y) = at(point.score);
        sheet.block(
            (x - 2, y - 2),
            (x + 2, y + 2),
            if bold { BLACK } else { GREY },
        )?;
    }
    Ok(())
}

fn stroke(sheet: &Sheet<'_>, path: &[Point], bold: bool) -> Result<()> {
    if bold {
        sheet.line(path, BLACK, 2)
    } else {
        sheet.dashes(path, GREY, 2)
    }
}
