//! What each rule alone adds to a start, with intervals and the resolution of
//! the method.

use super::{BenchSubject, micros};
use crate::Result;
use crate::plots::Drawing;
use crate::plots::axis::Axis;
use crate::plots::sheet::{BLUE, GREY, Look, Mark, PALE, SMALL, Words, count, figure};

const ROW: i32 = 15;
const LEFT: i32 = 270;
const WIDTH: i32 = 820;

pub(super) fn draw(subject: &BenchSubject<'_>) -> Result<Drawing> {
    let Some(overhead) = subject.overhead else {
        return subject.missing();
    };
    let mut rows: Vec<_> = overhead
        .rules
        .iter()
        .filter_map(|rule| Some((rule.rule.as_str(), rule.alone?)))
        .collect();
    if rows.is_empty() {
        return subject.missing();
    }
    rows.sort_by(|(_, one), (_, other)| other.median.total_cmp(&one.median));
    let ends = rows
        .iter()
        .flat_map(|(_, it)| [it.low, it.high])
        .map(micros);
    let noise = overhead
        .resolution
        .map_or([0.0; 2], |it| [it.low, it.high].map(micros));
    let ends = ends.chain(noise).chain([0.0]);
    let least = ends.clone().fold(0.0, f64::min);
    let most = ends.fold(1.0, f64::max);
    let bottom = ROW * count(rows.len()) + 8;
    let x = Axis {
        values: (least * 1.05, most * 1.05),
        pixels: (LEFT, WIDTH - 16),
        log: false,
    };
    let n = rows.iter().map(|(_, it)| it.n).max().unwrap_or(0);
    let caption = subject.say("q4_overhead_per_rule-caption", &[("n", n.to_string())])?;
    figure(
        subject,
        "q4_overhead_per_rule",
        (WIDTH, bottom + 50),
        &caption,
        |sheet| {
            sheet.block(
                (x.at(noise[0]), 0),
                (x.at(noise[1]).max(x.at(noise[0]) + 1), bottom),
                PALE,
            )?;
            x.along(sheet, (0, bottom), &subject.say("axis-added", &[])?)?;
            sheet.line(&[(x.at(0.0), 0), (x.at(0.0), bottom)], GREY, 1)?;
            for (place, (rule, it)) in rows.iter().enumerate() {
                let y = ROW * count(place) + ROW / 2 + 2;
                sheet.text((LEFT - 10, y), rule, Look::right(SMALL))?;
                let ends = [it.low, it.high].map(|end| (x.at(micros(end)), y));
                sheet.line(&ends, BLUE, 2)?;
                sheet.mark((x.at(micros(it.median)), y), 3, (Mark::Circle, BLUE))?;
            }
            Ok(())
        },
    )
}
