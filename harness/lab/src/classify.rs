//! What became of a trial: a pure function of what the target answered and
//! what the witness shows.
//!
//! The order of the questions is the substance. An effect that was seen counts
//! whatever the launcher says about it; a fault of the harness or of the
//! launcher is never a success of the rules; "neutralised" needs a sign of
//! life, since an init that never ran shows no effect either.

use sekisho_targets::Reply;
use sekisho_trial::{End, HostChange};

use crate::probe_reports::Reports;
use sekisho_results::{Kind, Outcome, RefusalWord, one_line};

/// An outcome and the columns that explain it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classified {
    /// What became of the trial.
    pub outcome: Outcome,
    /// How a refusal came about.
    pub verdict: Option<RefusalWord>,
    /// The rule that decided.
    pub rule: String,
    /// Required and observed, or what failed.
    pub reason: String,
}

impl Classified {
    /// An outcome with a reason and without a refusal.
    pub fn new(outcome: Outcome, reason: impl AsRef<str>) -> Self {
        Self {
            outcome,
            verdict: None,
            rule: String::new(),
            reason: one_line(reason.as_ref()),
        }
    }
}

/// What the trial showed.
#[derive(Debug)]
pub struct Facts<'a> {
    /// Whether the case is an attack.
    pub kind: Kind,
    /// How the launcher ended.
    pub end: &'a End,
    /// What the launcher answered.
    pub reply: &'a Reply,
    /// What the probe said.
    pub reports: &'a Reports,
    /// Whether the scenario's witness holds.
    pub witness: bool,
    /// Whether the launcher recorded the end of an init.
    pub init_ended: bool,
    /// A change of the host's mount table that the launcher is not known for.
    pub host_mount: Option<&'a HostChange>,
    /// What could not be done before the start, by number.
    pub not_done: &'a [(u32, String)],
    /// How many of the first things done before the start are a mistake, which
    /// nothing may keep from being made.
    pub mistakes: u32,
    /// Steps between check and use that failed: the attack was not tried.
    pub steps_failed: &'a [String],
}

impl Facts<'_> {
    /// The mistake that could not be made: an error of the corpus.
    #[must_use]
    pub fn mistake_not_made(&self) -> Option<String> {
        let found = self.not_done.iter().find(|(at, _)| *at < self.mistakes);
        found.map(|(_, why)| format!("the mistake could not be made: {why}"))
    }
}

/// The outcome of a trial.
pub fn classify(facts: &Facts<'_>) -> Classified {
    if let Some(fault) = &facts.reports.fault {
        return Classified::new(Outcome::Failed, fault);
    }
    if let End::NotStarted(error) = facts.end {
        return Classified::new(
            Outcome::Failed,
            format!("the launcher could not be started: {error}"),
        );
    }
    if let Some(why) = facts.mistake_not_made() {
        return Classified::new(Outcome::Failed, why);
    }
    if let Some((_, why)) = facts.not_done.first() {
        return Classified::new(Outcome::NotPerformable, why);
    }
    // No start may change the mounts of its host, whatever else it does.
    if let Some(mount) = facts.host_mount {
        let outcome = match facts.kind {
            Kind::Malicious => Outcome::Compromised,
            Kind::Legitimate => Outcome::Broken,
        };
        return Classified::new(outcome, mount.to_string());
    }
    if facts.kind == Kind::Malicious && facts.witness {
        return Classified::new(Outcome::Compromised, "");
    }
    if *facts.end == End::Timeout {
        return Classified::new(Outcome::Timeout, "killed at the deadline");
    }
    match facts.reply {
        Reply::Failed { reason } => Classified::new(Outcome::Failed, reason),
        Reply::Refused(_) if facts.reports.has_init() => Classified::new(
            Outcome::Failed,
            "the target says that it refused, but the init reported",
        ),
        Reply::Refused(refusal) => Classified {
            outcome: match facts.kind {
                Kind::Malicious => Outcome::Blocked,
                Kind::Legitimate => Outcome::Broken,
            },
            verdict: Some(refusal.verdict),
            rule: refusal.rule.clone(),
            reason: one_line(&refusal.reason),
        },
        Reply::Started if facts.kind == Kind::Legitimate && facts.witness => {
            Classified::new(Outcome::Works, "")
        }
        Reply::Started if !facts.steps_failed.is_empty() => Classified::new(
            Outcome::Failed,
            format!("between check and use: {}", facts.steps_failed.join("; ")),
        ),
        Reply::Started if facts.init_ended || !facts.reports.all.is_empty() => match facts.kind {
            Kind::Malicious => Classified::new(Outcome::Neutralised, ""),
            Kind::Legitimate => {
                Classified::new(Outcome::Broken, "started, but its witness is absent")
            }
        },
        Reply::Started => Classified::new(
            Outcome::Failed,
            "the target says that it started, but neither probe nor record shows an init",
        ),
    }
}

