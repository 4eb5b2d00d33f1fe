//! Predicates over a report of the probe.

use std::fmt;

use json_patch::jsonptr::Pointer;
use schemars::JsonSchema;
use sekisho_witness::Report;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::nearest::did_you_mean;

/// One condition on the value at a JSON pointer of the report
/// (`sekisho_witness::Report`). Exactly one comparison must be given. A value
/// that is absent makes every comparison false, also `not` and `lacks`:
/// absent is not evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Predicate {
    /// JSON pointer, e.g. `/uid/effective`, `/canaries/root-file/read`.
    pub at: String,
    /// Equal to this value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equals: Option<Value>,
    /// Not equal to this value (and present).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not: Option<Value>,
    /// A list that has this element, or a string that has this part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<Value>,
    /// A list or a string without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lacks: Option<Value>,
    /// A string, or an element of a list, that begins with this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_with: Option<String>,
    /// A string, or an element of a list, that ends with this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_with: Option<String>,
    /// A number, or the length of a list or string, of at least this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<u64>,
    /// The same, of at most this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u64>,
}

/// Names of the comparisons.
const COMPARISONS: &str = "equals, not, contains, lacks, starts-with, ends-with, at-least, at-most";

impl Predicate {
    /// Whether it holds for a report of the probe.
    #[must_use]
    pub fn holds(&self, report: &Value) -> bool {
        let Some(seen) = report.pointer(&self.at) else {
            return false;
        };
        if let Some(wanted) = &self.equals {
            seen == wanted
        } else if let Some(unwanted) = &self.not {
            seen != unwanted
        } else if let Some(part) = &self.contains {
            has(seen, part) == Some(true)
        } else if let Some(part) = &self.lacks {
            has(seen, part) == Some(false)
        } else if let Some(start) = &self.starts_with {
            texts(seen).any(|text| text.starts_with(start.as_str()))
        } else if let Some(end) = &self.ends_with {
            texts(seen).any(|text| text.ends_with(end.as_str()))
        } else if let Some(least) = self.at_least {
            amount(seen).is_some_and(|amount| amount >= i128::from(least))
        } else if let Some(most) = self.at_most {
            amount(seen).is_some_and(|amount| amount <= i128::from(most))
        } else {
            false
        }
    }

    /// Refuses a predicate that could never hold: not exactly one comparison,
    /// a broken pointer, a pointer to what no report has.
    ///
    /// # Errors
    /// Says what is wrong and what would be right.
    pub fn validate(&self) -> Result<(), String> {
        let given = [
            self.equals.is_some(),
            self.not.is_some(),
            self.contains.is_some(),
            self.lacks.is_some(),
            self.starts_with.is_some(),
            self.ends_with.is_some(),
            self.at_least.is_some(),
            self.at_most.is_some(),
        ];
        let at = &self.at;
        let count = given.into_iter().filter(|given| *given).count();
        if count != 1 {
            return Err(format!(
                "predicate on `{at}` has {count} comparisons: give exactly one of {COMPARISONS}"
            ));
        }
        let pointer = Pointer::parse(at).map_err(|error| {
            format!("`{at}` is no JSON pointer ({error}): begin with `/`, write `~` as `~0` and `/` as `~1`")
        })?;
        let report = serde_json::to_value(Report::default()).map_err(|error| error.to_string())?;
        let mut value = &report;
        for token in pointer.tokens() {
            // Lists and maps of a default report are empty: anything may be
            // in them, so the names end here.
            let Some(object) = value.as_object().filter(|object| !object.is_empty()) else {
                break;
            };
            let name = token.decoded();
            value = object.get(name.as_ref()).ok_or_else(|| {
                let near = did_you_mean(&name, object.keys().map(String::as_str));
                format!("`{at}`: a report has no `{name}`{near}")
            })?;
        }
        Ok(())
    }
}

/// Whether a list has the element or a string the part; `None` for what can
/// have neither.
fn has(seen: &Value, part: &Value) -> Option<bool> {
    match (seen, part) {
        (Value::Array(list), part) => Some(list.contains(part)),
        (Value::String(text), Value::String(part)) => Some(text.contains(part.as_str())),
        _ => None,
    }
}

/// The string, or the strings of the list.
fn texts(seen: &Value) -> impl Iterator<Item = &str> {
    let list = seen.as_array().map(Vec::as_slice).unwrap_or_default();
    seen.as_str()
        .into_iter()
        .chain(list.iter().filter_map(Value::as_str))
}

