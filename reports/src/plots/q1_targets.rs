//! Real launchers beside the reference launcher: what came of the same attacks
//! and of the same legitimate starts.

use plotters::style::RGBColor;

use super::sheet::{
    BLACK, BLUE, GREY, Look, ORANGE, PALE, SMALL, Sheet, TEXT, VERMILION, WHITE, count, figure,
    width,
};
use super::{Drawing, Subject};
use crate::Result;
use crate::analysis::cells::Cells;
use crate::analysis::targets::{Column, Counts, compare};

const ID: &str = "q1_targets";
const WIDTH: i32 = 900;
const ROW: i32 = 26;
/// Room for the heads above the bars, and for what the shades mean.
const TOP: i32 = 62;
/// Room for the numbers to the right of a bar.
const NUMBERS: i32 = 120;
const SKY: RGBColor = RGBColor(150, 205, 240);

/// A part of a bar: its number, its colour, its text.
type Part = (u32, RGBColor, &'static str);

pub(super) fn draw(subject: &Subject<'_>) -> Result<Drawing> {
    let run = subject.run;
    let Some(targets) = compare(run, &Cells::of(run)) else {
        return subject.missing("needs-targets");
    };
    if targets.demonstrated == 0 {
        return subject.missing("needs-demonstrated");
    }
    let rows = &targets.columns;
    let longest = rows.iter().map(|column| width(&column.name, TEXT)).max();
    let left = longest.unwrap_or(0).max(90) + 16;
    let half = (WIDTH - left) / 2;
    let caption = subject.say(
        "q1_targets-caption",
        &[
            ("attacks", targets.demonstrated.to_string()),
            ("cases", targets.working.to_string()),
        ],
    )?;
    let size = (WIDTH, TOP + ROW * count(rows.len()) + 6);
    figure(subject, ID, size, &caption, |sheet| {
        legend(subject, sheet)?;
        let heads = [
            ("targets-attacks", left),
            ("targets-legitimate", left + half),
        ];
        for (head, x) in heads {
            let look = Look::left(TEXT).bold();
            sheet.text((x, TOP - 12), &subject.say(head, &[])?, look)?;
        }
        for (place, column) in rows.iter().enumerate() {
            let y = TOP + ROW * count(place) + ROW / 2;
            let look = Look::right(TEXT);
            let look = if column.real { look.bold() } else { look };
            sheet.text((left - 10, y), &column.name, look)?;
            let sum = sum(column);
            let parts = attacks(&sum);
            bar(
                sheet,
                (left, y),
                half - NUMBERS,
                &parts,
                targets.demonstrated,
            )?;
            let text = format!("{}/{}", sum.stopped(), sum.n());
            let at = (left + half - NUMBERS + 8, y);
            sheet.text(at, &text, Look::left(SMALL).colour(GREY))?;
            let legitimate = &column.legitimate;
            let parts = starts(legitimate);
            let from = (left + half, y);
            bar(sheet, from, half - NUMBERS, &parts, targets.working)?;
            let text = format!("{}/{}", legitimate.works, legitimate.n());
            let at = (left + 2 * half - NUMBERS + 8, y);
            sheet.text(at, &text, Look::left(SMALL).colour(GREY))?;
        }
        Ok(())
    })
}

fn sum(column: &Column) -> Counts {
    let mut sum = Counts::default();
    for counts in column.families.values() {
        sum += *counts;
    }
    sum
}

/// From dark to light: stopped, got through, broke, could not be asked.
fn attacks(counts: &Counts) -> [Part; 5] {
    let apart = counts.not_applicable + counts.skipped + counts.missing;
    [
        (counts.blocked, BLUE, "targets-blocked"),
        (counts.neutralised, SKY, "targets-neutralised"),
        (counts.compromised, VERMILION, "targets-compromised"),
        (counts.failed, BLACK, "targets-failed"),
        (apart, WHITE, "targets-apart"),
    ]
}

fn starts(counts: &Counts) -> [Part; 4] {
    let apart = counts.not_applicable + counts.skipped + counts.missing;
    [
        (counts.works, PALE, "targets-works"),
        (counts.broken, ORANGE, "targets-broken"),
        (counts.failed, BLACK, "targets-failed"),
        (apart, WHITE, "targets-apart"),
    ]
}

fn bar(
    sheet: &Sheet<'_>,
    (left, y): (i32, i32),
    long: i32,
    parts: &[Part],
    n: usize,
) -> Result<()> {
    let at = |value: u32| left + (f64::from(long) * f64::from(value) / n.max(1) as f64) as i32;
    let mut before = 0;
    for (value, colour, _) in parts {
        if *value > 0 {
            let (from, to) = (at(before), at(before + value).max(at(before) + 1));
            sheet.block((from, y - 8), (to, y + 8), *colour)?;
            sheet.outline((from, y - 8), (to, y + 8), GREY)?;
        }
        before += value;
    }
    Ok(())
}

/// What the shades mean.
fn legend(subject: &Subject<'_>, sheet: &Sheet<'_>) -> Result<()> {
    let none = Counts::default();
    let mut parts = attacks(&none).to_vec();
    parts.extend(&starts(&none)[..2]);
    let mut x = 0;
    for (_, colour, key) in parts {
        sheet.block((x, 6), (x + 14, 20), colour)?;
        sheet.outline((x, 6), (x + 14, 20), GREY)?;
        let text = subject.say(key, &[])?;
        sheet.text((x + 20, 13), &text, Look::left(SMALL))?;
        x += 20 + width(&text, SMALL) + 18;
    }
    Ok(())
}
