//! Scenarios as data: format, loader, cases, predicates, and the plan that
//! the arena carries out.
#![forbid(unsafe_code)]

mod accounts;
mod acts;
mod attributes;
pub mod bundle;
mod check;
pub mod display;
pub mod embedded;
pub mod fault;
mod lines;
pub mod load;
mod merge;
pub mod model;
pub mod nearest;
pub mod plan;
pub mod predicate;
mod read;
pub mod request;
pub mod schema;
mod source;
pub mod starts;
pub mod text;
mod tree;
mod twin;
pub mod world;

pub use attributes::CAPABILITIES;
pub use load::{Case, Corpus, LoadError, Problem};
pub use sekisho_witness::SHEET_PATH;
