//! What tests of the whole command share.

use std::process::Command;

pub const SEKISHO: &str = env!("CARGO_BIN_EXE_sekisho");

/// Whether trials can run here; otherwise the test is skipped.
pub fn can_run() -> bool {
    let doctor = Command::new(SEKISHO).arg("doctor").output().unwrap();
    if !doctor.status.success() {
        sekisho_skips::skipped(String::from_utf8_lossy(&doctor.stdout));
    }
    doctor.status.success()
}
