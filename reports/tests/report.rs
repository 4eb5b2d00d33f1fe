//! A small run whose numbers were worked out by hand.

mod common;

use common::{Build, Case, Change, attack, legitimate};
use sekisho_reports::analysis::Analysis;
use sekisho_reports::analysis::compare::compare;
use sekisho_reports::analysis::lattice::Score;
use sekisho_reports::comparison::compare_runs;
use sekisho_reports::read::{Attacker, Kind, Run};
use sekisho_reports::{Lang, write, write_tables};

/// Rules: `a` fatal, `b` deferred, `c` sanitises, `d` beyond suEXEC.
fn small() -> Build {
    let rules = [
        ("a", "fatal", "1"),
        ("b", "deferred", "14"),
        ("c", "selectable", "19"),
        ("d", "further", ""),
    ];
    let cases = vec![
        attack("one", "client", "bad-id", &["a"]),
        attack("two", "client", "bad-id", &["a", "b"]),
        attack("three", "tenant", "bad-id", &["b"]),
        Case {
            sanitize: vec!["c"],
            effective: vec!["c"],
            ..attack("four", "front", "environment", &[])
        },
        Case {
            undetermined: vec!["d"],
            ..attack("five", "front", "descriptors", &[])
        },
        // Sanitised, but the effect stays: gets through everything.
        Case {
            sanitize: vec!["c"],
            ..attack("six", "neighbour", "environment", &[])
        },
        Case {
            not_demonstrated: "the kernel refuses it".to_owned(),
            ..attack("seven", "tenant", "bad-id", &["a"])
        },
        legitimate("plain", &[]),
        legitimate("shared", &["b"]),
        Case {
            sanitize: vec!["c"],
            effective: vec!["c"],
            ..legitimate("wordy", &[])
        },
    ];
    Build::new(&rules, cases)
}

fn analyse(build: &Build) -> (Run, Analysis) {
    let dir = build.write();
    let run = Run::load(dir.path()).expect("a run");
    let analysis = Analysis::of(&run);
    (run, analysis)
}

#[test]
fn counts_are_about_demonstrated_cases_only() {
    let (_, analysis) = analyse(&small());
    let view = &analysis.views[0];
    assert_eq!((analysis.malicious, analysis.legitimate), (7, 3));
    assert_eq!((view.demonstrated, view.working), (6, 3));
    let not = &view.notable.attacks_not_demonstrated;
    assert_eq!(not.len(), 1);
    assert_eq!(not[0].case, "seven");
    assert_eq!(not[0].reason, "the kernel refuses it");
}

#[test]
fn outcomes_by_attacker_family_and_set() {
    let (_, analysis) = analyse(&small());
    let outcomes = &analysis.views[0].outcomes;
    let tally = |set, attacker| {
        let tally = outcomes.tally(set, |group| group.attacker == Some(attacker));
        let tally = tally.expect("a set that was tried");
        (
            tally.blocked,
            tally.undetermined,
            tally.neutralised,
            tally.compromised,
        )
    };
    assert_eq!(tally("none", Attacker::Client), (0, 0, 0, 2));
    assert_eq!(tally("suexec", Attacker::Client), (2, 0, 0, 0));
    assert_eq!(tally("suexec", Attacker::Front), (0, 0, 1, 1));
    assert_eq!(tally("all", Attacker::Front), (0, 1, 1, 0));
    assert_eq!(tally("all", Attacker::Neighbour), (0, 0, 0, 1));
    assert_eq!(tally("all", Attacker::Tenant), (1, 0, 0, 0));
    let environment = outcomes
        .tally("all", |group| {
            group.kind == Kind::Malicious && group.family == "environment"
        })
        .expect("a set that was tried");
    assert_eq!((environment.stopped(), environment.n()), (1, 2));
    let broken = outcomes
        .tally("suexec", |group| group.kind == Kind::Legitimate)
        .expect("a set that was tried");
    assert_eq!((broken.works, broken.broken), (1, 2));
}

