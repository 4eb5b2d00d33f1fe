//! The words of reports, one file per language in `lang/`.

use std::collections::BTreeMap;

use crate::{Error, Result};

/// Texts of one language by key.
#[derive(Debug, Clone)]
pub struct Texts {
    by_key: BTreeMap<String, String>,
}

/// Values for the `{name}` places of a text.
pub type Values<'a> = &'a [(&'a str, String)];

impl Texts {
    /// The English texts.
    ///
    /// # Errors
    /// The file of the language is not a table of texts.
    pub fn english() -> Result<Self> {
        Self::parse(include_str!("../lang/en.toml"))
    }

    fn parse(file: &str) -> Result<Self> {
        let tables: BTreeMap<String, BTreeMap<String, String>> =
            toml::from_str(file).map_err(|error| Error::Template(error.to_string()))?;
        let by_key = tables
            .into_iter()
            .flat_map(|(table, texts)| {
                texts
                    .into_iter()
                    .map(move |(key, text)| (format!("{table}.{key}"), text))
            })
            .collect();
        Ok(Self { by_key })
    }

    /// The text with its places filled.
    ///
    /// # Errors
    /// There is no such text, or a place has no value.
    pub fn say(&self, key: &str, values: Values<'_>) -> Result<String> {
        let text = self
            .by_key
            .get(key)
            .ok_or_else(|| Error::Template(format!("no text `{key}`")))?;
        let mut said = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after
                .split_once('}')
                .ok_or_else(|| Error::Template(format!("text `{key}`: `{{` without `}}`")))?;
            let (_, value) = values
                .iter()
                .find(|(known, _)| *known == name)
                .ok_or_else(|| Error::Template(format!("text `{key}`: no value for `{name}`")))?;
            said.push_str(before);
            said.push_str(value);
            rest = after;
        }
        said.push_str(rest);
        Ok(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_and_missing_ones_are_errors() {
        let texts = Texts::parse("[a]\nb = \"{n} of {m}\"\nc = \"{n\"").expect("valid");
        let both = [("n", "1".to_owned()), ("m", "2".to_owned())];
        assert_eq!(texts.say("a.b", &both).expect("a text"), "1 of 2");
        assert!(texts.say("a.b", &both[..1]).is_err());
        assert!(texts.say("a.c", &both).is_err());
        assert!(texts.say("a.d", &both).is_err());
    }

    #[test]
    fn the_english_texts_can_be_read() {
        Texts::english().expect("valid");
    }
}
