//! Tells `src/freestanding.rs` whether it is what starts the program.

use std::env::var;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(freestanding)");
    let set = |name: &str| var(name).unwrap_or_default();
    let is_static = set("CARGO_CFG_TARGET_FEATURE")
        .split(',')
        .any(|feature| feature == "crt-static");
    let with_std = var("CARGO_FEATURE_STD").is_ok();
    if is_static && set("CARGO_CFG_PANIC") == "abort" && !with_std {
        println!("cargo::rustc-cfg=freestanding");
    }
}
