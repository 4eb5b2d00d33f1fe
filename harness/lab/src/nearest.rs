//! What somebody may have meant.

/// `; did you mean X?`, or nothing when no known word is near.
pub fn hint<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    let near = known
        .map(|known| (strsim::jaro_winkler(word, known), known))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    near.map(|(_, known)| format!("; did you mean `{known}`?"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::hint;

    #[test]
    fn the_nearest_known_word_is_named_if_one_is_near() {
        let known = ["sekisho", "suexec"];
        assert_eq!(
            hint("sekiso", known.into_iter()),
            "; did you mean `sekisho`?"
        );
        assert_eq!(hint("zzz", known.into_iter()), "");
    }
}