#[test]
fn rules_are_worth_what_only_they_stop() {
    let (_, analysis) = analyse(&small());
    let rules = &analysis.views[0].rules;
    let stops = |rule: usize| rules[rule].stops_alone.join(" ");
    assert_eq!(
        [stops(0), stops(1), stops(2), stops(3)],
        ["one two", "two three", "four", "five"]
    );
    assert_eq!(rules[1].breaks_alone, ["shared"]);
    assert_eq!(rules[2].breaks_alone, ["wordy"]);
    assert_eq!(rules[0].sole_of_all, ["one"]);
    assert_eq!(rules[1].sole_of_suexec, ["three"]);
    assert_eq!(rules[1].let_through_without, Some(vec!["three".to_owned()]));
    assert_eq!(rules[3].let_through_without, None);
    let margin = rules[0].added_to_none;
    assert_eq!((margin.attacks, margin.broken), (2, 0));
    let margin = rules[1].taken_from_all;
    assert_eq!((margin.attacks, margin.broken), (1, 1));
    assert_eq!(rules[3].taken_from_suexec, None);
}

#[test]
fn minimal_sets_and_front_of_the_small_run() {
    let (_, analysis) = analyse(&small());
    let view = &analysis.views[0];
    let lattice = view.lattice.as_ref().expect("verdicts");
    assert_eq!(view.unstopped, 1);
    // `one` needs a, `three` needs b, `four` needs c, `five` needs d.
    assert_eq!(
        (lattice.minimal.size, lattice.minimal.sets.as_slice()),
        (4, &[0b1111][..])
    );
    assert_eq!(
        (
            lattice.minimal_suexec.size,
            lattice.minimal_suexec.sets.as_slice()
        ),
        (3, &[0b111][..])
    );
    let scores: Vec<_> = lattice
        .front
        .points
        .iter()
        .map(|point| (point.score, point.set))
        .collect();
    let score = |stopped, broken| Score { stopped, broken };
    assert_eq!(scores.len(), 3);
    assert_eq!(scores[0], (score(3, 0), 0b1001));
    assert_eq!(scores[1].0, score(4, 1));
    assert_eq!(scores[2], (score(5, 2), 0b1111));
}

#[test]
fn the_prediction_agrees_with_trials_that_follow_the_rules() {
    let (_, analysis) = analyse(&small());
    let agreement = &analysis.views[0].agreement;
    // 9 demonstrated cases × (none, suexec, all, 4 alone, 3 less) = 90;
    // not checked: none (9), c alone where it sanitises (3).
    assert_eq!((agreement.checked, agreement.agreed), (78, 78));
    assert_eq!(
        (agreement.used, agreement.unknown, agreement.races),
        (12, 0, 0)
    );
    assert_eq!(agreement.without_outcome, 10);
    assert_eq!(agreement.refusals, agreement.refusals_by_predicted_rule);
    assert!(agreement.refusals > 0);
    assert!(agreement.disagreements.is_empty());
}

#[test]
fn a_trial_against_the_prediction_is_listed() {
    let mut build = small();
    build.changes.push(Change {
        scenario: "one",
        set: "suexec",
        resolution: "by-descriptor",
        repeat: 1,
        outcome: "compromised",
        reason: "",
    });
    let (_, analysis) = analyse(&build);
    let agreement = &analysis.views[0].agreement;
    assert_eq!((agreement.checked, agreement.agreed), (78, 77));
    let found = &agreement.disagreements[0];
    assert_eq!(
        (found.case.as_str(), found.rule_set.as_str()),
        ("one", "suexec")
    );
    assert!(found.predicted_stop);
    assert_eq!(found.by, ["a"]);
}

