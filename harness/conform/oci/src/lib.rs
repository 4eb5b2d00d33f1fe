//! `sekisho conform oci`: legitimate cases that the reference launcher starts
//! with no rule on must start under OCI runtimes with the same report of the
//! probe, up to the differences that are listed here and in `docs/targets.md`.

#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use comfy_table::{Table, presets};
use sekisho_lab::attempt::{Attempt, Unable, possible};
use sekisho_lab::carried;
use sekisho_lab::choose::{self, REFERENCE};
use sekisho_lab::corpus::{self, Case};
use sekisho_lab::hash::hash;
use sekisho_lab::stage::{Arenas, Stage, Stages as _};
use sekisho_results::Kind;
use sekisho_rules::{Policy, RuleSet};
use sekisho_targets::{Asked, Part, Reply, Target};
use sekisho_trial::{Resolution, Setting};
use sekisho_witness::Report;
use serde_json::{Value, json};

/// A difference that is known, and why it is one.
struct Known {
    /// Field of the report, or [`START`].
    field: &'static str,
    /// Runtimes, separated by blanks; empty for all.
    targets: &'static str,
    /// Where it is expected.
    at: At,
    /// Whether what each side has is that difference.
    holds: fn(&Value, &Value) -> bool,
    why: &'static str,
}

/// Cases in which a difference is expected.
enum At {
    /// All.
    Every,
    /// Those that ask for this part.
    Asking(Part),
    /// Those of these scenarios.
    Of(&'static [&'static str]),
}

/// Stands for a start that the runtime refuses.
const START: &str = "start";

/// Every known difference (`docs/targets.md`, "Where a runtime and the
/// reference launcher differ").
const KNOWN: &[Known] = &[
    Known {
        field: "environment",
        targets: "",
        at: At::Every,
        holds: less_and_home,
        why: "a runtime passes nothing of its own environment on and adds HOME",
    },
    Known {
        field: "descriptors",
        targets: "",
        at: At::Every,
        holds: standard_only,
        why: "a runtime passes descriptors 0 to 2 only, with a descriptor 0 of its own",
    },
    Known {
        field: "session_leader",
        targets: "",
        at: At::Every,
        holds: |ours, theirs| *ours == json!(false) && *theirs == json!(true),
        why: "a runtime makes the init the leader of a session",
    },
    Known {
        field: "mounts",
        targets: "",
        at: At::Every,
        holds: |_, _| true,
        why: "the reference launcher fills /dev and masks parts of /proc and /sys unasked, as engines ask runtimes to",
    },
    Known {
        field: "controlling_terminal",
        targets: "",
        at: At::Asking(Part::Terminal),
        holds: |_, theirs| *theirs == json!(false),
        why: "a runtime leaves the caller's terminal behind with the session",
    },
    Known {
        field: "umask",
        targets: "",
        at: At::Asking(Part::Umask),
        holds: |_, theirs| *theirs == json!("0022"),
        why: "a runtime sets a umask of its own, 0022",
    },
    Known {
        field: "ignored_signals",
        targets: "",
        at: At::Asking(Part::Signals),
        holds: |_, theirs| *theirs == json!([]),
        why: "a runtime resets signals",
    },
    Known {
        field: "groups",
        targets: "",
        at: At::Asking(Part::CallerGroups),
        holds: |_, theirs| *theirs == json!([]),
        why: "a runtime sets just the groups of the configuration",
    },
    Known {
        field: "limits.nofile",
        targets: "runc",
        // Wherever the caller's soft limit is below its hard one.
        at: At::Every,
        holds: |ours, theirs| theirs[0] == theirs[1] && ours[1] == theirs[1],
        why: "runc leaves the soft limit of open files raised to the hard one, as Go programs raise it",
    },
    Known {
        field: "argv",
        targets: "",
        at: At::Of(&["script-init"]),
        holds: |_, _| true,
        why: "the reference launcher executes the descriptor that was checked, so a script is called /dev/fd/N",
    },
    Known {
        field: START,
        targets: "",
        at: At::Of(&["shebang-less-script"]),
        holds: |_, _| true,
        why: "a runtime leaves a file that the kernel does not recognise alone, where execvp(3) takes /bin/sh",
    },
    Known {
        field: START,
        targets: "",
        at: At::Of(&["path-in-config"]),
        holds: |_, _| true,
        why: "a runtime searches an init without a slash in the PATH of the configuration only",
    },
    Known {
        field: START,
        targets: "crun",
        at: At::Of(&["front-deploy-link"]),
        holds: |_, _| true,
        why: "crun refuses a configuration without a linux block",
    },
    Known {
        field: START,
        targets: "runc",
        at: At::Of(&["user-mapping-of-system-ids"]),
        holds: |_, _| true,
        why: "runc refuses a user namespace that does not map root",
    },
    without_linux("namespaces_shared"),
    without_linux("pid"),
    without_linux("ppid"),
    without_linux("canaries.host-abstract"),
    without_linux("canaries.host-port"),
];

