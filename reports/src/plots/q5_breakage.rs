//! How many working legitimate cases each rule breaks, and the named sets.

use super::sheet::{BLUE, GREY, Look, ORANGE, PALE, SMALL, TEXT, count, figure, width};
use super::{Drawing, Subject};
use crate::Result;
use crate::analysis::interval::Proportion;
use crate::read::Kind;

const ID: &str = "q5_breakage";
const WIDTH: i32 = 860;
const ROW: i32 = 21;
/// Room for the numbers to the right of the longest bar.
const NUMBERS: i32 = 190;

pub(super) fn draw(subject: &Subject<'_>) -> Result<Drawing> {
    let view = subject.view;
    if view.working == 0 {
        return subject.missing("needs-working");
    }
    let breakage = |set: &str| {
        let tally = view
            .outcomes
            .tally(set, |group| group.kind == Kind::Legitimate)?;
        (tally.n() > 0).then(|| tally.breakage())
    };
    let sets = view.outcomes.named().into_iter();
    let sets: Vec<(&str, Proportion)> = sets
        .filter(|set| *set != "none")
        .filter_map(|set| Some((set, breakage(set)?)))
        .collect();
    let alone = view.rules.iter().filter_map(|rule| {
        let rate = breakage(&format!("only:{}", rule.rule))?;
        Some((rule.rule.as_str(), rate))
    });
    let (mut rules, harmless): (Vec<_>, Vec<_>) = alone.partition(|(_, rate)| rate.hits > 0);
    if sets.is_empty() && rules.is_empty() && harmless.is_empty() {
        return subject.missing("needs-sets");
    }
    // Most breaking first; equal ones in order of evaluation.
    rules.sort_by_key(|(_, rate)| std::cmp::Reverse(rate.hits));
    let bars = || sets.iter().chain(&rules);
    let longest = bars().map(|(name, _)| width(name, TEXT)).max();
    let left = longest.unwrap_or(0).max(120) + 12;
    let most = bars().map(|(_, rate)| rate.rate).fold(0.05, f64::max);
    let across = |share: f64| left + (f64::from(WIDTH - NUMBERS - left) * share / most) as i32;
    let rows = sets.len() + rules.len() + 2;
    let caption = subject.say(
        "q5_breakage-caption",
        &[
            ("n", view.working.to_string()),
            ("harmless", harmless.len().to_string()),
            (
                "untried",
                (view.rules.len() - rules.len() - harmless.len()).to_string(),
            ),
        ],
    )?;
    figure(subject, ID, (WIDTH, ROW * count(rows)), &caption, |sheet| {
        let bottom = ROW * count(rows);
        sheet.line(&[(left, 0), (left, bottom)], PALE, 1)?;
        let mut y = ROW / 2;
        for (head, bars, colour) in [("sets", &sets, ORANGE), ("rules-alone", &rules, BLUE)] {
            sheet.text((0, y), &subject.say(head, &[])?, Look::left(TEXT).bold())?;
            for (name, rate) in bars {
                y += ROW;
                sheet.text((left - 8, y), name, Look::right(TEXT))?;
                let end = across(rate.rate);
                sheet.block((left, y - 7), (end, y + 7), colour)?;
                let text = format!(
                    "{}/{} = {:.1} % [{:.1}–{:.1}]",
                    rate.hits,
                    rate.n,
                    rate.rate * 100.0,
                    rate.low * 100.0,
                    rate.high * 100.0
                );
                sheet.text((end + 8, y), &text, Look::left(SMALL).colour(GREY))?;
            }
            y += ROW;
        }
        Ok(())
    })
}
