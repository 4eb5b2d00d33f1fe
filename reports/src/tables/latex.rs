//! Tables as LaTeX, to be `\input` by papers, and a document that shows them.
//!
//! The fragments need the packages `array`, `booktabs`, `graphicx` and
//! `longtable`, and nothing of this project.

use super::answers::Answer;
use super::{Cell, Column, Head, Table};
use crate::Result;
use crate::plots::Figure;
use crate::text::Texts;

/// Ids of the tables that papers need; the others list single cases.
pub const MAIN: &[&str] = &[
    "trials",
    "families",
    "attackers",
    "attacker-families",
    "breakage",
    "rules-alone",
    "redundancy",
    "margins",
    "problems",
    "mechanisms",
    "adoption",
    "costs",
    "agreement",
    "pair-families",
    "minimal",
    "front",
    "latency",
    "profiles",
    "profile-rules",
    "profile-harmless",
    "target-families",
    "target-outcomes",
    "target-let-through",
    "target-latency",
];

/// A table as LaTeX.
///
/// # Errors
/// A text is missing; a fault of this crate.
pub fn render(table: &Table, label: &str, texts: &Texts) -> Result<String> {
    let wide: Vec<bool> = (0..table.columns.len())
        .map(|column| table.rows.iter().any(|row| is_list(row.get(column))))
        .collect();
    let places = table.columns.iter().zip(&wide);
    let places = places.map(|(column, wide)| match (wide, column.numeric) {
        (true, _) => r">{\raggedright\arraybackslash}p{0.55\linewidth}",
        (_, true) => "r",
        _ => "l",
    });
    let mut latex = format!(
        "\\begin{{longtable}}{{{}}}\n\\caption{{{}}}\\label{{tab:{label}}}\\\\\n\\toprule\n",
        places.collect::<String>(),
        escape(&table.caption(texts)?),
    );
    let heads = table.columns.iter().map(|column| head(column, texts));
    latex.push_str(&line(&heads.collect::<Result<Vec<_>>>()?));
    latex.push_str("\\midrule\n\\endhead\n\\bottomrule\n\\endfoot\n");
    for row in &table.rows {
        let cells = row.iter().map(|cell| show(cell, texts));
        latex.push_str(&line(&cells.collect::<Result<Vec<_>>>()?));
    }
    latex.push_str("\\end{longtable}\n");
    Ok(latex)
}

/// A document of the answers, of all figures that were drawn and of the tables
/// in `files`, both as paths from it.
///
/// # Errors
/// A text is missing; a fault of this crate.
pub fn document(
    run: &str,
    answers: &[Answer],
    figures: &[Figure],
    files: &[String],
    texts: &Texts,
) -> Result<String> {
    let title = texts.say("page.title", &[("run", run.to_owned())])?;
    let mut latex = format!(
        "\\documentclass[a4paper,10pt]{{article}}\n\
         \\usepackage[T1]{{fontenc}}\n\\usepackage[margin=2cm]{{geometry}}\n\
         \\usepackage{{array,booktabs,graphicx,longtable}}\n\
         \\title{{{}}}\n\\date{{}}\n\\begin{{document}}\n\\maketitle\n",
        escape(&title)
    );
    for answer in answers {
        let question = texts.say(&format!("question.{}", answer.question), &[])?;
        latex.push_str(&format!("\\paragraph{{{}}}\n", escape(&question)));
        if !answer.answered {
            latex.push_str(&escape(&texts.say("answer.not-answered", &[])?));
            latex.push(' ');
        }
        let sentences = answer.sentences.iter().map(|cell| show(cell, texts));
        latex.push_str(&sentences.collect::<Result<Vec<_>>>()?.join(" "));
        latex.push_str("\n\n");
    }
    for figure in figures {
        if let Some(file) = &figure.png {
            // Every figure names its origin itself; the caption is its title.
            latex.push_str(&format!(
                "\\begin{{figure}}[p]\n\\centering\n\
                 \\includegraphics[width=\\linewidth,height=0.9\\textheight,keepaspectratio]{{{file}}}\n\
                 \\caption{{{}}}\n\\end{{figure}}\n",
                escape(&figure.title)
            ));
        }
    }
    latex.push_str("\\clearpage\n\\footnotesize\n\\setlength{\\tabcolsep}{4pt}\n");
    for file in files {
        latex.push_str(&format!("\\input{{{file}}}\n"));
    }
    latex.push_str("\\end{document}\n");
    Ok(latex)
}

