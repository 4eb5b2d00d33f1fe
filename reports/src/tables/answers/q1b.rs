//! Q1b: only for FastContainer-like hosting, or in general?
//!
//! The same rules over real configurations of several worlds: under the hosting
//! policy, and under one that each world's own operator would write.

use super::{Asked, Question, said};
use crate::analysis::interval::Proportion;
use crate::analysis::profiles::{Group, Profiles};
use crate::tables::Cell;

pub(super) const QUESTION: Question = Question {
    id: "q1b",
    answer,
    missing: "answer.q1b-missing",
    command: Some("sekisho profiles"),
};

fn answer(asked: &Asked<'_>) -> Vec<Cell> {
    let Some(profiles) = &asked.analysis.profiles else {
        return Vec::new();
    };
    let mut sentences = Vec::new();
    for (policy, key) in [
        ("default", "answer.q1b-default"),
        ("tuned", "answer.q1b-tuned"),
    ] {
        let Some(all) = profiles
            .group(None, policy)
            .filter(|group| group.working > 0)
        else {
            continue;
        };
        sentences.push(said(
            key,
            vec![
                ("configurations", all.configurations.to_string()),
                ("working", all.working.to_string()),
                ("shapes", all.working_shapes.to_string()),
                (
                    "worlds",
                    by_world(profiles, policy, |group| {
                        group.set("suexec").map(|set| set.broken)
                    }),
                ),
            ],
        ));
    }
    let Some(all) = profiles
        .group(None, "tuned")
        .filter(|group| group.working > 0)
    else {
        return sentences;
    };
    let habits: Vec<String> = worlds(profiles, "tuned")
        .filter(|(_, group)| !group.refuse_all.is_empty())
        .map(|(world, group)| format!("{world}: {}", group.refuse_all.join(", ")))
        .collect();
    if !habits.is_empty() {
        sentences.push(said(
            "answer.q1b-habits",
            vec![
                ("habits", habits.join("; ")),
                (
                    "worlds",
                    by_world(profiles, "tuned", |group| {
                        let suexec = group.set("suexec")?;
                        Some(suexec.without_habits.unwrap_or(suexec.broken))
                    }),
                ),
            ],
        ));
    }
    let harmless: Vec<String> = worlds(profiles, "tuned")
        .map(|(world, group)| match group.harmless_stop {
            Some(stop) => format!(
                "{world} {} ({}/{})",
                group.harmless.len(),
                stop.hits,
                stop.n
            ),
            None => format!("{world} {}", group.harmless.len()),
        })
        .collect();
    sentences.push(said(
        "answer.q1b-harmless",
        vec![("worlds", harmless.join(", "))],
    ));
    if let Some(stop) = all.harmless_stop {
        sentences.push(said(
            "answer.q1b-everywhere",
            vec![
                ("rules", all.harmless.len().to_string()),
                ("rate", stop.to_string()),
            ],
        ));
    }
    sentences
}

fn worlds<'a>(
    profiles: &'a Profiles,
    policy: &'a str,
) -> impl Iterator<Item = (&'a str, &'a Group)> {
    let of_policy = move |group: &&Group| group.policy == policy && group.working > 0;
    let groups = profiles.groups.iter().filter(of_policy);
    groups.filter_map(|group| Some((group.world.as_deref()?, group)))
}

/// `world hits/n`, for each world.
fn by_world(
    profiles: &Profiles,
    policy: &str,
    share: impl Fn(&Group) -> Option<Proportion>,
) -> String {
    worlds(profiles, policy)
        .filter_map(|(world, group)| {
            let share = share(group).filter(|share| share.n > 0)?;
            Some(format!("{world} {}/{}", share.hits, share.n))
        })
        .collect::<Vec<_>>()
        .join(", ")
}
