//! Cases of a scenario file: partial tables over the base, and sweeps.

use toml::{Table, Value};

use crate::text::{HexText, ManyTexts, RepeatedText};

/// Lays a partial table over a base. Tables are merged, everything else is
/// replaced; so is a text recipe, whose fields mean nothing apart.
pub(crate) fn merge(base: &mut Table, over: &Table) {
    for (key, value) in over {
        match (base.get_mut(key), value) {
            (Some(Value::Table(below)), Value::Table(above))
                if !is_recipe(below) && !is_recipe(above) =>
            {
                // Another kind of file has another content.
                if above.contains_key("kind") {
                    for content in ["text", "to", "device"] {
                        below.remove(content);
                    }
                }
                merge(below, above);
            }
            _ => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
}

fn is_recipe(table: &Table) -> bool {
    let value = || Value::Table(table.clone());
    HexText::deserialize_from(value())
        || RepeatedText::deserialize_from(value())
        || ManyTexts::deserialize_from(value())
}

/// Whether a value reads as the type.
trait DeserializeFrom: serde::de::DeserializeOwned {
    fn deserialize_from(value: Value) -> bool {
        value.try_into::<Self>().is_ok()
    }
}

impl<T: serde::de::DeserializeOwned> DeserializeFrom for T {}

/// One set of values of a sweep: a name and what lies over the base.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Swept {
    pub(crate) name: String,
    pub(crate) over: Table,
}

/// Most cases that one sweep makes; more is a slip of the pen.
const MOST_CASES: usize = 10_000;

/// Every combination of the values of a sweep, the last key changing fastest.
/// Without a key there is one combination, of nothing, without a name.
pub(crate) fn combinations(sweep: &Table) -> Result<Vec<Swept>, (String, String)> {
    let mut all = vec![Swept {
        name: String::new(),
        over: Table::new(),
    }];
    for (key, values) in sweep {
        let wrong = |message: &str| (key.clone(), message.to_owned());
        let values = values.as_array().filter(|values| !values.is_empty());
        let values = values.ok_or_else(|| wrong("a sweep needs a list of values: write [ … ]"))?;
        if all.len().saturating_mul(values.len()) > MOST_CASES {
            return Err(wrong(
                "the sweep makes more than 10000 cases: take values away",
            ));
        }
        let names = unique(values.iter().map(|value| {
            let name = name_of(value);
            match name.is_empty() {
                true => "empty".to_owned(),
                false => name,
            }
        }));
        let tables: Vec<Table> = values
            .iter()
            .map(|value| nested(key, value))
            .collect::<Option<_>>()
            .ok_or_else(|| wrong("is no path of a field: write it like a dotted key of TOML"))?;
        let before = std::mem::take(&mut all);
        for swept in before {
            for (name, table) in names.iter().zip(&tables) {
                let mut over = swept.over.clone();
                merge(&mut over, table);
                let name = join(&swept.name, name);
                all.push(Swept { name, over });
            }
        }
    }
    let names = unique(all.iter().map(|swept| swept.name.clone()));
    for (swept, name) in all.iter_mut().zip(names) {
        swept.name = name;
    }
    Ok(all)
}

/// Two parts of a case's name.
pub(crate) fn join(first: &str, second: &str) -> String {
    match (first, second) {
        ("", name) | (name, "") => name.to_owned(),
        (first, second) => format!("{first}-{second}"),
    }
}

/// The table with just this field: `a."b.c" = value`.
fn nested(key: &str, value: &Value) -> Option<Table> {
    // The TOML parser itself takes the key apart, quotes and all. A key with
    // more to it than a key (`a = 1\nb`) gives other than one leaf.
    let mut table: Table = toml::from_str(&format!("{key} = 0")).ok()?;
    let mut inner = &mut table;
    loop {
        if inner.len() != 1 {
            return None;
        }
        let (_, leaf) = inner.iter_mut().next()?;
        match leaf {
            Value::Table(deeper) => inner = deeper,
            Value::Integer(0) => {
                *leaf = value.clone();
                return Some(table);
            }
            _ => return None,
        }
    }
}

/// The names with `-2`, `-3` … after those that came before.
fn unique(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for name in names {
        let mut candidate = name.clone();
        let mut number = 2;
        while all.contains(&candidate) {
            candidate = format!("{name}-{number}");
            number += 1;
        }
        all.push(candidate);
    }
    all
}

/// Longest name made of one value.
const LONGEST_NAME: usize = 40;

/// A readable name of a value, of lower-case letters, digits and hyphens.
fn name_of(value: &Value) -> String {
    let name = match value {
        Value::String(text) => words(text),
        Value::Integer(number) => words(&number.to_string()),
        Value::Table(table) => table
            .values()
            .map(name_of)
            .fold(String::new(), |name, part| join(&name, &part)),
        Value::Array(list) => list
            .iter()
            .map(name_of)
            .fold(String::new(), |name, part| join(&name, &part)),
        other => words(&other.to_string()),
    };
    // Only ASCII, so every byte is a place to cut.
    let cut = &name[..name.len().min(LONGEST_NAME)];
    cut.trim_matches('-').to_owned()
}

/// Letters and digits as they are, other characters by a word.
fn words(text: &str) -> String {
    let mut words = vec![String::new()];
    let mut before = None;
    for (character, next) in text
        .chars()
        .zip(text.chars().skip(1).map(Some).chain([None]))
    {
        let inner =
            before.is_some_and(char::is_alphanumeric) && next.is_some_and(char::is_alphanumeric);
        let word = match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' => {
                if let Some(last) = words.last_mut() {
                    last.push(character.to_ascii_lowercase());
                }
                before = Some(character);
                continue;
            }
            '-' | '/' | '_' | '=' | ':' | ',' | ' ' if inner => String::new(),
            '-' => "minus".to_owned(),
            '+' => "plus".to_owned(),
            '.' => "dot".to_owned(),
            '/' => "slash".to_owned(),
            ' ' => "space".to_owned(),
            '\n' => "newline".to_owned(),
            '\t' => "tab".to_owned(),
            other => format!("x{:x}", u32::from(other)),
        };
        words.push(word);
        words.push(String::new());
        before = Some(character);
    }
    words.retain(|word| !word.is_empty());
    words.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn tables_are_merged_and_all_else_replaced() {
        let mut base = table("a = 1\nlist = [1, 2]\n[t]\nx = 1\ny = 2");
        merge(&mut base, &table("list = [3]\nnew = 1\n[t]\ny = 3"));
        let expected = table("a = 1\nlist = [3]\nnew = 1\n[t]\nx = 1\ny = 3");
        assert_eq!(base, expected);
    }

    #[test]
    fn a_text_recipe_is_replaced_as_a_whole() {
        let mut base = table("bundle = {hex = 'ff'}");
        merge(&mut base, &table("bundle = {repeat = 'a', times = 3}"));
        assert_eq!(base, table("bundle = {repeat = 'a', times = 3}"));
    }

    #[test]
    fn another_kind_of_file_has_another_content() {
        let mut base = table("kind = 'x'\ntext = 'top'\nf = {text = 'a', mode = '0'}");
        merge(&mut base, &table("kind = 'y'\nf.kind = 'probe'"));
        let expected = "kind = 'y'\ntext = 'top'\nf = {kind = 'probe', mode = '0'}";
        assert_eq!(base, table(expected));
    }

    #[test]
    fn several_keys_make_a_matrix() {
        let sweep =
            table("'request.umask' = ['0', '022']\n\"fixture.files.'/a.b'.mode\" = ['1', '2']");
        let all = combinations(&sweep).unwrap();
        let names: Vec<_> = all.iter().map(|swept| swept.name.as_str()).collect();
        assert_eq!(names.len(), 4);
        let second = all.iter().find(|swept| swept.name.contains("022")).unwrap();
        assert_eq!(second.over["request"]["umask"].as_str(), Some("022"));
        let mode = &second.over["fixture"]["files"]["/a.b"]["mode"];
        assert_eq!(mode.as_str(), Some("1"));
    }

    #[test]
    fn names_are_readable_ascii_and_unique() {
        for (value, name) in [
            ("'root'", "root"),
            ("'-1'", "minus-1"),
            ("1", "1"),
            ("'../../etc'", "dot-dot-slash-dot-dot-slash-etc"),
            ("'/srv/a b'", "slash-srv-a-b"),
            ("'é'", "xe9"),
            ("{hex = 'ff00'}", "ff00"),
            ("{repeat = 'a', times = 9}", "a-9"),
            ("['A', 'b']", "a-b"),
        ] {
            assert_eq!(
                name_of(&table(&format!("v = {value}"))["v"]),
                name,
                "{value}"
            );
        }
        let all = combinations(&table("'a' = ['x', 'X', '', 'x-2', ' ']")).unwrap();
        let names: Vec<_> = all.into_iter().map(|swept| swept.name).collect();
        assert_eq!(names, ["x", "x-2", "empty", "x-2-2", "space"]);
    }

    #[test]
    fn what_is_no_sweep_is_refused() {
        for wrong in [
            "'a' = 1",
            "'a' = []",
            "'a b' = [1]",
            "\"a = 1\\nb\" = [1]",
            "'' = [1]",
        ] {
            assert!(combinations(&table(wrong)).is_err(), "{wrong}");
        }
        let many: String = (0..5)
            .map(|n| format!("'k{n}' = [1,2,3,4,5,6,7,8,9]\n"))
            .collect();
        assert!(combinations(&table(&many)).unwrap_err().1.contains("10000"));
    }
}