/// The number, or the length of the list or string (in characters).
fn amount(seen: &Value) -> Option<i128> {
    match seen {
        Value::Number(number) => number.as_i128(),
        Value::Array(list) => i128::try_from(list.len()).ok(),
        Value::String(text) => i128::try_from(text.chars().count()).ok(),
        _ => None,
    }
}

impl fmt::Display for Predicate {
    /// One line: `/uid/effective = 0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.at)?;
        let values = [
            ("=", &self.equals),
            ("!=", &self.not),
            ("contains", &self.contains),
            ("lacks", &self.lacks),
        ];
        for (word, value) in values {
            if let Some(value) = value {
                write!(f, " {word} {value}")?;
            }
        }
        let texts = [
            ("starts with", &self.starts_with),
            ("ends with", &self.ends_with),
        ];
        for (word, text) in texts {
            if let Some(text) = text {
                write!(f, " {word} {text:?}")?;
            }
        }
        for (word, amount) in [(">=", self.at_least), ("<=", self.at_most)] {
            if let Some(amount) = amount {
                write!(f, " {word} {amount}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn predicate(toml: &str) -> Predicate {
        toml::from_str(toml).unwrap()
    }

    fn holds(toml: &str) -> bool {
        let predicate = predicate(toml);
        predicate.validate().expect("a valid predicate");
        predicate.holds(&json!({
            "uid": {"effective": 0},
            "groups": [33, 42],
            "environment": ["PATH=/bin", "LD_PRELOAD=x"],
            "cwd": "/srv/containers",
        }))
    }

    #[test]
    fn every_comparison_says_yes_and_no() {
        for (comparison, expected) in [
            ("at = '/uid/effective'\nequals = 0", true),
            ("at = '/uid/effective'\nequals = 1", false),
            ("at = '/uid/effective'\nnot = 1", true),
            ("at = '/uid/effective'\nnot = 0", false),
            ("at = '/groups'\ncontains = 42", true),
            ("at = '/groups'\ncontains = 4", false),
            ("at = '/cwd'\ncontains = 'srv'", true),
            ("at = '/cwd'\ncontains = 4", false),
            ("at = '/groups'\nlacks = 4", true),
            ("at = '/groups'\nlacks = 42", false),
            ("at = '/cwd'\nlacks = 'home'", true),
            ("at = '/cwd'\nlacks = 'srv'", false),
            ("at = '/environment'\nstarts-with = 'LD_'", true),
            ("at = '/environment'\nstarts-with = 'D_'", false),
            ("at = '/cwd'\nends-with = 'containers'", true),
            ("at = '/cwd'\nends-with = 'srv'", false),
            ("at = '/groups'\nat-least = 2", true),
            ("at = '/groups'\nat-least = 3", false),
            ("at = '/uid/effective'\nat-most = 0", true),
            ("at = '/cwd'\nat-most = 14", false),
        ] {
            assert_eq!(holds(comparison), expected, "{comparison}");
        }
    }

    #[test]
    fn what_is_absent_proves_nothing() {
        for comparison in [
            "equals = 0",
            "not = 0",
            "contains = 0",
            "lacks = 0",
            "starts-with = ''",
            "ends-with = ''",
            "at-least = 0",
            "at-most = 9",
        ] {
            let absent = format!("at = '/canaries/x/read'\n{comparison}");
            assert!(!holds(&absent), "{absent}");
        }
        assert!(!holds("at = '/uid/effective'\nlacks = 7"));
    }

    #[test]
    fn predicates_that_can_never_hold_are_refused() {
        let error = |toml| predicate(toml).validate().unwrap_err();
        assert!(error("at = '/uid/real'").contains("0 comparisons"));
        assert!(error("at = '/uid/real'\nequals = 0\nnot = 1").contains("2 comparisons"));
        assert!(error("at = 'uid/real'\nequals = 0").contains("begin with `/`"));
        assert!(error("at = '/a~2'\nequals = 0").contains("no JSON pointer"));
        let near = error("at = '/uid/efective'\nequals = 0");
        assert!(near.contains("did you mean `effective`?"), "{near}");
    }

    #[test]
    fn it_prints_as_one_line() {
        let line = |toml| predicate(toml).to_string();
        assert_eq!(
            line("at = '/uid/effective'\nequals = 0"),
            "/uid/effective = 0"
        );
        assert_eq!(
            line("at = '/cwd'\nstarts-with = '/srv'"),
            "/cwd starts with \"/srv\""
        );
        assert_eq!(line("at = '/groups'\nat-least = 2"), "/groups >= 2");
        assert_eq!(line("at = '/groups'\nlacks = 'x'"), "/groups lacks \"x\"");
    }
}
