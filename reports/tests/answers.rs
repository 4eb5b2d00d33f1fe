//! Answers and what they are made from, worked out by hand on a small run.

mod common;

use common::{Build, Case, attack, legitimate};
use sekisho_reports::analysis::Analysis;
use sekisho_reports::read::Run;
use sekisho_reports::tables::Cell;
use sekisho_reports::tables::answers::{Answer, answers};
use sekisho_reports::text::{Lang, Texts};

/// `dear` is a bad way to stop what `deferred` and `cheap` stop as well.
fn build() -> Build {
    let rules = [
        ("dear", "selectable", "13"),
        ("deferred", "deferred", "14"),
        ("cheap", "further", ""),
        ("dull", "further", ""),
    ];
    let cases = vec![
        attack("one", "client", "bad-id", &["dear"]),
        attack("two", "tenant", "bad-id", &["deferred", "cheap"]),
        attack("three", "tenant", "bad-id", &["deferred", "cheap"]),
        attack("four", "front", "bad-id", &["deferred"]),
        legitimate("plain", &[]),
        legitimate("shared", &["dear"]),
        legitimate("wordy", &["dear", "deferred"]),
        legitimate("long", &["deferred"]),
        legitimate("odd", &["cheap"]),
    ];
    Build::new(&rules, cases)
}

fn analyse(build: &Build) -> (Run, Analysis) {
    let dir = build.write();
    let run = Run::load(dir.path()).expect("a run");
    let analysis = Analysis::of(&run);
    (run, analysis)
}

/// The answer to a question, in words.
fn said(build: &Build, question: &str) -> (bool, String) {
    let (run, analysis) = analyse(build);
    told(&run, &analysis, question)
}

fn told(run: &Run, analysis: &Analysis, question: &str) -> (bool, String) {
    let texts = Texts::of(Lang::English).expect("valid");
    let all = answers(run, analysis, &analysis.views[0]);
    let found: &Answer = all
        .iter()
        .find(|answer| answer.question == question)
        .expect("a question");
    let sentences = found.sentences.iter().map(|cell| match cell {
        Cell::Said(key, values) => texts.say(key, values).expect("a text"),
        Cell::Ids(ids) => ids.join(" "),
        other => format!("{other:?}"),
    });
    (found.answered, sentences.collect::<Vec<_>>().join(" "))
}

#[test]
fn every_question_is_asked_once() {
    let (run, analysis) = analyse(&build());
    let all = answers(&run, &analysis, &analysis.views[0]);
    let questions: Vec<_> = all.iter().map(|answer| answer.question).collect();
    let expected = ["q1", "q1a", "q1b", "q2", "q3", "q4", "q5", "q6"];
    assert_eq!(questions, expected);
    assert!(all.iter().all(|answer| !answer.sentences.is_empty()));
}

#[test]
fn the_sets_that_are_better_than_suexecs_are_counted() {
    let (answered, text) = said(&build(), "q1");
    assert!(answered);
    // suexec = dear + deferred stops 4 and breaks 3. With cheap it breaks 4, with
    // dull it is no better: none of the 16 sets is.
    assert!(text.contains("Of all 2^4 rule sets, 0 (0.00 %)"), "{text}");
    let mut build = build();
    build
        .cases
        .push(attack("five", "client", "bad-id", &["dull"]));
    let (_, text) = said(&build, "q1");
    // With dull beside them, and dull in the place of dear (4 and 2); with cheap
    // in the place of dear as well, the score is suEXEC's own.
    assert!(text.contains("Of all 2^4 rule sets, 2 (12.50 %)"), "{text}");
}

#[test]
fn attacks_from_the_wild_are_those_that_reproduce_a_cve() {
    let mut build = build();
    build.cases[0].reproduces = "CVE-2014-6271".to_owned();
    build.cases[1].reproduces = "CVE-2024-21626".to_owned();
    build.cases[2].sources = "CVE-2019-14287".to_owned();
    build.sets.retain(|(name, _)| name != "suexec");
    let (_, analysis) = analyse(&build);
    let wild = &analysis.views[0].wild;
    let tally = |set: &str| {
        let found = wild.iter().find(|wild| wild.rule_set == set);
        found.map(|wild| (wild.tally.stopped(), wild.tally.n()))
    };
    assert_eq!(tally("none"), Some((0, 2)));
    assert_eq!(tally("all"), Some((2, 2)));
    assert_eq!(tally("suexec"), None);
}

#[test]
fn what_replaces_a_deferred_rule_stops_most_and_breaks_least() {
    let (_, analysis) = analyse(&build());
    let found = &analysis.views[0].replacements;
    assert_eq!(found.len(), 1);
    // Beyond `dear`, deferred stops three and breaks `long`.
    assert_eq!((found[0].attacks, found[0].broken), (3, 1));
    assert_eq!(found[0].by, ["cheap"]);
    assert_eq!((found[0].by_attacks, found[0].by_broken), (2, 1));
    let (answered, text) = said(&build(), "q2");
    assert!(
        answered && text.contains("stop 2 of these attacks and break 1: cheap"),
        "{text}"
    );
}

