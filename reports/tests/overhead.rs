//! The report of the benches, from their files.

use std::fs;
use std::path::Path;

use sekisho_reports::read::overhead::Overhead;
use sekisho_reports::{ErrorKind, Lang, write_bench};

const HEAD: &str = "bench,subject,parameter,value,round,position,unit,sample,iterations,error\n";
const ABOUT: &str = r#"{"run":"r","complete":false,"quick":true,"commit":"c","kernel":"6",
    "cpu":"x","cpus":2,"governor":null,"virtualisation":null,
    "skipped":[{"bench":"side-by-side","subject":"crun","reason":"no program crun"}]}"#;

fn directory(rows: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(
        directory.path().join("overhead.csv"),
        format!("{HEAD}{rows}"),
    )
    .expect("written");
    fs::write(directory.path().join("bench.json"), ABOUT).expect("written");
    directory
}

fn samples() -> String {
    let mut rows = String::new();
    for round in 1..=30 {
        let mut row = |bench: &str, subject: &str, value: &str, sample: u32| {
            let sample = sample + round * 7 % 13;
            rows.push_str(&format!(
                "{bench},{subject},x,{value},{round},1,ns,{sample}.0,1,\n"
            ));
        };
        for (subject, sample) in [
            ("none", 1000),
            ("none-again", 1000),
            ("fatal", 1100),
            ("suexec", 1300),
            ("all", 1500),
            ("only:init-setuid", 1020),
            ("all-less:init-setuid", 1490),
        ] {
            row("start", subject, "four", sample * 1000);
        }
        let five = "m/p/i/u/n+proc+dev";
        row("side-by-side", "floor m/p/i/u/n+proc+dev", five, 700_000);
        row("side-by-side", "bubblewrap", five, 3_000_000);
        for (subject, after, meanwhile) in
            [("floor", 600, 400), ("none", 700, 500), ("all", 840, 510)]
        {
            row("ahead", subject, "after-deciding", after * 1000);
            row("ahead", subject, "while-deciding", meanwhile * 1000);
            row("ahead-cpu", subject, "while-deciding", after * 1100);
        }
        for size in [10, 100, 1000] {
            row("start-growth", "all", &size.to_string(), 1000 + size * 20);
            row("concurrent", "all", &size.to_string(), 900_000 * size);
        }
    }
    rows.push_str("side-by-side,bubblewrap,x,m/p/i/u/n+proc+dev,31,1,ns,,1,exit status 1\n");
    rows
}

#[test]
fn every_figure_is_drawn_and_tables_tell_numbers_and_failures() {
    let directory = directory(&samples());
    for lang in Lang::ALL {
        let not_drawn = write_bench(directory.path(), lang).expect("a report");
        let of_font = |line: &String| line.contains(".png: ");
        assert!(not_drawn.iter().all(of_font), "{not_drawn:?}");
        // The font of the program has every character of English texts.
        assert!(
            lang == Lang::Japanese || not_drawn.is_empty(),
            "{not_drawn:?}"
        );
    }
    let text = fs::read_to_string(directory.path().join("report.md")).expect("report.md");
    for part in [
        "`init-setuid` | 20.0 [20.0, 20.0] µs | 10.0 [10.0, 10.0] µs",
        "crun: no program crun",
        "exit status 1",
        "`all` | `while-deciding` | 30 | 510.0 [510.0, 510.0] µs | ×1.020 [1.020, 1.020] | \
         ×0.850 [0.850, 0.850] | ×1.275 [1.275, 1.275] | 924.0 [924.0, 924.0] µs",
        "differs by 0.0 µs [0.0, 0.0]",
        "quick or a partial run",
    ] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    for figure in [
        "q4_overhead_per_rule",
        "q4_cumulative",
        "q4_start_latency",
        "q4_ahead",
        "q4_growth",
        "q4_concurrency",
    ] {
        let svg = directory.path().join(format!("plots/{figure}.svg"));
        assert!(fs::read_to_string(svg).expect(figure).starts_with("<svg"));
    }
    assert!(directory.path().join("tables/bench-rules.csv").exists());
    assert!(directory.path().join("report.ja.md").exists());
}

#[test]
fn gathering_stands_beside_evaluating_even_without_starts() {
    let mut rows = String::new();
    for sample in 1..=9 {
        let mut row = |bench: &str, subject: &str, varied: &str, ns: u32| {
            rows.push_str(&format!(
                "{bench},{subject},{varied},,,ns,{}.0,9,\n",
                ns + sample
            ));
        };
        row("evaluate", "all", "verdict,permit", 605);
        row("gather", "resolve", "verdict,permit", 90_995);
        row("gather", "all", "verdict,permit", 44_995);
        row("gather", "only:init-setuid", "verdict,permit", 5995);
        row("gather", "only:init-setuid", "verdict,refuse", 7995);
        for size in [10, 100, 1000] {
            let size_of = format!("passwd,{size}");
            row("gather-growth", "resolve", &size_of, 1000 * size);
            row("gather-growth", "only:init-setuid", &size_of, 100_000);
        }
    }
    let directory = directory(&rows);
    for lang in Lang::ALL {
        write_bench(directory.path(), lang).expect("a report");
    }
    let text = fs::read_to_string(directory.path().join("report.md")).expect("report.md");
    for part in [
        "`all` | 0 | – | – | – | 45.0 [45.0, 45.0] µs | 610.0 [607.0, 613.0] ns |",
        "`init-setuid` | – | – | 6.00 [6.00, 6.00] µs | 8.00 [8.00, 8.00] µs | – | – |",
        "`gather` | `resolve` | verdict permit | 9 | 91.0 [91.0, 91.0] µs",
        "`gather-growth` | `resolve` | `passwd` | 10: 10.0",
    ] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    let growth = |line: &&str| line.starts_with("| `gather-growth`");
    let growth: Vec<&str> = text.lines().filter(growth).collect();
    assert!(growth[0].ends_with("constant |"), "{growth:?}");
    assert!(growth[1].ends_with("at most linear |"), "{growth:?}");
    let svg = directory.path().join("plots/q4_growth.svg");
    let svg = fs::read_to_string(svg).expect("q4_growth");
    assert!(svg.contains("resolve / passwd"), "{svg}");
}

#[test]
fn a_sample_is_a_number_or_says_why_there_is_none() {
    let read = |row: &str| Overhead::load(directory(&format!("{row}\n")).path());
    let fine = read("start,all,,,1,1,ns,,1,refused")
        .expect("valid")
        .expect("there");
    assert_eq!(fine.samples[0].sample, None);
    for (row, part) in [
        ("start,all,,,1,1,ns,,1,", "neither a sample"),
        ("start,all,,,1,1,ns,-5,1,", "at least 0"),
        ("start,all,,,1,1,ns,NaN,1,", "at least 0"),
        ("start,all,,,1,1,ns,fast,1,", "sample"),
    ] {
        let error = read(row).expect_err(row);
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!(error.kind(), ErrorKind::Input);
    }
}

#[test]
fn a_directory_without_samples_has_no_benches() {
    let directory = tempfile::tempdir().expect("a directory");
    assert!(
        Overhead::load(directory.path())
            .expect("no error")
            .is_none()
    );
    let error = write_bench(Path::new(directory.path()), Lang::English).expect_err("nothing");
    assert!(error.to_string().contains("cargo bench"), "{error}");
}
