//! Start time as one class of rules after the other is switched on.

use super::{BenchSubject, micros};
use crate::Result;
use crate::plots::Drawing;
use crate::plots::axis::Axis;
use crate::plots::sheet::{BLUE, GREY, Look, Mark, SMALL, TEXT, Words, count, figure};

/// In the order of the classes; each holds all before it.
const STEPS: [&str; 6] = [
    "none",
    "fatal",
    "fatal,selectable",
    "fatal,selectable,deferred",
    "suexec",
    "all",
];
const ROW: i32 = 34;
const LEFT: i32 = 210;
const WIDTH: i32 = 760;

pub(super) fn draw(subject: &BenchSubject<'_>) -> Result<Drawing> {
    let Some(overhead) = subject.overhead else {
        return subject.missing();
    };
    let rows: Vec<_> = STEPS
        .iter()
        .filter_map(|step| overhead.sets.iter().find(|set| set.set == *step))
        .filter_map(|set| Some((set, set.start?)))
        .collect();
    if rows.len() < 2 {
        return subject.missing();
    }
    let most = rows
        .iter()
        .map(|(_, start)| micros(start.high))
        .fold(1.0, f64::max);
    let bottom = ROW * count(rows.len()) + 4;
    let x = Axis {
        values: (0.0, most * 1.05),
        pixels: (LEFT, WIDTH - 180),
        log: false,
    };
    let n = rows.iter().map(|(_, start)| start.n).min().unwrap_or(0);
    let caption = subject.say("q4_cumulative-caption", &[("n", n.to_string())])?;
    figure(
        subject,
        "q4_cumulative",
        (WIDTH, bottom + 50),
        &caption,
        |sheet| {
            x.along(sheet, (0, bottom), &subject.say("axis-start", &[])?)?;
            for (place, (set, start)) in rows.iter().enumerate() {
                let y = ROW * count(place) + ROW / 2;
                sheet.text((LEFT - 10, y), &set.set, Look::right(TEXT))?;
                let from = (x.at(0.0), y - 8);
                sheet.block(from, (x.at(micros(start.median)), y + 8), BLUE)?;
                let ends = [start.low, start.high].map(|end| (x.at(micros(end)), y));
                sheet.line(&ends, GREY, 2)?;
                sheet.mark(ends[1], 2, (Mark::Square, GREY))?;
                if let Some(it) = set.more.filter(|_| set.set != "none") {
                    let [median, low, high] = [it.median, it.low, it.high].map(micros);
                    let text = format!("{median:+.1} µs [{low:.1}, {high:.1}]");
                    sheet.text((WIDTH - 172, y), &text, Look::left(SMALL))?;
                }
            }
            Ok(())
        },
    )
}
