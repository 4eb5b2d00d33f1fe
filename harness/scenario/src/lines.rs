//! Where in a file each field stands.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Line numbers, from 1, by path of the field.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    lines: BTreeMap<Vec<String>, usize>,
}

impl Lines {
    /// Those of a parsed text.
    pub(crate) fn of(text: &str, table: &DeTable<'_>) -> Self {
        let mut lines = Self::default();
        lines.add_table(text, table, &mut Vec::new());
        lines
    }

    /// The line of the field, or of the nearest table around it that stands
    /// in the file.
    pub(crate) fn of_field(&self, field: &[String]) -> usize {
        let known = |length| self.lines.get(&field[..length]);
        (0..=field.len())
            .rev()
            .find_map(known)
            .copied()
            .unwrap_or(1)
    }

    /// Whether the field itself stands in the file.
    pub(crate) fn knows(&self, field: &[String]) -> bool {
        self.lines.contains_key(field)
    }

    fn add_table(&mut self, text: &str, table: &DeTable<'_>, path: &mut Vec<String>) {
        for (key, value) in table {
            path.push(key.get_ref().to_string());
            self.add(path, line_of(text, key.span().start));
            self.add_value(text, value, path);
            path.pop();
        }
    }

    fn add_value(&mut self, text: &str, value: &Spanned<DeValue<'_>>, path: &mut Vec<String>) {
        match value.get_ref() {
            DeValue::Table(table) => self.add_table(text, table, path),
            DeValue::Array(list) => {
                for (index, element) in list.iter().enumerate() {
                    path.push(index.to_string());
                    self.add(path, line_of(text, element.span().start));
                    self.add_value(text, element, path);
                    path.pop();
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, path: &[String], line: usize) {
        self.lines.entry(path.to_vec()).or_insert(line);
    }
}

/// The line, from 1, of a byte of the text.
pub(crate) fn line_of(text: &str, byte: usize) -> usize {
    let before = text.as_bytes().iter().take(byte);
    1 + before.filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_tables_and_elements_have_their_lines() {
        let text = "id = 'x'\n\n[request]\numask = '0'\ninit = [\n  'a',\n  'b',\n]\n\n\
                    [[case]]\nname = 'p'\n[[case]]\nname = 'q'\n[case.request]\nbundle = 'x'\n";
        let lines = Lines::of(text, DeTable::parse(text).unwrap().get_ref());
        for (field, line) in [
            ("id", 1),
            ("request", 3),
            ("request.umask", 4),
            ("request.init.1", 7),
            ("request.absent", 3),
            ("case.0", 10),
            ("case.1", 12),
            ("case.1.request.bundle", 15),
            ("absent", 1),
        ] {
            let path: Vec<String> = field.split('.').map(str::to_owned).collect();
            assert_eq!(lines.of_field(&path), line, "{field}");
        }
        assert!(lines.knows(&["id".to_owned()]));
        assert!(!lines.knows(&["title".to_owned()]));
    }
}
