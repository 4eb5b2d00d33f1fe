//! Every table as CSV, for papers and spreadsheets: plain values under headings
//! that do not change with the language.

use super::{Cell, Column, Head, Table};
use crate::text::Texts;
use crate::{Error, Result};

/// A table as CSV. A share takes two columns (`x`, `x-n`), a rate five
/// (`x`, `x-n`, `x-rate`, `x-low`, `x-high`); no value is an empty field.
///
/// # Errors
/// A text is missing; a fault of this crate.
pub fn render(table: &Table, texts: &Texts) -> Result<String> {
    let shapes: Vec<Shape> = (0..table.columns.len())
        .map(|column| Shape::of(table.rows.iter().filter_map(|row| row.get(column))))
        .collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: csv::Error| Error::Template(error.to_string());
    let heads = table.columns.iter().zip(&shapes);
    writer
        .write_record(heads.flat_map(|(column, shape)| shape.heads(head(column))))
        .map_err(failed)?;
    for row in &table.rows {
        let mut fields = Vec::new();
        for (cell, shape) in row.iter().zip(&shapes) {
            shape.fields(cell, texts, &mut fields)?;
        }
        writer.write_record(&fields).map_err(failed)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|error| Error::Template(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| Error::Template(error.to_string()))
}

fn head(column: &Column) -> &str {
    match &column.head {
        Head::Key(key) => key,
        Head::Set(name) => name,
    }
}

/// How many fields a column takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Plain,
    Share,
    Rate,
}

impl Shape {
    fn of<'a>(mut cells: impl Iterator<Item = &'a Cell>) -> Self {
        cells
            .find_map(|cell| match cell {
                Cell::Share(..) => Some(Self::Share),
                Cell::Rate(_) => Some(Self::Rate),
                Cell::Nothing => None,
                _ => Some(Self::Plain),
            })
            .unwrap_or(Self::Plain)
    }

    fn heads(self, name: &str) -> Vec<String> {
        let suffixes: &[&str] = match self {
            Self::Plain => &[""],
            Self::Share => &["", "-n"],
            Self::Rate => &["", "-n", "-rate", "-low", "-high"],
        };
        suffixes
            .iter()
            .map(|suffix| format!("{name}{suffix}"))
            .collect()
    }

    fn fields(self, cell: &Cell, texts: &Texts, fields: &mut Vec<String>) -> Result<()> {
        match cell {
            Cell::Nothing => {
                fields.extend(vec![String::new(); self.heads("").len()]);
            }
            Cell::Text(text) => fields.push(text.clone()),
            Cell::Ids(ids) => fields.push(ids.join(" ")),
            Cell::Said(key, values) => fields.push(texts.say(key, values)?),
            Cell::Count(count) | Cell::Micros(count) => fields.push(count.to_string()),
            Cell::Nanos(ns) => fields.push(ns.to_string()),
            Cell::Share(hits, n) => fields.extend([hits.to_string(), n.to_string()]),
            Cell::Rate(p) => {
                fields.extend([p.hits.to_string(), p.n.to_string()]);
                fields.extend([p.rate, p.low, p.high].map(|value| format!("{value:.4}")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::interval::Proportion;

    #[test]
    fn shares_and_rates_take_columns_of_their_own() {
        let mut table = Table::new("x", 3, &["rule", "#stops", "#block-rate", "cases"]);
        table.rows = vec![
            vec![
                Cell::id("a"),
                Cell::Share(1, 3),
                Cell::Rate(Proportion::new(0, 20)),
                Cell::Ids(vec!["one".into(), "two".into()]),
            ],
            vec![
                Cell::id("b"),
                Cell::Nothing,
                Cell::Nothing,
                Cell::Said("word.total", vec![]),
            ],
        ];
        let texts = Texts::english().expect("valid");
        assert_eq!(
            render(&table, &texts).expect("a table"),
            "rule,stops,stops-n,block-rate,block-rate-n,block-rate-rate,block-rate-low,\
             block-rate-high,cases\n\
             a,1,3,0,20,0.0000,0.0000,0.1611,one two\n\
             b,,,,,,,,all\n"
        );
    }
}
