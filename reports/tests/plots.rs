//! Figures show the numbers of the analysis, and say so where there are none.

mod common;

use std::fs;

use common::{Build, Case, Change, attack, legitimate};
use sekisho_reports::analysis::Analysis;
use sekisho_reports::analysis::interval::Proportion;
use sekisho_reports::plots::{BENCH_PLOTS, Drawing, PLOTS, Subject};
use sekisho_reports::read::{Kind, Run};
use sekisho_reports::text::Texts;
use sekisho_reports::{Lang, write_in};

fn small() -> Build {
    let rules = [
        ("rule-a", "fatal", "1"),
        ("rule-b", "deferred", "14"),
        ("rule-c", "selectable", "19"),
        ("rule-d", "further", ""),
    ];
    let cases = vec![
        attack("one", "client", "bad-id", &["rule-a"]),
        attack("two", "client", "bad-id", &["rule-a", "rule-b"]),
        attack("three", "tenant", "bad-id", &["rule-b"]),
        Case {
            sanitize: vec!["rule-c"],
            effective: vec!["rule-c"],
            ..attack("four", "front", "environment", &[])
        },
        attack("five", "front", "descriptors", &["rule-d"]),
        attack("six", "neighbour", "environment", &[]),
        legitimate("plain", &[]),
        legitimate("shared", &["rule-b"]),
        legitimate("wordy", &["rule-b", "rule-d"]),
    ];
    Build::new(&rules, cases)
}

/// The texts of a figure in the order in which they were drawn.
fn texts_of(build: &Build, id: &str) -> (Vec<String>, Analysis) {
    let dir = build.write();
    let run = Run::load(dir.path()).expect("a run");
    let analysis = Analysis::of(&run);
    let texts = Texts::english().expect("valid");
    let plot = PLOTS.iter().find(|plot| plot.id == id).expect("a plot");
    let subject = Subject {
        run: &run,
        view: &analysis.views[0],
        texts: &texts,
    };
    let svg = match plot.draw(&subject).expect("a drawing") {
        Drawing::Svg(svg) => svg,
        Drawing::Missing(why) => return (vec![why], analysis),
    };
    let texts = svg.split("<text").skip(1).map(|rest| {
        let rest = rest.split_once('>').expect("the end of a tag").1;
        let text = rest.split_once("</text>").expect("the end of a text").0;
        text.trim().replace("&gt;", ">")
    });
    (texts.collect(), analysis)
}

/// The texts between two others.
fn between<'a>(texts: &'a [String], from: &str, to: &str) -> &'a [String] {
    let place = |of: &str| {
        let found = texts.iter().position(|text| text == of);
        found.unwrap_or_else(|| panic!("no `{of}` in {texts:?}"))
    };
    &texts[place(from) + 1..place(to)]
}

#[test]
fn the_heat_map_shows_what_each_rule_alone_stops() {
    let (texts, analysis) = texts_of(&small(), "q1_rules_by_attack");
    let heads = [
        "bad-id",
        "n=3",
        "descriptors",
        "n=1",
        "environment",
        "n=2",
        "all",
        "n=6",
    ];
    assert_eq!(
        between(&texts, "blank: none, –: not tried, ?: not seen", "fatal"),
        heads
    );
    // The cell of the only family, then the sum.
    assert_eq!(between(&texts, "rule-a", "deferred"), ["2", "2"]);
    assert_eq!(between(&texts, "rule-b", "selectable"), ["2", "2"]);
    assert_eq!(between(&texts, "rule-c", "further"), ["1", "1"]);
    for rule in &analysis.views[0].rules {
        let place = texts.iter().position(|text| *text == rule.rule);
        let cells = &texts[place.expect("a row") + 1..];
        assert_eq!(cells[1], rule.stops_alone.len().to_string(), "{texts:?}");
    }
}

#[test]
fn a_cell_with_fewer_trials_than_its_column_is_not_shown_as_if_it_had_all() {
    let mut build = small();
    build.sets.retain(|(name, _)| name != "only:rule-d");
    build.changes.push(Change {
        scenario: "two",
        set: "only:rule-a",
        resolution: "by-descriptor",
        repeat: 1,
        outcome: "skipped",
        reason: "no such device",
    });
    let (texts, _) = texts_of(&build, "q1_rules_by_attack");
    let place = texts.iter().position(|text| text == "rule-d");
    let cells = &texts[place.expect("a row") + 1..][..4];
    assert_eq!(cells, ["–", "–", "–", "–"]);
    assert_eq!(between(&texts, "rule-a", "deferred"), ["1/2", "1/5"]);
}

