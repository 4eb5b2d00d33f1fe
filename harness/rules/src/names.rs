//! Names that a policy lists.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

/// Names, and beginnings of names: a trailing `*` matches any rest.
///
/// Words are looked for by the first byte of a name, and only if one of them is
/// as long: most names that are not listed are told without a look at any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    /// Each with one more than the index of the next in its class, 0 for none.
    words: Vec<(Cow<'static, str>, usize)>,
    /// The same for the first one, by the low bits of the first byte.
    first: [usize; CLASSES],
    /// Lengths of the names that words of the class can match, bit `n` for `n`
    /// bytes and the last for all longer ones.
    lengths: [u64; CLASSES],
    /// One of the words is `*`.
    any: bool,
}

const CLASSES: usize = 32;
const LONGEST: usize = 63;

/// Class by the first byte, and length.
fn class(name: &[u8]) -> (usize, usize) {
    let first = name.first().copied().unwrap_or_default();
    (usize::from(first) % CLASSES, name.len().min(LONGEST))
}

impl Names {
    /// The words of a text, which spaces separate.
    #[must_use]
    pub fn of(text: &'static str) -> Self {
        text.split_ascii_whitespace().map(Cow::Borrowed).collect()
    }

    /// The words as given.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(|(word, _)| word.as_ref())
    }

    /// Whether a word matches the name.
    #[must_use]
    pub fn has(&self, name: &[u8]) -> bool {
        let (class, length) = class(name);
        if self.any || self.lengths[class] >> length & 1 == 0 {
            return self.any;
        }
        let mut place = self.first[class];
        while let Some((word, next)) = place.checked_sub(1).and_then(|it| self.words.get(it)) {
            if matches(word, name) {
                return true;
            }
            place = *next;
        }
        false
    }
}

impl FromIterator<Cow<'static, str>> for Names {
    fn from_iter<I: IntoIterator<Item = Cow<'static, str>>>(words: I) -> Self {
        let mut names = Self::default();
        for word in words {
            let (class, lengths) = match word.as_bytes() {
                [b'*'] => {
                    names.any = true;
                    (0, 0)
                }
                [beginning @ .., b'*'] => {
                    let (class, least) = class(beginning);
                    (class, u64::MAX << least)
                }
                name => {
                    let (class, length) = class(name);
                    (class, 1 << length)
                }
            };
            names.lengths[class] |= lengths;
            names.words.push((word, names.first[class]));
            names.first[class] = names.words.len();
        }
        names
    }
}

impl fmt::Display for Names {
    /// The words, separated by spaces.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, word) in self.words().enumerate() {
            if position > 0 {
                f.write_str(" ")?;
            }
            f.write_str(word)?;
        }
        Ok(())
    }
}

fn matches(word: &str, name: &[u8]) -> bool {
    match word.as_bytes() {
        [beginning @ .., b'*'] => name.starts_with(beginning),
        word => word == name,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(words: &[&str]) -> Names {
        let owned = |word: &&str| Cow::Owned((*word).to_owned());
        words.iter().map(owned).collect()
    }

    #[test]
    fn a_star_matches_any_rest_and_only_at_the_end() {
        let listed = names(&["LD_*", "TZ", "A*B"]);
        for name in ["LD_", "LD_PRELOAD", "TZ", "A*B"] {
            assert!(listed.has(name.as_bytes()), "{name}");
        }
        for name in ["LD", "LDFLAGS", "TZX", "T", "A", "AXB", "", "*", "LD_*x"] {
            let matched = listed.has(name.as_bytes());
            assert_eq!(matched, name.starts_with("LD_"), "{name}");
        }
        assert!(names(&["*"]).has(b"") && names(&["*"]).has(b"anything"));
        assert!(names(&[""]).has(b"") && !names(&[""]).has(b"A"));
        assert!(!Names::default().has(b"A"));
    }

    #[test]
    fn the_words_come_back_as_they_were() {
        assert_eq!(Names::of("B A*  B").to_string(), "B A* B");
        assert_eq!(Names::of("B A"), names(&["B", "A"]));
    }

    proptest! {
        /// Short words of few letters, so that they meet; long ones for the
        /// last bit.
        #[test]
        fn a_name_is_found_if_and_only_if_a_word_matches(
            words in proptest::collection::vec("[Aa!_]{0,4}\\*?|A{60,66}\\*?", 0..5),
            name in "[Aa!_*]{0,6}|A{60,66}[a_]?",
        ) {
            let listed: Names = words.iter().cloned().map(Cow::Owned).collect();
            let expected = words.iter().any(|word| matches(word, name.as_bytes()));
            prop_assert_eq!(listed.has(name.as_bytes()), expected);
        }
    }
}
