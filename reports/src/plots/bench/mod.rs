//! Figures of the benches.

mod q4_ahead;
mod q4_concurrency;
mod q4_cumulative;
mod q4_growth;
mod q4_overhead_per_rule;
mod q4_start_latency;

use super::Drawing;
use super::sheet::Words;
use crate::Result;
use crate::analysis::overhead::OverheadAnalysis;
use crate::text::{Texts, Values};

/// A figure that is made from the samples of the benches.
#[derive(Debug, Clone, Copy)]
pub struct BenchPlot {
    /// Id, and the name of its files.
    pub id: &'static str,
    draw: fn(&BenchSubject<'_>) -> Result<Drawing>,
}

/// Every one, in the order of the report.
pub static BENCH_PLOTS: &[BenchPlot] = &[
    BenchPlot {
        id: "q4_overhead_per_rule",
        draw: q4_overhead_per_rule::draw,
    },
    BenchPlot {
        id: "q4_cumulative",
        draw: q4_cumulative::draw,
    },
    BenchPlot {
        id: "q4_start_latency",
        draw: q4_start_latency::draw,
    },
    BenchPlot {
        id: "q4_ahead",
        draw: q4_ahead::draw,
    },
    BenchPlot {
        id: "q4_growth",
        draw: q4_growth::draw,
    },
    BenchPlot {
        id: "q4_concurrency",
        draw: q4_concurrency::draw,
    },
];

/// What these figures are about.
#[derive(Debug, Clone, Copy)]
pub struct BenchSubject<'a> {
    /// Numbers of the benches; `None` when they were not run.
    pub overhead: Option<&'a OverheadAnalysis>,
    /// Words.
    pub texts: &'a Texts,
}

impl BenchPlot {
    /// Draws the figure.
    ///
    /// # Errors
    /// A text is missing, or the drawing library failed: a fault of this crate.
    pub fn draw(&self, subject: &BenchSubject<'_>) -> Result<Drawing> {
        (self.draw)(subject)
    }

    /// Its title.
    ///
    /// # Errors
    /// There is no such text.
    pub fn title(&self, texts: &Texts) -> Result<String> {
        texts.say(&format!("plot.{}-title", self.id), &[])
    }
}

impl BenchSubject<'_> {
    /// Why there is nothing to draw.
    fn missing(&self) -> Result<Drawing> {
        Ok(Drawing::Missing(self.say("needs-benches", &[])?))
    }
}

impl Words for BenchSubject<'_> {
    fn say(&self, key: &str, values: Values<'_>) -> Result<String> {
        self.texts.say(&format!("plot.{key}"), values)
    }

    fn origin(&self) -> Result<String> {
        let run = self.overhead.map_or_else(String::new, |it| it.run.clone());
        self.say("bench-origin", &[("run", run)])
    }
}

fn micros(ns: f64) -> f64 {
    ns / 1000.0
}

fn millis(ns: f64) -> f64 {
    ns / 1_000_000.0
}
