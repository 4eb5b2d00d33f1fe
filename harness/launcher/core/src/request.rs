//! `sekisho-launch TARGET_USER TARGET_GROUP BUNDLE [INIT [ARGS…]]`: words by
//! position, no options, nothing rejected here; rules judge the words.

use alloc::vec::Vec;

/// What the words ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// `TARGET_USER`.
    pub user: Option<Vec<u8>>,
    /// `TARGET_GROUP`.
    pub group: Option<Vec<u8>>,
    /// `BUNDLE`.
    pub bundle: Option<Vec<u8>>,
    /// `INIT [ARGS…]`; empty when the configuration's is meant.
    pub init: Vec<Vec<u8>>,
}

impl Request {
    /// Reads an argument vector, `argv[0]` first.
    pub fn parse(words: &[Vec<u8>]) -> Self {
        let mut words = words.iter().skip(1).cloned();
        Self {
            user: words.next(),
            group: words.next(),
            bundle: words.next(),
            init: words.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_count_by_position_alone() {
        let words = |text: &str| -> Vec<Vec<u8>> {
            text.split('|')
                .map(|word| word.as_bytes().to_vec())
                .collect()
        };
        let full = Request::parse(&words("x|u||b|-i|a"));
        assert_eq!(full.user.as_deref(), Some(&b"u"[..]));
        assert_eq!(full.group.as_deref(), Some(&b""[..]));
        assert_eq!(full.bundle.as_deref(), Some(&b"b"[..]));
        assert_eq!(full.init, words("-i|a"));
        assert_eq!(Request::parse(&words("x")), Request::default());
        assert_eq!(Request::parse(&[]), Request::default());
    }
}
