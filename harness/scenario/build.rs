//! Lists the scenario files, so that the library carries them inside.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    list_scenarios(&here.join("../../scenarios"), &out.join("scenarios.rs"));
}

/// Writes a table of `(path beneath scenarios/, content)`.
fn list_scenarios(directory: &Path, table: &Path) {
    println!("cargo::rerun-if-changed={}", directory.display());
    let mut found = BTreeSet::new();
    collect(directory, &mut found);
    let mut source = String::from("&[\n");
    for path in found {
        let name = path.strip_prefix(directory).unwrap_or(&path);
        let (name, path) = (name.display().to_string(), path.display().to_string());
        let _ = writeln!(source, "    ({name:?}, include_str!({path:?})),");
    }
    source.push_str("]\n");
    fs::write(table, source).unwrap_or_else(|error| panic!("write {}: {error}", table.display()));
}

fn collect(directory: &Path, found: &mut BTreeSet<PathBuf>) {
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            collect(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            found.insert(path);
        }
    }
}
