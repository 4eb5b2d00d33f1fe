//! Agreement with the real suEXEC (`docs/conformance.md`): requests are
//! generated, the real program and ours are started with each in the same
//! arena, and what came of it is compared.
#![forbid(unsafe_code)]

pub mod compare;
pub mod differences;
pub mod draft;
pub mod generate;
pub mod kept;
pub mod original;
pub mod pairs;
pub mod request;
pub mod results;
pub mod run;
pub mod seen;
pub mod summary;
pub mod trial;
pub mod world;
