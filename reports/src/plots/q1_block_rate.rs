//! Block rate of each attacker's demonstrated attacks under each rule set.

use super::sheet::{BLACK, GREY, Look, Mark, PALE, SMALL, TEXT, count, figure};
use super::{Drawing, Subject};
use crate::Result;
use crate::analysis::interval::Proportion;
use crate::read::Attacker;

const ID: &str = "q1_block_rate";
const WIDTH: i32 = 860;
/// Left and right end of the axis.
const AXIS: (i32, i32) = (250, 650);
const ROW: i32 = 24;

struct Group<'a> {
    attacker: Attacker,
    rates: Vec<(&'a str, Proportion)>,
}

pub(super) fn draw(subject: &Subject<'_>) -> Result<Drawing> {
    let view = subject.view;
    if view.demonstrated == 0 {
        return subject.missing("needs-demonstrated");
    }
    let sets: Vec<_> = view.outcomes.named();
    let rates = |attacker| {
        let rate = |set: &&'_ str| {
            let tally = view
                .outcomes
                .tally(set, |group| group.attacker == Some(attacker))?;
            // Under `none` the rate is 0 by definition of a demonstrated attack.
            (*set != "none" && tally.n() > 0).then(|| tally.block_rate())
        };
        sets.iter()
            .filter_map(|set| Some((*set, rate(set)?)))
            .collect::<Vec<_>>()
    };
    let groups: Vec<_> = Attacker::ALL
        .into_iter()
        .map(|attacker| Group {
            attacker,
            rates: rates(attacker),
        })
        .filter(|group| !group.rates.is_empty())
        .collect();
    if groups.is_empty() {
        return subject.missing("needs-sets");
    }
    let rows: usize = groups.iter().map(|group| group.rates.len() + 1).sum();
    let height = ROW * count(rows) + 40;
    let caption = subject.say(
        "q1_block_rate-caption",
        &[("n", view.demonstrated.to_string())],
    )?;
    figure(subject, ID, (WIDTH, height), &caption, |sheet| {
        let bottom = ROW * count(rows) + 4;
        for percent in [0, 20, 40, 60, 80, 100] {
            let x = across(f64::from(percent) / 100.0);
            sheet.line(&[(x, 0), (x, bottom)], PALE, 1)?;
            let label = format!("{percent} %");
            sheet.text((x, bottom + 14), &label, Look::centre(SMALL))?;
        }
        let mut y = ROW / 2;
        for group in &groups {
            sheet.text((0, y), group.attacker.word(), Look::left(TEXT).bold())?;
            for (set, rate) in &group.rates {
                y += ROW;
                let place = sets.iter().filter(|one| **one != "none");
                let place = place.take_while(|one| *one != set).count();
                sheet.text((AXIS.0 - 14, y), set, Look::right(TEXT))?;
                let (low, high) = (across(rate.low), across(rate.high));
                sheet.line(&[(low, y), (high, y)], GREY, 2)?;
                for end in [low, high] {
                    sheet.line(&[(end, y - 4), (end, y + 4)], GREY, 2)?;
                }
                sheet.mark((across(rate.rate), y), 5, Mark::of(place))?;
                let look = Look::left(SMALL).colour(BLACK);
                sheet.text((AXIS.1 + 16, y), &rate.to_string(), look)?;
            }
            y += ROW;
        }
        Ok(())
    })
}

fn across(share: f64) -> i32 {
    AXIS.0 + (f64::from(AXIS.1 - AXIS.0) * share).round() as i32
}
