//! Holds the corpus to its word: what the scenarios expect against what
//! happened. Works on the rows of the result files alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::sets::{NONE, ONLY};
use sekisho_results::{Control, Kind, MismatchRow, Outcome, ScenarioRow, TrialRow};

/// The target whose rules the corpus speaks of.
const TARGET: &str = "sekisho";

/// What happened to one case, resolved one way.
#[derive(Default)]
struct Seen<'a> {
    none: Vec<Outcome>,
    /// Outcomes under one rule alone, by rule.
    alone: BTreeMap<&'a str, Vec<Outcome>>,
    /// Controls and what they showed.
    controls: Vec<(Control, &'a TrialRow)>,
}

/// Every expectation that did not hold. A case says nothing where it was
/// skipped, failed or timed out: those are shown for themselves.
pub fn mismatches(scenarios: &[ScenarioRow], trials: &[TrialRow]) -> Vec<MismatchRow> {
    let seen = gather(trials);
    let mut found = Vec::new();
    for row in scenarios {
        let of_case = seen
            .iter()
            .filter(|((scenario, case, _), _)| *scenario == row.scenario && *case == row.case);
        for ((_, _, resolution), case) in of_case {
            let mut note = |kind: &str, rules: &[&str], text: String| {
                found.push(MismatchRow {
                    scenario: row.scenario.clone(),
                    case: row.case.clone(),
                    resolution: (*resolution).to_owned(),
                    kind: String::from(kind),
                    rules: rules.join(" "),
                    text,
                });
            };
            check_controls(case, &mut note);
            if check_none(row, resolution, &case.none, &mut note) && !row.race {
                check_rules(row, resolution, case, &mut note);
            }
            if let Some(twin) = seen_twin(&seen, &row.twin, resolution)
                && twin.none.contains(&Outcome::Broken)
            {
                let text = format!("the twin {} does not work with no rule on", row.twin);
                note("twin-does-not-work", &[], text);
            }
        }
    }
    found
}

type Key<'a> = (&'a str, &'a str, &'a str);

fn gather(trials: &[TrialRow]) -> BTreeMap<Key<'_>, Seen<'_>> {
    let mut seen: BTreeMap<Key<'_>, Seen<'_>> = BTreeMap::new();
    for trial in trials.iter().filter(|trial| trial.target == TARGET) {
        let key = (
            trial.scenario.as_str(),
            trial.case.as_str(),
            trial.resolution.as_str(),
        );
        let case = seen.entry(key).or_default();
        if let Some(control) = trial.control {
            case.controls.push((control, trial));
        } else if trial.rule_set == NONE {
            case.none.push(trial.outcome);
        } else if let Some(rule) = trial.rule_set.strip_prefix(ONLY) {
            case.alone.entry(rule).or_default().push(trial.outcome);
        }
    }
    seen
}

fn seen_twin<'a>(
    seen: &'a BTreeMap<Key<'a>, Seen<'a>>,
    twin: &'a str,
    resolution: &'a str,
) -> Option<&'a Seen<'a>> {
    let (scenario, case) = twin.split_once('/').unwrap_or((twin, "default"));
    seen.get(&(scenario, case, resolution))
}

/// A control that shows the witness, or that observed nothing, is a fault of
/// the corpus: the case says nothing then.
fn check_controls(case: &Seen<'_>, note: &mut impl FnMut(&'static str, &[&str], String)) {
    for (control, trial) in &case.controls {
        match trial.outcome {
            Outcome::Seen => note(
                "control-shows-witness",
                &[],
                format!("the control {control} shows the witness: no gain of the attack's"),
            ),
            Outcome::Failed | Outcome::Timeout => note(
                "control-failed",
                &[],
                format!("the control {control} observed nothing: {}", trial.reason),
            ),
            _ => {}
        }
    }
}

