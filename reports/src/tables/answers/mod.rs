//! Short answers to the questions, computed from the numbers of one view; where
//! the run does not answer, what to run instead.
//!
//! One file per question. An answer is a list of sentences made from numbers;
//! no sentence means that the run does not answer, and the report then says
//! what is missing and the command that measures it.

mod q1;
mod q1a;
mod q1b;
mod q2;
mod q3;
mod q4;
mod q5;
mod q6;

use crate::analysis::{Analysis, ViewAnalysis};
use crate::read::Run;
use crate::tables::Cell;

/// The answer to one question.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Id of the question: `q1`, `q1a` …; its words are `question.<id>`.
    pub question: &'static str,
    /// Whether the run answers it.
    pub answered: bool,
    /// Sentences, as texts with values; when not answered, what is missing and
    /// the command to run.
    pub sentences: Vec<Cell>,
}

/// What answers are made from.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The run.
    pub run: &'a Run,
    /// Numbers of the whole run.
    pub analysis: &'a Analysis,
    /// Numbers of the target and way to resolve that the answer is about.
    pub view: &'a ViewAnalysis,
}

/// A question and how it is answered.
struct Question {
    id: &'static str,
    /// Sentences, none when the run does not answer.
    answer: fn(&Asked<'_>) -> Vec<Cell>,
    /// Text that says what an answer needs.
    missing: &'static str,
    /// Command that measures it; `None` as long as there is none.
    command: Option<&'static str>,
}

/// Every question, in the order of the report.
static QUESTIONS: &[Question] = &[
    q1::QUESTION,
    q1a::QUESTION,
    q1b::QUESTION,
    q2::QUESTION,
    q3::QUESTION,
    q4::QUESTION,
    q5::QUESTION,
    q6::QUESTION,
];

/// All answers.
#[must_use]
pub fn answers(run: &Run, analysis: &Analysis, view: &ViewAnalysis) -> Vec<Answer> {
    let asked = Asked {
        run,
        analysis,
        view,
    };
    let answer = |question: &Question| {
        let sentences = (question.answer)(&asked);
        let answered = !sentences.is_empty();
        Answer {
            question: question.id,
            answered,
            sentences: if answered {
                sentences
            } else {
                not_answered(question.missing, question.command)
            },
        }
    };
    QUESTIONS.iter().map(answer).collect()
}

/// What is missing, and the command that measures it if there is one.
fn not_answered(missing: &'static str, command: Option<&'static str>) -> Vec<Cell> {
    let mut sentences = vec![said(missing, vec![])];
    if let Some(command) = command {
        sentences.extend([said("answer.run", vec![]), Cell::id(command)]);
    }
    sentences
}

type Values = Vec<(&'static str, String)>;

fn said(key: &'static str, values: Values) -> Cell {
    Cell::Said(key, values)
}

/// A number of rule sets, short when it is large.
pub(crate) fn number(sets: u128) -> String {
    if sets < 1_000_000 {
        sets.to_string()
    } else {
        let power = sets.ilog10();
        format!(
            "{:.1} · 10^{power}",
            sets as f64 / 10_f64.powi(power.cast_signed())
        )
    }
}

/// A share of all rule sets, which can be far below a percent.
pub(crate) fn share(sets: u128, of: u128) -> String {
    let percent = 100.0 * sets as f64 / of as f64;
    if sets == 0 || percent >= 0.01 {
        format!("{percent:.2} %")
    } else {
        format!("{percent:.1e} %").replace('e', " · 10^")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_and_small_shares_stay_readable() {
        assert_eq!(number(999_999), "999999");
        assert_eq!(number(1 << 73), "9.4 · 10^21");
        assert_eq!(share(1, 1000), "0.10 %");
        assert_eq!(share(1, 1 << 30), "9.3 · 10^-8 %");
        assert_eq!(share(0, 8), "0.00 %");
    }
}
