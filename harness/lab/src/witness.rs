//! Whether a scenario's witness is seen in what a trial left.

use sekisho_scenario::model::{FileWitness, Witness};
use sekisho_trial::{End, HostChange, Observation, Seen};

use crate::probe_reports::Reports;

/// Whether every part of the witness holds. Predicates must hold together in
/// one report; the files are looked at by the arena itself, in the order in
/// which the witness names them.
pub fn holds(witness: &Witness, reports: &Reports, observation: &Observation, nonce: &str) -> bool {
    let by_status = witness
        .status
        .is_none_or(|status| observation.end == End::Exited(status));
    let by_files = witness
        .files
        .iter()
        .enumerate()
        .all(|(at, file)| file_holds(file, observation.observed.get(at), nonce));
    let by_mounts = witness.host_mounts.iter().all(|wanted| {
        let mounted = observation.host_changes.iter();
        mounted
            .filter_map(HostChange::mounted_at)
            .any(|at| at == wanted.at)
    });
    by_status && by_files && by_mounts && report_holds(witness, reports)
}

fn report_holds(witness: &Witness, reports: &Reports) -> bool {
    if witness.via.is_none() && witness.all.is_empty() {
        return true;
    }
    reports
        .all
        .iter()
        .filter(|report| witness.via.as_ref().is_none_or(|via| *via == report.via))
        .filter_map(|report| serde_json::to_value(report).ok())
        .any(|report| witness.all.iter().all(|predicate| predicate.holds(&report)))
}

/// `seen` is `None` when the arena was not asked or did not answer.
fn file_holds(file: &FileWitness, seen: Option<&Option<Seen>>, nonce: &str) -> bool {
    match seen {
        None => false,
        Some(None) => file.exists == Some(false),
        Some(Some(_)) if file.exists == Some(false) => false,
        Some(Some(seen)) => {
            let text = file
                .contains
                .as_ref()
                .map(|text| text.replace("{nonce}", nonce));
            file.uid.is_none_or(|uid| uid == seen.uid)
                && text.is_none_or(|text| String::from_utf8_lossy(&seen.content).contains(&text))
        }
    }
}

#[cfg(test)]
mod tests {
    use sekisho_scenario::predicate::Predicate;
    use sekisho_witness::{Ids, Report};

    use super::*;

    fn uid(effective: u32) -> Predicate {
        serde_json::from_value(serde_json::json!({"at": "/uid/effective", "equals": effective}))
            .unwrap()
    }

    fn reports(uids: &[(&str, u32)]) -> Reports {
        let report = |(via, effective): &(&str, u32)| Report {
            via: (*via).to_owned(),
            uid: Ids {
                effective: *effective,
                ..Ids::default()
            },
            ..Report::default()
        };
        Reports {
            all: uids.iter().map(report).collect(),
            fault: None,
        }
    }

    fn observation(observed: Vec<Option<Seen>>) -> Observation {
        Observation {
            end: End::Exited(0),
            stdout: Vec::new(),
            stderr: Vec::new(),
            truncated: false,
            observed,
            collected: Vec::new(),
            host_changes: Vec::new(),
            survivors: 0,
            not_done: Vec::new(),
            steps_failed: Vec::new(),
            leftovers: Vec::new(),
            cleared: Vec::new(),
            duration_us: 0,
            total_us: 0,
        }
    }

    #[test]
    fn predicates_must_hold_together_in_one_report_of_that_way() {
        let witness = Witness {
            via: Some("hook".into()),
            all: vec![uid(0)],
            ..Witness::default()
        };
        let none = observation(Vec::new());
        assert!(holds(
            &witness,
            &reports(&[("init", 7), ("hook", 0)]),
            &none,
            "n"
        ));
        assert!(!holds(
            &witness,
            &reports(&[("init", 0), ("hook", 7)]),
            &none,
            "n"
        ));
        assert!(!holds(&witness, &Reports::default(), &none, "n"));
    }

    #[test]
    fn the_status_is_the_callers() {
        let witness = Witness {
            status: Some(3),
            ..Witness::default()
        };
        let mut seen = observation(Vec::new());
        assert!(!holds(&witness, &Reports::default(), &seen, "n"));
        seen.end = End::Exited(3);
        assert!(holds(&witness, &Reports::default(), &seen, "n"));
    }

    #[test]
    fn files_must_be_there_with_owner_and_content_or_not_there() {
        let file = |exists, uid, contains: Option<&str>| FileWitness {
            path: "/x".into(),
            exists,
            uid,
            contains: contains.map(str::to_owned),
        };
        let there = Some(Seen {
            uid: 0,
            gid: 0,
            mode: 0o100_644,
            content: b"made by n1".to_vec(),
        });
        let cases = [
            (file(None, None, None), true, false),
            (file(Some(false), None, None), false, true),
            (file(None, Some(0), Some("by {nonce}")), true, false),
            (file(None, Some(1), None), false, false),
            (file(None, None, Some("by n2")), false, false),
        ];
        for (file, when_there, when_absent) in cases {
            let witness = Witness {
                files: vec![file.clone()],
                ..Witness::default()
            };
            for (seen, expected) in [(there.clone(), when_there), (None, when_absent)] {
                let seen = observation(vec![seen]);
                assert_eq!(
                    holds(&witness, &Reports::default(), &seen, "n1"),
                    expected,
                    "{file:?}"
                );
            }
            // The arena did not look: nothing is proven.
            assert!(!holds(
                &witness,
                &Reports::default(),
                &observation(Vec::new()),
                "n1"
            ));
        }
    }
}
