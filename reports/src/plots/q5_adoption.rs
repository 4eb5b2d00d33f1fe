//! In which order to adopt rules: what is stopped and broken after each step.

use super::sheet::{BLUE, GREY, Look, ORANGE, PALE, SMALL, TEXT, count, figure, width};
use super::{Drawing, Subject};
use crate::Result;

const ID: &str = "q5_adoption";
const WIDTH: i32 = 860;
const ROW: i32 = 18;
/// Room for the heads above the bars.
const TOP: i32 = 28;
/// Room for the numbers to the right of a bar.
const NUMBERS: i32 = 84;

pub(super) fn draw(subject: &Subject<'_>) -> Result<Drawing> {
    let view = subject.view;
    let lattice = match subject.scored() {
        Ok(lattice) => lattice,
        Err(needs) => return subject.missing(needs),
    };
    let steps = &lattice.adoption;
    let longest = steps.iter().map(|step| width(&step.rule, SMALL)).max();
    let left = longest.unwrap_or(0).max(120) + 44;
    let half = (WIDTH - left) / 2;
    let bar = half - NUMBERS;
    let all = view.scorer.score(lattice.every);
    let left_out = view.rules.len() - steps.len();
    let caption = subject.say(
        "q5_adoption-caption",
        &[
            ("attacks", view.demonstrated.to_string()),
            ("cases", view.working.to_string()),
            ("idle", left_out.to_string()),
            ("all", all.broken.to_string()),
        ],
    )?;
    let caption = subject.with_untried(caption)?;
    let size = (WIDTH, TOP + ROW * count(steps.len()) + 4);
    figure(subject, ID, size, &caption, |sheet| {
        let heads = [("stops-more", left), ("breaks-more", left + half)];
        for (head, x) in heads {
            let look = Look::left(TEXT).bold();
            sheet.text((x, 10), &subject.say(head, &[])?, look)?;
            sheet.line(&[(x, TOP - 6), (x, size.1)], PALE, 1)?;
        }
        for (place, step) in steps.iter().enumerate() {
            let y = TOP + ROW * count(place) + ROW / 2;
            sheet.text(
                (22, y),
                &(place + 1).to_string(),
                Look::right(SMALL).colour(GREY),
            )?;
            sheet.text((left - 8, y), &step.rule, Look::right(SMALL))?;
            let bars = [
                (left, step.total.stopped, step.gain, view.demonstrated, BLUE),
                (
                    left + half,
                    step.total.broken,
                    step.broken,
                    view.working,
                    ORANGE,
                ),
            ];
            for (x, total, more, n, colour) in bars {
                let long = |value: u32| (f64::from(bar) * f64::from(value) / n as f64) as i32;
                let (before, end) = (x + long(total - more), x + long(total));
                // What the step adds is dark, what was there before pale.
                sheet.block((x, y - 6), (before, y + 6), PALE)?;
                if more > 0 {
                    sheet.block((before, y - 6), (end.max(before + 1), y + 6), colour)?;
                }
                let text = match more {
                    0 => format!("{total}"),
                    more => format!("{total} (+{more})"),
                };
                let look = Look::left(SMALL).colour(GREY);
                sheet.text((end.max(before + 1) + 6, y), &text, look)?;
            }
        }
        Ok(())
    })
}
