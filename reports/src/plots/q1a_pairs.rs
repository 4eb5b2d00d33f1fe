//! Where the start of a web server's process and the start of a container come
//! out alike, by family.

use super::q1_rules_by_attack::shade;
use super::sheet::{GREY, Look, PALE, SMALL, count, figure, width};
use super::{Drawing, Subject};
use crate::Result;
use crate::analysis::pairs::{self, Relation};

const ID: &str = "q1a_pairs";
const ROW: i32 = 24;
const COLUMN: i32 = 124;

pub(super) fn draw(subject: &Subject<'_>) -> Result<Drawing> {
    let all = pairs::of(subject.run);
    let Some(pairs) = all.first().filter(|pairs| !pairs.relations(0).is_empty()) else {
        return subject.missing("needs-pairs");
    };
    let mut rows: Vec<_> = pairs.families(0).into_iter().collect();
    let total = subject.texts.say("word.total", &[])?;
    rows.push((&total, pairs.relations(0)));
    let n: usize = pairs.relations(0).values().sum();
    let longest = rows.iter().map(|(family, _)| width(family, SMALL)).max();
    let left = longest.unwrap_or(0) + 60;
    let top = 40;
    let size = (
        left + COLUMN * count(Relation::ALL.len()) + 8,
        top + ROW * count(rows.len()) + 16,
    );
    let caption = subject.say(
        "q1a_pairs-caption",
        &[("n", n.to_string()), ("target", pairs.target.clone())],
    )?;
    figure(subject, ID, size, &caption, |sheet| {
        for (place, relation) in Relation::ALL.into_iter().enumerate() {
            let x = left + COLUMN * count(place) + COLUMN / 2;
            let name = subject
                .texts
                .say(&format!("column.{}", relation.key()), &[])?;
            let (first, second) = halves(&name);
            sheet.text((x, 8), first, Look::centre(SMALL))?;
            sheet.text((x, 24), second, Look::centre(SMALL))?;
        }
        for (place, (family, counts)) in rows.iter().enumerate() {
            // The sum stands apart.
            let apart = if place + 1 == rows.len() { 8 } else { 0 };
            let y = top + ROW * count(place) + apart;
            let of: usize = counts.values().sum();
            let middle = y + ROW / 2 + 1;
            sheet.text((left - 52, middle), family, Look::right(SMALL))?;
            let text = format!("n={of}");
            sheet.text((left - 8, middle), &text, Look::right(10.0).colour(GREY))?;
            for (place, relation) in Relation::ALL.iter().enumerate() {
                let hits = counts.get(relation).copied().unwrap_or_default();
                let x = left + COLUMN * count(place);
                let (from, to) = ((x, y), (x + COLUMN, y + ROW));
                let (fill, ink) = shade(hits as f64 / of.max(1) as f64);
                sheet.block(from, to, fill)?;
                sheet.outline(from, to, PALE)?;
                if hits > 0 {
                    let look = Look::centre(SMALL).colour(ink);
                    sheet.text((x + COLUMN / 2, middle), &hits.to_string(), look)?;
                }
            }
        }
        Ok(())
    })
}

/// A head in two lines: broken at its comma, else at the blank nearest to its
/// middle.
fn halves(text: &str) -> (&str, &str) {
    let comma = text.char_indices().find(|(_, c)| [',', '、'].contains(c));
    let blank = || {
        let blanks = text.char_indices().filter(|(_, c)| *c == ' ');
        blanks.min_by_key(|(at, _)| at.abs_diff(text.len() / 2))
    };
    match comma.or_else(blank) {
        Some((at, mark)) => {
            let (first, second) = text.split_at(at + mark.len_utf8());
            (first.trim_end(), second.trim_start())
        }
        None => (text, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_break_at_commas_and_blanks() {
        assert_eq!(
            halves("both start, same effect"),
            ("both start,", "same effect")
        );
        assert_eq!(
            halves("only the launcher refuses"),
            ("only the", "launcher refuses")
        );
        assert_eq!(
            halves("双方が起動、効果も同じ"),
            ("双方が起動、", "効果も同じ")
        );
        assert_eq!(halves("拒否"), ("拒否", ""));
    }
}
