//! The reference launcher (`docs/launcher.md`), research build.

use sekisho_rules::Policy;
use sekisho_scenario::request::ResolvedRequest;
use sekisho_trial::{Content, End, Observation, PlannedFile, Setting};

use crate::asked::Asked;
use crate::part::{Expresses, Part};
use crate::record::{Decision, Ended, InitEnd, Record, Word};
use crate::reply::{Refusal, RefusalKind, Reply};
use crate::{Answer, Carried, Found, Prepared, Target};

const LAUNCHER: &str = "/opt/sekisho/bin/sekisho-launch";
const CONFIGURATION: &str = "/etc/sekisho/launcher.conf";
const POLICY: &str = "/etc/sekisho/policy.conf";
const RECORD: &str = "/run/sekisho/record";
const PAUSE: &str = "/run/sekisho/pause";

/// Exit status of a launcher that was asked for help or version; nothing is
/// decided then, so there is no record.
const USAGE: i32 = 105;

/// The adapter; carries the launcher itself.
pub(crate) struct Sekisho {
    launcher: Vec<u8>,
    version: String,
    policy: Policy,
}

/// Makes the adapter.
pub(crate) fn adapter(carried: &Carried) -> Box<dyn Target> {
    Box::new(Sekisho {
        launcher: carried.launcher.clone(),
        version: carried.version.clone(),
        policy: carried.policy.clone(),
    })
}

impl Target for Sekisho {
    fn name(&self) -> &str {
        "sekisho"
    }

    fn hint(&self) -> &str {
        "part of this program"
    }

    fn find(&self) -> Result<Found, String> {
        Ok(Found {
            version: self.version.clone(),
            path: LAUNCHER.to_owned(),
        })
    }

    fn has_rules(&self) -> bool {
        true
    }

    fn expresses(&self, _: Part) -> Expresses {
        Expresses::Yes
    }

    fn equip(&self) -> Vec<PlannedFile> {
        vec![
            PlannedFile::of_root(LAUNCHER, 0o4755, Content::Bytes(self.launcher.clone())),
            PlannedFile::of_root(
                POLICY,
                0o644,
                Content::Bytes(self.policy.to_string().into_bytes()),
            ),
        ]
    }

    fn prepare(&self, asked: &Asked<'_>, setting: &Setting) -> Prepared {
        let request = asked.request;
        let races = !request.between.is_empty();
        let files = vec![
            PlannedFile::of_root(
                CONFIGURATION,
                0o644,
                Content::Bytes(configuration(setting, races).into_bytes()),
            ),
            PlannedFile::of_root(RECORD, 0o600, Content::Bytes(Vec::new())),
        ];
        Prepared {
            files,
            start: request.to_start(LAUNCHER.to_owned(), arguments(request)),
            collect: vec![RECORD.to_owned()],
            pause: races.then(|| PAUSE.to_owned()),
        }
    }

    fn read(&self, observation: &Observation) -> Reply {
        self.answer(observation).reply
    }

    fn answer(&self, observation: &Observation) -> Answer {
        let bytes = observation.collected.first().and_then(Option::as_deref);
        match Record::parse(bytes.unwrap_or_default()) {
            Ok(record) => Answer {
                init_ended: matches!(record.end, Some(InitEnd::Ended(_))),
                reply: reply(&record, observation),
                decision: record.decision,
            },
            Err(error) => Answer {
                reply: Reply::failed(error),
                init_ended: false,
                decision: None,
            },
        }
    }
}

/// `sekisho-launch TARGET_USER TARGET_GROUP BUNDLE [INIT [ARGS…]]`, or what
/// the request says instead.
fn arguments(request: &ResolvedRequest) -> Vec<Vec<u8>> {
    if let Some(arguments) = &request.arguments {
        return arguments.clone();
    }
    let mut words = vec![
        b"sekisho-launch".to_vec(),
        request.target_user.clone(),
        request.target_group.clone(),
        request.bundle.clone(),
    ];
    words.extend(request.init.iter().cloned());
    words
}

fn configuration(setting: &Setting, pause: bool) -> String {
    let observe = if setting.observe_all {
        "all"
    } else {
        "enforced"
    };
    let mut text = format!(
        "rules = {}\nobserve = {observe}\nresolution = {}\nrecord = {RECORD}\n",
        setting.rules,
        setting.resolution.word(),
    );
    if pause {
        text.push_str(&format!("pause = {PAUSE}\n"));
    }
    text
}

