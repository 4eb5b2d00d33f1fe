//! Suggestions for names that are not known.

/// `; did you mean …` for the known name that is nearest, or nothing when
/// none is near.
#[must_use]
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, known).map_or_else(String::new, |known| format!("; did you mean `{known}`?"))
}

/// The known name that is nearest; `None` when none shares most of its letters.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |known: &str| strsim::jaro_winkler(name, known);
    known
        .into_iter()
        .map(|known| (known, likeness(known)))
        .filter(|(_, likeness)| *likeness > 0.7)
        .max_by(|(_, a), (_, b)| a.total_cmp(b))
        .map(|(known, _)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested_and_far_ones_are_not() {
        let known = ["target-user", "target-group", "bundle"];
        assert_eq!(nearest("targt-user", known), Some("target-user"));
        assert_eq!(did_you_mean("bundel", known), "; did you mean `bundle`?");
        assert_eq!(did_you_mean("zzz", known), "");
    }
}
