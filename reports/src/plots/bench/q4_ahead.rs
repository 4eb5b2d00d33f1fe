//! Start time where namespaces are made while the request is examined.

use super::{BenchSubject, micros};
use crate::Result;
use crate::plots::Drawing;
use crate::plots::axis::Axis;
use crate::plots::sheet::{BLUE, GREY, Look, Mark, SMALL, TEXT, VERMILION, Words, count, figure};

const ROW: i32 = 30;
const LEFT: i32 = 230;
const WIDTH: i32 = 820;

pub(super) fn draw(subject: &BenchSubject<'_>) -> Result<Drawing> {
    let rows = subject.overhead.map(|it| it.ahead.as_slice());
    let Some(rows) = rows.filter(|rows| !rows.is_empty()) else {
        return subject.missing();
    };
    let mut names: Vec<&str> = rows.iter().map(|row| row.subject.as_str()).collect();
    names.dedup();
    let most = rows
        .iter()
        .map(|row| micros(row.start.high))
        .fold(1.0, f64::max);
    let bottom = ROW * count(names.len()) + 4;
    let x = Axis {
        values: (0.0, most * 1.05),
        pixels: (LEFT, WIDTH - 150),
        log: false,
    };
    let n = rows.iter().map(|row| row.start.n).min().unwrap_or(0);
    let caption = subject.say("q4_ahead-caption", &[("n", n.to_string())])?;
    figure(
        subject,
        "q4_ahead",
        (WIDTH, bottom + 50),
        &caption,
        |sheet| {
            x.along(sheet, (0, bottom), &subject.say("axis-start", &[])?)?;
            for (place, name) in names.iter().enumerate() {
                let y = ROW * count(place) + ROW / 2;
                sheet.text((LEFT - 10, y), name, Look::right(TEXT))?;
                let own = rows.iter().filter(|row| row.subject == *name);
                for (row, (mark, colour, by)) in
                    own.zip([(Mark::Circle, BLUE, -5), (Mark::Diamond, VERMILION, 5)])
                {
                    let y = y + by;
                    let ends = [row.start.low, row.start.high].map(|ns| (x.at(micros(ns)), y));
                    sheet.line(&ends, GREY, 2)?;
                    let at = (x.at(micros(row.start.median)), y);
                    sheet.mark(at, 4, (mark, colour))?;
                    if let Some(of) = row.of_none.filter(|_| !name.starts_with("floor")) {
                        let text = format!("×{:.3}", of.median);
                        let left = WIDTH - 140 + if by < 0 { 0 } else { 70 };
                        let look = Look::left(SMALL).colour(colour);
                        sheet.text((left, y - by), &text, look)?;
                    }
                }
            }
            Ok(())
        },
    )
}
