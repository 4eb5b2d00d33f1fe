//! Link arguments of the freestanding build (see `src/main.rs`).

#[path = "../../harness/freestanding/build.rs"]
#[allow(dead_code, reason = "its main is the whole script of others")]
mod freestanding;

fn main() {
    // Without a loader nobody relocates it.
    if freestanding::is_freestanding() {
        for argument in ["-static", "-no-pie"] {
            println!("cargo::rustc-link-arg-bins={argument}");
        }
    }
}
