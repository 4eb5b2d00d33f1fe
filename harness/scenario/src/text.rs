//! Text of a request, including what a TOML string cannot hold or should not.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A text: a plain string, or a recipe for one (or for many).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Text {
    /// As it stands.
    Plain(String),
    /// Bytes given in hexadecimal, for what is not UTF-8.
    Hex(HexText),
    /// A text repeated, with something before and after.
    Repeated(RepeatedText),
    /// Many texts: `{}` in `each` becomes 0, 1, 2 …
    Many(ManyTexts),
}

/// Bytes in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct HexText {
    /// Pairs of hexadecimal digits; spaces are ignored.
    pub hex: String,
}

/// A repeated text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RepeatedText {
    /// Before the repetition.
    #[serde(default)]
    pub before: String,
    /// What is repeated.
    pub repeat: String,
    /// How often.
    pub times: usize,
    /// After the repetition.
    #[serde(default)]
    pub after: String,
}

/// Many texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ManyTexts {
    /// Pattern with `{}`.
    pub each: String,
    /// How many.
    pub count: usize,
}