/// Whether the case is demonstrated with no rule on, so that what rules do to
/// it means something.
fn check_none(
    row: &ScenarioRow,
    resolution: &str,
    none: &[Outcome],
    note: &mut impl FnMut(&'static str, &[&str], String),
) -> bool {
    let says = |outcome: &Outcome| {
        !matches!(
            outcome,
            Outcome::Failed
                | Outcome::Timeout
                | Outcome::Skipped
                | Outcome::NotApplicable
                | Outcome::NotPerformable
        )
    };
    // A race is demonstrated by one success, anything else by all.
    let demonstrated = |wanted: Outcome| match row.race {
        true => none.contains(&wanted),
        false => !none.is_empty() && none.iter().all(|outcome| *outcome == wanted),
    };
    if !none.iter().any(says) {
        return false;
    }
    let outcome = none
        .iter()
        .find(|outcome| says(outcome))
        .map_or("", |outcome| outcome.word());
    match row.kind {
        Kind::Legitimate => {
            let works = demonstrated(Outcome::Works);
            if !works {
                let text =
                    format!("a legitimate start must work with no rule on, but it is {outcome}");
                note("not-demonstrated", &[], text);
            }
            works
        }
        Kind::Malicious => {
            let succeeds = demonstrated(Outcome::Compromised);
            let reason = match resolution {
                "by-path" => &row.not_demonstrated_by_path,
                _ => &row.not_demonstrated,
            };
            match (succeeds, reason.is_empty()) {
                (true, false) => note(
                    "demonstrated",
                    &[],
                    format!("succeeds, although it should not: {reason}"),
                ),
                (false, true) => note(
                    "not-demonstrated",
                    &[],
                    format!("should succeed with no rule on, but it is {outcome}"),
                ),
                _ => {}
            }
            succeeds
        }
    }
}

fn check_rules(
    row: &ScenarioRow,
    resolution: &str,
    case: &Seen<'_>,
    note: &mut impl FnMut(&'static str, &[&str], String),
) {
    let (hit, what): (&[Outcome], _) = match row.kind {
        Kind::Malicious => (&[Outcome::Blocked, Outcome::Neutralised], "stopped"),
        Kind::Legitimate => (&[Outcome::Broken], "broken"),
    };
    let missed = match row.kind {
        Kind::Malicious => Outcome::Compromised,
        Kind::Legitimate => Outcome::Works,
    };
    let text = match resolution {
        "by-path" => &row.expected_by_path,
        _ => &row.expected,
    };
    let expected: BTreeSet<&str> = text.split_whitespace().collect();
    let rules = |wanted: &[Outcome]| -> Vec<&str> {
        let all = |outcomes: &Vec<Outcome>| outcomes.iter().all(|outcome| wanted.contains(outcome));
        case.alone
            .iter()
            .filter(|(_, outcomes)| all(outcomes))
            .map(|(rule, _)| *rule)
            .collect()
    };
    let surplus: Vec<_> = rules(hit)
        .into_iter()
        .filter(|rule| !expected.contains(rule))
        .collect();
    let lacking: Vec<_> = rules(&[missed])
        .into_iter()
        .filter(|rule| expected.contains(rule))
        .collect();
    if !lacking.is_empty() {
        let text = format!("should be {what} by {}, but is not", lacking.join(", "));
        note("expected-but-not", &lacking, text);
    }
    if !surplus.is_empty() {
        let text = format!("is {what} by {}, which is not expected", surplus.join(", "));
        note("not-expected", &surplus, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::writer::tests::trial;

    fn scenario(name: &str, kind: Kind, expected: &str) -> ScenarioRow {
        ScenarioRow {
            scenario: name.into(),
            case: "default".into(),
            kind,
            attacker: None,
            problem: None,
            family: "bad-id".into(),
            title: String::new(),
            why: String::new(),
            technique: String::new(),
            gain: None,
            fix: String::new(),
            ownership: None,
            mistake: String::new(),
            acts: String::new(),
            reproduces: String::new(),
            related: String::new(),
            twin: String::new(),
            expected: expected.into(),
            expected_by_path: String::new(),
            not_demonstrated: String::new(),
            not_demonstrated_by_path: String::new(),
            race: false,
            request: String::new(),
            witness: String::new(),
        }
    }

    fn attack(outcomes: &[(&str, Outcome)]) -> Vec<TrialRow> {
        let row = |(set, outcome): &(&str, Outcome)| trial("a", Kind::Malicious, set, *outcome);
        outcomes.iter().map(row).collect()
    }

    fn kinds(rows: &[MismatchRow]) -> Vec<(&str, &str)> {
        rows.iter()
            .map(|row| (row.kind.as_str(), row.rules.as_str()))
            .collect()
    }

    use Outcome::{Blocked, Broken, Compromised, Failed, Neutralised, Skipped, Works};

    #[test]
    fn what_is_as_expected_is_no_mismatch() {
        let trials = attack(&[
            ("none", Compromised),
            ("only:x", Blocked),
            ("only:y", Neutralised),
            ("only:z", Compromised),
            ("all", Blocked),
        ]);
        let rows = mismatches(&[scenario("a", Kind::Malicious, "x y")], &trials);
        assert_eq!(kinds(&rows), []);
    }

    #[test]
    fn rules_that_stop_more_or_less_than_expected_are_named() {
        let trials = attack(&[
            ("none", Compromised),
            ("only:x", Blocked),
            ("only:y", Compromised),
        ]);
        let rows = mismatches(&[scenario("a", Kind::Malicious, "y")], &trials);
        assert_eq!(
            kinds(&rows),
            [("expected-but-not", "y"), ("not-expected", "x")]
        );
        // A rule that was not run says nothing.
        let rows = mismatches(&[scenario("a", Kind::Malicious, "x w")], &trials);
        assert_eq!(kinds(&rows), []);
    }

    #[test]
    fn a_failure_is_neither_a_stop_nor_a_miss() {
        let trials = attack(&[
            ("none", Compromised),
            ("only:x", Failed),
            ("only:y", Failed),
        ]);
        assert_eq!(
            kinds(&mismatches(&[scenario("a", Kind::Malicious, "x")], &trials)),
            []
        );
        for outcome in [Failed, Skipped] {
            let rows = mismatches(
                &[scenario("a", Kind::Malicious, "")],
                &attack(&[("none", outcome)]),
            );
            assert_eq!(kinds(&rows), []);
        }
    }

    #[test]
    fn demonstration_is_held_to_what_the_scenario_says() {
        let plain = scenario("a", Kind::Malicious, "x");
        let not = ScenarioRow {
            not_demonstrated: "the kernel stops it".into(),
            ..plain.clone()
        };
        let stopped = attack(&[("none", Neutralised), ("only:x", Compromised)]);
        let open = attack(&[("none", Compromised), ("only:x", Blocked)]);
        assert_eq!(
            kinds(&mismatches(std::slice::from_ref(&plain), &stopped)),
            [("not-demonstrated", "")]
        );
        assert_eq!(kinds(&mismatches(std::slice::from_ref(&not), &stopped)), []);
        assert_eq!(kinds(&mismatches(&[not], &open)), [("demonstrated", "")]);
        assert_eq!(kinds(&mismatches(&[plain], &open)), []);
    }

    #[test]
    fn by_path_has_its_own_expectation() {
        let mut trials = attack(&[("none", Compromised), ("only:x", Compromised)]);
        for trial in &mut trials {
            trial.resolution = "by-path".into();
        }
        assert_eq!(
            kinds(&mismatches(&[scenario("a", Kind::Malicious, "x")], &trials)),
            []
        );
    }

    #[test]
    fn each_way_to_resolve_has_its_own_reason() {
        let row = ScenarioRow {
            not_demonstrated: "the descriptor stays".into(),
            ..scenario("a", Kind::Malicious, "")
        };
        let mut trials = attack(&[
            ("none", Outcome::Neutralised),
            ("none", Outcome::Compromised),
        ]);
        trials[1].resolution = "by-path".into();
        assert_eq!(kinds(&mismatches(std::slice::from_ref(&row), &trials)), []);
        let neither = ScenarioRow {
            not_demonstrated_by_path: "the kernel refuses".into(),
            ..row
        };
        let found = mismatches(&[neither], &trials);
        assert_eq!(kinds(&found), [("demonstrated", "")]);
        assert_eq!(found[0].resolution, "by-path");
    }

    #[test]
    fn a_race_is_demonstrated_by_one_success_and_not_held_to_rules() {
        let race = ScenarioRow {
            race: true,
            ..scenario("a", Kind::Malicious, "")
        };
        let trials = attack(&[
            ("none", Neutralised),
            ("none", Compromised),
            ("only:x", Blocked),
        ]);
        assert_eq!(kinds(&mismatches(&[race], &trials)), []);
        let rows = mismatches(&[scenario("a", Kind::Malicious, "x")], &trials);
        assert_eq!(kinds(&rows), [("not-demonstrated", "")]);
    }

    #[test]
    fn a_legitimate_start_must_work_and_break_only_as_expected() {
        let use_ = |outcomes: &[(&str, Outcome)]| -> Vec<TrialRow> {
            let row =
                |(set, outcome): &(&str, Outcome)| trial("l", Kind::Legitimate, set, *outcome);
            outcomes.iter().map(row).collect()
        };
        let case = [scenario("l", Kind::Legitimate, "x")];
        assert_eq!(
            kinds(&mismatches(
                &case,
                &use_(&[("none", Works), ("only:x", Broken)])
            )),
            []
        );
        let rows = mismatches(
            &case,
            &use_(&[("none", Works), ("only:x", Works), ("only:y", Broken)]),
        );
        assert_eq!(
            kinds(&rows),
            [("expected-but-not", "x"), ("not-expected", "y")]
        );
        let broken = use_(&[("none", Broken)]);
        assert_eq!(
            kinds(&mismatches(&case, &broken)),
            [("not-demonstrated", "")]
        );
        let mut attacked = scenario("a", Kind::Malicious, "");
        attacked.twin = "l".into();
        let trials = [broken, attack(&[("none", Compromised)])].concat();
        assert_eq!(
            kinds(&mismatches(&[attacked], &trials)),
            [("twin-does-not-work", "")]
        );
    }
}
