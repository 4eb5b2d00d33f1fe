//! The talk's table of mechanisms and problems as claimed, and what this run
//! measured: what classes of rules stop of the attacks of each problem.

use super::sheet::{BLACK, BLUE, GREY, Look, Mark, PALE, Point, SMALL, Sheet, TEXT, count, figure};
use super::{Drawing, Subject};
use crate::Result;
use crate::analysis::mechanisms::{Claim, MECHANISMS};
use crate::analysis::problems::Problem;
use crate::tables::problems::{name, word};

const ID: &str = "q6_mechanisms";
const LEFT: i32 = 210;
const COLUMN: i32 = 150;
const ROW: i32 = 24;
const HEAD: i32 = 44;
const PROBLEMS: u8 = 4;

pub(super) fn draw(subject: &Subject<'_>) -> Result<Drawing> {
    let problems = &subject.view.problems;
    let classes = problems.first().map_or(0, |problem| problem.classes.len());
    // Claims, then a heading, the classes, suEXEC's rules, all rules.
    let claims = HEAD + ROW * (count(MECHANISMS.len()) + 1);
    let measured = match classes {
        0 => ROW * 2,
        classes => ROW * (count(classes) + 3),
    };
    let size = (LEFT + COLUMN * i32::from(PROBLEMS), claims + measured);
    let n: usize = problems.iter().map(|problem| problem.attacks).sum();
    let caption = subject.say("q6_mechanisms-caption", &[("n", n.to_string())])?;
    figure(subject, ID, size, &caption, |sheet| {
        heads(subject, sheet)?;
        let head = subject.say("as-claimed", &[])?;
        sheet.text((0, HEAD - 8), &head, Look::left(TEXT).bold())?;
        for (place, mechanism) in MECHANISMS.iter().enumerate() {
            let y = HEAD + ROW * count(place) + ROW / 2;
            sheet.line(&[(0, y - ROW / 2), (size.0, y - ROW / 2)], PALE, 1)?;
            let label = subject.texts.say(name(mechanism.id), &[])?;
            sheet.text((LEFT - 12, y), &label, Look::right(TEXT))?;
            for (problem, claim) in (1..=PROBLEMS).zip(mechanism.claims) {
                claimed(sheet, (column(problem), y), claim)?;
            }
        }
        let mut y = claims;
        let head = subject.say("as-measured", &[])?;
        sheet.text((0, y - 8), &head, Look::left(TEXT).bold())?;
        if classes == 0 {
            let why = subject.texts.say("word.not-measured", &[])?;
            return sheet.text((LEFT, y + ROW / 2), &why, Look::left(TEXT).colour(GREY));
        }
        let mut row = |label: &str, stops: &dyn Fn(&Problem) -> usize| -> Result<()> {
            sheet.line(&[(0, y), (size.0, y)], PALE, 1)?;
            sheet.text((LEFT - 12, y + ROW / 2), label, Look::right(TEXT))?;
            for problem in problems {
                let at = (column(problem.problem), y + ROW / 2);
                share(sheet, at, stops(problem), problem.attacks)?;
            }
            y += ROW;
            Ok(())
        };
        for place in 0..classes {
            let class = &problems[0].classes[place].class;
            row(class, &|problem| problem.classes[place].stops)?;
        }
        row("suexec", &|problem| problem.suexec)?;
        row("all", &|problem| problem.all)
    })
}

/// Middle of a problem's column.
fn column(problem: u8) -> i32 {
    LEFT + COLUMN * i32::from(problem) - COLUMN / 2
}

/// Names of the problems, in two lines where they are long.
fn heads(subject: &Subject<'_>, sheet: &Sheet<'_>) -> Result<()> {
    for problem in 1..=PROBLEMS {
        let text = subject.texts.say(word(problem), &[])?;
        let at = (column(problem), 10);
        sheet.text(at, &text, Look::centre(SMALL))?;
    }
    Ok(())
}

/// A full mark for a claim, a ring for one in part.
fn claimed(sheet: &Sheet<'_>, at: Point, claim: Claim) -> Result<()> {
    match claim {
        Claim::No => Ok(()),
        Claim::Partly => sheet.mark(at, 6, (Mark::Ring, BLACK)),
        Claim::Yes => sheet.mark(at, 6, (Mark::Circle, BLACK)),
    }
}

/// A bar with its numbers.
fn share(sheet: &Sheet<'_>, (x, y): Point, hits: usize, n: usize) -> Result<()> {
    const LONG: i32 = 64;
    let left = x - COLUMN / 2 + 14;
    if n == 0 {
        return sheet.text((left, y), "–", Look::left(SMALL));
    }
    let end = left + (f64::from(LONG) * hits as f64 / n as f64).round() as i32;
    sheet.block((left, y - 6), (left + LONG, y + 6), PALE)?;
    if hits > 0 {
        sheet.block((left, y - 6), (end, y + 6), BLUE)?;
    }
    sheet.text(
        (left + LONG + 8, y),
        &format!("{hits}/{n}"),
        Look::left(SMALL),
    )
}
