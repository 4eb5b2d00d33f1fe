//! What each deferred and each further rule adds to suEXEC's other rules, and
//! what it costs.

use super::sheet::{BLUE, GREY, Look, ORANGE, PALE, SMALL, TEXT, count, figure, width};
use super::{Drawing, Subject};
use crate::Result;
use crate::analysis::rules::Margin;

const ID: &str = "q2_marginal";
const WIDTH: i32 = 860;
const ROW: i32 = 20;
/// Room for a number at the outer end of a bar.
const NUMBER: i32 = 40;

struct Bar<'a> {
    rule: &'a str,
    margin: Margin,
}

pub(super) fn draw(subject: &Subject<'_>) -> Result<Drawing> {
    let view = subject.view;
    let Some(lattice) = &view.lattice else {
        return subject.missing("needs-verdicts");
    };
    if view.demonstrated == 0 {
        return subject.missing("needs-demonstrated");
    }
    let margin = |place: usize| {
        let with = view.scorer.score(lattice.suexec | 1 << place);
        let without = view.scorer.score(lattice.suexec & !(1 << place));
        Margin {
            attacks: with.stopped - without.stopped,
            broken: with.broken - without.broken,
        }
    };
    let class = |class: &str| {
        let rules = view.rules.iter().enumerate();
        let mut bars: Vec<_> = rules
            .filter(|(_, rule)| rule.class == class)
            .map(|(place, rule)| Bar {
                rule: &rule.rule,
                margin: margin(place),
            })
            .collect();
        bars.sort_by_key(|bar| (std::cmp::Reverse(bar.margin.attacks), bar.margin.broken));
        bars
    };
    let deferred = class("deferred");
    // Of the many further rules only those that change something.
    let (further, idle): (Vec<_>, Vec<_>) = class("further")
        .into_iter()
        .partition(|bar| bar.margin != Margin::default());
    if deferred.is_empty() && further.is_empty() && idle.is_empty() {
        return subject.missing("needs-deferred");
    }
    let bars = || deferred.iter().chain(&further);
    let longest = bars().map(|bar| width(bar.rule, TEXT)).max();
    let left = longest.unwrap_or(0).max(120) + 12;
    let most = bars()
        .map(|bar| bar.margin.attacks.max(bar.margin.broken))
        .max();
    let most = f64::from(most.unwrap_or(0).max(1));
    let centre = left + (WIDTH - left) / 2;
    let half = (WIDTH - left) / 2 - NUMBER;
    let long = |value: u32| (f64::from(half) * f64::from(value) / most).round() as i32;
    let rows = deferred.len() + further.len() + 4;
    let caption = subject.say(
        "q2_marginal-caption",
        &[
            ("attacks", view.demonstrated.to_string()),
            ("cases", view.working.to_string()),
            ("idle", idle.len().to_string()),
        ],
    )?;
    let caption = subject.with_untried(caption)?;
    figure(subject, ID, (WIDTH, ROW * count(rows)), &caption, |sheet| {
        let mut y = ROW / 2;
        let (costs, gains) = (
            subject.say("breaks-more", &[])?,
            subject.say("stops-more", &[])?,
        );
        sheet.text((centre - 10, y), &format!("← {costs}"), Look::right(SMALL))?;
        sheet.text((centre + 10, y), &format!("{gains} →"), Look::left(SMALL))?;
        sheet.line(&[(centre, ROW), (centre, ROW * count(rows))], GREY, 1)?;
        for (head, bars) in [("deferred", &deferred), ("further", &further)] {
            y += ROW;
            sheet.text((0, y), &subject.say(head, &[])?, Look::left(TEXT).bold())?;
            for bar in bars {
                y += ROW;
                sheet.line(&[(left, y + ROW / 2), (WIDTH, y + ROW / 2)], PALE, 1)?;
                sheet.text((left - 8, y), bar.rule, Look::right(TEXT))?;
                let Margin { attacks, broken } = bar.margin;
                sheet.block((centre, y - 6), (centre + long(attacks), y + 6), BLUE)?;
                sheet.block((centre - long(broken), y - 6), (centre, y + 6), ORANGE)?;
                let at = centre + long(attacks) + 6;
                sheet.text((at, y), &attacks.to_string(), Look::left(SMALL))?;
                let at = centre - long(broken) - 6;
                sheet.text((at, y), &broken.to_string(), Look::right(SMALL))?;
            }
        }
        Ok(())
    })
}
