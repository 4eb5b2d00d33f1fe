//! Start latency of every launcher: each start as a mark, the median as a bar,
//! from starts that were interleaved.

use super::axis::Axis;
use super::sheet::{BLACK, BLUE, GREY, Look, Point, SMALL, TEXT, VERMILION, count, figure};
use super::{Drawing, Subject};
use crate::Result;
use crate::analysis::start_latency::by_target;

const ID: &str = "q4_targets";
const WIDTH: i32 = 760;
const ROW: i32 = 26;
/// Room for names.
const LEFT: i32 = 230;

pub(super) fn draw(subject: &Subject<'_>) -> Result<Drawing> {
    let all = by_target(subject.run);
    let rows: Vec<_> = all.iter().filter(|one| one.n > 0).collect();
    let values = || rows.iter().flat_map(|one| one.durations_us.iter().copied());
    let (Some(least), Some(most)) = (values().min(), values().max()) else {
        return subject.missing("needs-start-latency");
    };
    let x = Axis {
        values: (milliseconds(least.max(1)) * 0.9, milliseconds(most) * 1.1),
        pixels: (LEFT, WIDTH - 90),
        log: true,
    };
    let height = ROW * count(rows.len());
    let caption = subject.say("q4_targets-caption", &[("n", values().count().to_string())])?;
    figure(subject, ID, (WIDTH, height + 62), &caption, |sheet| {
        x.along(
            sheet,
            (10, height + 10),
            &subject.say("axis-duration", &[])?,
        )?;
        for (place, row) in rows.iter().enumerate() {
            let y = 10 + ROW * count(place) + ROW / 2;
            sheet.text((LEFT - 10, y), &row.name, Look::right(TEXT))?;
            let colour = match row.name.starts_with("sekisho") {
                true => VERMILION,
                false => BLUE,
            };
            for duration in &row.durations_us {
                let at: Point = (x.at(milliseconds(*duration)), y);
                sheet.line(&[(at.0, at.1 - 5), (at.0, at.1 + 5)], colour, 1)?;
            }
            if let Some(median) = row.median_us {
                let at = x.at(milliseconds(median));
                sheet.line(&[(at, y - 10), (at, y + 10)], BLACK, 3)?;
                let text = format!("{:.1} ms", milliseconds(median));
                sheet.text((WIDTH - 82, y), &text, Look::left(SMALL).colour(GREY))?;
            }
        }
        Ok(())
    })
}

fn milliseconds(microseconds: u64) -> f64 {
    microseconds as f64 / 1000.0
}
