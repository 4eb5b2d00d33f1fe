//! The JSON Schema of a scenario file, and help on its fields.

use std::fmt::Write as _;

use schemars::schema_for;
use serde_json::{Map, Value, json};

use crate::model::Scenario;
use crate::nearest::did_you_mean;

/// The schema of a scenario file, with `case` and `sweep`.
#[must_use]
pub fn schema() -> Value {
    let mut schema = Value::from(schema_for!(Scenario));
    let mut fields = schema["properties"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    fields.insert(
        "name".to_owned(),
        json!({
            "type": "string",
            "description": "Name of the case: lower-case letters and digits with single hyphens.",
            "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$",
        }),
    );
    schema["properties"]["case"] = json!({
        "type": "array",
        "description": "Cases: each a name and the fields that differ. Tables are merged over \
             those of the file, anything else replaces them. Without a case there is one, named \
             `default`.",
        "items": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": false,
            "properties": fields,
        },
    });
    schema["properties"]["sweep"] = json!({
        "type": "object",
        "description": "Cases made of values: the path of a field, as a quoted dotted key, to a \
             list of values. Several paths make every combination; together with `case`, every \
             case has every combination.",
        "additionalProperties": {"type": "array", "minItems": 1},
    });
    schema["title"] = json!("Scenario");
    // A case may give what the file leaves out.
    if let Some(table) = schema.as_object_mut()
        && let Some(required) = table.remove("required")
    {
        table.insert(
            "anyOf".to_owned(),
            json!([{"required": required}, {"required": ["id", "case"]}]),
        );
    }
    schema
}

/// The schema as the text of `scenarios/schema.json`.
#[must_use]
pub fn schema_text() -> String {
    format!("{:#}\n", schema())
}

/// Help on a field given as dotted path, e.g. `request.descriptors.number`,
/// or on the whole file. Names of one's own (bundles, files, users) and
/// numbers of list elements may be left out or be anything.
///
/// # Errors
/// Names the part of the path that is no field, and the nearest one.
pub fn explain(field: Option<&str>) -> Result<String, String> {
    let schema = schema();
    let mut node = resolved(&schema, &schema);
    let path = field.unwrap_or_default();
    let mut notes = Notes::default();
    let mut known_part = String::new();
    for part in path.split('.').filter(|part| !part.is_empty()) {
        loop {
            if let Some(next) = fields_of(&schema, &node).get(part) {
                notes.take(next);
                node = resolved(&schema, next);
                break;
            }
            match below(&schema, &node) {
                // A name of one's own stands here, unless what lies below has
                // a field of this name.
                Some(inner) => {
                    let own_name = fields_of(&schema, &inner).get(part).is_none();
                    node = inner;
                    if own_name {
                        break;
                    }
                }
                None => {
                    let fields = fields_of(&schema, &node);
                    let near = did_you_mean(part, fields.keys().map(String::as_str));
                    let place = match known_part.as_str() {
                        "" => String::new(),
                        place => format!(" in {place}"),
                    };
                    let known: Vec<&str> = fields.keys().map(String::as_str).collect();
                    let known = match known.is_empty() {
                        true => "it has no fields".to_owned(),
                        false => format!("known are {}", known.join(", ")),
                    };
                    return Err(format!("unknown field `{part}`{place}{near}; {known}"));
                }
            }
        }
        if !known_part.is_empty() {
            known_part.push('.');
        }
        known_part.push_str(part);
    }
    notes.add(&node);
    let name = if path.is_empty() {
        "a scenario file"
    } else {
        path
    };
    Ok(describe(&schema, name, &node, &notes))
}

/// Description and default, which may stand beside a reference.
#[derive(Default)]
struct Notes {
    description: Vec<String>,
    default: Option<Value>,
}

impl Notes {
    /// Those of a field, in place of those of the field around it.
    fn take(&mut self, field: &Value) {
        *self = Self {
            description: Vec::new(),
            default: field.get("default").cloned(),
        };
        self.add(field);
    }

    /// The description of the field's type.
    fn add(&mut self, node: &Value) {
        if let Some(text) = node["description"].as_str()
            && !self.description.iter().any(|known| known == text)
        {
            self.description.push(text.to_owned());
        }
    }
}

fn describe(schema: &Value, name: &str, node: &Value, notes: &Notes) -> String {
    let mut text = format!("{name} ({})\n", type_of(schema, node));
    // Writing to a string cannot fail.
    for paragraph in &notes.description {
        let _ = writeln!(text, "\n{paragraph}");
    }
    if let Some(default) = notes
        .default
        .as_ref()
        .filter(|default| !default.is_object())
    {
        let _ = writeln!(text, "\ndefault: {default}");
    }
    let inner = below(schema, node);
    let table = inner.as_ref().unwrap_or(node);
    let values = alternatives(node).chain(alternatives(table));
    let words: Vec<_> = values
        .filter(|value| value.get("const").is_some())
        .collect();
    if !words.is_empty() {
        text.push_str("\nvalues:\n");
    }
    for value in words {
        let _ = writeln!(text, "  {}: {}", value["const"], first_line(value));
    }
    let fields = fields_of(schema, table);
    if !fields.is_empty() {
        text.push_str("\nfields:\n");
    }
    for (name, field) in &fields {
        let kind = type_of(schema, &resolved(schema, field));
        let _ = writeln!(text, "  {name} ({kind}): {}", first_line(field));
    }
    text
}