/// The column `exit_status`.
pub fn exit_status(end: &End) -> String {
    match end {
        End::Exited(status) => status.to_string(),
        End::Signalled(signal) => format!("signal:{signal}"),
        End::Timeout | End::NotStarted(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sekisho_targets::{Refusal, RefusalKind};
    use sekisho_witness::Report;

    use super::*;

    fn refused() -> Reply {
        Reply::Refused(Refusal {
            verdict: RefusalKind::Deny,
            rule: "target-user-is-root".into(),
            reason: "uid 0".into(),
        })
    }

    fn failed() -> Reply {
        Reply::Failed {
            reason: "broke".into(),
        }
    }

    fn reports(via: Option<&str>) -> Reports {
        Reports {
            all: via
                .map(|via| Report {
                    via: via.into(),
                    ..Report::default()
                })
                .into_iter()
                .collect(),
            fault: None,
        }
    }

    fn outcome(
        kind: Kind,
        end: End,
        reply: Reply,
        reports: &Reports,
        witness: bool,
        ended: bool,
    ) -> Outcome {
        classify(&Facts {
            kind,
            end: &end,
            reply: &reply,
            reports,
            witness,
            init_ended: ended,
            host_mount: None,
            not_done: &[],
            mistakes: 0,
            steps_failed: &[],
        })
        .outcome
    }

    const OK: End = End::Exited(0);

    #[test]
    fn an_attack_that_was_seen_counts_whatever_the_launcher_says() {
        let hook = reports(Some("hook"));
        for reply in [refused(), failed(), Reply::Started] {
            for end in [OK, End::Exited(101), End::Signalled(11), End::Timeout] {
                let seen = outcome(Kind::Malicious, end, reply.clone(), &hook, true, false);
                assert_eq!(seen, Outcome::Compromised);
            }
        }
    }

    #[test]
    fn a_start_without_sign_of_life_is_never_neutralised() {
        let (none, init) = (reports(None), reports(Some("init")));
        let run = |reports: &Reports, ended| {
            outcome(Kind::Malicious, OK, Reply::Started, reports, false, ended)
        };
        assert_eq!(run(&none, false), Outcome::Failed);
        assert_eq!(run(&none, true), Outcome::Neutralised);
        assert_eq!(run(&init, false), Outcome::Neutralised);
    }

    #[test]
    fn a_refusal_blocks_attacks_and_breaks_legitimate_starts() {
        let none = reports(None);
        let status = End::Exited(101);
        let run = |kind| outcome(kind, status.clone(), refused(), &none, false, false);
        assert_eq!(run(Kind::Malicious), Outcome::Blocked);
        assert_eq!(run(Kind::Legitimate), Outcome::Broken);
    }

    #[test]
    fn a_refusal_that_the_init_contradicts_is_a_failure() {
        let init = reports(Some("init"));
        let seen = outcome(
            Kind::Malicious,
            End::Exited(101),
            refused(),
            &init,
            false,
            false,
        );
        assert_eq!(seen, Outcome::Failed);
        // A hook may have run before a late rule refused.
        let hook = reports(Some("hook"));
        let seen = outcome(
            Kind::Malicious,
            End::Exited(101),
            refused(),
            &hook,
            false,
            false,
        );
        assert_eq!(seen, Outcome::Blocked);
    }

    #[test]
    fn a_race_that_was_not_run_is_neither_won_nor_lost() {
        let init = reports(Some("init"));
        let run = |reply: &Reply, witness| {
            let facts = Facts {
                kind: Kind::Malicious,
                end: &OK,
                reply,
                reports: &init,
                witness,
                init_ended: true,
                host_mount: None,
                not_done: &[],
                mistakes: 0,
                steps_failed: &["renameat2: ENOENT".to_owned()],
            };
            classify(&facts).outcome
        };
        assert_eq!(run(&Reply::Started, false), Outcome::Failed);
        assert_eq!(run(&Reply::Started, true), Outcome::Compromised);
        // Who refuses never comes to the pause between check and use.
        let early = Facts {
            kind: Kind::Malicious,
            end: &End::Exited(101),
            reply: &refused(),
            reports: &reports(None),
            witness: false,
            init_ended: false,
            host_mount: None,
            not_done: &[],
            mistakes: 0,
            steps_failed: &["the launcher never paused".to_owned()],
        };
        assert_eq!(classify(&early).outcome, Outcome::Blocked);
    }

    #[test]
    fn a_start_that_changes_the_mounts_of_its_host_is_never_right() {
        let mounted = HostChange::MountAdded("/usr/local/bin / rw tmpfs tmpfs".to_owned());
        let (none, init) = (reports(None), reports(Some("init")));
        let run = |kind, reports: &Reports, witness| {
            classify(&Facts {
                kind,
                end: &OK,
                reply: &Reply::Started,
                reports,
                witness,
                init_ended: true,
                host_mount: Some(&mounted),
                not_done: &[],
                mistakes: 0,
                steps_failed: &[],
            })
        };
        for reports in [&none, &init] {
            for witness in [false, true] {
                let attack = run(Kind::Malicious, reports, witness);
                assert_eq!(attack.outcome, Outcome::Compromised);
                assert!(
                    attack.reason.contains("/usr/local/bin"),
                    "{}",
                    attack.reason
                );
                let broken = run(Kind::Legitimate, reports, witness);
                assert_eq!(broken.outcome, Outcome::Broken);
            }
        }
    }

    #[test]
    fn a_legitimate_start_works_only_with_its_witness() {
        let init = reports(Some("init"));
        let run = |witness| outcome(Kind::Legitimate, OK, Reply::Started, &init, witness, true);
        assert_eq!(run(true), Outcome::Works);
        assert_eq!(run(false), Outcome::Broken);
        let late = outcome(
            Kind::Legitimate,
            End::Timeout,
            Reply::Started,
            &init,
            true,
            false,
        );
        assert_eq!(late, Outcome::Timeout);
    }

    #[test]
    fn a_fault_of_the_harness_outweighs_everything() {
        let fault = Reports {
            all: Vec::new(),
            fault: Some("another trial's line".into()),
        };
        let seen = outcome(Kind::Malicious, OK, Reply::Started, &fault, true, true);
        assert_eq!(seen, Outcome::Failed);
        let none = reports(None);
        let end = End::NotStarted("EACCES".into());
        assert_eq!(
            outcome(Kind::Malicious, end, failed(), &none, false, false),
            Outcome::Failed
        );
    }

    fn any_end() -> impl Strategy<Value = End> {
        prop_oneof![
            (0..256).prop_map(End::Exited),
            (1..65).prop_map(End::Signalled),
            Just(End::Timeout),
            Just(End::NotStarted("ENOENT".into())),
        ]
    }

    proptest! {
        #[test]
        fn every_combination_keeps_the_meaning_of_the_words(
            malicious: bool,
            end in any_end(),
            reply in prop_oneof![Just(refused()), Just(failed()), Just(Reply::Started)],
            via in proptest::option::of(prop_oneof![Just("init"), Just("hook")]),
            witness: bool,
            ended: bool,
            fault: bool,
        ) {
            let kind = if malicious { Kind::Malicious } else { Kind::Legitimate };
            let mut reports = reports(via);
            if fault {
                reports.fault = Some("fault".into());
            }
            let seen = outcome(kind, end.clone(), reply.clone(), &reports, witness, ended);
            let attack = matches!(seen, Outcome::Blocked | Outcome::Neutralised | Outcome::Compromised);
            let use_ = matches!(seen, Outcome::Works | Outcome::Broken);
            prop_assert!(!attack || malicious);
            prop_assert!(!use_ || !malicious);
            prop_assert!(seen != Outcome::Blocked || matches!(reply, Reply::Refused(_)));
            prop_assert!(seen != Outcome::Compromised || witness);
            prop_assert!(seen != Outcome::Works || witness && reply == Reply::Started);
            prop_assert!(seen != Outcome::Neutralised || !witness && reply == Reply::Started);
            prop_assert!(seen != Outcome::Timeout || end == End::Timeout);
            if reply == failed() && !witness {
                prop_assert!(matches!(seen, Outcome::Failed | Outcome::Timeout));
            }
        }
    }
}
