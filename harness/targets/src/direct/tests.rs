use sekisho_trial::{Content, Layout, PlannedFile};
use serde_json::json;

use super::executable::is_native;
use super::*;
use crate::files::tests::file;

const BUNDLE: &str = "/srv/containers/alice/web";

/// What a bundle of the corpus is made of, with changes to its configuration.
fn layout(change: &Value) -> Layout {
    let mut config = sekisho_scenario::bundle::standard("/app/server", (10001, 10001));
    merge(&mut config, change);
    let at = |path: &str| format!("{BUNDLE}/{path}");
    let config = PlannedFile {
        uid: 0,
        gid: 0,
        mode: 0o644,
        ..file(
            &at("config.json"),
            Content::Bytes(config.to_string().into_bytes()),
        )
    };
    let link = |path: &str, to: &str| file(&at(path), Content::Symlink(to.to_owned()));
    let text = |path: &str, text: &str| file(&at(path), Content::Bytes(text.into()));
    Layout {
        files: vec![
            config,
            file(&at("rootfs/app/server"), Content::Probe),
            link("rootfs/app/current", "/app"),
            text("rootfs/app/script", "#!/probe x\n"),
            text("rootfs/app/inside", "#!/bin/run\n"),
            text("rootfs/app/noise", "echo\n"),
            file(&at("rootfs/bin/run"), Content::Probe),
            file(&at("rootfs/probe"), Content::Probe),
            file("/probe", Content::Probe),
            file(
                "/srv/containers/link",
                Content::Symlink("alice/web".to_owned()),
            ),
        ],
        canaries: Vec::new(),
    }
}

fn merge(to: &mut Value, change: &Value) {
    match (to, change) {
        (Value::Object(to), Value::Object(change)) => {
            for (key, value) in change {
                merge(to.entry(key).or_insert(Value::Null), value);
            }
        }
        (to, change) => *to = change.clone(),
    }
}

fn request(init: &[&str]) -> ResolvedRequest {
    ResolvedRequest {
        base: "/srv/containers".to_owned(),
        target_user: b"alice".to_vec(),
        target_group: b"alice".to_vec(),
        bundle: b"alice/web".to_vec(),
        init: init.iter().map(|word| word.as_bytes().to_vec()).collect(),
        arguments: None,
        uid: 33,
        gid: 33,
        groups: Vec::new(),
        environment: Vec::new(),
        descriptors: Vec::new(),
        limits: Vec::new(),
        umask: 0o22,
        blocked: Vec::new(),
        ignored: Vec::new(),
        working_directory: "/".to_owned(),
        terminal: false,
        between: Vec::new(),
    }
}

fn translated(request: &ResolvedRequest, change: &Value) -> Result<Direct, String> {
    let layout = layout(change);
    translate(&Asked::new(request, &layout))
}

/// Directory and program, or why not.
fn place(init: &[&str], change: &Value) -> Result<(String, String), String> {
    let program = translated(&request(init), change)?.program.unwrap();
    let name = String::from_utf8(program.name).unwrap();
    let inside = program.directory.strip_prefix(&program.rootfs).unwrap();
    Ok((inside.to_owned(), name))
}

fn at(directory: &str, name: &str) -> Result<(String, String), String> {
    Ok((directory.to_owned(), name.to_owned()))
}

#[test]
fn the_caller_stands_in_the_directory_of_the_init() {
    let usual = json!({});
    assert_eq!(place(&[], &usual), at("/app", "server"));
    assert_eq!(place(&["/app/server", "x"], &usual), at("/app", "server"));
    // Links are followed inside the rootfs, the init itself is not.
    assert_eq!(
        place(&["/app/current/server"], &usual),
        at("/app", "server")
    );
    assert_eq!(place(&["/../app/../app/none"], &usual), at("/app", "none"));
    // What is relative stays as it is written.
    assert_eq!(place(&["app/server"], &usual), at("", "app/server"));
    let inside = json!({"process": {"cwd": "/app"}});
    assert_eq!(place(&["../x"], &inside), at("/app", "../x"));
    assert_eq!(place(&[], &inside), at("/app", "server"));
    let by_link = ResolvedRequest {
        bundle: b"link".to_vec(),
        ..request(&[])
    };
    let program = translated(&by_link, &usual).unwrap().program.unwrap();
    assert_eq!(program.bundle, BUNDLE);
    assert_eq!(
        program.path(),
        format!("{BUNDLE}/rootfs/app/server").as_bytes()
    );
}