/// What follows when there is no `linux` block.
const fn without_linux(field: &'static str) -> Known {
    Known {
        field,
        targets: "runc",
        at: At::Of(&["front-deploy-link"]),
        holds: |_, _| true,
        why: "runc makes no namespaces without a linux block, the reference launcher six",
    }
}

/// Nothing but entries of ours and `HOME`.
fn less_and_home(ours: &Value, theirs: &Value) -> bool {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let ours = list(ours);
    let home = |entry: &Value| {
        entry
            .as_str()
            .is_some_and(|entry| entry.starts_with("HOME="))
    };
    list(theirs)
        .iter()
        .all(|entry| ours.contains(entry) || home(entry))
}

/// Descriptors 0 to 2 and no other.
fn standard_only(_: &Value, theirs: &Value) -> bool {
    let list = theirs.as_array().into_iter().flatten();
    let numbers: Vec<_> = list.map(|one| one["number"].as_i64()).collect();
    numbers == [Some(0), Some(1), Some(2)]
}

/// What came of the comparison.
#[derive(Default)]
pub struct Compared {
    /// Cases with equal reports up to known differences, by runtime.
    agree: BTreeMap<String, usize>,
    /// Cases that were compared, by runtime.
    compared: BTreeMap<String, usize>,
    /// Cases left out, by runtime and reason.
    left_out: BTreeMap<(String, String), usize>,
    /// Known differences that were seen: cases by runtime and field.
    known: BTreeMap<(String, String, &'static str), BTreeSet<String>>,
    /// Others: runtime, case, field, what each has.
    unknown: Vec<[String; 5]>,
}

/// Starts the legitimate cases that a filter names (all without one) under the reference launcher and the named runtimes.
///
/// # Errors
/// A runtime that is not there; whatever keeps an arena from being made.
pub fn compare(filter: &[String], runtimes: &[String]) -> Result<Compared> {
    let corpus = corpus::load(None)?;
    let mut cases = corpus.filtered(filter)?;
    cases.retain(|case| case.row.kind == Kind::Legitimate);
    let carried = carried(None, &Policy::default())?;
    let mut targets = vec![choose::usable(&carried, REFERENCE)?];
    for name in runtimes {
        targets.push(choose::usable(&carried, name)?);
    }
    if targets.len() == 1 {
        bail!("name a runtime, such as --target runc");
    }
    let (mut stage, conditions) = Arenas::for_targets(&targets).start_first()?;
    let mut compared = Compared::default();
    for case in &cases {
        if let Some(reason) = case.missing(&conditions) {
            compared.leave_out("every runtime", &format!("the arena lacks {reason}"));
            continue;
        }
        let asked = Asked::new(&case.planned.request, &case.planned.layout);
        stage.prepare(&case.planned.layout)?;
        let reference = start(case, &asked, targets[0].as_ref(), stage.as_mut())?;
        let Ok(reference) = reference else {
            compared.leave_out("every runtime", "the reference launcher does not start it");
            continue;
        };
        for target in &targets[1..] {
            match possible(case, &asked, target.as_ref(), &conditions) {
                Err(Unable::Skipped(why)) => compared.leave_out(target.name(), &why),
                Err(Unable::NotApplicable(part)) => {
                    let part = part.split(':').next().unwrap_or_default();
                    compared.leave_out(target.name(), &format!("cannot express {part}"));
                }
                Ok(()) => {
                    let other = start(case, &asked, target.as_ref(), stage.as_mut())?;
                    compared.add(target.name(), case, &asked, &reference, other);
                }
            }
        }
    }
    let left = stage.quit()?;
    if !left.is_empty() {
        bail!("left behind: {}", left.join("; "));
    }
    Ok(compared)
}

/// The report of one start, or why there is none.
fn start(
    case: &Case,
    asked: &Asked<'_>,
    target: &dyn Target,
    stage: &mut dyn Stage,
) -> Result<Result<Report, String>> {
    let attempt = Attempt {
        control: None,
        case,
        asked,
        target,
        setting: Setting {
            rules: RuleSet::NONE,
            observe_all: false,
            resolution: Resolution::ByDescriptor,
        },
        nonce: hash([target.name().as_bytes(), case.name().as_bytes()]).split_off(40),
        deadline_ms: 5000,
    };
    let judged = attempt.run(stage)?;
    if !judged.observation.leftovers.is_empty() {
        let left = judged.observation.leftovers.join("; ");
        return Ok(Err(format!("left behind: {left}")));
    }
    if let Some(fault) = judged.reports.fault {
        return Ok(Err(fault));
    }
    let via = case.witness.via.as_deref();
    let wanted = |report: &&Report| via.is_none_or(|via| report.via == via);
    Ok(match judged.reports.all.iter().find(wanted) {
        Some(report) => Ok(report.clone()),
        None => Err(match judged.answer.reply {
            Reply::Refused(refusal) => refusal.reason,
            Reply::Failed { reason } => reason,
            Reply::Started => "started, but the probe did not report".to_owned(),
        }),
    })
}

impl Compared {
    /// Whether every difference is a known one.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.unknown.is_empty()
    }

