//! What the template of the page shows: the numbers of the analysis as values
//! that it can walk through.

use minijinja::context;
use minijinja::value::{Serde, Value};
use serde::Serialize;

use super::embed::visible;
use crate::Result;
use crate::analysis::interval::Proportion;
use crate::analysis::sets;
use crate::analysis::{Analysis, ViewAnalysis};
use crate::plots::Figure;
use crate::read::{Kind, Run};
use crate::tables::answers::answers;
use crate::tables::{self, Cell, Column, Head, Table};
use crate::text::Texts;

/// Sets in the table at the top of the page.
const MOST_SETS: usize = 6;

pub(super) fn of(
    run: &Run,
    analysis: &Analysis,
    figures: &[Figure],
    texts: &Texts,
) -> Result<Value> {
    let views = analysis
        .views
        .iter()
        .map(|view| seen(run, analysis, view, texts))
        .collect::<Result<Vec<_>>>()?;
    let figures: Vec<_> = figures
        .iter()
        .map(|figure| {
            context! {
                title => figure.title.clone(),
                svg => figure.svg.as_deref().map(|svg| Value::from_safe_string(visible(svg))),
                missing => figure.missing.clone(),
            }
        })
        .collect();
    Ok(context! {
        run => about(run),
        malicious => analysis.malicious,
        legitimate => analysis.legitimate,
        scored => analysis.views.iter().any(|view| view.lattice.is_some()),
        configured => analysis.profiles.is_some(),
        run_tables => shown(&tables::of_run(run, analysis), texts)?,
        views => views,
        figures => figures,
    })
}

fn about(run: &Run) -> Value {
    let (planned, done) = run.planned_and_done();
    let info = &run.info;
    let flaws = run.flaws.iter().map(|flaw| {
        context! { file => flaw.file.clone(), text => flaw.kind.text(), n => flaw.kind.count() }
    });
    context! {
        id => visible(&info.run),
        started => visible(&info.started),
        ended => crate::text::some(&info.ended).map(visible),
        ran_out => info.complete,
        complete => run.is_complete(),
        command => visible(&info.command.join(" ")),
        version => visible(&info.version),
        commit => crate::text::some(&info.commit).map(visible),
        seed => visible(&info.seed.to_string()),
        repeat => info.repeat,
        jobs => info.jobs,
        kernel => visible(&info.kernel),
        release => visible(info.kernel.split_whitespace().next().unwrap_or_default()),
        cpu => visible(&info.cpu),
        cpus => info.cpus,
        arena => visible(&info.arena.mode),
        wall_time_s => (info.wall_time_s > 0.0).then(|| format!("{:.1}", info.wall_time_s)),
        leftovers => info.leftovers.len(),
        planned => planned,
        done => done,
        rules => run.rules.len(),
        flaws => flaws.collect::<Vec<_>>(),
        mismatches => run.mismatches.len(),
    }
}

