//! Builds what is measured: the reference launcher and the floor, each alone
//! and exactly as the command `sekisho` embeds the former.

use std::env;
use std::fs;
use std::path::PathBuf;

/// How the command builds what it carries; the same code and flags here.
#[path = "../harness/cli/build.rs"]
#[allow(
    dead_code,
    reason = "its main and its other parts belong to the command"
)]
mod command;

const FLOOR: command::Part = command::Part {
    package: "sekisho-floor",
    name: "floor",
    rustflags: "-C target-feature=+crt-static -C panic=abort",
    profile: "release",
};

fn main() {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR").unwrap_or_default());
    let root = here.parent().unwrap_or(&here).to_path_buf();
    let out = PathBuf::from(env::var("OUT_DIR").unwrap_or_default());
    for source in command::SOURCES {
        command::watch(&root.join("harness").join(source));
    }
    for file in ["Cargo.toml", "Cargo.lock", "harness/cli/build.rs"] {
        command::watch(&root.join(file));
    }
    command::watch(&here.join("floor"));
    command::watch(&here.join("build.rs"));
    let of_the_command = |name: &&command::Part| matches!(name.name, "launcher" | "probe");
    for part in command::PARTS.iter().filter(of_the_command).chain([&FLOOR]) {
        let built = command::build(&root, &out, part);
        let place = out.join(part.name);
        fs::copy(&built, &place).unwrap_or_else(|error| {
            panic!("copy {} to {}: {error}", built.display(), place.display())
        });
    }
    command::name_commit(&root);
}
