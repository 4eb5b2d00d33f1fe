//! Answers of launchers that speak on standard error only.

use sekisho_arena::protocol::{End, Observation};

use crate::reply::{Refusal, RefusalKind, Reply};

/// The last line on standard error that is not empty; with a terminal, where
/// both streams are one, on standard output.
pub(crate) fn last_line(observation: &Observation) -> Option<String> {
    let last = |stream: &[u8]| {
        let text = String::from_utf8_lossy(stream);
        let line = text.lines().rfind(|line| !line.trim().is_empty())?;
        Some(line.trim().to_owned())
    };
    last(&observation.stderr).or_else(|| last(&observation.stdout))
}

/// The answer of a launcher whose own messages begin with `mark` and whose own
/// failures end with one of `statuses`; anything else is the init's. Messages
/// that hold one of `faults` speak of the place rather than of the request.
pub(crate) fn answer(
    observation: &Observation,
    mark: &str,
    statuses: &[i32],
    faults: &[&str],
) -> Reply {
    let status = match observation.end {
        End::Exited(status) => status,
        End::Timeout => return Reply::Started,
        _ => return Reply::failed(format!("the launcher's end was {:?}", observation.end)),
    };
    let own = last_line(observation).filter(|line| line.starts_with(mark));
    match own {
        Some(own) if status == 0 => Reply::failed(format!("it says `{own}`, but its status was 0")),
        Some(own) if faults.iter().any(|fault| own.contains(fault)) => Reply::failed(own),
        Some(own) if statuses.contains(&status) => Reply::Refused(Refusal {
            verdict: RefusalKind::Refused,
            rule: String::new(),
            reason: own,
        }),
        Some(own) => Reply::failed(format!("it says `{own}`, but its status was {status}")),
        None => Reply::Started,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::observation;

    #[test]
    fn message_and_status_must_both_be_the_launchers() {
        let read = |end, stderr: &str| {
            answer(
                &observation(end, stderr, &[]),
                "bwrap: ",
                &[1],
                &["No space"],
            )
        };
        let refused = read(End::Exited(1), "noise\nbwrap: Can't find source path\n\n");
        assert!(
            matches!(refused, Reply::Refused(refusal) if refusal.reason == "bwrap: Can't find source path")
        );
        for (end, stderr) in [
            (End::Exited(0), "bwrap: x"),
            (End::Exited(2), "bwrap: x"),
            (End::Signalled(11), "bwrap: x"),
            (End::Exited(1), "bwrap: No space left on device"),
        ] {
            assert!(
                matches!(read(end, stderr), Reply::Failed { .. }),
                "{stderr}"
            );
        }
        // The init's own words and statuses.
        for stderr in ["", "bwrap: x\nthen the init"] {
            assert_eq!(read(End::Exited(1), stderr), Reply::Started);
        }
        assert_eq!(read(End::Timeout, "bwrap: x"), Reply::Started);
    }
}
