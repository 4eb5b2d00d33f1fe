# Commands of this project. `just` lists them; those named root-* need root.

# List the commands.
default:
    @just --list

# Everything that must hold before a change lands.
root-ci:
    .ci/run

# All tests; a test that cannot run here fails.
root-test:
    SEKISHO_REQUIRE_ROOT=1 cargo test --workspace --locked

# All tests that an ordinary user can run.
test:
    cargo test --workspace --locked

# The main job.
run *OPTIONS:
    cargo run --release -- {{OPTIONS}}

# Formatting and lints.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings

# Pages that are generated from the sources.
docs:
    SEKISHO_WRITE_DOCS=1 cargo test -p sekisho-rules docs_rules
    SEKISHO_WRITE_DOCS=1 cargo test -p sekisho-results docs_results
    SEKISHO_WRITE_DOCS=1 cargo test -p sekisho-scenario schema

# What a start costs: benches in full, or quickly with `just root-bench --quick`.
root-bench *OPTIONS:
    cargo bench -- {{OPTIONS}}
