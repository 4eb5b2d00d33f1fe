//! Which rule alone stops how many attacks of which family.

use plotters::style::RGBColor;
use plotters::style::colors::colormaps::{ColorMap, ViridisRGB};

use super::sheet::{BLACK, GREY, Look, PALE, SMALL, Sheet, WHITE, count, figure, width};
use super::{Drawing, Subject};
use crate::Result;
use crate::analysis::cells::Tally;
use crate::read::Kind;

const ID: &str = "q1_rules_by_attack";
const ROW: i32 = 17;
const COLUMN: i32 = 46;

struct Row<'a> {
    rule: &'a str,
    /// One for each family; `None` when the rule was not tried alone.
    cells: Option<Vec<Tally>>,
    sum: Tally,
}

pub(super) fn draw(subject: &Subject<'_>) -> Result<Drawing> {
    let view = subject.view;
    if view.demonstrated == 0 {
        return subject.missing("needs-demonstrated");
    }
    if !view.rules.iter().any(|rule| rule.tried_alone) {
        return subject.missing("needs-alone");
    }
    let families = view.outcomes.families(Kind::Malicious);
    let groups = groups(subject, &families);
    let numbers = numbers(subject, &families);
    let longest = view.rules.iter().map(|rule| width(&rule.rule, SMALL)).max();
    let left = longest.unwrap_or(0) + 12;
    let longest = families.iter().map(|family| width(family, SMALL)).max();
    let top = longest.unwrap_or(0) + 60;
    let rows: usize = groups.iter().map(|(_, rows)| rows.len() + 1).sum();
    let size = (
        (left + COLUMN * (count(families.len()) + 1) + 20).max(620),
        top + ROW * count(rows) + 8,
    );
    let caption = subject.say(
        "q1_rules_by_attack-caption",
        &[("n", view.demonstrated.to_string())],
    )?;
    figure(subject, ID, size, &caption, |sheet| {
        scale(subject, sheet, left)?;
        heads(subject, sheet, &families, &numbers, (left, top))?;
        let mut y = top;
        for (class, rows) in &groups {
            let look = Look::right(SMALL).bold();
            sheet.text((left - 8, y + ROW / 2 + 1), class, look)?;
            y += ROW;
            for row in rows {
                draw_row(sheet, row, (left, y), &numbers)?;
                y += ROW;
            }
        }
        Ok(())
    })
}

/// Rows by class, in the order of the classes' first rules.
fn groups<'a>(subject: &Subject<'a>, families: &[&str]) -> Vec<(&'a str, Vec<Row<'a>>)> {
    let outcomes = &subject.view.outcomes;
    let mut groups: Vec<(&str, Vec<Row<'_>>)> = Vec::new();
    for rule in &subject.view.rules {
        let set = format!("only:{}", rule.rule);
        let tally = |family: &str| {
            outcomes.tally(&set, |group| {
                group.kind == Kind::Malicious && group.family == family
            })
        };
        let cells: Option<Vec<_>> = families.iter().map(|family| tally(family)).collect();
        let mut sum = Tally::default();
        for cell in cells.iter().flatten() {
            sum += *cell;
        }
        let row = Row {
            rule: &rule.rule,
            cells,
            sum,
        };
        match groups.iter_mut().find(|(class, _)| *class == rule.class) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((&rule.class, vec![row])),
        }
    }
    groups
}

/// Demonstrated attacks of each family, and of all.
fn numbers(subject: &Subject<'_>, families: &[&str]) -> Vec<u32> {
    let n = |family: Option<&str>| {
        let tally = subject.view.outcomes.tally("none", |group| {
            group.kind == Kind::Malicious && family.is_none_or(|family| group.family == family)
        });
        tally.unwrap_or_default().n()
    };
    let each = families.iter().map(|family| n(Some(family)));
    each.chain([n(None)]).collect()
}