/// Record, end and standard error must tell the same story, else the launcher
/// is broken and nothing it says counts.
fn reply(record: &Record, observation: &Observation) -> Reply {
    let end = &observation.end;
    let Some(decision) = &record.decision else {
        if *end == End::Exited(USAGE) {
            return Reply::Refused(Refusal {
                verdict: RefusalKind::Unusable,
                rule: String::new(),
                reason: "the request asks for help or version, not for a start".to_owned(),
            });
        }
        return Reply::failed(format!(
            "the launcher recorded no decision; {}; {}",
            describe(end),
            said(observation)
        ));
    };
    let refused = |verdict: RefusalKind, status: i32| {
        if record.end.is_some() {
            return Reply::failed("the record holds both a refusal and the end of an init");
        }
        if *end != End::Exited(status) {
            return Reply::failed(format!(
                "the record says {}, but {}",
                verdict.word(),
                describe(end)
            ));
        }
        Reply::Refused(Refusal {
            verdict,
            rule: decision.rule.clone(),
            reason: reason(decision),
        })
    };
    match decision.decision {
        Word::Denied => refused(RefusalKind::Deny, 101),
        Word::Undetermined => refused(RefusalKind::Undetermined, 102),
        Word::Unusable => refused(RefusalKind::Unusable, 103),
        Word::Failed => step_failed(&decision.step, &decision.observed, observation),
        Word::Misconfigured => {
            Reply::failed(format!("{}; {}", reason(decision), said(observation)))
        }
        Word::Start => started(record.end.as_ref(), observation),
    }
}

fn started(init: Option<&InitEnd>, observation: &Observation) -> Reply {
    let end = &observation.end;
    let expected = match init {
        Some(InitEnd::Failed { step, error }) => {
            return step_failed(step, error, observation);
        }
        Some(InitEnd::Ended(Ended::Status(status))) => End::Exited(*status),
        Some(InitEnd::Ended(Ended::Signal(signal))) => End::Exited(128 + signal),
        // Killed with everything else before the init had ended.
        None if *end == End::Timeout => return Reply::Started,
        None => {
            return Reply::failed(format!(
                "the launcher decided to start but recorded no end; {}; {}",
                describe(end),
                said(observation)
            ));
        }
    };
    if *end == expected || *end == End::Timeout {
        Reply::Started
    } else {
        Reply::failed(format!(
            "by the record the launcher's end should be `{}`, but {}",
            describe(&expected),
            describe(end)
        ))
    }
}

/// Steps that do what the request asks for, with objects that it names. When
/// the kernel refuses one, it is the request that cannot be carried out.
const REQUESTED_STEPS: [&str; 8] = [
    "rootfs", "mounts", "mappings", "devices", "hooks", "cwd", "limits", "exec",
];

/// What a step that failed means: a refusal by the kernel where the request
/// asked for it, otherwise a launcher that broke.
fn step_failed(step: &str, error: &str, observation: &Observation) -> Reply {
    let requested = REQUESTED_STEPS.contains(&step);
    if requested && !error.is_empty() && observation.end == End::Exited(104) {
        return Reply::Refused(Refusal {
            verdict: RefusalKind::Unusable,
            rule: String::new(),
            reason: format!("step {step}: {error}"),
        });
    }
    Reply::failed(format!("step {step}: {error}; {}", said(observation)))
}

fn reason(decision: &Decision) -> String {
    match (decision.required.as_str(), decision.observed.as_str()) {
        ("", observed) => observed.to_owned(),
        (required, "") => required.to_owned(),
        (required, observed) => format!("required {required}; observed {observed}"),
    }
}

fn describe(end: &End) -> String {
    match end {
        End::Exited(status) => format!("its exit status was {status}"),
        End::Signalled(signal) => format!("it died of signal {signal}"),
        End::Timeout => "it was killed at the deadline".to_owned(),
        End::NotStarted(error) => format!("it could not be started: {error}"),
    }
}

