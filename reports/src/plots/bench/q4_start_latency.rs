//! Distribution of start times: the floor, the reference launcher and the real
//! ones.

use super::{BenchSubject, millis};
use crate::Result;
use crate::analysis::overhead::Launcher;
use crate::plots::Drawing;
use crate::plots::axis::Axis;
use crate::plots::sheet::{
    BLACK, BLUE, GREY, Look, Mark, PALE, SMALL, VERMILION, Words, count, figure,
};

const ROW: i32 = 20;
const LEFT: i32 = 300;
const WIDTH: i32 = 880;

pub(super) fn draw(subject: &BenchSubject<'_>) -> Result<Drawing> {
    let launchers = subject.overhead.map(|it| it.launchers.as_slice());
    let Some(rows) = launchers.filter(|rows| !rows.is_empty()) else {
        return subject.missing();
    };
    let least = rows
        .iter()
        .map(|it| millis(it.least))
        .fold(f64::MAX, f64::min);
    let most = rows.iter().map(|it| millis(it.p95)).fold(0.0, f64::max);
    let bottom = ROW * count(rows.len()) + 6;
    let x = Axis {
        values: (least.max(1e-3) * 0.9, most * 1.2),
        pixels: (LEFT, WIDTH - 110),
        log: true,
    };
    let n = rows.iter().map(|it| it.start.n).min().unwrap_or(0);
    let caption = subject.say("q4_start_latency-caption", &[("n", n.to_string())])?;
    figure(
        subject,
        "q4_start_latency",
        (WIDTH, bottom + 50),
        &caption,
        |sheet| {
            x.along(sheet, (0, bottom), &subject.say("axis-start-ms", &[])?)?;
            for (place, launcher) in rows.iter().enumerate() {
                let y = ROW * count(place) + ROW / 2 + 2;
                sheet.text((LEFT - 10, y), &launcher.name, Look::right(SMALL))?;
                for value in &launcher.sorted {
                    let at = x.at(millis(*value)).min(x.pixels.1);
                    sheet.line(&[(at, y - 5), (at, y + 5)], PALE, 1)?;
                }
                let at = |ns: f64| x.at(millis(ns));
                sheet.line(
                    &[(at(launcher.start.low), y), (at(launcher.start.high), y)],
                    GREY,
                    3,
                )?;
                sheet.line(
                    &[(at(launcher.p95), y - 4), (at(launcher.p95), y + 4)],
                    GREY,
                    1,
                )?;
                sheet.mark((at(launcher.start.median), y), 4, mark(launcher))?;
                if let Some(ratio) = launcher.ratio {
                    let text = format!("×{:.2}", ratio.median);
                    sheet.text((WIDTH - 100, y), &text, Look::left(SMALL))?;
                }
            }
            Ok(())
        },
    )
}

fn mark(launcher: &Launcher) -> (Mark, plotters::style::RGBColor) {
    if launcher.name.starts_with("floor") {
        (Mark::Square, BLACK)
    } else if launcher.name.starts_with("sekisho") {
        (Mark::Circle, VERMILION)
    } else {
        (Mark::Diamond, BLUE)
    }
}