#[test]
fn what_a_rule_refuses_unseen_stands_apart_from_what_it_stops() {
    let mut build = small();
    build.cases.push(Case {
        undetermined: vec!["rule-a"],
        ..attack("seven", "front", "descriptors", &[])
    });
    let (texts, _) = texts_of(&build, "q1_rules_by_attack");
    // Seen twice in bad-id, unseen once among descriptors; the sum keeps them apart.
    assert_eq!(between(&texts, "rule-a", "deferred"), ["2", "?1", "2?1"]);
}

#[test]
fn adoption_adds_up_to_what_can_be_stopped() {
    let (texts, analysis) = texts_of(&small(), "q5_adoption");
    let lattice = analysis.views[0].lattice.as_ref().expect("verdicts");
    let last = lattice.adoption.last().expect("a step");
    assert_eq!(last.total.stopped, 5);
    let place = texts.iter().position(|text| *text == last.rule);
    let numbers = &texts[place.expect("a row") + 1..][..2];
    // rule-b comes last: two attacks more, of which `two` is stopped already.
    assert_eq!(
        (last.rule.as_str(), last.gain, last.broken),
        ("rule-b", 1, 1)
    );
    assert_eq!(numbers, ["5 (+1)", "2 (+1)"]);
}

#[test]
fn the_talks_table_stands_above_what_was_measured() {
    let (texts, _) = texts_of(&small(), "q6_mechanisms");
    let claims = between(&texts, "As claimed in the talk", "As measured: rules");
    assert_eq!(claims.len(), 7, "{claims:?}");
    let place = texts.iter().position(|text| text == "suexec");
    assert_eq!(texts[place.expect("a row") + 1], "4/6");
}

fn percent(rate: Proportion, digits: usize) -> String {
    format!(
        "{}/{} = {:.digits$} % [{:.digits$}–{:.digits$}]",
        rate.hits,
        rate.n,
        rate.rate * 100.0,
        rate.low * 100.0,
        rate.high * 100.0
    )
}

#[test]
fn block_rates_are_those_of_the_analysis() {
    let (texts, analysis) = texts_of(&small(), "q1_block_rate");
    let outcomes = &analysis.views[0].outcomes;
    let attackers = ["client", "front", "tenant", "neighbour"];
    let mut rest = texts.iter();
    for attacker in attackers {
        assert!(rest.any(|text| text == attacker), "{texts:?}");
        for set in ["suexec", "all"] {
            let tally = outcomes.tally(set, |group| {
                group.attacker.is_some_and(|known| known.word() == attacker)
            });
            let rate = tally.expect("a set that was tried").block_rate();
            assert_eq!(rest.next().expect("a set"), set);
            assert_eq!(*rest.next().expect("a rate"), percent(rate, 0));
        }
    }
    assert!(!texts.contains(&"none".to_owned()), "{texts:?}");
}

#[test]
fn breakage_is_sorted_and_that_of_the_analysis() {
    let mut build = small();
    // The last rule breaks most.
    for scenario in ["late", "later"] {
        build.cases.push(legitimate(scenario, &["rule-d"]));
    }
    let (texts, analysis) = texts_of(&build, "q5_breakage");
    let rates = ["suexec", "all", "only:rule-d", "only:rule-b"].map(|set| {
        let legitimate = analysis.views[0]
            .outcomes
            .tally(set, |group| group.kind == Kind::Legitimate);
        percent(legitimate.expect("a set that was tried").breakage(), 1)
    });
    let [suexec, all, last, second] = rates.each_ref().map(String::as_str);
    assert!(last.starts_with("3/5 = 60.0 %"), "{rates:?}");
    let first = texts.iter().position(|text| text == "Rule sets");
    let bars = &texts[first.expect("a heading")..];
    assert_eq!(
        bars[..8],
        [
            "Rule sets",
            "suexec",
            suexec,
            "all",
            all,
            "One rule alone",
            "rule-d",
            last
        ]
        .map(str::to_owned)
    );
    assert_eq!(bars[8..10], ["rule-b", second].map(str::to_owned));
    let caption = texts.join(" ");
    let harmless = "Rules that alone break none: 2";
    assert!(caption.contains(harmless), "{caption}");
}

#[test]
fn named_sets_stand_where_their_scores_are() {
    let (texts, _) = texts_of(&small(), "q1_pareto");
    for (set, score) in [
        ("none", "stops 0/6, breaks 0/3"),
        ("suexec", "stops 4/6, breaks 2/3"),
        ("suexec,-deferred", "stops 3/6, breaks 0/3"),
        ("all", "stops 5/6, breaks 2/3"),
    ] {
        let place = texts.iter().position(|text| text == set);
        assert_eq!(texts[place.expect("a set") + 1], score);
    }
}

