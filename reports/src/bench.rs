//! The report of the benches alone, and the part about them in others.

use std::fs;
use std::path::Path;

use crate::analysis::overhead::OverheadAnalysis;
use crate::plots::{BENCH_PLOTS, BenchSubject, Renderer};
use crate::read::overhead::{About, Overhead};
use crate::text::{Lang, Texts};
use crate::write::{Place, replace};
use crate::{Error, Result, markdown, tables};

/// Reads what the benches wrote into a directory and writes `report.md` (in
/// Japanese `report.ja.md`), the figures into `plots` and the tables into
/// `tables` beside it. Gives figures that were not drawn, and why.
///
/// # Errors
/// A file cannot be read, is malformed, or cannot be written.
pub fn write_bench(directory: &Path, lang: Lang) -> Result<Vec<String>> {
    let overhead = Overhead::load(directory)?.ok_or_else(|| Error::Missing {
        path: directory.join("overhead.csv"),
        remedy: "give the directory of a `cargo bench`, such as out/bench/<time>",
    })?;
    let analysis = OverheadAnalysis::of(&overhead);
    let texts = Texts::of(lang)?;
    let plots = directory.join("plots");
    fs::create_dir_all(&plots).map_err(Error::io(&plots))?;
    let (mut not_drawn, mut files) = (Vec::new(), Vec::new());
    let mut renderer = Renderer::default();
    let subject = BenchSubject {
        overhead: Some(&analysis),
        texts: &texts,
    };
    let about = &overhead.about;
    let title = texts.say("page.bench-title", &[("run", about.run.clone())])?;
    let mut text = format!("# {title}\n\n");
    for plot in BENCH_PLOTS {
        let place = (plots.as_path(), lang, &texts);
        let mut place = Place::new(place, &mut not_drawn, &mut files);
        let named = (plot.id, plot.title(&texts)?);
        let figure = place.put(named, plot.draw(&subject)?, &mut renderer)?;
        if let Some(file) = figure.file {
            text.push_str(&format!("![{}]({file})\n\n", figure.title));
        }
    }
    text.push_str(&body(about, &analysis, &texts)?);
    replace(&directory.join(lang.file("report", "md")), text.as_bytes())?;
    let directory = directory.join("tables");
    fs::create_dir_all(&directory).map_err(Error::io(&directory))?;
    let english = Texts::english()?;
    for table in tables::overhead::tables(&analysis) {
        let path = directory.join(format!("{}.csv", table.id));
        replace(&path, tables::csv::render(&table, &english)?.as_bytes())?;
    }
    Ok(not_drawn)
}

/// A table as it is shown: caption, heads, rows.
pub type Shown = (String, Vec<String>, Vec<Vec<String>>);

/// The tables of the benches in a directory, in English, for a terminal; first
/// what the method resolves, if that was measured.
///
/// # Errors
/// As [`write_bench`].
pub fn bench_tables(directory: &Path) -> Result<(Option<String>, Vec<Shown>)> {
    let Some(overhead) = Overhead::load(directory)? else {
        return Ok((None, Vec::new()));
    };
    let analysis = OverheadAnalysis::of(&overhead);
    let texts = Texts::english()?;
    let tables = tables::overhead::tables(&analysis);
    let shown = tables.iter().map(|table| markdown::cells(table, &texts));
    Ok((
        resolution(&analysis, &texts)?,
        shown.collect::<Result<_>>()?,
    ))
}

fn resolution(overhead: &OverheadAnalysis, texts: &Texts) -> Result<Option<String>> {
    let Some(it) = overhead.resolution else {
        return Ok(None);
    };
    let values = [it.median, it.low, it.high].map(|ns| format!("{:.1}", ns / 1000.0));
    let [median, low, high] = values;
    let values = [("median", median), ("low", low), ("high", high)];
    texts.say("page.bench-resolution", &values).map(Some)
}

/// What was measured on which machine, and every table.
pub(crate) fn body(about: &About, overhead: &OverheadAnalysis, texts: &Texts) -> Result<String> {
    let machine = [
        ("run", about.run.clone()),
        ("commit", about.commit.clone()),
        ("kernel", about.kernel.clone()),
        ("cpu", about.cpu.clone()),
        ("cpus", about.cpus.to_string()),
        (
            "virtual",
            about
                .virtualisation
                .clone()
                .unwrap_or_else(|| "–".to_owned()),
        ),
        (
            "governor",
            about.governor.clone().unwrap_or_else(|| "–".to_owned()),
        ),
    ];
    let mut text = texts.say("page.bench-machine", &machine)?;
    text.push_str("\n\n");
    if about.quick || !about.complete {
        text.push_str(&format!("> {}\n\n", texts.say("page.bench-rough", &[])?));
    }
    if let Some(line) = resolution(overhead, texts)? {
        text.push_str(&line);
        text.push_str("\n\n");
    }
    for table in tables::overhead::tables(overhead) {
        text.push_str(&markdown::table(&table, texts)?);
        text.push('\n');
    }
    for skipped in &about.skipped {
        let values = [
            ("bench", skipped.bench.clone()),
            ("subject", skipped.subject.clone()),
            ("reason", skipped.reason.clone()),
        ];
        text.push_str(&format!(
            "- {}\n",
            texts.say("page.bench-skipped", &values)?
        ));
    }
    Ok(text)
}
