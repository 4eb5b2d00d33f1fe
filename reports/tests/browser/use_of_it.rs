//! Using the page: addresses, history, keyboard, dialogs, both languages, and
//! runs that are not whole.

use std::fs;

use sekisho_reports::Lang;
use serde_json::{Value, json};

use crate::Made;
use crate::browser::{Browser, start};
use crate::plot;

const STATE: &str = r##"
    return {
        on: [...document.querySelectorAll("#switches [id^=rule-]:checked")].map((one) => one.id).sort(),
        view: [...document.querySelectorAll("#views input")].findIndex((one) => one.checked),
        filter: ["kind", "attacker", "family", "source", "text"]
            .map((name) => document.getElementById(`filter-${name}`).value),
        open: document.getElementById("details").open
            ? document.getElementById("details-title").textContent : null,
    };
"##;

/// Waits until the state is in the address.
async fn settled(browser: &Browser, part: &str) {
    let script = format!("return location.hash.includes({})", json!(part));
    browser.until(&script).await;
}

#[tokio::test]
async fn a_state_is_in_the_address_and_comes_back_from_it() {
    let Some(browser) = start().await else { return };
    let made = Made::small(Lang::English);
    let page = made.page(Lang::English);
    browser.open(&page, "").await;
    browser.click("#view-1").await;
    browser
        .run(
            "for (const rule of [0, 7, 40, 72]) document.getElementById(`rule-${rule}`).click();
            for (const [name, value] of [['attacker', 'front'], ['source', 'cve'], ['text', 'a&b=c#+ é']]) {
                const input = document.getElementById(`filter-${name}`);
                input.value = value;
                input.dispatchEvent(new Event('input', { bubbles: true }));
            }",
        )
        .await;
    settled(&browser, "q=").await;
    let chosen = browser.run(STATE).await;
    let hash = browser.text("return location.hash").await;
    assert!(
        hash.contains("r=b."),
        "a set without a name is a bitmap: {hash}"
    );
    browser.open(&page, &hash).await;
    assert_eq!(browser.run(STATE).await, chosen);
    assert_eq!(chosen["view"], 1);
    assert_eq!(
        chosen["filter"],
        json!(["", "front", "", "cve", "a&b=c#+ é"])
    );
    // A case and a rule can be linked to, and nonsense does no harm.
    browser
        .open(&page, "#r=all&case=trust-store-chosen%2Ffile")
        .await;
    assert_eq!(
        browser.run(STATE).await["open"],
        "the caller chooses whom the application trusts"
    );
    browser.open(&page, "#r=none&rule=umask-inherited").await;
    assert_eq!(browser.run(STATE).await["open"], "umask-inherited");
    for nonsense in [
        "#r=b.%00!",
        "#r=b.&v=x&a=nobody&case=x&rule=y",
        "#r=",
        "#%",
        "#=&=&",
    ] {
        browser.open(&page, nonsense).await;
        assert_eq!(browser.run(STATE).await["open"], Value::Null, "{nonsense}");
    }
    assert_eq!(browser.console().await, Vec::<String>::new());
    browser.end().await;
}

#[tokio::test]
async fn back_and_forward_move_through_what_was_chosen() {
    let Some(browser) = start().await else { return };
    let made = Made::small(Lang::English);
    browser.open(&made.page(Lang::English), "#r=none").await;
    browser.click("#presets button:nth-of-type(5)").await;
    settled(&browser, "r=all").await;
    let all = browser.run(STATE).await;
    browser.click("#attacks li:not([hidden]) button").await;
    settled(&browser, "case=").await;
    browser.client.back().await.expect("back");
    browser
        .until("return !document.getElementById('details').open")
        .await;
    assert_eq!(browser.run(STATE).await, all);
    browser.client.back().await.expect("back");
    browser
        .until("return document.querySelectorAll('#switches [id^=rule-]:checked').length === 0")
        .await;
    browser.client.forward().await.expect("forward");
    browser
        .until("return document.querySelectorAll('#switches [id^=rule-]:checked').length > 0")
        .await;
    assert_eq!(browser.run(STATE).await, all);
    // Going to a part of the page keeps the state.
    browser.click("nav a[href='#figures']").await;
    assert_eq!(browser.run(STATE).await, all);
    let focused = browser.text("return document.activeElement.id").await;
    assert_eq!(focused, "figures-title");
    browser.end().await;
}

