//! The arena: the disposable host that trials run in.

pub mod protocol;
