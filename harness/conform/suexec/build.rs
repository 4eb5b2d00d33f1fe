//! Lists the regression cases, so that the command carries them inside.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() {
    let here = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default());
    let directory = here.join("regressions");
    println!("cargo::rerun-if-changed={}", directory.display());
    let mut found: Vec<PathBuf> = std::fs::read_dir(&directory)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    found.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    found.sort();
    let mut source = String::from("&[\n");
    for path in found {
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let path = path.display().to_string();
        let _ = writeln!(source, "    ({name:?}, include_str!({path:?})),");
    }
    source.push_str("]\n");
    let out = std::env::var("OUT_DIR").unwrap_or_default();
    let table = Path::new(&out).join("regressions.rs");
    if let Err(error) = std::fs::write(&table, source) {
        panic!("write {}: {error}", table.display());
    }
}