const DOWN: &str = "\u{e015}";
const END: &str = "\u{e010}";
const HOME: &str = "\u{e011}";
const TAB: &str = "\u{e004}";
const ESCAPE: &str = "\u{e00c}";
const ENTER: &str = "\u{e007}";

#[tokio::test]
async fn the_keyboard_reaches_and_switches_every_rule() {
    let Some(browser) = start().await else { return };
    let made = Made::small(Lang::English);
    browser.open(&made.page(Lang::English), "#r=none").await;
    // The first key goes past the bars at the top.
    browser.press(TAB).await;
    assert_eq!(
        browser
            .text("return document.activeElement.className")
            .await,
        "skip"
    );
    browser.press(ENTER).await;
    assert_eq!(
        browser.text("return document.activeElement.tagName").await,
        "MAIN"
    );

    browser
        .run("document.getElementById('rule-search').focus()")
        .await;
    browser.press(TAB).await;
    browser.press(TAB).await;
    assert_eq!(
        browser.text("return document.activeElement.id").await,
        "group-class-fatal"
    );
    browser.press(DOWN).await;
    assert_eq!(
        browser.text("return document.activeElement.id").await,
        "rule-0"
    );
    let visible = "return document.activeElement.matches(':focus-visible')
        && getComputedStyle(document.activeElement).outlineStyle !== 'none'";
    assert_eq!(browser.run(visible).await, json!(true));
    browser.press(" ").await;
    assert_eq!(browser.run(STATE).await["on"], json!(["rule-0"]));
    settled(&browser, "r=b.").await;
    let said = browser
        .text("return document.getElementById('announce').textContent")
        .await;
    assert!(said.contains("attacks stopped"), "{said}");
    // From end to end, and out again with two keys: no trap.
    browser.press(END).await;
    let last = format!("rule-{}", made.run.rules.len() - 1);
    assert_eq!(browser.text("return document.activeElement.id").await, last);
    browser.press(TAB).await;
    assert_eq!(
        browser
            .text("return document.activeElement.className")
            .await,
        "more"
    );
    browser.press(ENTER).await;
    browser
        .until("return document.getElementById('details').open")
        .await;
    browser.press(ESCAPE).await;
    browser
        .until("return !document.getElementById('details').open")
        .await;
    assert_eq!(
        browser
            .text("return document.activeElement.className")
            .await,
        "more"
    );
    browser.press(TAB).await;
    assert_eq!(
        browser
            .run("return document.activeElement.closest('#switches')")
            .await,
        Value::Null
    );
    browser
        .run("document.getElementById('rule-5').focus()")
        .await;
    browser.press(HOME).await;
    assert_eq!(
        browser.text("return document.activeElement.id").await,
        "group-class-fatal"
    );
    // A group switches all of its rules.
    browser.press(" ").await;
    let fatal = made
        .run
        .rules
        .iter()
        .filter(|rule| rule.class == "fatal")
        .count();
    let on = browser.run(STATE).await["on"]
        .as_array()
        .expect("a list")
        .len();
    assert_eq!(on, fatal);
    browser.end().await;
}