fn line(cells: &[String]) -> String {
    format!("{} \\\\\n", cells.join(" & "))
}

fn is_list(cell: Option<&Cell>) -> bool {
    matches!(cell, Some(Cell::Ids(ids)) if ids.len() > 1)
}

fn head(column: &Column, texts: &Texts) -> Result<String> {
    let text = match &column.head {
        Head::Key(key) => escape(&texts.say(&format!("column.{key}"), &[])?),
        Head::Set(name) => id(name),
    };
    // Upright, for numbers are far narrower than what stands above them.
    Ok(if column.numeric {
        format!("\\rotatebox{{90}}{{{text}}}")
    } else {
        text
    })
}

fn show(cell: &Cell, texts: &Texts) -> Result<String> {
    Ok(match cell {
        Cell::Nothing => "--".to_owned(),
        Cell::Text(text) => escape(text),
        Cell::Ids(ids) => {
            let ids = ids.iter().filter(|one| !one.is_empty());
            ids.map(|one| id(one)).collect::<Vec<_>>().join(", ")
        }
        Cell::Said(key, values) => escape(&texts.say(key, values)?),
        Cell::Count(count) => count.to_string(),
        Cell::Share(hits, n) => format!("{hits}/{n}"),
        Cell::Rate(p) => format!(
            "{}/{} = {:.0}\\,\\% [{:.0}--{:.0}]",
            p.hits,
            p.n,
            p.rate * 100.0,
            p.low * 100.0,
            p.high * 100.0
        ),
        Cell::Micros(us) => format!("{us}\\,\\textmu s"),
        Cell::Nanos(ns) => format!("${:.1}$\\,\\textmu s", *ns as f64 / 1000.0),
    })
}

fn id(id: &str) -> String {
    format!("\\texttt{{{}}}", escape(id))
}

/// Any text as LaTeX that means just that text.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => escaped.push_str("\\textbackslash{}"),
            '~' => escaped.push_str("\\textasciitilde{}"),
            '^' => escaped.push_str("\\textasciicircum{}"),
            '<' => escaped.push_str("\\textless{}"),
            '>' => escaped.push_str("\\textgreater{}"),
            '"' => escaped.push_str("\\textquotedbl{}"),
            '|' => escaped.push_str("\\textbar{}"),
            '`' => escaped.push_str("\\textasciigrave{}"),
            '{' | '}' | '$' | '&' | '#' | '_' | '%' => {
                escaped.push('\\');
                escaped.push(character);
            }
            // Two of them would become a dash.
            '-' => escaped.push_str("-{}"),
            '–' => escaped.push_str("--"),
            '×' => escaped.push_str("$\\times$"),
            '·' => escaped.push_str("$\\cdot$"),
            '≤' => escaped.push_str("$\\le$"),
            'µ' => escaped.push_str("\\textmu{}"),
            ' '..='\x7f' if !character.is_control() => escaped.push(character),
            '\n' | '\t' => escaped.push(' '),
            other => escaped.push_str(&format!("[U+{:04X}]", u32::from(other))),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::interval::Proportion;

    #[test]
    fn no_text_can_end_a_cell_or_start_a_command() {
        assert_eq!(
            escape(r"a_b & 50% \input{x} ~^$#|"),
            r"a\_b \& 50\% \textbackslash{}input\{x\} \textasciitilde{}\textasciicircum{}\$\#\textbar{}"
        );
        assert_eq!(escape("--x 規\n\u{1b}"), "-{}-{}x [U+898F] [U+001B]");
    }

    #[test]
    fn a_table_has_rules_heads_and_a_line_for_each_row() {
        let mut table = Table::new("rules-alone", 3, &["rule", "#stops", "cases"]);
        table.rows = vec![vec![
            Cell::id("init_setuid"),
            Cell::Rate(Proportion::new(0, 20)),
            Cell::Ids(vec!["one".into(), "two".into()]),
        ]];
        let texts = Texts::english().expect("valid");
        let latex = render(&table, "x", &texts).expect("a table");
        for part in [
            r"\begin{longtable}{lr>{\raggedright\arraybackslash}p{0.55\linewidth}}",
            "rule & \\rotatebox{90}{stops} & cases \\\\\n\\midrule\n",
            "\\texttt{init\\_setuid} & 0/20 = 0\\,\\% [0--16] & \\texttt{one}, \\texttt{two} \\\\\n",
            "(n = 3 demonstrated",
        ] {
            assert!(latex.contains(part), "{part}: {latex}");
        }
    }
}
