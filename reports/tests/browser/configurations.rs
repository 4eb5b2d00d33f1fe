//! Real configurations in the explorer against the analysis.

use std::fs;

use sekisho_reports::Lang;
use sekisho_reports::analysis::sets::Bits;
use serde_json::json;

use crate::Made;
use crate::browser::start;

/// Three configurations of one world in two shapes, two of another, of which
/// one does not work.
fn with_configurations() -> Made {
    let made = Made::small(Lang::English);
    let put = |name: &str, text: &str| {
        fs::write(made.directory.path().join(name), text).expect("a file of the run");
    };
    put(
        "profiles.csv",
        "run,profile,world,shape,title,source,identity,user,group,init,request\n\
         r,a/1,a,a/1,One,repo,recorded,0,0,/init,request\nr,a/2,a,a/1,Two,repo,assumed,0,0,/init,request\n\
         r,a/3,a,a/3,Three,repo,recorded,0,0,/init,request\nr,b/1,b,b/1,Four,repo,recorded,0,0,/init,request\n\
         r,b/2,b,b/2,Five,repo,recorded,0,0,/init,request\n",
    );
    put(
        "profile_trials.csv",
        "run,profile,policy,rule_set,outcome,verdict,rule,reason,exit_status,duration_us,verdicts\n\
         r,a/1,default,none,works,,,,0,5,0\nr,a/3,default,none,works,,,,0,5,0\n\
         r,a/3,default,sanitising,broken,,,started,0,5,0\nr,b/1,default,none,works,,,,0,5,0\n\
         r,b/2,default,none,failed,,,no such thing,0,5,0\nr,a/1,tuned,none,works,,,,0,5,0\n",
    );
    put(
        "profile_verdicts.csv",
        "run,profile,policy,rule,verdict,reason\n\
         r,a/1,default,target-user-is-root,deny,uid 0\n\
         r,a/1,default,umask-inherited,sanitize,y\n\
         r,a/3,default,bundle-outside-base,undetermined,z\n\
         r,a/3,default,umask-inherited,sanitize,y\n\
         r,b/1,default,umask-inherited,permit,\n\
         r,a/1,tuned,target-user-is-root,permit,\n",
    );
    Made::of(made.directory, Lang::English)
}

#[tokio::test]
async fn configurations_that_break_are_counted_as_the_analysis_counts_them() {
    let Some(browser) = start().await else { return };
    let made = with_configurations();
    let rule = |id: &str| made.run.rules.iter().position(|rule| rule.rule == id);
    let rules = [
        "target-user-is-root",
        "bundle-outside-base",
        "umask-inherited",
    ]
    .map(|id| rule(id).expect("a rule of the run"));
    let found = made.analysis.profiles.as_ref().expect("configurations");
    browser.open(&made.page(Lang::English), "#r=none").await;
    let show = "
        const [rules] = arguments;
        for (const [rule, on] of rules) {
            const input = document.getElementById(`rule-${rule}`);
            if (input.checked !== on) input.click();
        }
        const shown = document.querySelector('[data-number=configurations]').dataset;
        const listed = (kind) => document.querySelectorAll(
            `#configurations li:not([hidden]) .mark.${kind}`).length;
        return [shown.part, shown.whole, listed('broken'), listed('uncounted')].map(Number);";
    for choice in 0..8_u8 {
        let on = |place: usize| choice >> place & 1 == 1;
        let set: Bits = (0..3)
            .filter(|place| on(*place))
            .map(|place| 1 << rules[place])
            .sum();
        let switches: Vec<_> = (0..3).map(|place| (rules[place], on(place))).collect();
        let (mut broken, mut whole, mut lines, mut open) = (0, 0, 0, 0);
        for shape in &found.masks {
            let Some(mask) = shape.policies.get("default").filter(|mask| mask.works) else {
                continue;
            };
            whole += shape.count;
            match mask.predict(set) {
                Some(true) => (broken, lines) = (broken + shape.count, lines + 1),
                Some(false) => {}
                None => open += 1,
            }
        }
        let shown = browser.run_with(show, vec![json!(switches)]).await;
        assert_eq!(shown, json!([broken, whole, lines, open]), "{choice:03b}");
        assert_eq!(whole, 4, "the one that does not work counts nowhere");
    }
    // Under the other policy only one shape was started, and nothing refuses it.
    browser
        .open(&made.page(Lang::English), "#r=all&p=tuned")
        .await;
    let count = "return document.querySelector('#configurations .count').textContent";
    let said = browser.text(count).await;
    assert!(said.starts_with("0 of 2 configurations break"), "{said}");
    assert_eq!(browser.console().await, Vec::<String>::new());
    browser.end().await;
}
