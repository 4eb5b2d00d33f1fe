//! Scenarios as data: format, loader, cases, predicates, and the plan that
//! the arena carries out.
#![forbid(unsafe_code)]

pub mod model;
pub mod plan;
pub mod predicate;
pub mod text;