fn first_line(node: &Value) -> String {
    node["description"]
        .as_str()
        .unwrap_or_default()
        .replace('\n', " ")
}

/// What a reference, or the only alternative beside null, leads to.
fn resolved(schema: &Value, node: &Value) -> Value {
    let mut node = node;
    // No chain of references is longer; a circle ends here.
    for _ in 0..16 {
        let reference = node["$ref"]
            .as_str()
            .and_then(|path| path.strip_prefix('#'));
        if let Some(target) = reference.and_then(|path| schema.pointer(path)) {
            node = target;
            continue;
        }
        let mut others = alternatives(node).filter(|other| other["type"] != "null");
        match (others.next(), others.next()) {
            (Some(only), None) => node = only,
            _ => break,
        }
    }
    node.clone()
}

fn alternatives(node: &Value) -> impl Iterator<Item = &Value> {
    let list = |name: &str| node[name].as_array().map(Vec::as_slice).unwrap_or_default();
    list("anyOf")
        .iter()
        .chain(list("oneOf"))
        .filter(|other| other.get("required").is_none() || other.get("properties").is_some())
}

/// Fields of a table, also of all alternatives of one.
fn fields_of(schema: &Value, node: &Value) -> Map<String, Value> {
    let mut fields = node["properties"].as_object().cloned().unwrap_or_default();
    for other in alternatives(node) {
        let other = resolved(schema, other);
        if let Some(more) = other["properties"].as_object() {
            fields.extend(more.clone());
        }
    }
    fields
}

/// Elements of a list, or values of a table with names of one's own.
fn below(schema: &Value, node: &Value) -> Option<Value> {
    let inner = ["items", "additionalProperties"]
        .into_iter()
        .filter_map(|name| node.get(name));
    let inner = inner
        .filter(|inner| inner.is_object())
        .map(|inner| resolved(schema, inner));
    inner.into_iter().next()
}

fn type_of(schema: &Value, node: &Value) -> String {
    let of_name = |name: &str| match (name, below(schema, node)) {
        ("array", Some(inner)) => format!("list of {}", type_of(schema, &inner)),
        ("array", None) => "list".to_owned(),
        ("object", Some(inner)) => format!("names to {}", type_of(schema, &inner)),
        ("object", None) => "table".to_owned(),
        (other, _) => other.to_owned(),
    };
    match &node["type"] {
        Value::String(name) => of_name(name),
        Value::Array(names) => {
            let names = names.iter().filter_map(Value::as_str);
            let names: Vec<_> = names.filter(|name| *name != "null").map(of_name).collect();
            names.join(" or ")
        }
        _ => {
            let mut kinds: Vec<String> = alternatives(node)
                .map(|other| match other.get("const") {
                    Some(_) => "word".to_owned(),
                    None => type_of(schema, &resolved(schema, other)),
                })
                .collect();
            kinds.dedup();
            match kinds.is_empty() {
                true => "anything".to_owned(),
                false => kinds.join(" or "),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_schema_is_the_one_of_the_types() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/schema.json");
        if std::env::var_os("SEKISHO_WRITE_DOCS").is_some() {
            std::fs::write(path, schema_text()).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        let remedy = "run this test with SEKISHO_WRITE_DOCS=1";
        assert!(
            committed == schema_text(),
            "scenarios/schema.json is old: {remedy}"
        );
    }

    #[test]
    fn every_field_of_the_schema_is_described() {
        let schema = schema();
        let mut tables = vec![&schema];
        tables.extend(schema["$defs"].as_object().unwrap().values());
        for table in tables {
            for (name, field) in table["properties"].as_object().into_iter().flatten() {
                assert!(!first_line(field).is_empty(), "`{name}` is not described");
            }
        }
    }

    #[test]
    fn fields_are_explained_by_path() {
        let help = |path| explain(Some(path)).unwrap_or_else(|error| panic!("{error}"));
        assert!(
            help("request.umask").contains("umask, octal"),
            "{}",
            help("request.umask")
        );
        let number = help("request.descriptors.number");
        assert!(
            number.contains("(integer)") && number.contains("above 2"),
            "{number}"
        );
        let mode = help("fixture.files./srv/x.mode");
        assert!(mode.contains("Octal mode"), "{mode}");
        assert!(help("fixture.files.mode").contains("Octal mode"));
        assert!(help("attacker").contains("\"neighbour\": Another local uid"));
        assert!(help("case.request.bundle").contains("BUNDLE"));
        let whole = explain(None).unwrap();
        assert!(
            whole.contains("  sweep (") && whole.contains("  witness ("),
            "{whole}"
        );
    }

    #[test]
    fn an_unknown_field_is_answered_by_the_nearest() {
        let error = explain(Some("request.targt-user")).unwrap_err();
        assert!(
            error.contains("in request; did you mean `target-user`?"),
            "{error}"
        );
        assert!(explain(Some("id.x")).unwrap_err().contains("no fields"));
    }
}