#[test]
fn margins_are_against_the_other_rules_of_suexec() {
    let (texts, _) = texts_of(&small(), "q2_marginal");
    // Gain, then cost: `three` for `shared` and `wordy`; `five`, `wordy` being
    // broken already.
    assert_eq!(between(&texts, "rule-b", "Further"), ["1", "2"]);
    let place = texts.iter().position(|text| text == "rule-d");
    assert_eq!(texts[place.expect("a rule") + 1..][..2], ["1", "0"]);
}

#[test]
fn durations_are_of_cases_that_work_under_every_set_shown() {
    let mut build = small();
    let (once, _) = texts_of(&build, "q4_duration");
    assert!(
        !once.contains(&"none".to_owned()),
        "all rules are evaluated"
    );
    build.repeat = 2;
    let (texts, _) = texts_of(&build, "q4_duration");
    // Only `plain` works under all; its durations come from the rules' number,
    // and the first without rules does not count.
    let said = |set: &str| {
        let place = texts.iter().position(|text| text == set);
        texts[place.expect("a set") + 1].replace('\u{a0}', " ")
    };
    assert_eq!(
        said("none"),
        "n = 1 starts; median 1.0 ms, quartiles 1.0–1.0 ms"
    );
    assert!(said("all").starts_with("n = 2 starts"));
}

#[test]
fn what_cannot_be_drawn_says_what_it_needs_and_leaves_no_old_figure() {
    let mut build = small();
    build.cases.retain(|case| case.attacker.is_empty());
    build.complete = false;
    let dir = build.write();
    let old = dir.path().join("plots/q1_pareto.svg");
    fs::create_dir_all(dir.path().join("plots")).expect("a directory");
    fs::write(&old, "of an earlier state").expect("a file");
    let summary = write_in(dir.path(), Lang::English).expect("a report");
    assert!(!old.exists());
    let ids: Vec<_> = summary
        .not_drawn
        .iter()
        .filter_map(|why| Some(why.split_once(": ")?.0))
        .collect();
    assert_eq!(
        ids,
        [
            "q1_block_rate",
            "q1_rules_by_attack",
            "q1_pareto",
            "q1_targets",
            "q1a_pairs",
            "q1b_profiles",
            "q2_marginal",
            "q4_targets",
            "q5_adoption",
            "q4_overhead_per_rule",
            "q4_cumulative",
            "q4_start_latency",
            "q4_ahead",
            "q4_growth",
            "q4_concurrency"
        ]
    );
    let report = fs::read_to_string(dir.path().join("report.md")).expect("report.md");
    assert!(
        report.contains("Not drawn: it needs demonstrated attacks"),
        "{report}"
    );
    assert!(report.contains("](plots/q5_breakage.svg)"), "{report}");
    let svg = fs::read_to_string(dir.path().join("plots/q5_breakage.svg")).expect("a figure");
    assert!(svg.contains("PARTIAL RUN"), "{svg}");
    assert!(svg.contains("font-family=\"sans-serif\""), "{svg}");
    let png = fs::read(dir.path().join("plots/q5_breakage.png")).expect("a figure");
    assert!(png.starts_with(b"\x89PNG"));
    let tex = fs::read_to_string(dir.path().join("report.tex")).expect("report.tex");
    assert!(tex.contains("{plots/q5_breakage.png}"), "{tex}");
    assert!(
        tex.contains("\\input{tables/sekisho-by-descriptor-breakage.tex}"),
        "{tex}"
    );
}

#[test]
fn an_empty_run_has_no_figure_and_says_so_for_each() {
    let mut build = small();
    build.sets.clear();
    let dir = build.write();
    let summary = write_in(dir.path(), Lang::English).expect("a report");
    assert_eq!(summary.not_drawn.len(), PLOTS.len() + BENCH_PLOTS.len());
    assert!(summary.not_drawn[0].contains("it needs trials"));
}

#[test]
fn the_japanese_report_stands_beside_the_english_one() {
    let mut build = small();
    build.cases.retain(|case| case.attacker.is_empty());
    let dir = build.write();
    write_in(dir.path(), Lang::Japanese).expect("a report");
    assert!(!dir.path().join("report.md").exists());
    let report = fs::read_to_string(dir.path().join("report.ja.md")).expect("report.ja.md");
    for part in [
        "## 読み方",
        "遮断率",
        "](plots/q5_breakage.ja.svg)",
        "作図しなかった",
    ] {
        assert!(report.contains(part), "{part}: {report}");
    }
    let svg = fs::read_to_string(dir.path().join("plots/q5_breakage.ja.svg")).expect("a figure");
    assert!(svg.contains("規則単独"), "{svg}");
}
