//! `report.md`: the page's text is `templates/report.md`, its words are in
//! `lang/`, its numbers in the tables.

use std::collections::BTreeMap;

use minijinja::value::{Kwargs, Serde, Value};
use minijinja::{Environment, UndefinedBehavior, context};
use serde::Serialize;

use crate::analysis::{Analysis, LatticeAnalysis, ViewAnalysis};
use crate::plots::Figure;
use crate::read::{Flaw, Run};
use crate::tables::answers::{answers, number, share};
use crate::tables::{self, Cell, Column, Head, Table};
use crate::text::Texts;
use crate::{Error, Result, bench};

/// The report as Markdown.
///
/// # Errors
/// A text is missing; a fault of this crate, not of the run.
pub fn render(run: &Run, analysis: &Analysis, figures: &[Figure], texts: &Texts) -> Result<String> {
    let environment = environment(texts)?;
    let rendered = environment.get_template("report.md")?.render(context! {
        run => about(run),
        malicious => analysis.malicious,
        legitimate => analysis.legitimate,
        figures => Value::from(Serde(figures)),
        pairs => analysis.pairs.first().map(|pairs| context! {
            target => pairs.target.clone(),
            launcher => pairs.launcher.clone(),
        }),
        benches => match (&run.overhead, &analysis.overhead) {
            (Some(samples), Some(overhead)) => Some(bench::body(&samples.about, overhead, texts)?),
            _ => None,
        },
        tables => Value::from(Serde(shown(&tables::of_run(run, analysis), texts)?)),
        views => analysis
            .views
            .iter()
            .map(|view| shown_view(run, analysis, view, texts))
            .collect::<Result<Vec<_>>>()?,
    })?;
    Ok(rendered)
}

/// Templates of Markdown, with the texts of one language.
pub(crate) fn environment(texts: &Texts) -> Result<Environment<'static>> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let mut syntax = environment.syntax().to_builder();
    syntax.trim_blocks(true).lstrip_blocks(true);
    environment.set_syntax(syntax.build()?);
    let words = texts.clone();
    environment.add_function("t", move |key: &str, values: Kwargs| {
        say(&words, key, &values)
    });
    environment.add_template("report.md", include_str!("../templates/report.md"))?;
    environment.add_template("compare.md", include_str!("../templates/compare.md"))?;
    Ok(environment)
}

/// A text for a template.
pub(crate) fn say(
    texts: &Texts,
    key: &str,
    values: &Kwargs,
) -> std::result::Result<String, minijinja::Error> {
    let values = values
        .args()
        .map(|name| Ok((name, values.get::<Value>(name)?.to_string())))
        .collect::<std::result::Result<Vec<_>, minijinja::Error>>()?;
    texts.say(key, &values).map_err(invalid)
}

/// An error of this crate for a template.
pub(crate) fn invalid(error: Error) -> minijinja::Error {
    minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, error.to_string())
}

fn about(run: &Run) -> Value {
    let (planned, done) = run.planned_and_done();
    let info = &run.info;
    let flaw = |flaw: &Flaw| context! { file => flaw.file.clone(), text => flaw.kind.text(), n => flaw.kind.count() };
    context! {
        id => escape(&info.run),
        started => info.started.clone(),
        ended => info.ended.clone(),
        complete => run.is_complete(),
        command => code(&info.command.join(" ")),
        version => escape(&info.version),
        commit => crate::text::some(&info.commit).map(code),
        seed => info.seed.to_string(),
        repeat => info.repeat,
        jobs => info.jobs,
        kernel => escape(&info.kernel),
        cpu => escape(&info.cpu),
        cpus => info.cpus,
        arena => escape(&info.arena.mode),
        wall_time_s => (info.wall_time_s > 0.0).then(|| format!("{:.1}", info.wall_time_s)),
        leftovers => info.leftovers.len(),
        planned => planned,
        done => done,
        rules => run.rules.len(),
        flaws => run.flaws.iter().map(flaw).collect::<Vec<_>>(),
    }
}

