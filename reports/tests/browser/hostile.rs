//! Result files may hold anything: it is shown, and does nothing.

use std::fs;
use std::path::Path;

use sekisho_reports::Lang;
use serde_json::json;

use crate::Made;
use crate::browser::start;

/// Ends elements and attributes, runs scripts where it is taken for HTML, and
/// turns text about.
const HOSTILE: &str = "</script><script>window.ran = 1</script>\
    <img src=x onerror=\"window.ran = 2\">'\"`${window.ran = 3}`<!-- --></title>\u{202e}gnp\u{2066}";

/// Puts it into every text of a CSV file that is not read as a name.
fn poison(file: &Path, columns: &[&str]) {
    let mut reader = csv::Reader::from_path(file).expect("a file of the run");
    let headers = reader.headers().expect("its header").clone();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&headers).expect("a header");
    for row in reader.records() {
        let row = row.expect("a row");
        let fields = row.iter().zip(&headers).map(|(field, header)| {
            if columns.contains(&header) {
                format!("{field}{HOSTILE}")
            } else {
                field.to_owned()
            }
        });
        writer.write_record(fields).expect("a row");
    }
    fs::write(file, writer.into_inner().expect("rows")).expect("a file");
}

#[tokio::test]
async fn hostile_text_is_shown_as_text_and_runs_nothing() {
    let Some(browser) = start().await else { return };
    let made = Made::small(Lang::English);
    let at = |name: &str| made.directory.path().join(name);
    // Names too, alike in every file, so that all still belongs together.
    poison(
        &at("scenarios.csv"),
        &[
            "scenario",
            "family",
            "title",
            "why",
            "related",
            "request",
            "witness",
            "not_demonstrated",
        ],
    );
    poison(
        &at("rules.csv"),
        &[
            "rule",
            "class",
            "summary",
            "condition",
            "why",
            "denies",
            "permits",
            "limits",
        ],
    );
    poison(&at("conditions.csv"), &["text"]);
    poison(&at("verdicts.csv"), &["scenario", "rule", "reason"]);
    poison(
        &at("trials.csv"),
        &["scenario", "family", "target", "reason"],
    );
    let info = fs::read_to_string(at("run.json")).expect("run.json");
    let mut info: serde_json::Value = serde_json::from_str(&info).expect("JSON");
    for key in ["run", "version", "kernel", "cpu", "started", "commit"] {
        info[key] = json!(HOSTILE);
    }
    info["command"] = json!([HOSTILE]);
    fs::write(at("run.json"), info.to_string()).expect("run.json");
    // Trials name the rule that decided; its id has changed.
    let mut reader = csv::Reader::from_path(at("trials.csv")).expect("trials");
    let headers = reader.headers().expect("a header").clone();
    let rule = headers
        .iter()
        .position(|header| header == "rule")
        .expect("rule");
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&headers).expect("a header");
    for row in reader.records() {
        let row = row.expect("a row");
        let fields = row.iter().enumerate().map(|(place, field)| {
            if place == rule && !field.is_empty() {
                format!("{field}{HOSTILE}")
            } else {
                field.to_owned()
            }
        });
        writer.write_record(fields).expect("a row");
    }
    fs::write(at("trials.csv"), writer.into_inner().expect("rows")).expect("trials");

    for lang in Lang::ALL {
        let made = Made::of(copy(made.directory.path()), lang);
        browser.open(&made.page(lang), "").await;
        // Every case and every rule in full, where the run has any.
        let opened = browser
            .run(
                "let opened = 0;
                for (const selector of ['#attacks li button', '#starts li button', '.more']) {
                    for (const button of document.querySelectorAll(selector)) {
                        button.click();
                        opened += document.getElementById('details').open;
                        document.getElementById('details').close();
                    }
                }
                return opened;",
            )
            .await;
        assert_eq!(opened, json!(made.run.cases.len() + made.run.rules.len()));
        browser.click("#attacks li:not([hidden]) button").await;
        let text = browser.text("return document.body.innerText").await;
        for part in [
            "<script>window.ran = 1</script>",
            "onerror=\"window.ran = 2\"",
            "\\u{202e}gnp\\u{2066}",
        ] {
            assert!(text.contains(part), "{part} is not shown");
        }
        assert!(!text.contains('\u{202e}') && !text.contains('\u{2066}'));
        let state = "return [window.ran ?? null, document.images.length, document.scripts.length]";
        assert_eq!(browser.run(state).await, json!([null, 0, 2]));
        assert_eq!(browser.console().await, Vec::<String>::new());
    }
    let elsewhere: Vec<_> = browser
        .requests()
        .await
        .into_iter()
        // The browser's own first page is its own affair.
        .filter(|url| {
            !["chrome:", "about:", "data:"]
                .iter()
                .any(|own| url.starts_with(own))
        })
        .filter(|url| !(url.starts_with("file://") && url.ends_with(".html")))
        .collect();
    assert_eq!(elsewhere, Vec::<String>::new());
    browser.end().await;
}

fn copy(run: &Path) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for file in fs::read_dir(run).expect("a run").flatten() {
        if file
            .path()
            .extension()
            .is_some_and(|end| end == "csv" || end == "json")
        {
            fs::copy(file.path(), directory.path().join(file.file_name())).expect("a copy");
        }
    }
    directory
}

/// What the policy is for: a script that somehow got into the page.
#[tokio::test]
async fn the_policy_lets_no_other_script_run_and_nothing_be_loaded() {
    let Some(browser) = start().await else { return };
    let made = Made::small(Lang::English);
    browser.open(&made.page(Lang::English), "").await;
    browser
        .run(
            "const script = document.createElement('script');
            script.textContent = 'window.ran = 1';
            document.body.append(script);
            const image = document.createElement('img');
            image.src = 'http://127.0.0.1:9/';
            document.body.append(image);
            document.body.insertAdjacentHTML('beforeend', '<p onclick=\"window.ran = 2\" id=trap>');
            document.getElementById('trap').click();",
        )
        .await;
    assert_eq!(browser.run("return window.ran ?? null").await, json!(null));
    let console = browser.console().await;
    assert!(console.len() >= 3, "{console:?}");
    assert!(
        console
            .iter()
            .all(|line| line.contains("Content Security Policy")),
        "{console:?}"
    );
    browser.end().await;
}
