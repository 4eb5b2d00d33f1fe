//! Q1a: is comparing a container start with a web server's process start sound?

use super::{Asked, Question};
use crate::tables::Cell;

pub(super) const QUESTION: Question = Question {
    id: "q1a",
    answer,
    missing: "answer.q1a-missing",
    command: None,
};

fn answer(_: &Asked<'_>) -> Vec<Cell> {
    Vec::new()
}
