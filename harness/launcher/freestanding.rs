//! Build script part of both programs: link arguments of the freestanding
//! build (`sekisho_sys::start`).

use std::env::var;

/// Tells rustc and the linker.
pub fn main() {
    println!("cargo::rerun-if-changed=../freestanding.rs");
    println!("cargo::rustc-check-cfg=cfg(freestanding)");
    let set = |name: &str| var(name).unwrap_or_default();
    // For tests that build the program as it is installed.
    println!("cargo::rustc-env=SEKISHO_TARGET={}", set("TARGET"));
    let is_static = set("CARGO_CFG_TARGET_FEATURE")
        .split(',')
        .any(|feature| feature == "crt-static");
    if is_static && set("CARGO_CFG_PANIC") == "abort" {
        println!("cargo::rustc-cfg=freestanding");
        // Position-independent is what rustc makes of a static program anyway.
        for argument in ["-nostartfiles", "-nostdlib"] {
            println!("cargo::rustc-link-arg-bins={argument}");
        }
    }
}
