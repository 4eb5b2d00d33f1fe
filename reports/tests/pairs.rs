//! Web start against container start, from small runs.

mod common;

use std::fs::OpenOptions;
use std::io::Write as _;

use common::{Build, Case, attack, legitimate};
use sekisho_reports::analysis::Analysis;
use sekisho_reports::analysis::pairs::{Relation, Why};
use sekisho_reports::read::Run;
use tempfile::TempDir;

const RULES: [(&str, &str, &str); 4] = [
    ("bundle-has-dot-dot", "selectable", "4"),
    ("target-user-is-root", "selectable", "7"),
    ("target-user-below-minimum", "selectable", "8"),
    ("descriptor-inherited", "further", ""),
];

/// What suexec does: scenario, outcome, verdict, rule, reason.
type Web = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

fn cases() -> Vec<Case> {
    vec![
        attack("root", "front", "bad-id", &["target-user-is-root"]),
        attack("system", "front", "bad-id", &["target-user-below-minimum"]),
        attack("dots", "front", "path-traversal", &["bundle-has-dot-dot"]),
        attack(
            "file",
            "front",
            "inherited-state",
            &["descriptor-inherited"],
        ),
        attack("mount", "tenant", "over-privilege", &[]),
        attack("untried", "tenant", "over-privilege", &[]),
        legitimate("plain", &[]),
        legitimate("group", &[]),
        legitimate("environment", &[]),
    ]
}

const WEB: [Web; 8] = [
    (
        "root",
        "blocked",
        "refused",
        "suexec:7",
        "condition 107: cannot run as forbidden uid",
    ),
    ("system", "compromised", "", "", ""),
    ("dots", "compromised", "", "", ""),
    ("file", "compromised", "", "", ""),
    (
        "mount",
        "not-applicable",
        "",
        "",
        "mounts: the init runs on the host as it is",
    ),
    ("plain", "works", "", "", ""),
    (
        "group",
        "broken",
        "refused",
        "suexec:18",
        "condition 120: target uid/gid",
    ),
    (
        "environment",
        "broken",
        "",
        "",
        "started, but its witness is absent",
    ),
];

fn run(web: &[Web]) -> TempDir {
    let dir = Build::new(&RULES, cases()).write();
    let path = dir.path().join("trials.csv");
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    for (scenario, outcome, verdict, rule, reason) in web {
        writeln!(
            file,
            "r,{scenario},default,legitimate,,,x,suexec-custom,own,0,,,1,{outcome},{verdict},\
             {rule},\"{reason}\",0,1,0,0"
        )
        .unwrap();
    }
    dir
}

fn analysis(dir: &TempDir) -> Analysis {
    Analysis::of(&Run::load(dir.path()).unwrap())
}

#[test]
fn verdicts_conditions_and_effects_are_compared() {
    let analysis = analysis(&run(&WEB));
    let [pairs] = &analysis.pairs[..] else {
        panic!("one variant")
    };
    let find = |case: &str| pairs.pairs.iter().find(|pair| pair.case == case).unwrap();
    let expected = [
        ("root", Relation::SameCondition, None),
        ("system", Relation::OnlyContainer, Some(Why::Value)),
        ("dots", Relation::OnlyContainer, Some(Why::Reference)),
        // Not one of suEXEC's conditions: let through by both.
        ("file", Relation::BothStart, None),
        ("plain", Relation::BothStart, None),
        ("group", Relation::OnlyWeb, Some(Why::Object)),
        ("environment", Relation::OtherEffect, Some(Why::Handed)),
    ];
    for (case, relation, why) in expected {
        assert_eq!(find(case).relation(0), Some(relation), "{case}");
        assert_eq!(find(case).why(0), why, "{case}");
    }
    // With every rule on, the launcher refuses what suexec lets through.
    assert_eq!(find("file").relation(1), Some(Relation::OnlyContainer));
    assert_eq!(find("file").why(1), Some(Why::Beyond));
    assert_eq!(pairs.pairs.len(), expected.len());
    assert_eq!(pairs.inexpressible["mounts"], 1);
    assert_eq!(pairs.without_outcome, 1);
    let relations: usize = pairs.relations(0).values().sum();
    assert_eq!(relations, expected.len());
    let only: Vec<_> = pairs
        .classes(0)
        .into_iter()
        .filter(|class| class.relation == Relation::OnlyContainer)
        .map(|class| (class.rule, class.cases))
        .collect();
    assert_eq!(only.len(), 2);
    assert!(only.contains(&("bundle-has-dot-dot".into(), vec!["dots".into()])));
}

#[test]
fn a_side_that_broke_makes_no_pair() {
    let mut web = WEB;
    web[0].1 = "failed";
    let analysis = analysis(&run(&web));
    let pairs = &analysis.pairs[0];
    assert!(pairs.pairs.iter().all(|pair| pair.case != "root"));
    assert_eq!(pairs.without_outcome, 2);
}

#[test]
fn the_report_answers_and_draws_the_question_only_when_there_are_pairs() {
    let with = run(&WEB);
    sekisho_reports::write(with.path()).unwrap();
    let text = std::fs::read_to_string(with.path().join("report.md")).unwrap();
    assert!(
        text.contains("same verdict and effect in 3 of 7 pairs"),
        "{text}"
    );
    assert!(with.path().join("plots/q1a_pairs.svg").exists());
    assert!(with.path().join("tables/pairs.csv").exists());

    let without = run(&[]);
    let summary = sekisho_reports::write(without.path()).unwrap();
    let text = std::fs::read_to_string(without.path().join("report.md")).unwrap();
    assert!(
        text.contains("sekisho eval --target sekisho,suexec-custom"),
        "{text}"
    );
    assert!(!without.path().join("plots/q1a_pairs.svg").exists());
    assert!(
        summary
            .not_drawn
            .iter()
            .any(|line| line.starts_with("q1a_pairs"))
    );
}