    fn leave_out(&mut self, target: &str, reason: &str) {
        let key = (target.to_owned(), reason.to_owned());
        *self.left_out.entry(key).or_insert(0) += 1;
    }

    fn add(
        &mut self,
        target: &str,
        case: &Case,
        asked: &Asked<'_>,
        reference: &Report,
        other: Result<Report, String>,
    ) {
        let differences = match other {
            Ok(other) => differences(reference, &other),
            Err(reason) => vec![(START.to_owned(), json!("starts"), json!(reason))],
        };
        let mut agrees = true;
        for (field, ours, theirs) in differences {
            let known = KNOWN.iter().find(|known| {
                known.field == field
                    && (known.targets.is_empty()
                        || known.targets.split(' ').any(|one| one == target))
                    && (known.holds)(&ours, &theirs)
                    && match &known.at {
                        At::Every => true,
                        At::Asking(part) => asked.parts().contains(part),
                        At::Of(scenarios) => scenarios.contains(&case.row.scenario.as_str()),
                    }
            });
            match known {
                Some(known) => {
                    let key = (target.to_owned(), field, known.why);
                    self.known.entry(key).or_default().insert(case.name());
                }
                None => {
                    agrees = false;
                    let (ours, theirs) = (ours.to_string(), theirs.to_string());
                    self.unknown
                        .push([target.to_owned(), case.name(), field, ours, theirs]);
                }
            }
        }
        *self.compared.entry(target.to_owned()).or_insert(0) += 1;
        *self.agree.entry(target.to_owned()).or_insert(0) += usize::from(agrees);
    }

