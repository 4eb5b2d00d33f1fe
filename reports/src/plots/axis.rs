//! Axes: where a value stands, and which values get a line.

use super::sheet::{GREY, Look, PALE, SMALL, Sheet, TEXT};
use crate::Result;

/// An axis from the value `from` at the pixel `low` to `to` at `high`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    /// Values at the ends.
    pub(super) values: (f64, f64),
    /// Pixels at the ends.
    pub(super) pixels: (i32, i32),
    /// Equal distances are equal factors; values must be above 0.
    pub(super) log: bool,
}

/// Most lines of an axis.
const MOST_TICKS: f64 = 9.0;

impl Axis {
    /// Where a value stands.
    pub(super) fn at(&self, value: f64) -> i32 {
        let scaled = |value: f64| if self.log { value.ln() } else { value };
        let (from, to) = (scaled(self.values.0), scaled(self.values.1));
        let share = (scaled(value) - from) / (to - from).max(f64::MIN_POSITIVE);
        self.pixels.0 + (f64::from(self.pixels.1 - self.pixels.0) * share).round() as i32
    }

    /// Values with a line: 1, 2 and 5 times powers of ten on logarithmic axes,
    /// else multiples of one such step of at least 1.
    fn ticks(&self) -> Vec<f64> {
        let (from, to) = self.values;
        if self.log {
            let first = from.log10().floor() as i32;
            let last = to.log10().ceil() as i32;
            return (first..=last)
                .flat_map(|power| [1.0, 2.0, 5.0].map(|factor| factor * 10_f64.powi(power)))
                .filter(|tick| (from..=to).contains(tick))
                .collect();
        }
        let mut steps = (0..12).flat_map(|power| [1.0, 2.0, 5.0].map(|f| f * 10_f64.powi(power)));
        let step = steps
            .find(|step| (to - from) / step <= MOST_TICKS)
            .unwrap_or(to - from);
        let first = (from / step).ceil() as i64;
        let last = (to / step).floor() as i64;
        (first..=last).map(|place| place as f64 * step).collect()
    }

    /// Draws it along the bottom of a field whose upper end is given.
    pub(super) fn along(
        &self,
        sheet: &Sheet<'_>,
        (top, bottom): (i32, i32),
        name: &str,
    ) -> Result<()> {
        for tick in self.ticks() {
            let x = self.at(tick);
            sheet.line(&[(x, top), (x, bottom)], PALE, 1)?;
            sheet.text((x, bottom + 14), &label(tick), Look::centre(SMALL))?;
        }
        sheet.line(&[(self.pixels.0, bottom), (self.pixels.1, bottom)], GREY, 1)?;
        let middle = i32::midpoint(self.pixels.0, self.pixels.1);
        sheet.text((middle, bottom + 36), name, Look::centre(TEXT))
    }

    /// Draws it up the left side of a field whose ends are given.
    pub(super) fn upward(
        &self,
        sheet: &Sheet<'_>,
        (left, right): (i32, i32),
        name: &str,
    ) -> Result<()> {
        for tick in self.ticks() {
            let y = self.at(tick);
            sheet.line(&[(left, y), (right, y)], PALE, 1)?;
            sheet.text((left - 8, y), &label(tick), Look::right(SMALL))?;
        }
        sheet.line(&[(left, self.pixels.0), (left, self.pixels.1)], GREY, 1)?;
        let middle = i32::midpoint(self.pixels.0, self.pixels.1);
        sheet.text((left - 48, middle), name, Look::centre(TEXT).upward())
    }
}

/// A value without digits that say nothing.
fn label(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(from: f64, to: f64, log: bool) -> Axis {
        Axis {
            values: (from, to),
            pixels: (100, 200),
            log,
        }
    }

    #[test]
    fn ends_and_middle_stand_where_they_belong() {
        let linear = axis(0.0, 10.0, false);
        assert_eq!(
            [0.0, 5.0, 10.0].map(|value| linear.at(value)),
            [100, 150, 200]
        );
        let log = axis(1.0, 100.0, true);
        assert_eq!(
            [1.0, 10.0, 100.0].map(|value| log.at(value)),
            [100, 150, 200]
        );
        // Nothing to spread over.
        assert_eq!(axis(0.0, 0.0, false).at(0.0), 100);
    }

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(axis(0.0, 3.0, false).ticks(), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(axis(0.0, 40.0, false).ticks().len(), 9);
        assert_eq!(
            axis(0.0, 412.0, false).ticks(),
            [0.0, 50.0, 100.0, 150.0, 200.0, 250.0, 300.0, 350.0, 400.0]
        );
        assert_eq!(axis(3.0, 60.0, true).ticks(), [5.0, 10.0, 20.0, 50.0]);
        assert_eq!([0.5, 20.0, 0.0].map(label), ["0.5", "20", "0"]);
    }
}
