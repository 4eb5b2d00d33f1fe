//! The terminal, `--format json` and the report give the same numbers, and their
//! unit is the case.

mod common;

use common::{Build, attack, legitimate};
use sekisho_reports::{terminal, write};

/// Two attacks, of which `suexec` stops one, in both resolutions.
fn build(repeat: u32) -> Build {
    let cases = vec![
        attack("one", "client", "bad-id", &["a"]),
        attack("two", "tenant", "races", &["b"]),
        legitimate("plain", &[]),
        legitimate("other", &["b"]),
    ];
    let mut build = Build::new(&[("a", "fatal", "1"), ("b", "further", "")], cases);
    build.repeat = repeat;
    build.resolutions = vec!["by-descriptor", "by-path"];
    build
}

#[test]
fn repeats_and_resolutions_do_not_multiply_what_is_counted() {
    let texts: Vec<String> = [1, 3]
        .map(|repeat| {
            let dir = build(repeat).write();
            let text = terminal::text(&write(dir.path()).expect("a report"), 100);
            // What is about trials or the directory differs.
            let about = |line: &&str| !line.contains("trial") && !line.contains("dir");
            let lines = text.lines().filter(about);
            let place = dir.path().display().to_string();
            lines
                .filter(|line| !line.contains(&place))
                .collect::<Vec<_>>()
                .join("\n")
        })
        .to_vec();
    assert_eq!(texts[0], texts[1]);
    let told = "sekisho by-descriptor: suexec stops 1 of 2 attacks and breaks 0 of 2 legitimate \
                starts; all stops 2 of 2 attacks and breaks 1 of 2 legitimate starts";
    assert!(texts[0].contains(told), "{}", texts[0]);
}

#[test]
fn terminal_json_and_report_say_the_same() {
    let dir = build(2).write();
    let summary = write(dir.path()).expect("a report");
    let text = terminal::text(&summary, 100);
    let json = serde_json::to_value(&summary).expect("JSON");
    let report = std::fs::read_to_string(dir.path().join("report.md")).expect("report.md");
    let view = &json["views"][0];
    let sum = |what: &str| -> u64 {
        let families = view["families"].as_array().expect("families");
        let cells = families
            .iter()
            .map(|family| family["stopped"][1][what].as_u64());
        cells.map(|n| n.expect("a number")).sum()
    };
    let (hits, n) = (sum("hits"), sum("n"));
    assert_eq!(view["rule_sets"][1], "suexec");
    assert!(
        text.contains(&format!("suexec stops {hits} of {n} attacks")),
        "{text}"
    );
    assert!(report.contains(&format!("{hits} of {n} ")), "{report}");
    assert_eq!(view["demonstrated"], n);
    let broken = &view["breakage"][1];
    let breaks = format!("breaks {} of {} legitimate", broken["hits"], broken["n"]);
    assert!(text.contains(&breaks), "{text}");
}

#[test]
fn no_line_is_wider_than_the_terminal_where_words_allow() {
    let dir = build(1).write();
    let text = terminal::text(&write(dir.path()).expect("a report"), 80);
    let tables = text.lines().filter(|line| line.starts_with('|'));
    let widest = tables.map(|line| line.chars().count()).max();
    assert!(widest.is_some_and(|width| width <= 80), "{text}");
    let last = text.lines().last().expect("a line");
    assert!(last.ends_with("report.html"), "{last}");
}