/// The last line on standard error that is the launcher's own.
fn said(observation: &Observation) -> String {
    let text = String::from_utf8_lossy(&observation.stderr);
    match text
        .lines()
        .rfind(|line| line.starts_with("sekisho-launch: "))
    {
        Some(line) => line.to_owned(),
        None => match text.lines().rfind(|line| !line.trim().is_empty()) {
            Some(line) => format!("last line on standard error: {line}"),
            None => "nothing on standard error".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::observation;

    fn read(end: End, record: &str) -> Reply {
        let carried = Carried {
            launcher: Vec::new(),
            version: String::new(),
            policy: Policy::default(),
        };
        adapter(&carried).read(&observation(
            end,
            "sekisho-launch: denied: x\n",
            &[Some(record)],
        ))
    }

    const DENIED: &str =
        r#"{"decision":"denied","rule":"r","required":"uid >= 1","observed":"uid 0"}"#;
    const START: &str = r#"{"decision":"start"}"#;

    #[test]
    fn a_denial_counts_only_when_record_and_status_agree() {
        let Reply::Refused(refusal) = read(End::Exited(101), DENIED) else {
            panic!("not refused")
        };
        assert_eq!(refusal.rule, "r");
        assert_eq!(refusal.verdict, RefusalKind::Deny);
        assert_eq!(refusal.reason, "required uid >= 1; observed uid 0");
        for end in [
            End::Exited(0),
            End::Exited(102),
            End::Signalled(11),
            End::Timeout,
        ] {
            assert!(matches!(read(end, DENIED), Reply::Failed { .. }));
        }
        // An exit status alone, as any init may have it, is no denial.
        assert!(matches!(read(End::Exited(101), ""), Reply::Failed { .. }));
        assert!(matches!(
            read(End::Exited(101), START),
            Reply::Failed { .. }
        ));
        let Reply::Refused(usage) = read(End::Exited(105), "") else {
            panic!("not refused")
        };
        assert_eq!(usage.verdict, RefusalKind::Unusable);
        let both = format!("{DENIED}\n{{\"ended\":{{\"status\":0}}}}");
        assert!(matches!(
            read(End::Exited(101), &both),
            Reply::Failed { .. }
        ));
    }

    #[test]
    fn a_start_counts_only_when_the_end_fits() {
        let status = |n| format!("{START}\n{{\"ended\":{{\"status\":{n}}}}}");
        let signal = format!("{START}\n{{\"ended\":{{\"signal\":9}}}}");
        assert_eq!(read(End::Exited(0), &status(0)), Reply::Started);
        // An init may end with a status that the launcher uses, too.
        assert_eq!(read(End::Exited(101), &status(101)), Reply::Started);
        assert_eq!(read(End::Exited(137), &signal), Reply::Started);
        assert_eq!(read(End::Timeout, START), Reply::Started);
        assert!(matches!(
            read(End::Exited(1), &status(0)),
            Reply::Failed { .. }
        ));
        assert!(matches!(read(End::Exited(0), START), Reply::Failed { .. }));
        assert!(matches!(
            read(End::Signalled(11), START),
            Reply::Failed { .. }
        ));
        let failed = format!("{START}\n{{\"failed\":{{\"step\":\"exec\",\"error\":\"E\"}}}}");
        let Reply::Refused(refusal) = read(End::Exited(104), &failed) else {
            panic!("the kernel refused to execute the init")
        };
        assert_eq!(refusal.verdict, RefusalKind::Unusable);
        assert_eq!(refusal.reason, "step exec: E");
        // A status that does not fit, or a step of the launcher's own.
        assert!(matches!(
            read(End::Exited(0), &failed),
            Reply::Failed { .. }
        ));
        assert!(matches!(
            read(End::Exited(104), &failed.replace("exec", "clone")),
            Reply::Failed { .. }
        ));
    }

    #[test]
    fn a_step_means_the_same_before_and_after_the_decision_is_recorded() {
        let before = |step: &str| {
            format!(r#"{{"decision":"failed","step":"{step}","required":"r","observed":"E"}}"#)
        };
        let after =
            |step: &str| format!("{START}\n{{\"failed\":{{\"step\":\"{step}\",\"error\":\"E\"}}}}");
        for step in REQUESTED_STEPS {
            let told = read(End::Exited(104), &before(step));
            assert_eq!(told, read(End::Exited(104), &after(step)));
            assert!(matches!(told, Reply::Refused(refusal)
                if refusal.reason == format!("step {step}: E")));
        }
        let own = read(End::Exited(104), &before("clone"));
        assert_eq!(own, read(End::Exited(104), &after("clone")));
        assert!(matches!(own, Reply::Failed { .. }));
    }

    #[test]
    fn a_failure_quotes_the_launcher() {
        let Reply::Failed { reason } = read(End::Exited(100), "") else {
            panic!("not failed")
        };
        assert!(reason.contains("exit status was 100"), "{reason}");
        assert!(reason.ends_with("sekisho-launch: denied: x"), "{reason}");
    }
}
