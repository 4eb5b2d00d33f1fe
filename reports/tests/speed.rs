//! How long a report of a large run takes: printed, not judged, since machines
//! and what else they do differ (`--nocapture` shows it).

mod common;

use std::time::Instant;

use common::{Build, Case, attack, legitimate};
use sekisho_reports::analysis::Analysis;
use sekisho_reports::read::Run;
use sekisho_reports::write;

const RULES: usize = 48;

/// Rules from here on break legitimate cases: half of them, all entangled.
const FIRST_BREAKING: usize = 24;

/// How far apart the rules of one case stand at most.
const NEAR: usize = 10;

/// 48 rules and 240 cases under every rule set of the main job and 52 random
/// ones: about 100,000 trials in two resolutions.
fn large() -> Build {
    // Ids live as long as the test; leaking them keeps the builder simple.
    let ids: Vec<&'static str> = (0..RULES)
        .map(|rule| &*Box::leak(format!("rule-{rule:02}").into_boxed_str()))
        .collect();
    let rules: Vec<_> = ids
        .iter()
        .enumerate()
        .map(|(place, id)| (*id, "selectable", if place < 30 { "4" } else { "" }))
        .collect();
    // A linear congruential generator (Knuth's MMIX constants): repeatable.
    let mut state = 1_u64;
    let mut random = move |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("31 bits") % below
    };
    let attackers = ["client", "front", "tenant", "neighbour"];
    let mut cases: Vec<Case> = Vec::new();
    for case in 0..240 {
        let some = |random: &mut dyn FnMut(usize) -> usize, most: usize, from: usize| {
            // Rules that stop the same are about the same, and stand together.
            let first = from + random(RULES - from - NEAR);
            let mut rules: Vec<&'static str> = Vec::new();
            for _ in 0..random(most) {
                rules.push(ids[first + random(NEAR)]);
            }
            rules
        };
        let name = format!("case-{case}");
        cases.push(if case % 2 == 0 {
            let deny = some(&mut random, 5, 0);
            attack(
                &name,
                attackers[random(4)],
                &format!("family-{}", random(9)),
                &deny,
            )
        } else {
            legitimate(&name, &some(&mut random, 3, FIRST_BREAKING))
        });
    }
    let mut build = Build::new(&rules, cases);
    for number in 0..72 {
        let set = ids.iter().copied().filter(|_| random(2) == 0).collect();
        build.sets.push((format!("random:{number}"), set));
    }
    for less in &ids {
        let set = ids.iter().copied().filter(|rule| rule != less).collect();
        build.sets.push((format!("all-less:{less}"), set));
    }
    build.resolutions.push("by-path");
    build
}

#[test]
fn a_report_of_a_hundred_thousand_trials_is_made() {
    let dir = large().write();
    let begun = Instant::now();
    let summary = write(dir.path()).expect("a report");
    let took = begun.elapsed();
    println!("{} trials: {took:?}", summary.done);
    assert!(summary.done > 90_000, "{}", summary.done);
    assert_eq!(summary.views[0].predicted, summary.views[0].as_predicted);
}

#[test]
fn the_front_over_all_rules_is_exact_and_needs_few_states() {
    let dir = large().write();
    let run = Run::load(dir.path()).expect("a run");
    let analysis = Analysis::of(&run);
    let view = &analysis.views[0];
    let every = view.lattice.as_ref().expect("verdicts").every;
    let begun = Instant::now();
    let front = view.scorer.front(every);
    let took = begun.elapsed();
    println!(
        "{} rules left, {} states, {} points: {took:?}",
        front.rules_left,
        front.states,
        front.points.len()
    );
    assert!(front.exact);
    // Work that no machine makes slower: of 2^48 sets.
    assert!(front.states < 50_000, "{}", front.states);
}