#[test]
fn what_such_a_start_cannot_say_is_told_by_its_part() {
    let refused = |init: &[&str], change: Value, part: Part| {
        let why = place(init, &change).unwrap_err();
        assert!(why.starts_with(&format!("{part}: ")), "{why}");
    };
    refused(&["server"], json!({}), Part::Init);
    refused(&["/none/server"], json!({}), Part::Init);
    refused(&["/app/inside"], json!({}), Part::Init);
    refused(
        &[],
        json!({"process": {"cwd": "/bin"}}),
        Part::ConfiguredDirectory,
    );
    refused(&[], json!({"root": {"readonly": true}}), Part::Root);
    refused(&[], json!({"root": {"path": "none"}}), Part::Root);
    refused(&[], json!({"hostname": "other"}), Part::ConfigurationRest);
    refused(&[], json!({"process": {"args": []}}), Part::ConfiguredInit);
    let ambient = json!({"process": {"capabilities": {"ambient": ["CAP_CHOWN"]}}});
    refused(&[], ambient, Part::Capabilities);
    // A bounding set alone grants nothing, and empty is nothing.
    let bounding = json!({"process": {"capabilities": {"bounding": ["CAP_CHOWN"], "ambient": []}}});
    assert!(place(&[], &bounding).is_ok());
    // The probe is the same file in the rootfs and on the host.
    assert!(place(&["/app/script"], &json!({})).is_ok());
    let layout = layout(&json!({}));
    let inside = request(&["/app/inside"]);
    let asked = Asked::new(&inside, &layout);
    assert!(
        translate_for(&asked, true).is_ok(),
        "the rootfs is the root"
    );
}

#[test]
fn words_that_somebody_else_may_have_written_are_not_the_callers() {
    let mut layout = layout(&json!({"process": {"args": ["/app/server", "--evil"]}}));
    let (plain, own) = (request(&[]), request(&["/app/server"]));
    assert!(translate(&Asked::new(&plain, &layout)).is_ok());
    layout.files[0].mode = 0o666;
    let why = translate(&Asked::new(&plain, &layout)).unwrap_err();
    assert!(why.starts_with("configuration-file: "), "{why}");
    // The caller's own words are its own.
    assert!(translate(&Asked::new(&own, &layout)).is_ok());
}

#[test]
fn words_that_are_left_out_stay_left_out() {
    let few = |words: &[&str]| {
        let words = words.iter().map(|word| word.as_bytes().to_vec());
        let request = ResolvedRequest {
            arguments: Some(words.collect()),
            ..request(&[])
        };
        let start = translated(&request, &json!({})).unwrap();
        (
            start.user.is_some(),
            start.group.is_some(),
            start.program.is_some(),
        )
    };
    assert_eq!(few(&[]), (false, false, false));
    assert_eq!(few(&["x", "alice"]), (true, false, false));
    assert_eq!(
        few(&["x", "alice", "alice", "alice/web"]),
        (true, true, true)
    );
}

#[test]
fn what_a_shell_would_read_is_known() {
    let layout = layout(&json!({}));
    let shell = |init: &str| {
        let request = request(&[init]);
        let asked = Asked::new(&request, &layout);
        let program = translate(&asked).unwrap().program.unwrap();
        no_shell(&asked, &program).is_err()
    };
    assert!(shell("/app/noise"));
    assert!(!shell("/app/script") && !shell("/app/server") && !shell("/app/none"));
}

#[test]
fn only_programs_of_this_machine_are_the_kernels_to_run() {
    let mut header = b"\x7fELF\x02\x01\x01".to_vec();
    header.resize(64, 0);
    header[18] = match std::env::consts::ARCH {
        "aarch64" => 183,
        _ => 62,
    };
    assert!(is_native(&header));
    header[18] = 243; // RISC-V
    assert!(!is_native(&header) && !is_native(b"\x7fELF"));
}
