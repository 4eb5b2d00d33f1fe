//! Build script, or its first part, of all that is part of a program without
//! libc: whether this is such a build, and what the linker has to know then.

use std::env::var;
use std::path::Path;

/// Tells rustc and the linker.
pub fn main() {
    is_freestanding();
}

/// The same; says whether this build is freestanding: static, panics abort, no
/// standard library.
pub fn is_freestanding() -> bool {
    println!("cargo::rerun-if-changed=Cargo.toml");
    println!("cargo::rustc-check-cfg=cfg(freestanding)");
    let set = |name: &str| var(name).unwrap_or_default();
    // For tests that build the program as it is installed.
    println!("cargo::rustc-env=SEKISHO_TARGET={}", set("TARGET"));
    let is_static = set("CARGO_CFG_TARGET_FEATURE")
        .split(',')
        .any(|feature| feature == "crt-static");
    let with_std = var("CARGO_FEATURE_STD").is_ok();
    let freestanding = is_static && set("CARGO_CFG_PANIC") == "abort" && !with_std;
    if freestanding {
        println!("cargo::rustc-cfg=freestanding");
        let is_program = Path::new(&set("CARGO_MANIFEST_DIR")).join("src/main.rs");
        // Position-independent is what rustc makes of a static program anyway.
        for argument in ["-nostartfiles", "-nostdlib"] {
            if is_program.exists() {
                println!("cargo::rustc-link-arg-bins={argument}");
            }
        }
    }
    freestanding
}
