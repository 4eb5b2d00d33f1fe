//! Makes the report of a run.

use std::fs;
use std::path::{Path, PathBuf};

use crate::analysis::Analysis;
use crate::plots::{BENCH_PLOTS, BenchSubject, Drawing, Figure, PLOTS, Renderer, Subject};
use crate::read::overhead::Overhead;
use crate::read::{Run, merge};
use crate::summary::Summary;
use crate::tables::{answers, latex};
use crate::text::{Lang, Texts};
use crate::{Error, Result, markdown, page, tables};

/// [`write_in`] English.
///
/// # Errors
/// As [`write_in`].
pub fn write(run_dir: &Path) -> Result<Summary> {
    write_in(run_dir, Lang::English)
}

/// Reads the run in a directory and writes `report.html` and
/// `report.md` (in Japanese `report.ja.html` and `report.ja.md`) beside its files, the figures into `plots`, the tables as
/// [`write_tables`] does, and in English `report.tex`, which holds both.
///
/// The report of an empty or partial run is written too, and says so; callers
/// end with [`Summary::require_complete`].
///
/// # Errors
/// A file of the run cannot be read or is malformed, or the report cannot be
/// written; an earlier report is then still whole.
pub fn write_in(run_dir: &Path, lang: Lang) -> Result<Summary> {
    write_with(run_dir, None, lang)
}

/// As [`write_in`], with the samples of the benches from another directory;
/// without one, those in the directory of the run itself, if there are any.
///
/// # Errors
/// As [`write_in`]; also that the directory of the benches holds no samples.
pub fn write_with(run_dir: &Path, bench: Option<&Path>, lang: Lang) -> Result<Summary> {
    write_run(Run::load(run_dir)?, bench, lang)
}

/// As [`write_with`], of several runs read as one (see [`merge::load`]), into a
/// directory of its own, which is made.
///
/// # Errors
/// As [`write_with`]; also that the runs do not fit, or that the directory is
/// that of a run.
pub fn write_merged(
    run_dirs: &[PathBuf],
    out: &Path,
    bench: Option<&Path>,
    lang: Lang,
) -> Result<Summary> {
    if out.join("run.json").exists() {
        return Err(Error::Taken {
            path: out.to_owned(),
        });
    }
    let mut run = merge::load(run_dirs)?;
    fs::create_dir_all(out).map_err(Error::io(out))?;
    run.directory = out.to_owned();
    write_run(run, bench, lang)
}

fn write_run(mut run: Run, bench: Option<&Path>, lang: Lang) -> Result<Summary> {
    let run_dir = run.directory.clone();
    if let Some(bench) = bench {
        let missing = || Error::Missing {
            path: bench.join("overhead.csv"),
            remedy: "give the directory of a `cargo bench`, such as out/bench/<time>",
        };
        run.overhead = Some(Overhead::load(bench)?.ok_or_else(missing)?);
    }
    let analysis = Analysis::of(&run);
    let texts = Texts::of(lang)?;
    let mut summary = Summary::of(&run, &analysis);
    let figures = write_figures(&run, &analysis, lang, &texts, &mut summary)?;
    let text = markdown::render(&run, &analysis, &figures, &texts)?;
    let path = run_dir.join(lang.file("report", "md"));
    replace(&path, text.as_bytes())?;
    summary.files.insert(0, path.display().to_string());
    let text = page::render(&run, &analysis, &figures, lang, &texts)?;
    let path = run_dir.join(lang.file("report", "html"));
    replace(&path, text.as_bytes())?;
    summary.files.insert(0, path.display().to_string());
    let mut made = write_table_files(&run, &analysis)?;
    if lang == Lang::English {
        made.push(write_document(&run, &analysis, &figures, &made, &texts)?);
    }
    let made = made.iter().map(|path| path.display().to_string());
    summary.files.extend(made);
    Ok(summary)
}

/// Writes the figures of the first view; a figure that cannot be drawn from
/// this run is taken away, so that none of another state of it stays.
fn write_figures(
    run: &Run,
    analysis: &Analysis,
    lang: Lang,
    texts: &Texts,
    summary: &mut Summary,
) -> Result<Vec<Figure>> {
    let directory = run.directory.join("plots");
    fs::create_dir_all(&directory).map_err(Error::io(&directory))?;
    let mut renderer = Renderer::default();
    let mut figures = Vec::new();
    for plot in PLOTS {
        let drawing = match analysis.views.first() {
            Some(view) => plot.draw(&Subject { run, view, texts })?,
            None => Drawing::Missing(texts.say("plot.needs-trials", &[])?),
        };
        let named = (plot.id, plot.title(texts)?);
        let mut place = Place::of(&directory, lang, texts, summary);
        figures.push(place.put(named, drawing, &mut renderer)?);
    }
    let subject = BenchSubject {
        overhead: analysis.overhead.as_ref(),
        texts,
    };
    for plot in BENCH_PLOTS {
        let named = (plot.id, plot.title(texts)?);
        let drawing = plot.draw(&subject)?;
        let mut place = Place::of(&directory, lang, texts, summary);
        figures.push(place.put(named, drawing, &mut renderer)?);
    }
    Ok(figures)
}

