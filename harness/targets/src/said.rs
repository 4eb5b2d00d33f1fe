//! Answers of launchers that speak on standard error only.

use sekisho_trial::{End, Observation};

use crate::reply::{Refusal, RefusalKind, Reply, is_exhausted};

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

/// How a launcher speaks.
pub(crate) struct Own {
    /// What its messages begin with.
    pub mark: &'static str,
    /// The exit statuses of its own failures.
    pub statuses: &'static [i32],
    /// What it says, after the mark, where it will not do what a request asks
    /// for: beginnings and ends of messages. Each was seen in answer to such a
    /// request; any other message is a failure, so that a launcher that breaks
    /// never counts as one that refused.
    pub refusals: &'static [(&'static str, &'static str)],
}

/// The launcher's answer; without a message of its own it is the init's.
pub(crate) fn answer(observation: &Observation, own: &Own) -> Reply {
    let status = match observation.end {
        End::Exited(status) => status,
        End::Timeout => return Reply::Started,
        _ => return Reply::failed(format!("the launcher's end was {:?}", observation.end)),
    };
    let line = last_line(observation).unwrap_or_default();
    let Some(message) = line.strip_prefix(own.mark) else {
        return Reply::Started;
    };
    if status == 0 {
        return Reply::failed(format!("it says `{line}`, but its status was 0"));
    }
    if !own.statuses.contains(&status) {
        return Reply::failed(format!("it says `{line}`, but its status was {status}"));
    }
    match is_one(message, own.refusals) {
        true => Reply::Refused(Refusal {
            verdict: RefusalKind::Refused,
            rule: String::new(),
            reason: line,
        }),
        false => Reply::failed(format!("no known refusal: {line}")),
    }
}

/// Whether a message is one of these refusals, by their beginnings and ends.
pub(crate) fn is_one(message: &str, refusals: &[(&str, &str)]) -> bool {
    let is = |(begin, end): &(&str, &str)| message.starts_with(begin) && message.ends_with(end);
    !is_exhausted(message) && refusals.iter().any(is)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::observation;

    #[test]
    fn message_and_status_must_both_be_the_launchers() {
        let read = |end, stderr: &str| {
            let own = Own {
                mark: "bwrap: ",
                statuses: &[1],
                refusals: &[("Can't find source path ", ""), ("create ", ": not a file")],
            };
            answer(&observation(end, stderr, &[]), &own)
        };
        let refused = read(End::Exited(1), "noise\nbwrap: Can't find source path x\n\n");
        assert!(
            matches!(refused, Reply::Refused(refusal) if refusal.reason == "bwrap: Can't find source path x")
        );
        for (end, stderr) in [
            (End::Exited(0), "bwrap: Can't find source path"),
            (End::Exited(2), "bwrap: Can't find source path"),
            (End::Signalled(11), "bwrap: Can't find source path"),
            (End::Exited(1), "bwrap: anything else"),
            (End::Exited(1), "bwrap: create x: not a place"),
            (
                End::Exited(1),
                "bwrap: Can't find source path x: Too many open files",
            ),
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
