//! The explorer's numbers against the analysis.

use std::collections::BTreeSet;

use sekisho_reports::Lang;
use sekisho_reports::analysis::cells::Cells;
use sekisho_reports::analysis::sets::{self, Bits};
use sekisho_reports::analysis::view::View;
use serde_json::{Value, json};

use crate::Made;
use crate::browser::{Browser, start};
use crate::common::{Build, Case, attack, legitimate};

/// Switches the explorer to a view and a set by its own inputs, and reads what
/// it then shows: numbers, and the attacks that get through and starts that
/// break, by name.
const SHOW: &str = r##"
    const [view, rules] = arguments;
    document.getElementById(`view-${view}`).click();
    rules.forEach((on, rule) => {
        const input = document.getElementById(`rule-${rule}`);
        if (input.checked !== on) input.click();
    });
    const number = (key) => {
        const shown = document.querySelector(`[data-number="${key}"]`).dataset;
        return [Number(shown.part), Number(shown.whole)];
    };
    const names = (list, mark) =>
        [...document.querySelectorAll(`#${list} li`)]
            .filter((item) => !item.hidden && item.querySelector(`.mark.${mark}`))
            .map((item) => item.querySelector("button").textContent);
    const changes = [...document.querySelectorAll("#switches [id^=rule-]")]
        .map((input) => {
            const row = input.closest("tr");
            const cells = [...row.querySelectorAll("td.number")].map((cell) => cell.textContent);
            return [Number(input.id.slice(5)), ...cells];
        })
        .sort((one, other) => one[0] - other[0])
        .map((row) => row.slice(1));
    return {
        stopped: number("stopped"), broken: number("broken"),
        through: names("attacks", "through"), breaks: names("starts", "broken"),
        changes,
    };
"##;

/// A change as the page writes it.
fn written(change: i64) -> String {
    match change {
        0 => "·".to_owned(),
        more if more > 0 => format!("+{more}"),
        less => format!("−{}", -less),
    }
}

async fn agree(browser: &Browser, made: &Made, sets: usize) {
    let cells = Cells::of(&made.run);
    let rules = made.run.rules.len();
    let mut random = fastrand::Rng::with_seed(20_180_512);
    let scored = made
        .analysis
        .views
        .iter()
        .filter(|view| view.lattice.is_some());
    let mut views = 0;
    for (place, about) in scored.enumerate() {
        views += 1;
        let view = View::of(&made.run, &cells, made.place_of(&about.name));
        for number in 0..sets {
            // Few, half and nearly all of the rules.
            let share = [2, 128, 250][number % 3];
            let set: Bits = (0..rules)
                .filter(|_| random.u8(..) < share)
                .fold(0, |set, rule| set | 1 << rule);
            let on: Vec<bool> = (0..rules).map(|rule| set >> rule & 1 == 1).collect();
            let shown = browser.run_with(SHOW, vec![json!(place), json!(on)]).await;
            let score = about.scorer.score(set);
            let what = format!("{}, {:?}", about.name, sets::names(&made.run.rules, set));
            let (attacks, starts) = (about.demonstrated, about.working);
            assert_eq!(shown["stopped"], json!([score.stopped, attacks]), "{what}");
            assert_eq!(shown["broken"], json!([score.broken, starts]), "{what}");
            let hit = |case: &usize| view.masks[*case].stops() & set != 0;
            let name = |case: usize| made.run.cases[case].name();
            let through: BTreeSet<_> = view.attacks().filter(|case| !hit(case)).map(name).collect();
            let breaks: BTreeSet<_> = view.legitimate().filter(hit).map(name).collect();
            assert_eq!(texts(&shown["through"]), through, "{what}");
            assert_eq!(texts(&shown["breaks"]), breaks, "{what}");
            for rule in 0..rules {
                let other = about.scorer.score(set ^ 1 << rule);
                let change = [
                    written(i64::from(other.stopped) - i64::from(score.stopped)),
                    written(i64::from(other.broken) - i64::from(score.broken)),
                ];
                let id = &made.run.rules[rule].rule;
                assert_eq!(shown["changes"][rule], json!(change), "{id}: {what}");
            }
        }
    }
    assert_eq!(views, 2, "both ways to resolve");
}

fn texts(values: &Value) -> BTreeSet<String> {
    let values = values.as_array().expect("a list").iter();
    values
        .map(|value| value.as_str().expect("a text").to_owned())
        .collect()
}

#[tokio::test]
async fn numbers_names_and_changes_are_those_of_the_analysis_for_random_sets() {
    let Some(browser) = start().await else { return };
    let made = Made::small(Lang::English);
    browser.open(&made.page(Lang::English), "#r=none").await;
    agree(&browser, &made, 100).await;
    assert_eq!(browser.console().await, Vec::<String>::new());
    browser.end().await;
}

/// A synthetic run: sanitising rules that are tried alone, attacks with no
/// rule against them, and more than 64 rules.
#[tokio::test]
async fn sanitising_rules_and_rules_beyond_the_64th_count_too() {
    let Some(browser) = start().await else { return };
    let ids: Vec<&'static str> = (0..100)
        .map(|rule| &*Box::leak(format!("rule-{rule:02}").into_boxed_str()))
        .collect();
    let rules: Vec<_> = ids.iter().map(|id| (*id, "selectable", "4")).collect();
    let mut random = fastrand::Rng::with_seed(7);
    let mut some = |most: usize| -> Vec<&'static str> {
        (0..random.usize(..most))
            .map(|_| ids[random.usize(..ids.len())])
            .collect()
    };
    let mut cases = Vec::new();
    for number in 0..40 {
        let sanitize = some(4);
        let denied = some(5);
        let deny: Vec<_> = denied
            .into_iter()
            .filter(|rule| !sanitize.contains(rule))
            .collect();
        let effective = sanitize.iter().copied().take(number % 3).collect();
        let name = format!("case-{number}");
        let case = match number % 3 {
            0 => legitimate(&name, &deny),
            _ => attack(&name, "tenant", "bad-id", &deny),
        };
        cases.push(Case {
            sanitize,
            effective,
            ..case
        });
    }
    let mut build = Build::new(&rules, cases);
    build.resolutions.push("by-path");
    let made = Made::of(build.write(), Lang::English);
    browser.open(&made.page(Lang::English), "#r=none").await;
    agree(&browser, &made, 110).await;
    browser.end().await;
}

/// The computation, not the drawing: a frame has 16 ms. Printed, not asserted:
/// no test asserts a time.
#[tokio::test]
async fn scoring_is_timed_for_the_record() {
    let Some(browser) = start().await else { return };
    let made = Made::small(Lang::English);
    browser.open(&made.page(Lang::English), "#r=none").await;
    let script = "
        const inputs = [...document.querySelectorAll('#switches [id^=rule-]')];
        const began = performance.now();
        for (const input of inputs) input.click();
        return (performance.now() - began) / inputs.length;";
    let took = browser.run(script).await;
    println!("one switch, computed and shown: {took} ms");
    assert!(took.as_f64().is_some_and(|took| took > 0.0));
    browser.end().await;
}
