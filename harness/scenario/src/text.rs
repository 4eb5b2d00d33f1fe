//! Text of a request, including what a TOML string cannot hold or should not.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A text: a plain string, or a recipe for one (or for many).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "expected a string, { hex }, { repeat, times } or { each, count }"
)]
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

/// Most bytes that one recipe may make; more is a slip of the pen, and would
/// only exhaust the harness.
pub const MOST_BYTES: usize = 64 * 1024 * 1024;

impl Text {
    /// The texts that it stands for: many for [`Text::Many`], else one.
    ///
    /// # Errors
    /// Hexadecimal digits that are none, or more than [`MOST_BYTES`].
    pub fn bytes(&self) -> Result<Vec<Vec<u8>>, String> {
        Ok(match self {
            Self::Plain(text) => vec![text.clone().into_bytes()],
            Self::Hex(HexText { hex }) => vec![decode(hex)?],
            Self::Repeated(text) => {
                bounded(text.repeat.len(), text.times)?;
                let middle = text.repeat.repeat(text.times);
                vec![format!("{}{middle}{}", text.before, text.after).into_bytes()]
            }
            Self::Many(ManyTexts { each, count }) => {
                // Each text also costs its allocation.
                bounded(each.len() + 32, *count)?;
                let text = |n: usize| each.replace("{}", &n.to_string()).into_bytes();
                (0..*count).map(text).collect()
            }
        })
    }

    /// The one text that it stands for.
    ///
    /// # Errors
    /// As [`Text::bytes`], and when it stands for many.
    pub fn one(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::Many(_) => Err("stands for many texts where one is needed: \
                 use a string, { hex } or { repeat, times }"
                .to_owned()),
            _ => Ok(self.bytes()?.concat()),
        }
    }
}

fn bounded(bytes: usize, times: usize) -> Result<(), String> {
    match bytes.checked_mul(times) {
        Some(total) if total <= MOST_BYTES => Ok(()),
        _ => Err(format!(
            "makes more than {MOST_BYTES} bytes: lower `times` or `count`"
        )),
    }
}

fn decode(hex: &str) -> Result<Vec<u8>, String> {
    let digits: Vec<u8> = hex
        .chars()
        .filter(|c| *c != ' ')
        .map(|c| {
            let digit = c.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            digit.ok_or_else(|| format!("`{c}` is no hexadecimal digit"))
        })
        .collect::<Result<_, _>>()?;
    if !digits.len().is_multiple_of(2) {
        return Err(format!("`{hex}` has an odd number of hexadecimal digits"));
    }
    Ok(digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(toml: &str) -> Text {
        let table: toml::Table = toml::from_str(&format!("text = {toml}")).unwrap();
        table["text"].clone().try_into().unwrap()
    }

    #[test]
    fn every_recipe_makes_its_bytes() {
        assert_eq!(text("'a b'").one().unwrap(), b"a b");
        assert_eq!(text("{hex = 'ff 00 61'}").one().unwrap(), b"\xff\0a");
        let repeated = text("{before = '<', repeat = 'ab', times = 3, after = '>'}");
        assert_eq!(repeated.one().unwrap(), b"<ababab>");
        let many = text("{each = 'N{}={}', count = 2}");
        assert_eq!(many.bytes().unwrap(), [b"N0=0", b"N1=1"]);
        assert_eq!(text("''").bytes().unwrap(), [b""]);
    }

    #[test]
    fn what_makes_no_text_is_refused_with_the_reason() {
        let error = |toml| text(toml).one().unwrap_err();
        assert!(error("{hex = '6g'}").contains("`g`"));
        assert!(error("{hex = '616'}").contains("odd"));
        assert!(error("{each = 'x', count = 2}").contains("many"));
        assert!(error("{repeat = 'xx', times = 9223372036854775807}").contains("bytes"));
        let many = text("{each = 'x', count = 9223372036854775807}");
        assert!(many.bytes().unwrap_err().contains("bytes"));
    }
}
