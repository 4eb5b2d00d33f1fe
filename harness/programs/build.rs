//! Builds the programs and puts them where the library includes them from.

use std::path::PathBuf;

use sekisho_nested::{LAUNCHER, PRELOAD, PROBE, SUEXEC, build_for_script};

fn main() {
    sekisho_nested::watch_sources();
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    for program in [LAUNCHER, SUEXEC, PROBE, PRELOAD] {
        let built = build_for_script(&program);
        let place = out.join(program.name);
        std::fs::copy(&built, &place).unwrap_or_else(|error| {
            panic!("copy {} to {}: {error}", built.display(), place.display())
        });
    }
    sekisho_nested::name_commit();
}
