//! What tests put into an arena.

use std::path::PathBuf;

use sekisho_arena::protocol::{Equipment, Trial};

use sekisho_arena::{Arena, StartOptions};
use sekisho_trial::{Conditions, Content, Layout, PlannedFile, Start};
use sekisho_witness::{MARK, Report};

/// First argument of this program as the arena's worker.
pub const WORKER: &str = "--arena-worker";

/// The probe: `SEKISHO_PROBE` or freshly built.
pub fn probe() -> Vec<u8> {
    let path = std::env::var_os("SEKISHO_PROBE").map_or_else(build_probe, PathBuf::from);
    std::fs::read(&path).unwrap_or_else(|error| panic!("cannot read {path:?}: {error}"))
}

fn build_probe() -> PathBuf {
    sekisho_nested::build_for_test(env!("CARGO_TARGET_TMPDIR"), &sekisho_nested::PROBE)
}

/// An arena with the probe.
pub fn start() -> anyhow::Result<Arena> {
    Ok(equipped()?.0)
}

/// The same with what it says of itself.
pub fn equipped() -> anyhow::Result<(Arena, Conditions)> {
    let mut arena = Arena::start(&StartOptions {
        program: None,
        arguments: vec![WORKER.into()],
    })?;
    let conditions = arena.equip(Equipment {
        probe: probe(),
        preload: Vec::new(),
        files: Vec::new(),
    })?;
    Ok((arena, conditions))
}

/// A root-owned file.
pub fn file(path: &str, mode: u32, content: Content) -> PlannedFile {
    PlannedFile::of_root(path, mode, content)
}

/// The probe at `/probe`, the host's sheet, a canary file, two users.
pub fn layout() -> Layout {
    let sheet = Content::Sheet {
        place: "host".to_owned(),
    };
    let users = b"root:x:0:0::/:/bin/sh\nuser:x:1000:1000::/:/bin/sh\n".to_vec();
    let canary = b"canary:secret:{nonce}\n".to_vec();
    Layout {
        files: vec![
            file("/probe", 0o755, Content::Probe),
            file("/etc/passwd", 0o644, Content::Bytes(users)),
            file("/.sekisho-sheet", 0o644, sheet),
            file("/root/secret", 0o600, Content::Template(canary)),
        ],
        canaries: vec![sekisho_witness::Canary {
            name: "secret".to_owned(),
            try_: sekisho_witness::Try::File("/root/secret".to_owned()),
        }],
    }
}

/// A trial of the probe as user 1000.
pub fn trial(nonce: &str) -> Trial {
    Trial {
        nonce: nonce.to_owned(),
        files: Vec::new(),
        before: Vec::new(),
        start: Start {
            program: "/probe".to_owned(),
            arguments: vec![b"/probe".to_vec()],
            environment: vec![b"PATH=/bin".to_vec()],
            uid: 1000,
            gid: 1000,
            groups: Vec::new(),
            descriptors: Vec::new(),
            limits: Vec::new(),
            umask: 0o022,
            blocked: Vec::new(),
            ignored: Vec::new(),
            working_directory: "/".to_owned(),
            terminal: false,
            between: Vec::new(),
        },
        deadline_ms: 10_000,
        observe: Vec::new(),
        collect: Vec::new(),
        pause: None,
        clear: Vec::new(),
    }
}

/// A trial of a shell command.
pub fn shell(nonce: &str, command: &str) -> Trial {
    let mut trial = trial(nonce);
    trial.start.program = "/bin/sh".to_owned();
    trial.start.arguments = [b"sh".as_slice(), b"-c", command.as_bytes()]
        .iter()
        .map(|word| word.to_vec())
        .collect();
    trial.start.environment = vec![b"PATH=/usr/sbin:/usr/bin:/sbin:/bin".to_vec()];
    trial
}

/// The probe's report in an output.
pub fn report(output: &[u8]) -> Report {
    let text = String::from_utf8_lossy(output);
    let line = text
        .lines()
        .find_map(|line| line.trim().strip_prefix(MARK))
        .unwrap_or_else(|| panic!("no report in {text:?}"));
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"))
}