#[test]
fn failures_and_timeouts_are_never_blocked_and_stay_in_n() {
    let mut build = small();
    for (scenario, outcome) in [("one", "failed"), ("two", "timeout"), ("three", "skipped")] {
        build.changes.push(Change {
            scenario,
            set: "all",
            resolution: "by-descriptor",
            repeat: 1,
            outcome,
            reason: "broke",
        });
    }
    let (_, analysis) = analyse(&build);
    let view = &analysis.views[0];
    let tally = view
        .outcomes
        .tally("all", |group| group.kind == Kind::Malicious)
        .expect("a set that was tried");
    assert_eq!((tally.failed, tally.timeout, tally.skipped), (1, 1, 1));
    // five and four stopped, six compromised, one failed, two timed out
    assert_eq!((tally.stopped(), tally.n()), (2, 5));
    let names: Vec<_> = view
        .notable
        .failed
        .iter()
        .map(|note| note.case.as_str())
        .collect();
    assert_eq!(names, ["one"]);
    assert_eq!(view.notable.failed[0].reason, "broke");
}

#[test]
fn the_worst_repetition_counts() {
    let mut build = small();
    build.repeat = 3;
    build.changes.push(Change {
        scenario: "one",
        set: "all",
        resolution: "by-descriptor",
        repeat: 2,
        outcome: "compromised",
        reason: "",
    });
    let (_, analysis) = analyse(&build);
    let view = &analysis.views[0];
    assert_eq!(view.demonstrated, 6);
    let residual = view.residual.as_ref().expect("trials under all");
    let names: Vec<_> = residual.iter().map(|found| found.case.as_str()).collect();
    assert_eq!(names, ["one", "six"]);
    assert_eq!(residual[0].refused_by, ["a"]);
    assert_eq!(residual[1].sanitized_by, ["c"]);
}

#[test]
fn by_path_is_counted_apart_and_compared() {
    let mut build = small();
    build.resolutions.push("by-path");
    build.changes.push(Change {
        scenario: "one",
        set: "suexec",
        resolution: "by-path",
        repeat: 1,
        outcome: "compromised",
        reason: "",
    });
    let (_, analysis) = analyse(&build);
    assert_eq!(analysis.views.len(), 2);
    assert_eq!(analysis.views[0].resolution, "by-descriptor");
    let stopped = |view: usize| {
        let tally = analysis.views[view]
            .outcomes
            .tally("suexec", |group| group.kind == Kind::Malicious);
        tally.expect("a set that was tried").stopped()
    };
    assert_eq!((stopped(0), stopped(1)), (4, 3));
    let differences = analysis.resolution.as_ref().expect("both ways");
    assert_eq!(differences.compared, 30);
    assert_eq!(differences.outcomes.len(), 1);
    assert_eq!(differences.outcomes[0].by_path.word(), "compromised");
    assert!(differences.verdicts.is_empty());
}

#[test]
fn two_runs_differ_where_an_outcome_changed() {
    let before = small();
    let mut after = small();
    after.changes.push(Change {
        scenario: "one",
        set: "all",
        resolution: "by-descriptor",
        repeat: 1,
        outcome: "compromised",
        reason: "",
    });
    after.sets.pop();
    let comparison = compare(&analyse(&before).0, &analyse(&after).0);
    assert_eq!(
        (
            comparison.compared,
            comparison.only_before,
            comparison.only_after
        ),
        (90, 10, 0)
    );
    assert_eq!(comparison.changed.len(), 1);
    assert_eq!(comparison.changed[0].before.effect.word(), "blocked");
}

