//! What can be checked of how the page looks and of how it is heard: names,
//! order of headings, contrast, width, paper.

use sekisho_reports::Lang;
use serde_json::{Value, json};

use crate::Made;
use crate::browser::{Browser, start};

/// Contrast of all text that is shown with what lies behind it (WCAG 2.2,
/// success criterion 1.4.3): what falls short.
const CONTRAST: &str = r##"
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgba = (colour) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const luminance = ([r, g, b]) => {
        const [x, y, z] = [r, g, b].map((one) => {
            const part = one / 255;
            return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const behind = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const colour = rgba(getComputedStyle(at).backgroundColor);
            if (colour[3] === 255) return colour;
        }
        return [255, 255, 255];
    };
    const bad = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    let seen = 0;
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        // Figures keep their own colours on their own ground.
        if (!walker.currentNode.textContent.trim() || element.closest("script, style, noscript, figure")) continue;
        if (!element.checkVisibility()) continue;
        const style = getComputedStyle(element);
        const colour = element.closest("svg") ? style.fill : style.color;
        const [one, other] = [luminance(rgba(colour)), luminance(behind(element))];
        const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
        const large = parseFloat(style.fontSize) >= 24;
        seen += 1;
        if (ratio < (large ? 3 : 4.5)) {
            bad.push(`${ratio.toFixed(2)} ${element.tagName}.${element.className} ${walker.currentNode.textContent.trim().slice(0, 40)}`);
        }
    }
    return { seen, bad: [...new Set(bad)].slice(0, 20) };
"##;

/// What is wrong with the structure.
const STRUCTURE: &str = r##"
    const bad = [];
    const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
    for (const id of ids) if (ids.filter((other) => other === id).length > 1) bad.push(`id ${id} twice`);
    let level = 0;
    for (const heading of document.querySelectorAll("h1, h2, h3, h4, h5")) {
        if (heading.closest("dialog") || !heading.checkVisibility()) continue;
        const own = Number(heading.tagName[1]);
        if (own > level + 1) bad.push(`${heading.tagName} after H${level}: ${heading.textContent}`);
        level = own;
    }
    for (const table of document.querySelectorAll("table")) {
        if (!table.caption?.textContent.trim()) bad.push(`a table without caption in ${table.closest("[id]")?.id}`);
        if (!table.querySelector("th[scope]")) bad.push(`a table without headers in ${table.closest("[id]")?.id}`);
    }
    for (const label of document.querySelectorAll("[aria-labelledby]")) {
        if (label.id !== "details" && !document.getElementById(label.getAttribute("aria-labelledby"))) bad.push(`no ${label.getAttribute("aria-labelledby")}`);
    }
    if (document.querySelectorAll("main").length !== 1) bad.push("not one main");
    if (document.querySelectorAll("h1").length !== 1) bad.push("not one h1");
    return [...new Set(bad)];
"##;

/// Things to operate or to look at that have no name, as a screen reader gets
/// them.
async fn nameless(browser: &Browser) -> Vec<Value> {
    let tree = browser
        .devtools("Accessibility.getFullAXTree", json!({}))
        .await;
    let nodes = tree["nodes"].as_array().expect("a tree");
    let roles = [
        "button",
        "checkbox",
        "switch",
        "radio",
        "link",
        "combobox",
        "searchbox",
        "textbox",
        "image",
        "img",
        "dialog",
        "navigation",
        "search",
        "table",
        "region",
    ];
    let mut seen = 0;
    let nameless = nodes
        .iter()
        .filter(|node| node["ignored"] == json!(false))
        .filter(|node| roles.iter().any(|role| node["role"]["value"] == *role))
        .inspect(|_| seen += 1)
        .filter(|node| {
            node["name"]["value"]
                .as_str()
                .is_none_or(|name| name.trim().is_empty())
        })
        .cloned()
        .collect();
    assert!(seen > 150, "{seen}");
    nameless
}

async fn prefer(browser: &Browser, scheme: &str, media: &str) {
    let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
    let wanted = json!({"media": media, "features": features});
    browser.devtools("Emulation.setEmulatedMedia", wanted).await;
}

