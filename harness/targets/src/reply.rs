//! What a target answered to a start request, in words that are the same for
//! every target.

use sekisho_trial::{End, Observation};

/// A target's answer to one start request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// It refused, and said why.
    Refused(Refusal),
    /// It executed the init; whether that did what it should is for the
    /// witness to say.
    Started,
    /// It neither started nor refused: it broke, or what it said does not fit
    /// together. Never a success of the rules.
    Failed {
        /// What is known about it, in one line.
        reason: String,
    },
}

/// Why a target refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// How the refusal came about.
    pub verdict: RefusalKind,
    /// The rule that decided; empty when no rule did.
    pub rule: String,
    /// Required and observed, or the target's own message, in one line.
    pub reason: String,
}

/// How a refusal came about.
pub use sekisho_results::RefusalWord as RefusalKind;

impl Reply {
    /// A failure with a reason.
    pub(crate) fn failed(reason: impl Into<String>) -> Self {
        Self::Failed {
            reason: reason.into(),
        }
    }
}

/// Errors of the kernel that speak of what the machine or the caller's limits
/// hold, in any launcher's words: it broke, and refused nothing.
const EXHAUSTED: [&str; 6] = [
    "too many open files",
    "no space left on device",
    "cannot allocate memory",
    "resource temporarily unavailable",
    "file too large",
    "disk quota exceeded",
];

/// Whether a message tells that something ran out.
pub(crate) fn is_exhausted(message: &str) -> bool {
    let message = message.to_lowercase();
    EXHAUSTED.iter().any(|error| message.contains(error))
}

/// How a launcher ended, as the end of a sentence.
pub(crate) fn describe(end: &End) -> String {
    match end {
        End::Exited(status) => format!("its exit status was {status}"),
        End::Signalled(signal) => format!("it died of signal {signal}"),
        End::Timeout => "it was killed at the deadline".to_owned(),
        End::NotStarted(error) => format!("it could not be started: {error}"),
    }
}

/// The last line on standard error.
pub(crate) fn last_line(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    match text.lines().rfind(|line| !line.trim().is_empty()) {
        Some(line) => format!("last line on standard error: {line}"),
        None => "nothing on standard error".to_owned(),
    }
}

/// The answer of a launcher without a record: a refusal is a message of its
/// own on standard error together with one of its exit statuses. Without such a
/// message it started something, unless it could not be started itself; what
/// that did is for the witness to say.
pub(crate) fn own_refusal(observation: &Observation, own: &str, statuses: &[i32]) -> Reply {
    // With a terminal everything comes out there.
    let (stderr, stdout) = (&observation.stderr, &observation.stdout);
    let said = [
        String::from_utf8_lossy(stdout),
        String::from_utf8_lossy(stderr),
    ];
    let lines: Vec<_> = said.iter().flat_map(|text| text.lines()).collect();
    let message = lines.iter().rfind(|line| line.starts_with(own));
    let message = message.map(|line| line.trim_end());
    let status = match observation.end {
        End::Exited(status) => status,
        End::Timeout => return Reply::Started,
        ref end => {
            return Reply::failed(format!(
                "{}; {}",
                describe(end),
                last_line(&observation.stderr)
            ));
        }
    };
    match message {
        None => Reply::Started,
        Some(message) if is_exhausted(message) => Reply::failed(message),
        Some(message) if statuses.contains(&status) => Reply::Refused(Refusal {
            verdict: RefusalKind::Refused,
            rule: String::new(),
            reason: format!("exit status {status}: {message}"),
        }),
        Some(message) => Reply::failed(format!(
            "it said `{message}`, but its exit status was {status}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::observation;

    #[test]
    fn only_an_own_message_with_an_own_status_is_a_refusal() {
        let read =
            |end, stderr| own_refusal(&observation(end, stderr, &[Some("")]), "doas: ", &[1]);
        let refused = read(End::Exited(1), "x\ndoas: Operation not permitted\n");
        let Reply::Refused(refusal) = refused else {
            panic!("not refused")
        };
        assert_eq!(
            refusal.reason,
            "exit status 1: doas: Operation not permitted"
        );
        // A program may end with any status and say anything.
        assert_eq!(
            read(End::Exited(1), "Operation not permitted\n"),
            Reply::Started
        );
        assert_eq!(read(End::Exited(0), ""), Reply::Started);
        assert_eq!(read(End::Timeout, "doas: x\n"), Reply::Started);
        for end in [End::Exited(0), End::Exited(2), End::Signalled(11)] {
            assert!(matches!(read(end, "doas: x\n"), Reply::Failed { .. }));
        }
        let exhausted = "doas: fork: Cannot allocate memory\n";
        assert!(matches!(
            read(End::Exited(1), exhausted),
            Reply::Failed { .. }
        ));
        assert!(matches!(
            read(End::NotStarted("EACCES".into()), ""),
            Reply::Failed { .. }
        ));
    }
}
