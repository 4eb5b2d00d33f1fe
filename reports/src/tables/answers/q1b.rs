//! Q1b: only for FastContainer-like hosting, or in general?

use super::{Asked, Question};
use crate::tables::Cell;

pub(super) const QUESTION: Question = Question {
    id: "q1b",
    answer,
    missing: "answer.q1b-missing",
    command: None,
};

fn answer(_: &Asked<'_>) -> Vec<Cell> {
    Vec::new()
}
