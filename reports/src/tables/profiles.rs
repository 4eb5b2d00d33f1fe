//! Real configurations: what breaks, by world, policy, rule set and rule.

use super::{Cell, Column, Table};
use crate::analysis::profiles::{Group, Profiles};

/// Breakage by policy, world and rule set.
pub(super) fn worlds(profiles: &Profiles) -> Table {
    let sets = sets(profiles);
    let mut table = Table::new(
        "profiles",
        profiles.configurations as usize,
        &["policy", "world", "#configurations", "#shapes", "#working"],
    );
    table
        .columns
        .extend(sets.iter().map(|set| Column::set(set)));
    table.columns.push(Column::key("#without-habits"));
    table.columns.push(Column::key("habits"));
    for group in &profiles.groups {
        let mut row = vec![
            Cell::id(&group.policy),
            world(group),
            count(group.configurations),
            count(group.shapes),
            count(group.working),
        ];
        row.extend(sets.iter().map(|set| {
            let broken = group.set(set).map(|set| set.broken);
            broken.map_or(Cell::Nothing, Cell::rate)
        }));
        let suexec = group.set("suexec").and_then(|set| set.without_habits);
        row.push(suexec.map_or(Cell::Nothing, Cell::rate));
        row.push(Cell::Ids(group.refuse_all.clone()));
        table.rows.push(row);
    }
    table
}

/// What each rule refuses, all worlds together, and what it stops for that.
pub(super) fn rules(profiles: &Profiles) -> Table {
    let mut table = Table::new(
        "profile-rules",
        profiles.configurations as usize,
        &[
            "policy",
            "rule",
            "#refused",
            "#repaired",
            "#repaired-broken",
            "#attacks-alone",
            "#per-attack",
        ],
    );
    for group in profiles.groups.iter().filter(|group| group.world.is_none()) {
        for rule in &group.rules {
            let attacks = rule.attacks.map(u64::from);
            let per_attack = match attacks {
                Some(attacks) if attacks > 0 => {
                    let share = f64::from(rule.refused.hits) / attacks as f64;
                    Cell::Text(format!("{share:.1}"))
                }
                _ => Cell::Nothing,
            };
            table.rows.push(vec![
                Cell::id(&group.policy),
                Cell::id(&rule.rule),
                Cell::rate(rule.refused),
                count(rule.repaired),
                count(rule.repaired_broken),
                attacks.map_or(Cell::Nothing, Cell::Count),
                per_attack,
            ]);
        }
    }
    table
}

/// Rules that break no configuration of a world, and what they stop.
pub(super) fn harmless(profiles: &Profiles) -> Table {
    let mut table = Table::new(
        "profile-harmless",
        profiles.configurations as usize,
        &[
            "policy",
            "world",
            "#harmless-suexec",
            "#harmless-suexec-stop",
            "#harmless-all",
            "#harmless-all-stop",
            "harmless",
        ],
    );
    for group in profiles.groups.iter().filter(|group| group.working > 0) {
        table.rows.push(vec![
            Cell::id(&group.policy),
            world(group),
            Cell::Count(group.harmless.len() as u64),
            group.harmless_stop.map_or(Cell::Nothing, Cell::rate),
            count(group.harmless_of_all),
            group.harmless_of_all_stop.map_or(Cell::Nothing, Cell::rate),
            Cell::Ids(group.harmless.clone()),
        ]);
    }
    table
}

/// Configurations that do not work with no rule in force.
pub(super) fn not_working(profiles: &Profiles) -> Table {
    let columns = ["policy", "case", "#configurations", "outcome", "reason"];
    let mut table = Table::new("profiles-not-working", 0, &columns);
    for group in profiles.groups.iter().filter(|group| group.world.is_none()) {
        for one in &group.not_working {
            table.n += u64::from(one.count);
            table.rows.push(vec![
                Cell::id(&group.policy),
                Cell::id(&one.profile),
                count(one.count),
                Cell::id(one.outcome.word()),
                Cell::Text(one.reason.clone()),
            ]);
        }
    }
    table
}

/// The prediction from verdicts against real starts.
pub(super) fn agreement(profiles: &Profiles) -> Table {
    let agreement = &profiles.agreement;
    let mut table = Table::new(
        "profile-agreement",
        agreement.checked as usize,
        &["#agreed", "#by-rule", "#not-told", "otherwise"],
    );
    table.rows.push(vec![
        Cell::Share(u64::from(agreement.agreed), u64::from(agreement.checked)),
        Cell::Share(
            u64::from(agreement.refusals_by_predicted_rule),
            u64::from(agreement.refusals),
        ),
        count(agreement.open),
        Cell::Text(agreement.disagreements.join("; ")),
    ]);
    table
}

/// Rule sets with names of their own.
fn sets(profiles: &Profiles) -> Vec<String> {
    let mut sets: Vec<String> = Vec::new();
    for set in profiles.groups.iter().flat_map(|group| &group.sets) {
        if !sets.contains(&set.rule_set) && !set.rule_set.starts_with("random:") {
            sets.push(set.rule_set.clone());
        }
    }
    sets.sort();
    sets
}

fn world(group: &Group) -> Cell {
    match &group.world {
        Some(world) => Cell::id(world),
        None => Cell::Said("word.total", vec![]),
    }
}

fn count(count: u32) -> Cell {
    Cell::Count(u64::from(count))
}
