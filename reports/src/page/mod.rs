//! `report.html`: the report as one file that a browser opens from disk.
//!
//! The template (`templates/page/page.html`) shows what the analysis computed;
//! the scripts beside it let a reader switch rules and see what follows. Both
//! get their numbers from [`crate::analysis`], their words from `lang/`.
//!
//! Text of the host, the corpus or a launcher may hold anything. It is escaped
//! by the template, or put into the page as text by the scripts, and a policy
//! in the page lets no script run but its own (`embed`).

mod content;
mod data;
mod embed;
mod fronts;

use minijinja::value::{Kwargs, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};

use crate::analysis::Analysis;
use crate::plots::Figure;
use crate::read::Run;
use crate::text::{Lang, Texts};
use crate::{Result, markdown};

const STYLE: &str = include_str!("../../templates/page/style.css");

/// The scripts, in the order in which they build on each other. They share one
/// scope.
pub(crate) const SCRIPTS: [&str; 11] = [
    include_str!("../../templates/page/words.js"),
    include_str!("../../templates/page/score.js"),
    include_str!("../../templates/page/plane.js"),
    include_str!("../../templates/page/state.js"),
    include_str!("../../templates/page/switches.js"),
    include_str!("../../templates/page/selection.js"),
    include_str!("../../templates/page/pareto.js"),
    include_str!("../../templates/page/cases.js"),
    include_str!("../../templates/page/configurations.js"),
    include_str!("../../templates/page/details.js"),
    include_str!("../../templates/page/main.js"),
];

/// The page.
///
/// # Errors
/// A text is missing; a fault of this crate, not of the run.
pub fn render(
    run: &Run,
    analysis: &Analysis,
    figures: &[Figure],
    lang: Lang,
    texts: &Texts,
) -> Result<String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let mut syntax = environment.syntax().to_builder();
    syntax.trim_blocks(true).lstrip_blocks(true);
    environment.set_syntax(syntax.build()?);
    let words = texts.clone();
    environment.add_function("t", move |key: &str, values: Kwargs| {
        markdown::say(&words, key, &values)
    });
    let words = texts.clone();
    // Only for texts without values: those may hold marks of their own.
    environment.add_function("rich", move |key: &str| {
        let text = words.say(key, &[]).map_err(markdown::invalid)?;
        Ok::<_, minijinja::Error>(Value::from_safe_string(embed::rich(&text)))
    });
    environment.add_template("page.html", include_str!("../../templates/page/page.html"))?;
    let script = format!("(() => {{\n\"use strict\";\n{}}})();\n", SCRIPTS.concat());
    let data = data::Data::of(run, analysis, lang, texts);
    let rendered = environment.get_template("page.html")?.render(context! {
        lang => lang.word(),
        policy => embed::policy(&script, STYLE),
        style => Value::from_safe_string(STYLE.to_owned()),
        script => Value::from_safe_string(script),
        data => Value::from_safe_string(embed::json(&data)?),
        ..content::of(run, analysis, figures, texts)?
    })?;
    Ok(rendered)
}