#[test]
fn shadow_records_are_held_against_real_starts() {
    let (answered, text) = said(&build(), "q3");
    assert!(answered);
    assert!(text.contains("came out as that record says"), "{text}");
    let mut build = build();
    build.sets.retain(|(name, _)| name == "none");
    let (answered, text) = said(&build, "q3");
    assert!(!answered, "{text}");
    assert!(
        text.ends_with("Command that measures it: sekisho eval"),
        "{text}"
    );
}

#[test]
fn problems_are_counted_by_class_and_mechanisms_are_not_measured() {
    let (_, analysis) = analyse(&build());
    let problems = &analysis.views[0].problems;
    // The builder gives every attack problem 4.
    assert_eq!(problems.len(), 1);
    let problem = &problems[0];
    assert_eq!((problem.problem, problem.attacks), (4, 4));
    assert_eq!((problem.suexec, problem.all), (4, 4));
    let classes: Vec<_> = problem
        .classes
        .iter()
        .map(|class| (class.class.as_str(), class.stops, class.solely))
        .collect();
    assert_eq!(
        classes,
        [("selectable", 1, 1), ("deferred", 3, 1), ("further", 2, 0)]
    );
    let (_, text) = said(&build(), "q6");
    assert!(text.contains("not measured"), "{text}");
}

#[test]
fn redundant_rules_name_what_covers_them() {
    let mut build = build();
    build
        .cases
        .retain(|case| case.scenario != "four" && case.scenario != "odd");
    let (_, analysis) = analyse(&build);
    let rules = &analysis.views[0].rules;
    let covered = |rule: usize| rules[rule].covered_by.join(" ");
    // cheap stops what deferred stops and breaks nothing; dull stops nothing.
    assert_eq!(
        [covered(0), covered(1), covered(2), covered(3)],
        ["", "cheap", "", ""]
    );
}

#[test]
fn costs_of_trials_are_differences_to_the_same_case_without_rules() {
    let mut build = build();
    let (_, once) = analyse(&build);
    assert!(
        once.views[0].costs.is_none(),
        "without rules all are evaluated once"
    );
    build.repeat = 2;
    let (_, analysis) = analyse(&build);
    let costs = analysis.views[0]
        .costs
        .as_ref()
        .expect("trials of each rule alone");
    // In the builder a rule costs 10 microseconds; dull lets all five cases work.
    let dull = costs.rules[3].expect("five pairs");
    assert_eq!((dull.n, dull.median_ns, dull.low_ns), (5, 10_000, 10_000));
    let lattice = analysis.views[0].lattice.as_ref().expect("verdicts");
    let front = lattice.front_cost.as_ref().expect("costs");
    assert!(front.exact);
    let dearest = front.points.iter().map(|point| point.cost).max();
    assert_eq!(dearest, Some(20_000));
}

#[test]
fn gathering_and_evaluating_are_told_apart_and_growth_is_judged() {
    let dir = build().write();
    let mut rows = String::from(
        "bench,subject,parameter,value,round,position,unit,sample,iterations,error\n\
         gather,all,verdict,permit,,,ns,48500,9,\nevaluate,all,verdict,permit,,,ns,600,9,\n",
    );
    for (subject, way, ns) in [
        ("floor", "after-deciding", 1000),
        ("none", "while-deciding", 1250),
        ("all", "while-deciding", 1300),
    ] {
        rows.push_str(&format!(
            "ahead,{subject},namespaces,{way},1,1,ns,{ns},1,\n"
        ));
    }
    for size in [10_u64, 100, 1000] {
        let quadratic = size * size;
        rows.push_str(&format!(
            "gather-growth,resolve,passwd,{size},,,ns,{size},9,\n\
             gather-growth,all,groups,{size},,,ns,{quadratic},9,\n"
        ));
    }
    std::fs::write(dir.path().join("overhead.csv"), rows).expect("written");
    let about = r#"{"run":"r","complete":true,"quick":true,"commit":"c","kernel":"6","cpu":"x",
        "cpus":2,"governor":null,"virtualisation":null}"#;
    std::fs::write(dir.path().join("bench.json"), about).expect("written");
    let run = Run::load(dir.path()).expect("a run");
    let (answered, text) = told(&run, &Analysis::of(&run), "q4");
    assert!(answered, "{text}");
    for part in [
        "takes 48.5 µs [48.5, 48.5] once a request is resolved",
        "takes 600 ns [600, 600]",
        "takes 1.040 times [1.040, 1.040] as long as one without rules, and 1.30 times",
        "Of 2 growth curves these are worse than linear",
        ": all (groups).",
    ] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
}

#[test]
fn the_analysis_can_be_serialised() {
    let mut build = build();
    build.cases.push(Case {
        undetermined: vec!["dear"],
        ..attack("six", "client", "bad-id", &[])
    });
    let (_, analysis) = analyse(&build);
    let json = serde_json::to_value(&analysis).expect("JSON");
    let lattice = &json["views"][0]["lattice"];
    assert_eq!(lattice["every"], serde_json::json!([0, 1, 2, 3]));
    let first = &lattice["distribution"]["scores"][0];
    assert!(first[1].is_string(), "{first}");
}
