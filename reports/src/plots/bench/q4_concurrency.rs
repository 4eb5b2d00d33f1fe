//! Latency of one start when several are made at once.

use super::{BenchSubject, millis};
use crate::Result;
use crate::plots::Drawing;
use crate::plots::axis::Axis;
use crate::plots::sheet::{Look, Mark, SMALL, Words, count, figure};

const WIDTH: i32 = 760;
const HEIGHT: i32 = 400;
const ROW: i32 = 18;

pub(super) fn draw(subject: &BenchSubject<'_>) -> Result<Drawing> {
    let points = subject.overhead.map(|it| it.concurrency.as_slice());
    let Some(points) = points.filter(|points| !points.is_empty()) else {
        return subject.missing();
    };
    let mut names: Vec<&str> = points.iter().map(|point| point.subject.as_str()).collect();
    names.dedup();
    names.sort_unstable();
    names.dedup();
    let most = points.iter().map(|point| point.at_once).max().unwrap_or(1) as f64;
    let slowest = points
        .iter()
        .map(|point| millis(point.p95))
        .fold(0.0, f64::max);
    let fastest = points
        .iter()
        .map(|point| millis(point.start.low))
        .fold(f64::MAX, f64::min);
    let x = Axis {
        values: (0.9, most * 1.1),
        pixels: (80, WIDTH - 16),
        log: true,
    };
    let y = Axis {
        values: (fastest.max(1e-3) * 0.8, slowest * 1.2),
        pixels: (HEIGHT - 52, 10),
        log: true,
    };
    let caption = subject.say("q4_concurrency-caption", &[])?;
    let size = (WIDTH, HEIGHT + ROW * count(names.len()));
    figure(subject, "q4_concurrency", size, &caption, |sheet| {
        x.along(
            sheet,
            (y.pixels.1, y.pixels.0),
            &subject.say("axis-at-once", &[])?,
        )?;
        y.upward(sheet, x.pixels, &subject.say("axis-start-ms", &[])?)?;
        for (place, name) in names.iter().enumerate() {
            let mark = Mark::of(place);
            let own: Vec<_> = points
                .iter()
                .filter(|point| point.subject == *name)
                .collect();
            let path = |value: fn(&crate::analysis::overhead::AtOnce) -> f64| -> Vec<_> {
                let at = |point: &&&crate::analysis::overhead::AtOnce| {
                    (x.at(point.at_once as f64), y.at(millis(value(point))))
                };
                own.iter().map(|point| at(&point)).collect()
            };
            let medians = path(|point| point.start.median);
            sheet.line(&medians, mark.1, 2)?;
            sheet.dashes(&path(|point| point.p95), mark.1, 1)?;
            for at in &medians {
                sheet.mark(*at, 4, mark)?;
            }
            let below = HEIGHT + ROW * count(place);
            sheet.mark((30, below), 4, mark)?;
            let rates = own.iter().filter_map(|point| point.per_second);
            let best = rates.map(|rate| rate.median).fold(0.0, f64::max);
            let values = [("name", (*name).to_owned()), ("rate", format!("{best:.0}"))];
            let text = subject.say("q4_concurrency-line", &values)?;
            sheet.text((44, below), &text, Look::left(SMALL))?;
        }
        Ok(())
    })
}