/// Where figures go.
pub(crate) struct Place<'a> {
    directory: &'a Path,
    lang: Lang,
    texts: &'a Texts,
    /// Figures that are not drawn, and why.
    not_drawn: &'a mut Vec<String>,
    files: &'a mut Vec<String>,
}

impl<'a> Place<'a> {
    fn of(directory: &'a Path, lang: Lang, texts: &'a Texts, summary: &'a mut Summary) -> Self {
        Self::new(
            (directory, lang, texts),
            &mut summary.not_drawn,
            &mut summary.files,
        )
    }

    /// In a directory, with two lists to be added to.
    pub(crate) fn new(
        (directory, lang, texts): (&'a Path, Lang, &'a Texts),
        not_drawn: &'a mut Vec<String>,
        files: &'a mut Vec<String>,
    ) -> Self {
        Self {
            directory,
            lang,
            texts,
            not_drawn,
            files,
        }
    }

    /// Writes a figure, or takes away what an earlier report drew.
    pub(crate) fn put(
        &mut self,
        (id, title): (&str, String),
        drawing: Drawing,
        renderer: &mut Renderer,
    ) -> Result<Figure> {
        let (svg, missing, png) = match drawing {
            Drawing::Svg(svg) => {
                let png = renderer.png(&svg)?;
                if png.is_none() {
                    let why = self.texts.say("plot.no-font", &[])?;
                    self.not_drawn.push(format!("{id}.png: {why}"));
                }
                (Some(svg), None, png)
            }
            Drawing::Missing(why) => {
                self.not_drawn.push(format!("{id}: {why}"));
                (None, Some(why), None)
            }
        };
        let bytes = svg.as_ref().map(|svg| svg.as_bytes());
        for (content, extension) in [(bytes, "svg"), (png.as_deref(), "png")] {
            let path = self.directory.join(self.lang.file(id, extension));
            match content {
                Some(content) => {
                    replace(&path, content)?;
                    self.files.push(path.display().to_string());
                }
                None => remove(&path)?,
            }
        }
        let file = |extension| self.lang.file(&format!("plots/{id}"), extension);
        Ok(Figure {
            title,
            png: png.is_some().then(|| file("png")),
            file: svg.is_some().then(|| file("svg")),
            missing,
            svg,
        })
    }
}

/// Writes every table of a run as CSV, and the main ones as LaTeX, into its
/// directory `tables`: those of the
/// whole run as `<id>.csv`, those of one target and way to resolve as
/// `<target>-<resolution>-<id>.csv`. Returns the files.
///
/// # Errors
/// As [`write()`].
pub fn write_tables(run_dir: &Path) -> Result<Vec<PathBuf>> {
    let run = Run::load(run_dir)?;
    write_table_files(&run, &Analysis::of(&run))
}

fn write_table_files(run: &Run, analysis: &Analysis) -> Result<Vec<PathBuf>> {
    let texts = Texts::english()?;
    let directory = run.directory.join("tables");
    fs::create_dir_all(&directory).map_err(Error::io(&directory))?;
    let mut all = vec![(String::new(), tables::of_run(run, analysis))];
    for view in &analysis.views {
        // Names of targets may be paths.
        let name = view.name.replace([' ', '/'], "-");
        let mut of_view = tables::of_view(run, view);
        of_view.extend(tables::long_of_view(run, view));
        all.push((format!("{name}-"), of_view));
    }
    let mut files = Vec::new();
    for (prefix, tables) in all {
        for table in tables {
            let path = directory.join(format!("{prefix}{}.csv", table.id));
            replace(&path, tables::csv::render(&table, &texts)?.as_bytes())?;
            files.push(path);
            if latex::MAIN.contains(&table.id) {
                let name = format!("{prefix}{}", table.id);
                let path = directory.join(format!("{name}.tex"));
                replace(&path, latex::render(&table, &name, &texts)?.as_bytes())?;
                files.push(path);
            }
        }
    }
    Ok(files)
}

/// `report.tex`, which needs nothing but a LaTeX with common packages. Figures
/// and tables in it are English: others need other engines and fonts.
fn write_document(
    run: &Run,
    analysis: &Analysis,
    figures: &[Figure],
    tables: &[PathBuf],
    texts: &Texts,
) -> Result<PathBuf> {
    let names = tables
        .iter()
        .filter(|path| path.extension() == Some("tex".as_ref()));
    let names = names.filter_map(|path| Some(format!("tables/{}", path.file_name()?.to_str()?)));
    let names: Vec<_> = names.collect();
    let path = run.directory.join("report.tex");
    let answers = analysis.views.first();
    let answers = answers.map_or_else(Vec::new, |view| answers::answers(run, analysis, view));
    let text = latex::document(&run.info.run, &answers, figures, &names, texts)?;
    replace(&path, text.as_bytes())?;
    Ok(path)
}

/// Writes beside and renames, so that a full disk does not cost the old file.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<()> {
    let partial = path.with_extension("partial");
    let written = fs::write(&partial, content).and_then(|()| fs::rename(&partial, path));
    written.map_err(|error| {
        // Nothing more can be done if even that fails; the error is reported.
        let _ = fs::remove_file(&partial);
        Error::io(path)(error)
    })
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(path)(error)),
        _ => Ok(()),
    }
}
