//! Text in fields.

/// Longest text of one field, in bytes: readers of CSV in other languages refuse
/// fields above 128 KiB.
pub const LONGEST_FIELD: usize = 32 * 1024;

/// What stands where a text was cut.
const CUT: &str = " […]";

/// Text as one line of at most [`LONGEST_FIELD`] bytes: control characters would
/// make a line of a result file look like two, and could steer a terminal.
#[must_use]
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(LONGEST_FIELD));
    for character in text.chars() {
        if line.len() + CUT.len() + 10 > LONGEST_FIELD {
            line.push_str(CUT);
            break;
        }
        match character.is_control() {
            true => line.extend(character.escape_default()),
            false => line.push(character),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_stays_one_line_and_readable() {
        assert_eq!(one_line("uid 0 (日本)"), "uid 0 (日本)");
        assert_eq!(one_line("a\nb\u{1b}[2J"), "a\\nb\\u{1b}[2J");
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        for letter in ["x", "\u{1b}", "日"] {
            let line = one_line(&letter.repeat(200_000));
            assert!(line.len() <= LONGEST_FIELD && line.len() > LONGEST_FIELD - 40);
            assert!(line.ends_with(CUT));
        }
        let whole = "x".repeat(LONGEST_FIELD - 100);
        assert_eq!(one_line(&whole), whole);
    }
}