#[tokio::test]
async fn text_stands_out_in_light_and_dark_and_everything_has_a_name() {
    let Some(browser) = start().await else { return };
    for lang in Lang::ALL {
        let made = Made::small(lang);
        for scheme in ["light", "dark"] {
            prefer(&browser, scheme, "").await;
            for open in ["", "&case=init-setuid%2Froot", "&rule=umask-inherited"] {
                browser
                    .open(&made.page(lang), &format!("#r=suexec{open}"))
                    .await;
                browser
                    .run("for (const one of document.querySelectorAll('details')) one.open = true")
                    .await;
                // Colours change over a moment.
                tokio::time::sleep(std::time::Duration::from_millis(250)).await;
                let contrast = browser.run(CONTRAST).await;
                assert_eq!(contrast["bad"], json!([]), "{lang:?} {scheme} {open}");
                assert!(
                    contrast["seen"].as_u64().is_some_and(|seen| seen > 500),
                    "{contrast}"
                );
                assert_eq!(browser.run(STRUCTURE).await, json!([]), "{lang:?} {open}");
                if open.is_empty() {
                    assert_eq!(nameless(&browser).await, Vec::<Value>::new(), "{lang:?}");
                }
            }
        }
        // The button goes against the system.
        browser.open(&made.page(lang), "").await;
        let ground = "return getComputedStyle(document.body).backgroundColor";
        let dark = browser.text(ground).await;
        browser.click("#theme").await;
        assert_ne!(browser.text(ground).await, dark);
    }
    browser.end().await;
}

#[tokio::test]
async fn nothing_is_wider_than_the_window() {
    let Some(browser) = start().await else { return };
    for lang in Lang::ALL {
        let made = Made::small(lang);
        for width in [1280, 800, 400, 320] {
            let size =
                json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
            browser
                .devtools("Emulation.setDeviceMetricsOverride", size)
                .await;
            for open in ["", "&case=init-setuid%2Froot", "&rule=umask-inherited"] {
                browser
                    .open(&made.page(lang), &format!("#r=all{open}"))
                    .await;
                browser
                    .run("for (const one of document.querySelectorAll('details')) one.open = true")
                    .await;
                let wide = browser
                    .run("const root = document.documentElement;
                        const dialog = document.getElementById('details');
                        return [root.scrollWidth <= root.clientWidth, dialog.scrollWidth <= dialog.clientWidth]")
                    .await;
                assert_eq!(wide, json!([true, true]), "{lang:?} {width} {open}");
            }
        }
    }
    browser.end().await;
}

#[tokio::test]
async fn on_paper_there_is_nothing_to_press_and_the_lists_are_unfolded() {
    let Some(browser) = start().await else { return };
    let made = Made::small(Lang::English);
    prefer(&browser, "dark", "").await;
    browser.open(&made.page(Lang::English), "#r=suexec").await;
    prefer(&browser, "dark", "print").await;
    let shown = "return ['#theme', '.top nav', '#presets', '#filters', '.segments', '.more']
        .filter((selector) => document.querySelector(selector).checkVisibility())";
    assert_eq!(browser.run(shown).await, json!([]));
    let ink = "return getComputedStyle(document.body).color";
    assert_eq!(
        browser.text(ink).await,
        "rgb(28, 34, 44)",
        "light, whatever the screen"
    );
    // A group that the reader has folded is unfolded, and folded again.
    let folded = "return document.querySelectorAll('#what-if details.group:not([open])').length";
    browser
        .run("document.querySelector('#what-if details.group').open = false")
        .await;
    assert_eq!(browser.run(folded).await, json!(1));
    browser.run("dispatchEvent(new Event('beforeprint'))").await;
    assert_eq!(browser.run(folded).await, json!(0));
    browser.run("dispatchEvent(new Event('afterprint'))").await;
    assert_eq!(browser.run(folded).await, json!(1));
    let pdf = browser.devtools("Page.printToPDF", json!({})).await;
    assert!(
        pdf["data"]
            .as_str()
            .is_some_and(|data| data.starts_with("JVBERi0")),
        "a PDF"
    );
    browser.end().await;
}

#[tokio::test]
async fn without_scripts_the_numbers_are_there() {
    let Some(browser) = start().await else { return };
    let made = Made::small(Lang::English);
    browser
        .devtools(
            "Emulation.setScriptExecutionDisabled",
            json!({"value": true}),
        )
        .await;
    browser.open(&made.page(Lang::English), "").await;
    let tree = browser
        .devtools("Accessibility.getFullAXTree", json!({}))
        .await
        .to_string();
    for part in [
        "The explorer needs scripts.",
        "Block rate",
        "Results: sekisho by-descriptor",
    ] {
        let known = tree.contains(part) || tree.to_lowercase().contains(&part.to_lowercase());
        assert!(known, "{part}");
    }
    browser.end().await;
}
