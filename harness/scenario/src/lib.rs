//! Scenarios as data: format, loader, cases, predicates, and the plan that
//! the arena carries out.
#![forbid(unsafe_code)]

mod accounts;
mod attributes;
mod bundle;
pub mod fault;
pub mod model;
mod nearest;
pub mod plan;
pub mod predicate;
pub mod request;
pub mod text;
mod tree;
pub mod world;
