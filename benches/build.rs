//! Builds what is measured: the floor, and the launcher and the probe exactly as
//! the command `sekisho` carries them.

use std::path::PathBuf;

use sekisho_nested::{FLOOR, LAUNCHER, PROBE, build_for_script};

fn main() {
    sekisho_nested::watch_sources();
    for place in ["floor", "build.rs"] {
        println!("cargo::rerun-if-changed={place}");
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    for program in [LAUNCHER, PROBE, FLOOR] {
        let built = build_for_script(&program);
        let place = out.join(program.name);
        std::fs::copy(&built, &place).unwrap_or_else(|error| {
            panic!("copy {} to {}: {error}", built.display(), place.display())
        });
    }
    sekisho_nested::name_commit();
}