fn shown_view(run: &Run, analysis: &Analysis, view: &ViewAnalysis, texts: &Texts) -> Result<Value> {
    let said = |cell: &Cell| markdown(cell, texts);
    let answers = answers(run, analysis, view)
        .iter()
        .map(|answer| {
            let sentences = answer.sentences.iter().map(said);
            Ok(context! {
                question => answer.question,
                answered => answer.answered,
                sentences => sentences.collect::<Result<Vec<_>>>()?,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let agreement = &view.agreement;
    let lattice = view.exact_lattice().map(|lattice| {
        context! {
            exact => lattice.front.exact && lattice.front_suexec.exact,
            rules => lattice.every.count_ones(),
            counted => counted(view, lattice),
            minimal => lattice.minimal.sets.len(),
            minimal_all => lattice.minimal.listed_all,
            minimal_exact => lattice.minimal.exact && lattice.minimal_suexec.exact,
        }
    });
    Ok(context! {
        name => view.name.clone(),
        trials => view.trials,
        demonstrated => view.demonstrated,
        working => view.working,
        unstopped => view.unstopped,
        residual_tried => view.residual.is_some(),
        lattice => lattice,
        agreement => Value::from(Serde(agreement)),
        answers => answers,
        tables => Value::from(Serde(shown(&tables::of_view(run, view), texts)?)),
    })
}

/// Caption, heads and rows of a table as Markdown.
pub(crate) fn cells(table: &Table, texts: &Texts) -> Result<crate::bench::Shown> {
    let heads = table.columns.iter().map(|column| head(column, texts));
    let row = |row: &Vec<Cell>| {
        let cells = row.iter().map(|cell| markdown(cell, texts));
        cells.collect::<Result<Vec<_>>>()
    };
    Ok((
        table.caption(texts)?,
        heads.collect::<Result<_>>()?,
        table.rows.iter().map(row).collect::<Result<_>>()?,
    ))
}

/// A table as Markdown, with its caption.
pub(crate) fn table(table: &Table, texts: &Texts) -> Result<String> {
    let (caption, heads, rows) = cells(table, texts)?;
    let rules = table.columns.iter().map(|column| match column.numeric {
        true => "---:",
        false => "---",
    });
    let rules: Vec<_> = rules.map(str::to_owned).collect();
    let lines = [heads, rules].into_iter().chain(rows);
    let lines = lines.map(|cells| format!("| {} |\n", cells.join(" | ")));
    Ok(format!("*{caption}*\n\n{}", lines.collect::<String>()))
}

/// Numbers of rule sets; `None` where they could not be counted.
fn counted(view: &ViewAnalysis, lattice: &LatticeAnalysis) -> Option<Value> {
    let distribution = lattice.distribution.as_ref()?;
    let half = view.demonstrated as f64 / 2.0;
    Some(context! {
        sets => number(distribution.sets()),
        more => share(distribution.count(|score| f64::from(score.stopped) > half), distribution.sets()),
        free => share(distribution.count(|score| score.broken == 0), distribution.sets()),
        minimal => number(lattice.minimal.count?),
        minimal_suexec => number(lattice.minimal_suexec.count?),
    })
}

/// A table with its cells as Markdown.
#[derive(Serialize)]
pub(crate) struct Shown {
    caption: String,
    heads: Vec<String>,
    rules: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

pub(crate) fn shown(tables: &[Table], texts: &Texts) -> Result<BTreeMap<String, Shown>> {
    tables
        .iter()
        .map(|table| {
            let rows = table.rows.iter().map(|row| {
                row.iter()
                    .map(|cell| markdown(cell, texts))
                    .collect::<Result<Vec<_>>>()
            });
            let shown = Shown {
                caption: table.caption(texts)?,
                heads: table
                    .columns
                    .iter()
                    .map(|column| head(column, texts))
                    .collect::<Result<_>>()?,
                rules: table
                    .columns
                    .iter()
                    .map(|column| if column.numeric { "---:" } else { "---" })
                    .collect(),
                rows: rows.collect::<Result<_>>()?,
            };
            Ok((table.id.replace('-', "_"), shown))
        })
        .collect()
}

fn head(column: &Column, texts: &Texts) -> Result<String> {
    match &column.head {
        Head::Key(key) => texts.say(&format!("column.{key}"), &[]),
        Head::Set(name) => Ok(code(name)),
    }
}

/// A cell as Markdown.
fn markdown(cell: &Cell, texts: &Texts) -> std::result::Result<String, Error> {
    Ok(match cell {
        Cell::Nothing => "–".to_owned(),
        Cell::Text(text) => escape(text),
        Cell::Ids(ids) => ids
            .iter()
            .filter(|id| !id.is_empty())
            .map(|id| code(id))
            .collect::<Vec<_>>()
            .join(", "),
        Cell::Said(key, values) => escape(&texts.say(key, values)?),
        Cell::Count(count) => count.to_string(),
        Cell::Share(hits, n) => format!("{hits}/{n}"),
        Cell::Rate(p) => p.to_string(),
        Cell::Micros(us) => format!("{us} µs"),
        Cell::Nanos(ns) => format!("{:.1} µs", *ns as f64 / 1000.0),
    })
}

/// Text of the corpus or of a launcher, which may hold anything, as one cell.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' | '\t' => escaped.push(' '),
            control if control.is_control() => {
                escaped.extend(control.escape_default());
            }
            '|' | '\\' | '`' | '*' | '_' | '<' | '>' => {
                escaped.push('\\');
                escaped.push(character);
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

/// An id as code; the few characters that end code or a cell are replaced.
fn code(id: &str) -> String {
    let plain: String = id
        .chars()
        .map(|character| match character {
            '`' => '\'',
            '|' => '¦',
            control if control.is_control() => '\u{fffd}',
            _ => character,
        })
        .collect();
    format!("`{plain}`")
}
