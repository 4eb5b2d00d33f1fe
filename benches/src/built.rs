//! What is measured, made by `build.rs`.

/// The reference launcher, research build, as the command `sekisho` carries it.
pub const LAUNCHER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/launcher"));

/// The probe, to see that a start does what it says.
pub const PROBE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/probe"));

/// The floor; without words it is the least init.
pub const FLOOR: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/floor"));

/// The commit that this was built from, or `unknown`.
pub const COMMIT: &str = env!("SEKISHO_COMMIT");

/// Exit status of the least init (`benches/floor/src/main.rs`).
pub const RAN: i32 = 42;
