//! Predicates over a report of the probe.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One condition on the value at a JSON pointer of the report
/// (`sekisho_witness::Report`). Exactly one comparison must be given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Predicate {
    /// JSON pointer, e.g. `/uid/effective`, `/canaries/root-file/read`.
    pub at: String,
    /// Equal to this value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equals: Option<serde_json::Value>,
    /// Not equal to this value (and present).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not: Option<serde_json::Value>,
    /// A list that has this element, or a string that has this part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<serde_json::Value>,
    /// A list or a string without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lacks: Option<serde_json::Value>,
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
