//! The words of reports, one file per language in `lang/`.

use std::collections::BTreeMap;

use crate::{Error, Result};

/// A text that is there; templates show nothing for one that is not.
pub(crate) fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// A language of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// English.
    #[default]
    English,
    /// Japanese.
    Japanese,
}

impl Lang {
    /// All languages.
    pub const ALL: [Self; 2] = [Self::English, Self::Japanese];
    /// Their words, for messages.
    pub(crate) const WORDS: &'static str = "en, ja";

    /// Word on the command line (ISO 639-1).
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Japanese => "ja",
        }
    }

    /// The name of a file of a report in this language: English has no suffix,
    /// Japanese is `report.ja.md` beside `report.md`.
    #[must_use]
    pub fn file(self, stem: &str, extension: &str) -> String {
        match self {
            Self::English => format!("{stem}.{extension}"),
            Self::Japanese => format!("{stem}.ja.{extension}"),
        }
    }
}

impl std::str::FromStr for Lang {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|lang| lang.word() == word)
            .ok_or_else(|| Error::Language(word.to_owned()))
    }
}

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
        Self::of(Lang::English)
    }

    /// The texts of a language.
    ///
    /// # Errors
    /// The file of the language is not a table of texts.
    pub fn of(lang: Lang) -> Result<Self> {
        Self::parse(match lang {
            Lang::English => include_str!("../lang/en.toml"),
            Lang::Japanese => include_str!("../lang/ja.toml"),
        })
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

    /// The texts of one table of the file, by their keys in it, for a program
    /// that fills their places itself.
    pub(crate) fn table(&self, table: &str) -> BTreeMap<String, String> {
        let begin = format!("{table}.");
        self.by_key
            .iter()
            .filter_map(|(key, text)| Some((key.strip_prefix(&begin)?.to_owned(), text.clone())))
            .collect()
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
    use std::collections::BTreeSet;

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

    /// Names of the places of a text.
    fn places(text: &str) -> BTreeSet<&str> {
        text.split('{')
            .skip(1)
            .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
            .collect()
    }

    #[test]
    fn every_language_has_the_same_texts_with_the_same_places() {
        let english = Texts::english().expect("valid");
        for lang in Lang::ALL {
            let texts = Texts::of(lang).expect("valid");
            let keys = |texts: &Texts| texts.by_key.keys().cloned().collect::<Vec<_>>();
            assert_eq!(keys(&english), keys(&texts), "{lang:?}");
            for (key, text) in &texts.by_key {
                assert!(!text.trim().is_empty(), "{lang:?} {key}");
                assert_eq!(places(text), places(&english.by_key[key]), "{lang:?} {key}");
            }
        }
    }

    #[test]
    fn every_text_that_is_asked_for_by_name_is_there() {
        let asked = |source: &'static str, before: &'static str| {
            let rest = source.split(before).skip(1);
            rest.filter_map(|rest| rest.split_once('"').map(|(key, _)| key))
        };
        let texts = Texts::english().expect("valid");
        let template = include_str!("../templates/report.md");
        let mut keys: Vec<String> = asked(template, "t(\"").map(str::to_owned).collect();
        let plots = [
            include_str!("plots/mod.rs"),
            include_str!("plots/q1_block_rate.rs"),
            include_str!("plots/q1_rules_by_attack.rs"),
            include_str!("plots/q1_pareto.rs"),
            include_str!("plots/q1_targets.rs"),
            include_str!("plots/q1a_pairs.rs"),
            include_str!("plots/q2_marginal.rs"),
            include_str!("plots/q4_duration.rs"),
            include_str!("plots/q5_breakage.rs"),
            include_str!("plots/q5_adoption.rs"),
            include_str!("plots/q6_mechanisms.rs"),
        ];
        for source in plots {
            let asked = asked(source, "say(\"").chain(asked(source, "missing(\""));
            keys.extend(asked.map(|key| match key {
                word if word.starts_with("word.") => key.to_owned(),
                _ => format!("plot.{key}"),
            }));
        }
        for plot in crate::plots::PLOTS {
            keys.push(format!("plot.{}-title", plot.id));
            keys.push(format!("plot.{}-caption", plot.id));
        }
        let answers = [
            include_str!("tables/answers/q1.rs"),
            include_str!("tables/answers/q1a.rs"),
            include_str!("tables/answers/q1b.rs"),
            include_str!("tables/answers/q2.rs"),
            include_str!("tables/answers/q3.rs"),
            include_str!("tables/answers/q4.rs"),
            include_str!("tables/answers/q5.rs"),
            include_str!("tables/answers/q6.rs"),
        ];
        for source in answers {
            let named = source.split('"').filter(|word| word.starts_with("answer."));
            keys.extend(named.map(str::to_owned));
        }
        let compare = include_str!("../templates/compare.md");
        keys.extend(asked(compare, "t(\"").map(str::to_owned));
        let page = include_str!("../templates/page/page.html");
        keys.extend(asked(page, "t(\"").map(str::to_owned));
        for script in crate::page::SCRIPTS {
            let asked = asked(script, "say(\"");
            keys.extend(asked.map(|key| format!("explorer.{key}")));
        }
        assert!(keys.len() > 160, "{keys:?}");
        for key in keys {
            // Names that are put together end in a dot here.
            let known = key.ends_with('.') || texts.by_key.contains_key(&key);
            assert!(known, "no text `{key}`");
        }
    }

    #[test]
    fn japanese_texts_are_not_left_in_english() {
        let texts = Texts::of(Lang::Japanese).expect("valid");
        for (key, text) in &texts.by_key {
            // Symbols are the same in both languages.
            let translated =
                !text.is_ascii() || ["column.n", "mechanism.seccomp"].contains(&key.as_str());
            assert!(translated, "{key} = {text}");
        }
    }

    #[test]
    fn languages_are_known_by_their_words() {
        for lang in Lang::ALL {
            assert_eq!(lang.word().parse::<Lang>().expect("a language"), lang);
        }
        let error = "fr".parse::<Lang>().expect_err("no such language");
        assert!(error.to_string().contains("en, ja"), "{error}");
    }
}