/// Names and n of the families, and of the sum.
fn heads(
    subject: &Subject<'_>,
    sheet: &Sheet<'_>,
    families: &[&str],
    numbers: &[u32],
    (left, top): (i32, i32),
) -> Result<()> {
    let total = subject.texts.say("word.total", &[])?;
    for (place, n) in numbers.iter().enumerate() {
        let family = families.get(place).copied();
        let x = column(left, place, families.len()) + COLUMN / 2;
        let look = Look::left(SMALL).upward();
        sheet.text((x, top - 24), family.unwrap_or(&total), look)?;
        let text = format!("n={n}");
        sheet.text((x, top - 9), &text, Look::centre(10.0).colour(GREY))?;
    }
    Ok(())
}

fn draw_row(
    sheet: &Sheet<'_>,
    row: &Row<'_>,
    (left, y): (i32, i32),
    numbers: &[u32],
) -> Result<()> {
    let middle = y + ROW / 2 + 1;
    sheet.text((left - 8, middle), row.rule, Look::right(SMALL))?;
    for (place, n) in numbers.iter().enumerate() {
        let x = column(left, place, numbers.len() - 1);
        let (from, to) = ((x, y), (x + COLUMN, y + ROW));
        let cell = match &row.cells {
            Some(cells) => cells.get(place).copied().unwrap_or(row.sum),
            None => Tally::default(),
        };
        // What a rule refuses because it sees nothing is no merit of it.
        let seen = cell.stopped() - cell.undetermined;
        let share = f64::from(seen) / f64::from(cell.n().max(1));
        let (fill, ink) = shade(share);
        sheet.block(from, to, fill)?;
        sheet.outline(from, to, PALE)?;
        let unseen = match cell.undetermined {
            0 => String::new(),
            unseen => format!("?{unseen}"),
        };
        if !unseen.is_empty() {
            hatch(sheet, from, to)?;
        }
        let text = match (seen, cell.n()) {
            // Nothing ran: not the same as nothing stopped.
            (_, 0) => "–".to_owned(),
            (0, _) if unseen.is_empty() => continue,
            (0, _) => unseen,
            (seen, ran) if ran < *n => format!("{seen}{unseen}/{ran}"),
            (seen, _) => format!("{seen}{unseen}"),
        };
        sheet.text(
            (x + COLUMN / 2, middle),
            &text,
            Look::centre(SMALL).colour(ink),
        )?;
    }
    Ok(())
}

/// Marks a cell in its lower corner, where it hides no number.
fn hatch(sheet: &Sheet<'_>, (left, _): (i32, i32), (_, bottom): (i32, i32)) -> Result<()> {
    for step in [4, 7, 10] {
        let line = [(left + 1, bottom - step), (left + step, bottom - 1)];
        sheet.line(&line, GREY, 1)?;
    }
    Ok(())
}

/// Left edge of a column; the sum stands apart.
fn column(left: i32, place: usize, families: usize) -> i32 {
    left + COLUMN * count(place) + if place == families { 12 } else { 0 }
}

/// Viridis from light (few) to dark (all), nothing being white: lightness falls
/// all the way, so the order survives grey. With it, ink that can be read on it.
pub(super) fn shade(share: f64) -> (RGBColor, RGBColor) {
    if share <= 0.0 {
        return (WHITE, GREY);
    }
    let fill = ViridisRGB.get_color(1.0 - share);
    (fill, if share > 0.45 { WHITE } else { BLACK })
}

/// What the shades mean.
fn scale(subject: &Subject<'_>, sheet: &Sheet<'_>, left: i32) -> Result<()> {
    const STEPS: i32 = 20;
    const STEP: i32 = 9;
    let look = Look::left(SMALL);
    sheet.text((0, 10), &subject.say("share-stopped", &[])?, look)?;
    let right = (left - 40).min(STEPS * STEP);
    for step in 0..STEPS {
        let x = |step: i32| right * step / STEPS;
        let share = (f64::from(step) + 0.5) / f64::from(STEPS);
        sheet.block((x(step), 22), (x(step + 1), 36), shade(share).0)?;
    }
    sheet.text((0, 47), "> 0 %", Look::left(10.0))?;
    sheet.text((right, 47), "100 %", Look::right(10.0))?;
    sheet.text(
        (0, 66),
        &subject.say("blank-none", &[])?,
        Look::left(10.0).colour(GREY),
    )?;
    Ok(())
}