fn seen(run: &Run, analysis: &Analysis, view: &ViewAnalysis, texts: &Texts) -> Result<Value> {
    let answers = answers(run, analysis, view)
        .iter()
        .map(|answer| {
            let sentences = answer.sentences.iter().map(|cell| Shown::of(cell, texts));
            Ok(context! {
                question => answer.question,
                answered => answer.answered,
                sentences => Value::from(Serde(sentences.collect::<Result<Vec<_>>>()?)),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let failures = view.notable.failed.len() + view.notable.timeout.len();
    Ok(context! {
        name => visible(&view.name),
        trials => view.trials,
        demonstrated => view.demonstrated,
        working => view.working,
        failures => failures,
        agreed => view.agreement.agreed,
        checked => view.agreement.checked,
        scores => Value::from(Serde(scores(run, view))),
        answers => answers,
        tables => shown(&tables::of_view(run, view), texts)?,
    })
}

/// One rule set in the table at the top: what real starts came to.
#[derive(Serialize)]
struct Scored {
    set: String,
    stopped: Option<Rate>,
    broken: Option<Rate>,
}

fn scores(run: &Run, view: &ViewAnalysis) -> Vec<Scored> {
    let of = |set: &&str| {
        let tally = |kind| view.outcomes.tally(set, |group| group.kind == kind);
        let stopped = tally(Kind::Malicious).map(|tally| tally.block_rate());
        let broken = tally(Kind::Legitimate).map(|tally| tally.breakage());
        Scored {
            set: visible(set),
            stopped: stopped.and_then(Rate::of),
            broken: broken.and_then(Rate::of),
        }
    };
    let mut sets = view.outcomes.named();
    // From no rule to all; sets of which it is not known what they hold last.
    sets.sort_by_key(|set| sets::resolve(run, set).map_or(u32::MAX, u128::count_ones));
    sets.iter().take(MOST_SETS).map(of).collect()
}

/// A rate with its interval, in per cent for widths and words.
#[derive(Serialize)]
struct Rate {
    hits: u32,
    n: u32,
    percent: String,
    low: String,
    high: String,
    /// Places from 0 to 100 for the drawing.
    at: f64,
    from: f64,
    to: f64,
}

impl Rate {
    fn of(p: Proportion) -> Option<Self> {
        let percent = |share: f64| format!("{:.0}", share * 100.0);
        let place = |share: f64| (share * 1000.0).round() / 10.0;
        (p.n > 0).then(|| Self {
            hits: p.hits,
            n: p.n,
            percent: percent(p.rate),
            low: percent(p.low),
            high: percent(p.high),
            at: place(p.rate),
            from: place(p.low),
            to: place(p.high),
        })
    }
}

/// A cell as the template knows it.
#[derive(Serialize)]
#[serde(tag = "kind", content = "value", rename_all = "kebab-case")]
enum Shown {
    Nothing,
    Text(String),
    /// A sentence of this project in parts; each second one is code.
    Said(Vec<String>),
    Ids(Vec<String>),
    Rate(Rate),
}

impl Shown {
    fn of(cell: &Cell, texts: &Texts) -> Result<Self> {
        Ok(match cell {
            Cell::Nothing => Self::Nothing,
            Cell::Text(text) => Self::Text(visible(text)),
            Cell::Ids(ids) => {
                let ids = ids.iter().filter(|id| !id.is_empty());
                Self::Ids(ids.map(|id| visible(id)).collect())
            }
            Cell::Said(key, values) => {
                let said = visible(&texts.say(key, values)?);
                Self::Said(said.split('`').map(str::to_owned).collect())
            }
            Cell::Count(count) => Self::Text(count.to_string()),
            Cell::Share(hits, n) => Self::Text(format!("{hits}/{n}")),
            Cell::Rate(p) => Rate::of(*p).map_or(Self::Nothing, Self::Rate),
            Cell::Micros(us) => Self::Text(format!("{us} µs")),
            Cell::Nanos(ns) => Self::Text(format!("{:.1} µs", *ns as f64 / 1000.0)),
        })
    }
}

/// Every table that has rows.
fn shown(tables: &[Table], texts: &Texts) -> Result<Value> {
    let tables = tables
        .iter()
        .filter(|table| !table.rows.is_empty())
        .map(|table| {
            let head = |column: &Column| {
                let text = match &column.head {
                    Head::Key(key) => texts.say(&format!("column.{key}"), &[])?,
                    Head::Set(name) => visible(name),
                };
                Ok(context! { text => text, numeric => column.numeric })
            };
            let rows = table.rows.iter().map(|row| {
                let cells = row.iter().map(|cell| Shown::of(cell, texts));
                Ok(Value::from(Serde(cells.collect::<Result<Vec<_>>>()?)))
            });
            Ok(context! {
                id => table.id,
                caption => table.caption(texts)?,
                heads => table.columns.iter().map(head).collect::<Result<Vec<_>>>()?,
                rows => rows.collect::<Result<Vec<_>>>()?,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Value::from(tables))
}
