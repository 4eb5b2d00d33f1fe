//! `docs/results.md`: its tables of columns are made from the types.

use std::fmt::Write as _;

use crate::row::{Column, Row};
use crate::rows::{
    ConditionRow, LatencyRow, MismatchRow, ProfileRow, ProfileTrialRow, ProfileVerdictRow, RuleRow,
    ScenarioRow, TrialRow, VerdictRow,
};
use crate::run::{FIELDS, RUN};

/// Begins a generated table; the name of the file follows.
const BEGIN: &str = "<!-- schema: ";
/// Ends one.
const END: &str = "<!-- end of schema -->";

/// Every documented file: name, what one line is about, columns.
#[must_use]
pub fn documented() -> Vec<(&'static str, &'static str, &'static [Column])> {
    fn of<R: Row>() -> (&'static str, &'static str, &'static [Column]) {
        (R::FILE, R::ONE_LINE_PER, R::COLUMNS)
    }
    vec![
        (RUN, "run", FIELDS),
        of::<ScenarioRow>(),
        of::<RuleRow>(),
        of::<ConditionRow>(),
        of::<TrialRow>(),
        of::<VerdictRow>(),
        of::<LatencyRow>(),
        of::<MismatchRow>(),
        of::<ProfileRow>(),
        of::<ProfileTrialRow>(),
        of::<ProfileVerdictRow>(),
    ]
}

fn table(name: &str, per: &str, columns: &[Column]) -> String {
    let (kind, head) = match name == RUN {
        true => ("One object".to_owned(), "field"),
        false => (format!("One line per {per}"), "column"),
    };
    let mut text = format!("{kind}.\n\n| {head} | meaning |\n|---|---|\n");
    for column in columns {
        let meaning: Vec<_> = column.meaning.split_whitespace().collect();
        let _ = writeln!(text, "| {} | {} |", column.name, meaning.join(" "));
    }
    text
}

/// The page with its generated tables as the types say now.
///
/// # Errors
/// A file without its place in the page, or a place for a file that is none.
pub fn update(page: &str) -> Result<String, String> {
    let documented = documented();
    let mut text = String::new();
    let mut rest = page;
    let mut seen = Vec::new();
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let (name, after) = after.split_once(" -->").ok_or("a mark without its end")?;
        let (_, after) = after
            .split_once(END)
            .ok_or_else(|| format!("{name}: no {END}"))?;
        let known = documented.iter().find(|(file, ..)| *file == name);
        let (_, per, columns) = known.ok_or_else(|| format!("{name} is no file of the schema"))?;
        text.push_str(before);
        let _ = write!(
            text,
            "{BEGIN}{name} -->\n{}{END}",
            table(name, per, columns)
        );
        seen.push(name);
        rest = after;
    }
    text.push_str(rest);
    let missing = documented.iter().find(|(file, ..)| !seen.contains(file));
    match missing {
        Some((file, ..)) => Err(format!(
            "no place for {file}: add `{BEGIN}{file} -->` and `{END}`"
        )),
        None => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docs_results_is_what_the_types_say() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/results.md");
        let page = std::fs::read_to_string(path).unwrap();
        let now = update(&page).unwrap();
        if std::env::var_os("SEKISHO_WRITE_DOCS").is_some() {
            std::fs::write(path, &now).unwrap();
            return;
        }
        assert!(
            page == now,
            "docs/results.md is not up to date: SEKISHO_WRITE_DOCS=1 cargo test -p \
             sekisho-results docs_results"
        );
    }

    #[test]
    fn columns_are_the_fields_in_order() {
        let header = |line: Vec<u8>| {
            String::from_utf8(line)
                .unwrap()
                .lines()
                .next()
                .unwrap()
                .to_owned()
        };
        let row = MismatchRow {
            scenario: String::new(),
            case: String::new(),
            resolution: String::new(),
            kind: String::new(),
            rules: String::new(),
            text: String::new(),
        };
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.serialize(row).unwrap();
        let columns = crate::row::columns::<MismatchRow>();
        assert_eq!(header(writer.into_inner().unwrap()), columns.join(","));
    }
}
