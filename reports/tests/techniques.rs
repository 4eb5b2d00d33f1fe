//! Gains, techniques, controls, and sets that are chosen on one half.

mod common;

use common::{Build, attack, legitimate};
use sekisho_reports::analysis::Analysis;
use sekisho_reports::analysis::techniques::Counts;
use sekisho_reports::read::Run;

fn analyse(build: &Build) -> (Run, Analysis) {
    let dir = build.write();
    let run = Run::load(dir.path()).unwrap();
    let analysis = Analysis::of(&run);
    (run, analysis)
}

fn build() -> Build {
    let rules = [
        ("good", "fatal", "1"),
        ("dear", "fatal", "2"),
        ("extra", "further", ""),
    ];
    let cases = vec![
        attack("one", "front", "f", &["good"]).of_technique("a"),
        attack("two", "front", "f", &["dear"]).of_technique("a"),
        attack("three", "tenant", "f", &["extra"]).of_technique("b"),
        attack("four", "tenant", "g", &[]).of_technique("c"),
        attack("staged", "tenant", "g", &["good"]),
        legitimate("use", &["dear"]),
        legitimate("other", &[]),
    ];
    Build::new(&rules, cases)
}

#[test]
fn a_technique_is_open_as_long_as_one_of_its_cases_gets_through() {
    let (_, analysis) = analyse(&build());
    let view = &analysis.views[0];
    let gains = view.gains.as_ref().unwrap();
    assert_eq!(gains.sets, ["none", "suexec", "all"]);
    let row = |attacker: &str| {
        let mut rows = gains.rows.iter();
        rows.find(|row| row.attacker.word() == attacker).unwrap()
    };
    let open = |attacker: &str, set: usize| -> Vec<(String, String)> {
        row(attacker).cells[set].open.clone()
    };
    assert_eq!(open("front", 0).len(), 1);
    assert_eq!(open("front", 1), []);
    assert_eq!(
        open("tenant", 1),
        [("b".into(), "three".into()), ("c".into(), "four".into())]
    );
    assert_eq!(open("tenant", 2), [("c".into(), "four".into())]);
    // One rule alone stops one of the two cases of a: the technique is open.
    let total = gains
        .rates
        .iter()
        .find(|rate| rate.set == "suexec" && rate.attacker.is_none() && rate.ownership.is_none())
        .unwrap();
    assert_eq!((total.closed.hits, total.closed.n), (1, 3));
    assert!(total.closed.low <= total.closed.rate && total.closed.rate <= total.closed.high);
}

#[test]
fn an_attack_whose_control_shows_the_witness_is_in_no_rate() {
    let mut build = build();
    build.cases[2].control = "seen";
    build.cases[3].control = "failed";
    let (run, analysis) = analyse(&build);
    assert!(run.is_complete());
    let view = &analysis.views[0];
    assert_eq!(view.demonstrated, 3, "one, two, and the staged one");
    assert_eq!(
        view.corpus,
        Counts {
            attacks: 5,
            staged: 1,
            control_shows_witness: 1,
            control_failed: 1,
            demonstrated: 2,
            techniques: 1,
            controls: 4,
            absent: 2,
            ..Counts::default()
        }
    );
    let gains = view.gains.as_ref().unwrap();
    assert_eq!(gains.rows.len(), 1);
}

#[test]
fn sets_that_are_chosen_are_scored_on_both_halves() {
    let mut build = build();
    for number in 0..8 {
        let rule = ["good", "dear", "extra", "good"][number % 4];
        let (scenario, technique) = (format!("more-{number}"), format!("t{number}"));
        build
            .cases
            .push(attack(&scenario, "front", "h", &[rule]).of_technique(&technique));
    }
    let (_, analysis) = analyse(&build);
    let view = &analysis.views[0];
    let names: Vec<_> = view
        .advertised
        .iter()
        .map(|set| set.name.as_str())
        .collect();
    // Without real configurations nothing can be recommended.
    assert_eq!(names, ["suexec", "all", "free", "cheaper-than-suexec"]);
    let techniques = 3 + 8;
    for set in &view.advertised {
        let n = set.chosen_on.closed.n + set.scored_on.closed.n;
        assert_eq!(n, techniques, "{}", set.name);
        assert_eq!(set.is_chosen, set.spread.is_some());
    }
    let free = &view.advertised[2];
    assert_eq!(free.chosen_on.broken.hits, 0);
}

#[test]
fn without_single_rules_effects_are_unknown_and_nothing_exact_is_said() {
    let mut build = build();
    build.cases[0].deny.clear();
    build.cases[0].sanitize.push("good");
    build.cases[0].effective.push("good");
    build.sets.retain(|(_, rules)| rules.len() != 1);
    let (_, analysis) = analyse(&build);
    let view = &analysis.views[0];
    assert!(!view.effects_known);
    assert!(view.exact_lattice().is_none());
    assert!(view.advertised.is_empty());
    // A set of one rule is known by what it holds, whatever it is called.
    build.sets.push(("mine".to_owned(), vec!["good"]));
    let (_, analysis) = analyse(&build);
    assert!(analysis.views[0].effects_known);
}