#[test]
fn a_comparison_names_deciders_verdicts_rates_and_what_is_new() {
    let (before, after) = (small(), {
        let mut after = small();
        // `two` is now refused by b first, since a permits it.
        after.cases[1].deny = vec!["b"];
        after.cases.push(attack("eight", "front", "bad-id", &["a"]));
        after
    });
    let comparison = compare(&analyse(&before).0, &analyse(&after).0);
    assert!(!comparison.is_same());
    let verdicts: Vec<_> = comparison
        .verdicts
        .iter()
        .map(|change| (change.rule.as_str(), change.case.as_str()))
        .collect();
    assert_eq!(verdicts, [("a", "two")]);
    let all = comparison
        .changed
        .iter()
        .find(|change| change.rule_set == "all")
        .expect("another rule decides");
    assert_eq!(
        (all.before.rule.as_deref(), all.after.rule.as_deref()),
        (Some("a"), Some("b"))
    );
    assert_eq!(comparison.inventory.len(), 1);
    assert_eq!(comparison.inventory[0].name, "eight");
    assert!(comparison.inventory[0].added);
    let rate = comparison
        .rates
        .iter()
        .find(|rate| rate.rule_set == "all" && rate.kind == Kind::Malicious)
        .expect("both runs tried all");
    assert_eq!((rate.before.n, rate.after.n), (6, 7));
}

#[test]
fn equal_runs_are_the_same_and_races_do_not_count() {
    let (one, mut other) = (small(), small());
    assert!(compare(&analyse(&one).0, &analyse(&one).0).is_same());
    let mut one = one;
    for build in [&mut one, &mut other] {
        build.cases[0].race = true;
    }
    other.changes.push(Change {
        scenario: "one",
        set: "all",
        resolution: "by-descriptor",
        repeat: 1,
        outcome: "compromised",
        reason: "",
    });
    let comparison = compare(&analyse(&one).0, &analyse(&other).0);
    assert_eq!(comparison.changed.len(), 1);
    assert!(comparison.is_same());
}

#[test]
fn a_comparison_is_told_in_both_languages_and_a_partial_run_is_not_the_same() {
    let whole = small().write();
    let mut build = small();
    build.complete = false;
    let partial = build.write();
    for (lang, title) in [(Lang::English, "# From run"), (Lang::Japanese, "# 実行")] {
        let same = compare_runs(whole.path(), whole.path(), lang).expect("two runs");
        assert!(same.is_same());
        assert!(same.text.starts_with(title), "{}", same.text);
        let other = compare_runs(whole.path(), partial.path(), lang).expect("two runs");
        assert!(!other.is_same());
        assert_eq!(other.incomplete.len(), 1);
    }
}

#[test]
fn the_report_and_the_summary_say_the_same() {
    let dir = small().write();
    let summary = write(dir.path()).expect("a report");
    assert!(summary.require_complete().is_ok());
    let view = &summary.views[0];
    assert_eq!((view.predicted, view.as_predicted), (78, 78));
    let residual = view.residual.as_deref().unwrap_or_default();
    let residual: Vec<_> = residual.iter().map(|told| told.case.as_str()).collect();
    assert_eq!(residual, ["six"]);
    assert_eq!(view.minimal_rules, Some(4));
    let text = std::fs::read_to_string(dir.path().join("report.md")).expect("report.md");
    assert!(text.contains("78 of 78 trials as predicted"), "{text}");
    assert!(
        text.contains("| `environment` | 0/2 | 1/2 | 1/2 |"),
        "{text}"
    );
    assert!(text.contains("this project's reading"), "{text}");
    assert!(
        text.contains("Under all, 5 of 6 demonstrated attacks are stopped"),
        "{text}"
    );
    assert!(!text.contains("not complete"), "{text}");
}

#[test]
fn every_table_is_written_as_csv() {
    let dir = small().write();
    let files = write_tables(dir.path()).expect("tables");
    let read = |name: &str| {
        let path = dir.path().join("tables").join(name);
        assert!(files.contains(&path), "{files:?}");
        std::fs::read_to_string(path).expect("a table")
    };
    let families = read("sekisho-by-descriptor-families.csv");
    assert!(
        families.starts_with("family,none,none-n,suexec,suexec-n,all,all-n\n"),
        "{families}"
    );
    assert!(
        families.contains("\nenvironment,0,2,1,2,1,2\n"),
        "{families}"
    );
    assert!(read("trials.csv").starts_with("outcome,trials\nblocked,"));
}
