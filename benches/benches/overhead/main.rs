//! `cargo bench`: everything that `docs/benches.md` describes, one part after
//! the other, into `out/bench/<time>/`.

mod parts;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use sekisho_benches::baseline::{self, Baselines, Comparison, Verdict};
use sekisho_benches::machine::About;
use sekisho_benches::options::{HELP, Options};
use sekisho_benches::sheet::Sheet;
use sekisho_benches::stage::{self, Stage};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    // What this program does when it starts itself.
    let inside = match words[..] {
        [parts::COUNTED, most] => Some(parts::perform(most)),
        [parts::GATHERING, directory, mode] => Some(parts::gather(Path::new(directory), mode)),
        _ => None,
    };
    if let Some(done) = inside {
        return done.map_or_else(failed, |()| ExitCode::SUCCESS);
    }
    let done = Options::parse(std::env::args().skip(1)).and_then(|options| run(&options));
    done.unwrap_or_else(failed)
}

fn failed(error: anyhow::Error) -> ExitCode {
    eprintln!("cargo bench: {error:#}");
    ExitCode::from(2)
}

fn run(options: &Options) -> Result<ExitCode> {
    if options.help {
        println!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    }
    let out = match stage::scratch() {
        Some(scratch) => scratch.parent().map(Path::to_path_buf).unwrap_or_default(),
        None => directory(options)?,
    };
    let saved = earlier(options)?;
    let outside = match stage::enter(&out.join("scratch"))? {
        Stage::Done(code) => return Ok(code),
        Stage::Inside => None,
        Stage::Without(reason) => Some(reason),
    };
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    let mut about = About::of(&name, options.quick, options.seed);
    about.write(&out)?;
    let mut sheet = Sheet::create(&out)?;
    parts::run(options, outside, &mut about, &mut sheet)?;
    about.ended = Some(jiff::Timestamp::now().to_string());
    about.complete =
        outside.is_none() && options.parts.len() == sekisho_benches::options::PARTS.len();
    about.failures = sheet.failures;
    about.write(&out)?;
    summarise(&out)?;
    println!("results: {}", out.display());
    let mut regressed = false;
    if let (Some(name), Some(saved)) = (&options.baseline, saved) {
        let now = baseline::read(&out)?;
        let comparison = Comparison::of(&saved, &now, options.noise_threshold);
        show(name, &comparison);
        regressed = comparison.regressed();
    }
    if let Some(name) = options.baseline.as_ref().filter(|_| options.save_baseline) {
        baselines().save(name, &out)?;
        println!("saved as baseline `{name}`");
    }
    Ok(ExitCode::from(u8::from(sheet.failures > 0 || regressed)))
}

fn baselines() -> Baselines {
    Baselines::within(&root().join("out/bench/baselines"))
}

/// What this run is compared with, read before anything is measured: a baseline
/// that is not there is told at once, unless this run is to become it.
fn earlier(options: &Options) -> Result<Option<Vec<sekisho_reports::read::overhead::Sample>>> {
    let Some(name) = &options.baseline else {
        return Ok(None);
    };
    if options.save_baseline && !baselines().names().contains(name) {
        return Ok(None);
    }
    baselines().read(name).map(Some)
}

fn show(name: &str, comparison: &Comparison) {
    println!("\nbeside baseline `{name}`:");
    for change in &comparison.changed {
        let [then, now] = &change.values;
        let verdict = match change.verdict {
            Verdict::Regression => "regression",
            Verdict::Improvement => "improvement",
            Verdict::Same => "same",
        };
        println!(
            "{verdict}: {}: {:.0} [{:.0}, {:.0}] -> {:.0} [{:.0}, {:.0}]",
            change.name, then.median, then.low, then.high, now.median, now.low, now.high
        );
    }
    println!(
        "{} series compared, {} changed beyond noise, {} of the baseline not measured",
        comparison.compared,
        comparison.changed.len(),
        comparison.gone
    );
}

/// The tables, and report and figures beside the samples.
fn summarise(out: &Path) -> Result<()> {
    let (resolution, tables) = sekisho_reports::bench_tables(out)?;
    for (caption, heads, rows) in tables {
        println!("\n{caption}");
        let mut table = comfy_table::Table::new();
        table.load_style(comfy_table::presets::ASCII_MARKDOWN);
        table.set_header(heads);
        table.add_rows(rows);
        println!("{table}");
    }
    if let Some(resolution) = resolution {
        println!("\n{resolution}");
    }
    for lang in sekisho_reports::Lang::ALL {
        sekisho_reports::write_bench(out, lang)?;
    }
    Ok(())
}

/// The repository.
fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().unwrap_or(root)
}

/// `out/bench/<time>` beneath the repository, whatever directory cargo runs in.
fn directory(options: &Options) -> Result<PathBuf> {
    let root = root();
    let now = jiff::Timestamp::now()
        .strftime("%Y%m%dT%H%M%SZ")
        .to_string();
    let out = match &options.out {
        Some(out) => root.join(out),
        None => root.join("out/bench").join(now),
    };
    std::fs::create_dir_all(&out).with_context(|| format!("mkdir {}", out.display()))?;
    Ok(out)
}
