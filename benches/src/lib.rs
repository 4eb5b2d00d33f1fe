//! What the benches share: the host they run in, how a start is made and timed,
//! the table of counted system calls, and the sheet that every sample goes to.
//!
//! `cargo bench` runs them (`benches/overhead.rs`); `docs/benches.md` says how
//! and what can bias the numbers; `docs/results.md` describes the files.
#![forbid(unsafe_code)]

pub mod baseline;
pub mod built;
pub mod directions;
pub mod gather;
pub mod machine;
pub mod options;
pub mod peers;
pub mod rounds;
pub mod sheet;
pub mod spawn;
pub mod stage;
pub mod subjects;
pub mod syscall_table;
pub mod world;