    /// The comparison as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        if !self.known.is_empty() {
            let mut table = Table::new();
            table.load_style(presets::ASCII_MARKDOWN).set_header([
                "runtime",
                "field",
                "cases",
                "known difference",
            ]);
            for ((target, field, why), cases) in &self.known {
                table.add_row([target, field, &cases.len().to_string(), *why]);
            }
            text.push_str(&format!(
                "known differences (docs/targets.md):\n{table}\n\n"
            ));
        }
        if !self.unknown.is_empty() {
            text.push_str(&format!("other differences ({}):\n", self.unknown.len()));
            for [target, case, field, ours, theirs] in &self.unknown {
                text.push_str(&format!(
                    "  {target} {case} {field}: {REFERENCE} has {ours}, {target} {theirs}\n"
                ));
            }
            text.push('\n');
        }
        for ((target, reason), n) in &self.left_out {
            text.push_str(&format!("left out for {target}: {n} cases: {reason}\n"));
        }
        for (target, n) in &self.compared {
            let agree = self.agree.get(target).copied().unwrap_or_default();
            text.push_str(&format!(
                "{target}: {agree} of {n} legitimate starts agree, up to known differences\n"
            ));
        }
        text
    }
}

/// Fields that differ, with what each side has. Maps are compared key by key.
fn differences(ours: &Report, theirs: &Report) -> Vec<(String, Value, Value)> {
    let mut found = Vec::new();
    let (ours, theirs) = (fields(ours), fields(theirs));
    let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    for name in names {
        let (one, other) = (ours.get(name), theirs.get(name));
        if one != other {
            let value = |value: Option<&Value>| value.cloned().unwrap_or_default();
            found.push((name.clone(), value(one), value(other)));
        }
    }
    found
}

/// The fields of a report by name; `capabilities`, `limits` and `canaries` one
/// by one. What differs between any two starts is made equal: the nonce, and
/// the numbers of pipes.
fn fields(report: &Report) -> BTreeMap<String, Value> {
    let mut report = report.clone();
    report.nonce.clear();
    for descriptor in &mut report.descriptors {
        if let Some((kind, _)) = descriptor.target.split_once(":[") {
            descriptor.target = format!("{kind}:[]");
        }
    }
    let mut fields = BTreeMap::new();
    let Ok(Value::Object(values)) = serde_json::to_value(&report) else {
        return fields;
    };
    for (name, value) in values {
        match value {
            Value::Object(map)
                if ["capabilities", "limits", "canaries"].contains(&name.as_str()) =>
            {
                fields.extend(
                    map.into_iter()
                        .map(|(key, value)| (format!("{name}.{key}"), value)),
                );
            }
            value => {
                fields.insert(name, value);
            }
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use sekisho_witness::Descriptor;

    use super::*;

    #[test]
    fn only_what_differs_between_launchers_is_told() {
        let report = |nonce: &str, pipe: &str, umask: &str| Report {
            nonce: nonce.into(),
            umask: umask.into(),
            limits: BTreeMap::from([("core".into(), ["0".into(), umask.into()])]),
            descriptors: vec![Descriptor {
                number: 1,
                target: pipe.into(),
                access: "w".into(),
            }],
            ..Report::default()
        };
        let ours = report("a", "pipe:[1]", "0022");
        assert_eq!(differences(&ours, &report("b", "pipe:[2]", "0022")), []);
        let names: Vec<_> = differences(&ours, &report("b", "/dev/null", "0000"))
            .into_iter()
            .map(|(name, ..)| name)
            .collect();
        assert_eq!(names, ["descriptors", "limits.core", "umask"]);
    }

    #[test]
    fn every_known_difference_is_documented() {
        let page = include_str!("../../../../docs/targets.md");
        for known in KNOWN {
            assert!(
                page.contains(known.why),
                "docs/targets.md lacks: {}",
                known.why
            );
            assert!(
                page.contains(&format!("`{}`", known.field)),
                "{}",
                known.field
            );
        }
    }
}
