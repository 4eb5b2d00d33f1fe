//! Figures, each named for the question that it answers.
//!
//! A plot is drawn once, as SVG with text that names no font, so that it shows
//! wherever there is any sans-serif one; the PNG is rendered from that very
//! SVG. A plot for which the run holds no numbers is not drawn: it says what is
//! missing instead.

mod axis;
mod bench;
mod png;
mod q1_block_rate;
mod q1_pareto;
mod q1_rules_by_attack;
mod q1_targets;
mod q1a_pairs;
mod q1b_profiles;
mod q2_marginal;
mod q4_duration;
mod q4_targets;
mod q5_adoption;
mod q5_breakage;
mod q6_mechanisms;
mod sheet;

use crate::Result;
use crate::analysis::{LatticeAnalysis, ViewAnalysis};
use crate::read::Run;
use crate::text::{Texts, Values};

pub use bench::{BENCH_PLOTS, BenchPlot, BenchSubject};
pub use png::Renderer;

/// A figure that a report can hold.
#[derive(Debug, Clone, Copy)]
pub struct Plot {
    /// Id, and the name of its files.
    pub id: &'static str,
    draw: fn(&Subject<'_>) -> Result<Drawing>,
}

/// Every figure, in the order of the report.
pub static PLOTS: &[Plot] = &[
    Plot {
        id: "q1_block_rate",
        draw: q1_block_rate::draw,
    },
    Plot {
        id: "q1_rules_by_attack",
        draw: q1_rules_by_attack::draw,
    },
    Plot {
        id: "q1_pareto",
        draw: q1_pareto::draw,
    },
    Plot {
        id: "q1_targets",
        draw: q1_targets::draw,
    },
    Plot {
        id: "q1a_pairs",
        draw: q1a_pairs::draw,
    },
    Plot {
        id: "q1b_profiles",
        draw: q1b_profiles::draw,
    },
    Plot {
        id: "q2_marginal",
        draw: q2_marginal::draw,
    },
    Plot {
        id: "q4_duration",
        draw: q4_duration::draw,
    },
    Plot {
        id: "q4_targets",
        draw: q4_targets::draw,
    },
    Plot {
        id: "q5_breakage",
        draw: q5_breakage::draw,
    },
    Plot {
        id: "q5_adoption",
        draw: q5_adoption::draw,
    },
    Plot {
        id: "q6_mechanisms",
        draw: q6_mechanisms::draw,
    },
];

/// What a figure is about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The run.
    pub run: &'a Run,
    /// The target and way to resolve whose numbers are shown.
    pub view: &'a ViewAnalysis,
    /// Words.
    pub texts: &'a Texts,
}

/// What became of a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drawing {
    /// It, as SVG.
    Svg(String),
    /// The run holds nothing to draw; what it needs, in words.
    Missing(String),
}

/// A figure in a report.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Figure {
    /// Title.
    pub title: String,
    /// Path of the SVG from the report; `None` when it was not drawn.
    pub file: Option<String>,
    /// Path of the PNG from the report; `None` when it was not made.
    pub png: Option<String>,
    /// Why it was not drawn.
    pub missing: Option<String>,
    /// The SVG itself, for a page that holds all it shows.
    #[serde(skip)]
    pub svg: Option<String>,
}

impl Plot {
    /// Draws the figure.
    ///
    /// # Errors
    /// A text is missing, or the drawing library failed: a fault of this crate.
    pub fn draw(&self, subject: &Subject<'_>) -> Result<Drawing> {
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

impl sheet::Words for Subject<'_> {
    fn say(&self, key: &str, values: Values<'_>) -> Result<String> {
        Subject::say(self, key, values)
    }

    fn origin(&self) -> Result<String> {
        Subject::origin(self)
    }
}

impl Subject<'_> {
    fn say(&self, key: &str, values: Values<'_>) -> Result<String> {
        self.texts.say(&format!("plot.{key}"), values)
    }

    fn missing(&self, key: &str) -> Result<Drawing> {
        Ok(Drawing::Missing(self.say(key, &[])?))
    }

    /// What is known of all rule sets, for figures of both attacks and
    /// legitimate starts; else the key of what the run lacks.
    fn scored(&self) -> std::result::Result<&LatticeAnalysis, &'static str> {
        let lattice = self.view.lattice.as_ref().ok_or("needs-verdicts")?;
        if self.view.demonstrated == 0 || self.view.working == 0 {
            return Err("needs-both");
        }
        Ok(lattice)
    }

    /// A caption of numbers made from verdicts: verdicts do not tell what comes
    /// of sanitising, trials with the rule alone do.
    fn with_untried(&self, caption: String) -> Result<String> {
        let rules = self.view.rules.iter().filter(|rule| !rule.tried_alone);
        match rules.count() {
            0 => Ok(caption),
            n => Ok(format!(
                "{caption} {}",
                self.say("untried", &[("rules", n.to_string())])?
            )),
        }
    }

    /// The line below every figure: which numbers these are.
    fn origin(&self) -> Result<String> {
        let (planned, done) = self.run.planned_and_done();
        let mut line = self.say(
            "origin",
            &[
                ("run", self.run.info.run.clone()),
                ("view", self.view.name.clone()),
            ],
        )?;
        if !self.run.is_complete() {
            let values = [("done", done.to_string()), ("planned", planned.to_string())];
            line.push(' ');
            line.push_str(&self.say("partial", &values)?);
        }
        Ok(line)
    }
}
