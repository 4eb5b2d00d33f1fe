//! Rules, conditions, requests and witnesses as fields of tables: what a report
//! says of them comes from the files of the run alone.

use sekisho_results::{Attacker, ConditionRow, Gain, Kind, Ownership, RuleRow, one_line};
use sekisho_rules::condition::CONDITIONS;
use sekisho_rules::document::{section, summary};
use sekisho_rules::registry::RULES;
use sekisho_scenario::model::{self, Act, Request, Witness};
use sekisho_scenario::predicate::Predicate;
use sekisho_trial::Deed;
use serde::Serialize;
use serde_json::Value;

/// Longest text of one field, in characters.
const LONGEST: usize = 120;

/// Kind of a case as result files have it.
#[must_use]
pub fn kind(kind: model::Kind) -> Kind {
    match kind {
        model::Kind::Legitimate => Kind::Legitimate,
        model::Kind::Malicious => Kind::Malicious,
    }
}

/// Attacker of a case as result files have it.
#[must_use]
pub fn attacker(attacker: model::Attacker) -> Attacker {
    match attacker {
        model::Attacker::Client => Attacker::Client,
        model::Attacker::Front => Attacker::Front,
        model::Attacker::Tenant => Attacker::Tenant,
        model::Attacker::Neighbour => Attacker::Neighbour,
    }
}

/// Gain of an attack as result files have it.
#[must_use]
pub fn gain(gain: model::Gain) -> Gain {
    match gain {
        model::Gain::RootOnHost => Gain::RootOnHost,
        model::Gain::CodeAsOtherUser => Gain::CodeAsOtherUser,
        model::Gain::CodeAsTargetChosenByAttacker => Gain::CodeAsTargetChosenByAttacker,
        model::Gain::IdsOrGroups => Gain::IdsOrGroups,
        model::Gain::ReadProtected => Gain::ReadProtected,
        model::Gain::WriteProtected => Gain::WriteProtected,
        model::Gain::ReachHostProcess => Gain::ReachHostProcess,
        model::Gain::ReachNetwork => Gain::ReachNetwork,
        model::Gain::OutliveOrEvadeControl => Gain::OutliveOrEvadeControl,
        model::Gain::DenyService => Gain::DenyService,
    }
}

/// Who writes the configuration, as result files have it.
#[must_use]
pub fn ownership(ownership: model::Ownership) -> Ownership {
    match ownership {
        model::Ownership::Platform => Ownership::Platform,
        model::Ownership::Tenant => Ownership::Tenant,
    }
}

/// Who does what, in order: `uid 10002: write /srv/x; …`.
pub fn deeds(acts: &[Act], deeds: &[Deed]) -> String {
    let mapping = acts.iter().filter_map(|act| {
        let mapping = act.mapping.as_ref()?;
        Some(format!("{}: maps {mapping}", act.by))
    });
    let done = deeds
        .iter()
        .map(|deed| format!("uid {}: {}", deed.uid, deed.action));
    one_line(&mapping.chain(done).collect::<Vec<_>>().join("; "))
}

/// Every rule with its documentation.
pub fn rules() -> Vec<RuleRow> {
    let row = |(position, rule): (u32, &sekisho_rules::Rule)| {
        let said = |heading| one_line(&section(rule, heading).unwrap_or_default());
        RuleRow {
            rule: rule.id.to_owned(),
            class: rule.class.word().to_owned(),
            conditions: numbers(rule.conditions),
            summary: summary(rule),
            since: rule.since.to_owned(),
            position,
            condition: said("Condition"),
            why: said("Why"),
            denies: said("Denies"),
            permits: said("Permits"),
            limits: said("Limits"),
        }
    };
    (0..).zip(RULES.iter().copied()).map(row).collect()
}

/// suEXEC's conditions.
pub fn conditions() -> Vec<ConditionRow> {
    let row = |condition: &sekisho_rules::condition::Condition| ConditionRow {
        condition: condition.number,
        class: condition.class.word().to_owned(),
        text: condition.text.to_owned(),
        statuses: numbers(condition.statuses),
    };
    CONDITIONS.iter().map(row).collect()
}

fn numbers(numbers: &[u8]) -> String {
    let words: Vec<_> = numbers.iter().map(u8::to_string).collect();
    words.join(" ")
}

/// What the request has that the usual one has not: `field=value …`.
pub fn request(request: &Request, usual: &Request) -> String {
    let (Value::Object(fields), Value::Object(usual)) = (json(request), json(usual)) else {
        return String::new();
    };
    let differs = fields
        .iter()
        .filter(|(name, value)| usual.get(*name) != Some(value));
    let parts: Vec<_> = differs
        .map(|(name, value)| format!("{name}={}", short(value)))
        .collect();
    match parts.is_empty() {
        true => "as usual".to_owned(),
        false => parts.join(" "),
    }
}

/// The parts of the witness, separated by `; `.
pub fn witness(witness: &Witness) -> String {
    let mut parts = Vec::new();
    if let Some(via) = &witness.via {
        parts.push(format!("via {via}"));
    }
    parts.extend(witness.all.iter().map(predicate));
    for file in &witness.files {
        let mut text = format!("file {}", file.path);
        match file.exists {
            Some(false) => text.push_str(" is absent"),
            _ => text.push_str(" exists"),
        }
        if let Some(uid) = file.uid {
            text.push_str(&format!(", owner {uid}"));
        }
        if let Some(part) = &file.contains {
            text.push_str(&format!(", contains {part:?}"));
        }
        parts.push(text);
    }
    for mount in &witness.host_mounts {
        parts.push(format!("something is mounted on the host at {}", mount.at));
    }
    if let Some(status) = witness.status {
        parts.push(format!("exit status {status}"));
    }
    one_line(&parts.join("; "))
}

/// `/uid/effective equals 0`.
fn predicate(predicate: &Predicate) -> String {
    let Value::Object(fields) = json(predicate) else {
        return predicate.at.clone();
    };
    let comparisons = fields.iter().filter(|(name, _)| *name != "at");
    let texts: Vec<_> = comparisons
        .map(|(name, value)| format!("{name} {}", short(value)))
        .collect();
    format!("{} {}", predicate.at, texts.join(" "))
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn short(value: &Value) -> String {
    let text = one_line(&value.to_string());
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sekisho_scenario::text::Text;

    #[test]
    fn every_rule_comes_with_its_documentation() {
        for rule in rules() {
            for text in [
                &rule.condition,
                &rule.why,
                &rule.denies,
                &rule.permits,
                &rule.limits,
            ] {
                assert!(!text.is_empty(), "{}", rule.rule);
            }
        }
    }

    #[test]
    fn only_what_differs_is_told() {
        let usual = Request::default();
        assert_eq!(request(&usual, &usual), "as usual");
        let root = Request {
            target_user: Text::Plain("root".into()),
            ..Request::default()
        };
        assert_eq!(request(&root, &usual), r#"target-user="root""#);
        let long = Request {
            target_user: Text::Plain("é".repeat(500)),
            ..Request::default()
        };
        assert!(request(&long, &usual).ends_with('…'));
    }

    #[test]
    fn a_witness_reads_as_a_sentence() {
        let text = r#"{"via": "init", "all": [{"at": "/uid/effective", "equals": 0}],
            "files": [{"path": "/x", "uid": 0}], "status": 3}"#;
        let parsed: Witness = serde_json::from_str(text).unwrap();
        assert_eq!(
            witness(&parsed),
            "via init; /uid/effective equals 0; file /x exists, owner 0; exit status 3"
        );
    }
}
