//! Which share of the real configurations of each world breaks, by rule set and
//! rule.

use super::q1_rules_by_attack::shade;
use super::sheet::{GREY, Look, PALE, SMALL, Sheet, TEXT, count, figure, width};
use super::{Drawing, Subject};
use crate::Result;
use crate::analysis::interval::Proportion;
use crate::analysis::profiles::{Group, Profiles};

const ID: &str = "q1b_profiles";
const ROW: i32 = 19;
const COLUMN: i32 = 54;
/// Between the columns of two policies.
const GAP: i32 = 24;
/// Rules shown at most: those that refuse most.
const MOST: usize = 24;

struct Row {
    name: String,
    bold: bool,
    /// One for each group shown.
    cells: Vec<Option<Proportion>>,
}

pub(super) fn draw(subject: &Subject<'_>) -> Result<Drawing> {
    let Some(profiles) = Profiles::of(subject.run, None) else {
        return subject.missing("needs-profiles");
    };
    let groups: Vec<&Group> = profiles
        .groups
        .iter()
        .filter(|group| group.world.is_some() && group.working > 0)
        .collect();
    if groups.is_empty() {
        return subject.missing("needs-profiles");
    }
    let rows = rows(&profiles, &groups);
    let longest = rows.iter().map(|row| width(&row.name, SMALL)).max();
    let left = longest.unwrap_or(0).max(160) + 12;
    let longest = groups.iter().filter_map(|group| group.world.as_deref());
    let top = longest.map(|world| width(world, SMALL)).max().unwrap_or(0) + 66;
    let right = column(left, &groups, groups.len());
    let size = (right.max(620) + 8, top + ROW * count(rows.len()) + 8);
    let working: u32 = profiles
        .groups
        .iter()
        .filter(|group| group.world.is_none())
        .map(|group| group.working)
        .max()
        .unwrap_or(0);
    let caption = subject.say(
        "q1b_profiles-caption",
        &[
            ("n", working.to_string()),
            ("shapes", profiles.shapes.to_string()),
            ("rules", MOST.to_string()),
        ],
    )?;
    figure(subject, ID, size, &caption, |sheet| {
        heads(sheet, &groups, (left, top))?;
        for (place, row) in rows.iter().enumerate() {
            let y = top + ROW * count(place);
            let look = Look::right(SMALL);
            let look = if row.bold { look.bold() } else { look };
            sheet.text((left - 8, y + ROW / 2 + 1), &row.name, look)?;
            for (place, cell) in row.cells.iter().enumerate() {
                draw_cell(sheet, *cell, (column(left, &groups, place), y))?;
            }
        }
        Ok(())
    })
}

/// Rule sets first, then the rules that refuse most under any policy.
fn rows(profiles: &Profiles, groups: &[&Group]) -> Vec<Row> {
    let mut rows = Vec::new();
    for set in ["suexec,-deferred", "suexec", "all"] {
        let cells = groups
            .iter()
            .map(|group| group.set(set).map(|set| set.broken));
        rows.push(Row {
            name: set.to_owned(),
            bold: true,
            cells: cells.collect(),
        });
    }
    let mut refused: Vec<(&str, u32)> = Vec::new();
    for group in profiles.groups.iter().filter(|group| group.world.is_none()) {
        for rule in &group.rules {
            match refused.iter_mut().find(|(known, _)| *known == rule.rule) {
                Some((_, most)) => *most = rule.refused.hits.max(*most),
                None => refused.push((&rule.rule, rule.refused.hits)),
            }
        }
    }
    refused.retain(|(_, most)| *most > 0);
    refused.sort_by_key(|(_, most)| std::cmp::Reverse(*most));
    for (rule, _) in refused.into_iter().take(MOST) {
        let cells = groups.iter().map(|group| {
            let found = group.rules.iter().find(|known| known.rule == rule);
            Some(found.map_or(Proportion::new(0, group.working), |found| found.refused))
        });
        rows.push(Row {
            name: rule.to_owned(),
            bold: false,
            cells: cells.collect(),
        });
    }
    rows
}

/// Left edge of a group's column; policies stand apart.
fn column(left: i32, groups: &[&Group], place: usize) -> i32 {
    let before = groups.windows(2).take(place);
    let changes = before.filter(|pair| pair[0].policy != pair[1].policy);
    left + COLUMN * count(place) + GAP * count(changes.count())
}

fn heads(sheet: &Sheet<'_>, groups: &[&Group], (left, top): (i32, i32)) -> Result<()> {
    for (place, group) in groups.iter().enumerate() {
        let x = column(left, groups, place);
        if place == 0 || groups[place - 1].policy != group.policy {
            sheet.text((x, 10), &group.policy, Look::left(TEXT).bold())?;
        }
        let world = group.world.as_deref().unwrap_or_default();
        let middle = x + COLUMN / 2;
        sheet.text((middle, top - 24), world, Look::left(SMALL).upward())?;
        let n = format!("n={}", group.working);
        sheet.text((middle, top - 9), &n, Look::centre(10.0).colour(GREY))?;
    }
    Ok(())
}

fn draw_cell(sheet: &Sheet<'_>, cell: Option<Proportion>, (x, y): (i32, i32)) -> Result<()> {
    let (from, to) = ((x, y), (x + COLUMN, y + ROW));
    let share = cell.filter(|cell| cell.n > 0).map(|cell| cell.rate);
    let (fill, ink) = shade(share.unwrap_or(0.0));
    sheet.block(from, to, fill)?;
    sheet.outline(from, to, PALE)?;
    let text = match share {
        // Nothing ran: not the same as nothing broken.
        None => "–".to_owned(),
        Some(0.0) => return Ok(()),
        Some(share) if share < 0.005 => "<1 %".to_owned(),
        Some(share) => format!("{:.0} %", share * 100.0),
    };
    let middle = (x + COLUMN / 2, y + ROW / 2 + 1);
    sheet.text(middle, &text, Look::centre(10.0).colour(ink))
}