#[tokio::test]
async fn every_text_of_both_languages_is_there_in_every_corner_of_the_page() {
    let Some(browser) = start().await else { return };
    for (lang, priced) in Lang::ALL
        .iter()
        .flat_map(|lang| [(*lang, false), (*lang, true)])
    {
        let made = if priced {
            plot::priced(lang)
        } else {
            Made::small(lang)
        };
        let page = made.page(lang);
        browser.open(&page, "").await;
        assert_eq!(
            browser.text("return document.documentElement.lang").await,
            lang.word()
        );
        // Every choice, every detail: a text that is missing is an error.
        browser
            .run(
                "for (const input of document.querySelectorAll('#explorer input, #explorer button:not([type=reset])')) {
                    input.click();
                    document.getElementById('details').close();
                }
                for (const select of document.querySelectorAll('#explorer select')) {
                    for (const option of select.options) {
                        select.value = option.value;
                        for (const kind of ['input', 'change']) select.dispatchEvent(new Event(kind, { bubbles: true }));
                    }
                }
                document.getElementById('theme').click();",
            )
            .await;
        assert_eq!(browser.console().await, Vec::<String>::new(), "{lang:?}");
        let question = browser
            .text("return document.querySelector('h1').textContent")
            .await;
        assert!(!question.is_ascii(), "typographic marks, or Japanese");
    }
    browser.end().await;
}

#[tokio::test]
async fn filters_leave_what_fits_and_say_so() {
    let Some(browser) = start().await else { return };
    let made = Made::small(Lang::English);
    browser
        .open(&made.page(Lang::English), "#r=none&a=tenant")
        .await;
    let tenants = made
        .run
        .cases
        .iter()
        .filter(|case| {
            case.attacker
                .is_some_and(|attacker| attacker.word() == "tenant")
        })
        .map(sekisho_reports::read::Case::name);
    let shown = "return [...document.querySelectorAll('#attacks li')].filter((one) => !one.hidden)
        .map((one) => one.querySelector('button').textContent)";
    assert_eq!(browser.run(shown).await, json!(tenants.collect::<Vec<_>>()));
    let count = browser
        .text("return document.querySelector('#attacks .count').textContent")
        .await;
    assert!(count.contains("in the filter"), "{count}");
    browser
        .open(&made.page(Lang::English), "#r=none&s=CVE-2014-9680")
        .await;
    assert_eq!(browser.run(shown).await, json!([]));
    browser
        .open(&made.page(Lang::English), "#r=none&q=certificat")
        .await;
    browser
        .open(&made.page(Lang::English), "#r=none&k=legitimate")
        .await;
    assert_eq!(
        browser
            .run("return document.getElementById('attacks').hidden")
            .await,
        json!(true)
    );
    browser.click("#filters button[type=reset]").await;
    assert_eq!(
        browser
            .run("return document.getElementById('attacks').hidden")
            .await,
        json!(false)
    );
    browser.end().await;
}

#[tokio::test]
async fn runs_that_are_not_whole_say_so_at_the_top() {
    let Some(browser) = start().await else { return };
    let text = "return [...document.querySelectorAll('#overview .warning')].map((one) => one.textContent).join('\\n')";

    let partial = Made::small(Lang::English);
    let trials = partial.directory.path().join("trials.csv");
    let whole = fs::read_to_string(&trials).expect("trials");
    fs::write(&trials, &whole[..whole.len() / 2]).expect("half of them");
    let partial = Made::of(partial.directory, Lang::English);
    browser.open(&partial.page(Lang::English), "").await;
    let said = browser.text(text).await;
    assert!(
        said.contains("not complete") && said.contains("cut off"),
        "{said}"
    );
    assert_eq!(
        browser
            .run("return document.getElementById('explorer').hidden")
            .await,
        json!(false)
    );

    let empty = Made::small(Lang::English);
    for file in [
        "trials.csv",
        "verdicts.csv",
        "mismatches.csv",
        "conditions.csv",
    ] {
        fs::remove_file(empty.directory.path().join(file)).expect("a file of the run");
    }
    let empty = Made::of(empty.directory, Lang::English);
    browser.open(&empty.page(Lang::English), "#r=all").await;
    let said = browser.text(text).await;
    assert!(
        said.contains("no trial") && said.contains("trials.csv is missing"),
        "{said}"
    );
    assert_eq!(
        browser
            .run("return document.getElementById('explorer')")
            .await,
        Value::Null
    );
    assert_eq!(browser.console().await, Vec::<String>::new());
    browser.end().await;
}
