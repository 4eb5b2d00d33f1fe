use super::*;
use crate::testing::{observation, planned};

const ERROR: &str = r#"{"level":"error","msg":"no such file","time":"x"}"#;
const WARNING: &str = r#"{"level":"warning","msg":"careful","time":"x"}"#;

fn seen(end: End, log: &str, pid: Option<&str>, stderr: &str) -> Observation {
    let collected = [Some(log), pid, Some("")];
    observation(end, stderr, &collected)
}

fn answer(observation: &Observation) -> Reply {
    super::answer(observation, &[])
}

fn refusal(observation: &Observation) -> Option<String> {
    match answer(observation) {
        Reply::Refused(refusal) => Some(refusal.reason),
        _ => None,
    }
}

fn failed(observation: &Observation) -> bool {
    matches!(answer(observation), Reply::Failed { .. })
}

#[test]
fn an_error_in_the_log_with_a_failing_status_is_a_refusal() {
    let logged = seen(End::Exited(1), &format!("{WARNING}\n{ERROR}\n"), None, "");
    assert_eq!(refusal(&logged).as_deref(), Some("no such file"));
    // The log and the status contradict each other, or the runtime died.
    for end in [End::Exited(0), End::Signalled(11)] {
        assert!(failed(&seen(end, ERROR, None, "")));
    }
    // The place, not the request.
    for fault in [
        "no cgroup mount found",
        "container with id exists: already exists",
        "writing to pipe: Broken pipe",
    ] {
        assert!(failed(&seen(
            End::Exited(1),
            &ERROR.replace("no such file", fault),
            None,
            ""
        )));
    }
    assert!(failed(&seen(End::Exited(1), "not json", None, "")));
}

#[test]
fn of_a_known_runtime_known_errors_count_only() {
    let read = |message: &str, refusals: &[(&str, &str)]| {
        let logged = seen(
            End::Exited(1),
            &ERROR.replace("no such file", message),
            None,
            "",
        );
        super::answer(&logged, refusals)
    };
    let nested = "runc run failed: unable to start container process: error during container \
                  init: mkdir /work: not a directory";
    assert!(matches!(read(nested, &RUNC), Reply::Refused(_)));
    assert!(matches!(
        read("root must be specified", &RUNC),
        Reply::Refused(_)
    ));
    let new = "runc run failed: unable to start container process: mkdir /work: no idea";
    assert!(matches!(read(new, &RUNC), Reply::Failed { .. }));
    assert!(matches!(read(new, &[]), Reply::Refused(_)));
    let pivot = "pivot_root: Device or resource busy";
    assert!(matches!(read(pivot, &CRUN), Reply::Refused(_)));
    assert!(matches!(read(pivot, &RUNC), Reply::Failed { .. }));
}

#[test]
fn a_start_is_shown_by_the_pid_that_the_runtime_wrote() {
    let adapter = at(&crate::testing::carried(), "/bin/true");
    let started = seen(End::Exited(3), WARNING, Some("12"), "an init says this\n");
    assert_eq!(answer(&started), Reply::Started);
    assert!(adapter.init_ended(&started));
    let silent = seen(End::Exited(0), "", None, "");
    assert_eq!(answer(&silent), Reply::Started);
    assert!(
        !adapter.init_ended(&silent),
        "a claim without a sign of an init"
    );
    assert!(failed(&seen(End::Exited(1), "", None, "")));
    assert_eq!(
        answer(&seen(End::Timeout, "", Some("12"), "")),
        Reply::Started
    );
}

#[test]
fn what_is_told_on_standard_error_counts_where_there_is_no_log() {
    // No init was made: nobody else was there to say it.
    let early = seen(End::Exited(1), "", None, "chdir failed: No such file\n");
    assert_eq!(
        refusal(&early).as_deref(),
        Some("chdir failed: No such file")
    );
    // An init was made; only the form of an exec that failed is the runtime's.
    let exec = "exec /app/server: exec format error";
    assert_eq!(
        refusal(&seen(End::Exited(1), "", Some("12"), exec)).as_deref(),
        Some(exec)
    );
    let json = r#"{"msg":"exec container process `/x`: Exec format error","level":"error"}"#;
    assert!(refusal(&seen(End::Exited(1), "", Some("12"), json)).is_some());
    let other = r#"{"msg":"a message of the init","level":"error"}"#;
    assert_eq!(
        answer(&seen(End::Exited(1), "", Some("12"), other)),
        Reply::Started
    );
}

fn written(text: &str) -> Option<Value> {
    let planned = planned(text);
    let asked = Asked::new(&planned.request, &planned.layout);
    let file = configuration(&asked)?;
    assert_eq!(file.path, "/srv/containers/alice/web/config.json");
    match file.content {
        Content::Bytes(bytes) => serde_json::from_slice(&bytes).ok(),
        _ => None,
    }
}

#[test]
fn the_engine_writes_target_and_init_and_nothing_else() {
    let plain = written("").unwrap();
    assert_eq!(plain["mounts"][0]["destination"], "/proc");
    assert_eq!(
        plain["process"]["user"],
        json!({"uid": 10001, "gid": 10001})
    );
    let asked = "[request]\ntarget-user = 'root'\ntarget-group = '42'\ninit = ['/bin/x', 'y']";
    let config = written(asked).unwrap();
    assert_eq!(config["process"]["user"], json!({"uid": 0, "gid": 42}));
    assert_eq!(config["process"]["args"], json!(["/bin/x", "y"]));
    // Everything there already: the file stays as it is.
    let whole = "[fixture.bundles.'alice/web']\n\
                 config.mounts = [{ destination = '/proc', type = 'proc', source = 'proc' }]";
    assert_eq!(written(whole), None);
    assert_eq!(
        written("[fixture.bundles.'alice/web']\nconfig-text = '['"),
        None
    );
}

#[test]
fn with_a_mapping_the_target_is_its_id_inside_and_else_what_the_configuration_says() {
    let mapped = |first: u32| {
        let text = format!(
            "[fixture.bundles.'alice/web'.config]\nprocess.user = {{ uid = 7, gid = 7 }}\n\
             linux.uidMappings = [{{ containerID = 5, hostID = {first}, size = 2 }}]\n\
             linux.gidMappings = [{{ containerID = 0, hostID = 10001, size = 1 }}]"
        );
        written(&text).unwrap()["process"]["user"].clone()
    };
    assert_eq!(mapped(10000), json!({"uid": 6, "gid": 0}));
    assert_eq!(mapped(20000), json!({"uid": 7, "gid": 0}));
}

#[test]
fn a_bundle_behind_the_callers_proc_entries_is_found() {
    for request in [
        "bundle = '/proc/self/fd/9'\ndescriptors = [{ number = 9, path = '{bundle}' }]",
        "bundle = '/proc/self/cwd'\nworking-directory = '{bundle}'",
        "bundle = '/proc/self/root/srv/containers/alice/web'",
        "bundle = '../../proc/thread-self/cwd/web'\nworking-directory = '/srv/containers/alice'",
    ] {
        assert!(
            written(&format!("[request]\n{request}")).is_some(),
            "{request}"
        );
    }
}
