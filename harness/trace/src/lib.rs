//! Following a start call by call, in two ways.
//!
//! - [`ptrace`] counts: system calls, instructions, CPUIDs of a start or of a
//!   piece of work.
//! - [`notify`] stops: a controller sees each chosen call of an untraced setuid
//!   program before the kernel does it, may act meanwhile, and may let it fail.
//!
//! [`names`] has the calls by name and says which arguments are paths.
#![forbid(unsafe_code)]

pub mod cpu;
pub mod names;
pub mod notify;
pub mod ptrace;
