//! How the cost of a start, of gathering and of evaluating grows with the input.

use std::collections::BTreeSet;

use super::{BenchSubject, micros};
use crate::Result;
use crate::analysis::overhead::{COUNTED, Growth, RESOLVING};
use crate::plots::Drawing;
use crate::plots::axis::Axis;
use crate::plots::sheet::{Look, Mark, SMALL, Words, count, figure};

const WIDTH: i32 = 820;
const HEIGHT: i32 = 420;
const ROW: i32 = 18;

pub(super) fn draw(subject: &BenchSubject<'_>) -> Result<Drawing> {
    let Some(overhead) = subject.overhead else {
        return subject.missing();
    };
    let shown = |growth: &&Growth| {
        let shown = ["all", RESOLVING].contains(&growth.subject.as_str());
        shown && growth.points.len() > 1 && growth.bench != COUNTED
    };
    let curves: Vec<&Growth> = overhead.growth.iter().filter(shown).collect();
    if curves.is_empty() {
        return subject.missing();
    }
    // One mark for each direction, whatever grows in it.
    let parameters: BTreeSet<&str> = curves.iter().map(|it| it.parameter.as_str()).collect();
    let mark = |curve: &Growth| {
        let before = parameters.iter().take_while(|it| **it != curve.parameter);
        Mark::of(before.count())
    };
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let range = |value: fn(&crate::analysis::overhead::Point) -> f64| {
        let least = points().map(value).fold(f64::MAX, f64::min);
        let most = points().map(value).fold(0.0, f64::max);
        (least.max(1e-3) * 0.8, most * 1.3)
    };
    let x = Axis {
        values: range(|point| point.size),
        pixels: (80, WIDTH - 16),
        log: true,
    };
    let y = Axis {
        values: range(|point| micros(point.cost.median)),
        pixels: (HEIGHT - 52, 10),
        log: true,
    };
    let caption = subject.say("q4_growth-caption", &[])?;
    let size = (WIDTH, HEIGHT + ROW * count(curves.len()));
    figure(subject, "q4_growth", size, &caption, |sheet| {
        x.along(
            sheet,
            (y.pixels.1, y.pixels.0),
            &subject.say("axis-size", &[])?,
        )?;
        y.upward(sheet, x.pixels, &subject.say("axis-cost", &[])?)?;
        for (place, curve) in curves.iter().enumerate() {
            let mark = mark(curve);
            let at = |ns: f64| y.at(micros(ns).max(y.values.0));
            let path: Vec<_> = curve
                .points
                .iter()
                .map(|point| (x.at(point.size), at(point.cost.median)))
                .collect();
            sheet.line(&path, mark.1, 1)?;
            for (point, place) in curve.points.iter().zip(&path) {
                let ends = [point.cost.low, point.cost.high].map(|end| (place.0, at(end)));
                sheet.line(&ends, mark.1, 2)?;
                sheet.mark(*place, 4, mark)?;
            }
            let below = HEIGHT + ROW * count(place);
            sheet.mark((30, below), 4, mark)?;
            let class = match curve.class() {
                Some(class) => subject.say(&format!("growth-{}", class.word()), &[])?,
                None => String::new(),
            };
            let exponent = curve.exponent.map_or_else(String::new, |it| {
                format!("n^{:.2} [{:.2}, {:.2}]", it.median, it.low, it.high)
            });
            let what = match curve.subject == RESOLVING {
                true => RESOLVING,
                false => &curve.bench,
            };
            let text = format!("{what} / {}: {exponent} {class}", curve.parameter);
            sheet.text((44, below), &text, Look::left(SMALL))?;
        }
        Ok(())
    })
}
