//! Makes the registry of the modules of `src/catalogue/mod.rs`, so that a rule is
//! named in one place.

use std::fs;
use std::path::Path;

const CATALOGUE: &str = "src/catalogue/mod.rs";

fn main() {
    println!("cargo::rerun-if-changed={CATALOGUE}");
    let text = fs::read_to_string(CATALOGUE).expect("the catalogue can be read");
    let names = text.lines().filter_map(|line| {
        let line = line.strip_prefix("pub mod ")?;
        Some(line.strip_suffix(';').expect("one module a line"))
    });
    let rows: String = names.map(|name| format!("    {name},\n")).collect();
    let out = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let made = format!("registry! {{\n{rows}}}\n");
    fs::write(Path::new(&out).join("registry.rs"), made).expect("OUT_DIR can be written");
}
