//! Scenarios as text: one line for tables, a page for people.

use std::fmt::Write as _;

use crate::load::Case;
use crate::model::{Act, Amount, Request, Witness};
use crate::text::Text;

/// Longest text shown as it is.
const LONGEST: usize = 60;

/// The start request in one line: caller, `TARGET_USER TARGET_GROUP BUNDLE
/// [INIT ARGS…]`, then whatever differs from a plain request.
#[must_use]
pub fn request_line(request: &Request) -> String {
    let plain = Request::default();
    let mut line = request.caller.clone();
    if let Some(group) = &request.caller_group {
        let _ = write!(line, ":{group}");
    }
    for group in &request.caller_groups {
        let _ = write!(line, "+{group}");
    }
    line.push_str(" asks for");
    let words: Vec<&Text> = match &request.arguments {
        Some(arguments) => {
            line.push_str(" argv");
            arguments.iter().collect()
        }
        None => [&request.target_user, &request.target_group, &request.bundle]
            .into_iter()
            .chain(&request.init)
            .collect(),
    };
    if words.is_empty() {
        line.push_str(" (empty)");
    }
    for word in words {
        let _ = write!(line, " {}", shown(word));
    }
    let mut more = Vec::new();
    if request.environment != plain.environment {
        let entries: Vec<_> = request.environment.iter().map(shown).collect();
        more.push(format!("environment [{}]", entries.join(" ")));
    }
    for file in &request.descriptors {
        more.push(format!("descriptor {} {}", file.number, file.path));
    }
    for (name, [soft, hard]) in &request.limits {
        more.push(format!("limit {name} {}:{}", amount(*soft), amount(*hard)));
    }
    if request.umask != plain.umask {
        more.push(format!("umask {}", request.umask));
    }
    for (word, signals) in [
        ("blocked", &request.blocked_signals),
        ("ignored", &request.ignored_signals),
    ] {
        if !signals.is_empty() {
            more.push(format!("{word} {}", signals.join(" ")));
        }
    }
    if request.working_directory != plain.working_directory {
        more.push(format!("in {}", request.working_directory));
    }
    if request.terminal {
        more.push("with a terminal".to_owned());
    }
    for part in more {
        let _ = write!(line, "; {part}");
    }
    line
}

/// The witness in one line.
#[must_use]
pub fn witness_line(witness: &Witness) -> String {
    let mut parts = Vec::new();
    if let Some(via) = &witness.via {
        parts.push(format!("via {via}"));
    }
    parts.extend(witness.all.iter().map(ToString::to_string));
    for file in &witness.files {
        let mut part = match file.exists {
            Some(false) => format!("no file {}", file.path),
            _ => format!("file {}", file.path),
        };
        if let Some(uid) = file.uid {
            let _ = write!(part, " of uid {uid}");
        }
        if let Some(text) = &file.contains {
            let _ = write!(part, " contains {text:?}");
        }
        parts.push(part);
    }
    if let Some(status) = witness.status {
        parts.push(format!("exit status {status}"));
    }
    parts.join("; ")
}

/// Everything that a case says, as a page.
#[must_use]
pub fn show(case: &Case) -> String {
    let spec = &case.spec;
    let mut text = format!("{}: {}\n\n{}\n\n", case.key(), spec.title, spec.why.trim());
    let mut row = |name: &str, value: String| {
        if !value.is_empty() {
            let _ = writeln!(text, "{name:<17} {value}");
        }
    };
    row("kind", word(&spec.kind));
    row(
        "attacker",
        spec.attacker.as_ref().map(word).unwrap_or_default(),
    );
    row(
        "problem",
        spec.problem
            .map(|problem| problem.to_string())
            .unwrap_or_default(),
    );
    row("family", spec.family.clone());
    row("technique", spec.technique.clone().unwrap_or_default());
    row("gain", spec.gain.as_ref().map(word).unwrap_or_default());
    row("fix", spec.fix.clone().unwrap_or_default());
    row(
        "ownership",
        spec.ownership.as_ref().map(word).unwrap_or_default(),
    );
    row("mistake", acts(&spec.mistake));
    row("acts", acts(&spec.acts));
    row("reproduces", spec.reproduces.join("; "));
    row("related", spec.related.join("; "));
    row("twin", spec.twin.clone().unwrap_or_default());
    let requires: Vec<_> = spec.requires.iter().map(word).collect();
    row("requires", requires.join(", "));
    row("request", request_line(&spec.request));
    row("witness", witness_line(&spec.witness));
    row("stopped by", spec.stopped_by.join(", "));
    row("broken by", spec.broken_by.join(", "));
    for (name, rules) in [
        ("stopped by (path)", &spec.stopped_by_path),
        ("broken by (path)", &spec.broken_by_path),
    ] {
        let rules = rules.as_ref().map(|rules| match rules.is_empty() {
            true => "none".to_owned(),
            false => rules.join(", "),
        });
        row(name, rules.unwrap_or_default());
    }
    row(
        "not demonstrated",
        spec.not_demonstrated.clone().unwrap_or_default(),
    );
    let by_path = spec.not_demonstrated_path.as_deref();
    let by_path = by_path.map(|reason| match reason {
        "" => "succeeds",
        reason => reason,
    });
    row("  when by path", by_path.unwrap_or_default().to_owned());
    row(
        "race",
        if spec.race {
            "yes".to_owned()
        } else {
            String::new()
        },
    );
    row("file", case.file.display().to_string());
    // Empty tables and lists are what a reader does not need to see.
    let fixture = toml::Value::try_from(&spec.fixture).ok().and_then(filled);
    if let Some(fixture) = fixture.and_then(|fixture| toml::to_string(&fixture).ok()) {
        let _ = write!(text, "\nfixture:\n\n{fixture}");
    }
    text
}

/// Who does what: paths and steps by name.
fn acts(acts: &[Act]) -> String {
    let act = |act: &Act| {
        let files = act.files.keys().map(|path| format!("file {path}"));
        let bundles = act.bundles.keys().map(|key| format!("bundle {key}"));
        let steps = act.steps.iter().map(|step| format!("{step:?}"));
        let mapping = act.mapping.iter().map(|mapping| format!("maps {mapping}"));
        let all: Vec<_> = files.chain(bundles).chain(steps).chain(mapping).collect();
        format!("{}: {}", act.by, all.join(", "))
    };
    acts.iter().map(act).collect::<Vec<_>>().join("; ")
}

/// The value without empty parts; `None` when nothing is left.
fn filled(value: toml::Value) -> Option<toml::Value> {
    match value {
        toml::Value::Table(table) => {
            let entries = table.into_iter();
            // A bundle without changes is still a bundle.
            let keep = |(key, value): (String, toml::Value)| match filled(value) {
                Some(value) => Some((key, value)),
                None if key.contains('/') => Some((key, toml::Table::new().into())),
                None => None,
            };
            let table: toml::Table = entries.filter_map(keep).collect();
            (!table.is_empty()).then_some(table.into())
        }
        toml::Value::Array(list) if list.is_empty() => None,
        toml::Value::Boolean(false) => None,
        other => Some(other),
    }
}

/// A text in one line, quoted where it needs to be; recipes by what they say.
fn shown(text: &Text) -> String {
    match text {
        Text::Plain(text) => {
            let plain = |c: char| c.is_ascii_graphic() && !['"', '\'', '\\', ';'].contains(&c);
            let cut: String = text.chars().take(LONGEST).collect();
            let rest = if cut.len() < text.len() { "…" } else { "" };
            match !text.is_empty() && text.chars().all(plain) {
                true => format!("{cut}{rest}"),
                false => format!("\"{}{rest}\"", cut.escape_debug()),
            }
        }
        Text::Hex(text) => {
            let cut: String = text.hex.chars().take(LONGEST).collect();
            let rest = if cut.len() < text.hex.len() {
                "…"
            } else {
                ""
            };
            format!("hex({cut}{rest})")
        }
        Text::Repeated(text) => {
            let part = |text: &String| shown(&Text::Plain(text.clone()));
            let ends = [&text.before, &text.after].map(|end| match end.is_empty() {
                true => String::new(),
                false => part(end),
            });
            format!(
                "{}({} × {}){}",
                ends[0],
                part(&text.repeat),
                text.times,
                ends[1]
            )
        }
        Text::Many(text) => {
            let each = shown(&Text::Plain(text.each.clone()));
            format!("({} texts {each})", text.count)
        }
    }
}

fn amount(amount: Amount) -> String {
    match amount {
        Amount::Number(number) => number.to_string(),
        Amount::Word(_) => "unlimited".to_owned(),
    }
}

/// The word that a scenario file uses for a value.
fn word<T: serde::Serialize>(value: &T) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(toml: &str) -> String {
        request_line(&toml::from_str(toml).unwrap())
    }

    #[test]
    fn a_request_is_one_line() {
        assert_eq!(request(""), "www-data asks for alice alice alice/web");
        let line = request(
            "caller = 'bob'\ncaller-groups = ['ops']\ntarget-user = \"a\\nb\"\ntarget-group = ''\n\
             bundle = {hex = 'ff'}\ninit = [{repeat = 'A', times = 9}]\numask = '0'\n\
             environment = [{each = 'N{}=', count = 3}]\nlimits.core = [0, 'unlimited']\n\
             descriptors = [{number = 5, path = '/root'}]",
        );
        assert_eq!(
            line,
            "bob+ops asks for \"a\\nb\" \"\" hex(ff) (A × 9); environment [(3 texts N{}=)]; \
             descriptor 5 /root; limit core 0:unlimited; umask 0"
        );
        assert_eq!(request("arguments = []"), "www-data asks for argv (empty)");
    }

    #[test]
    fn a_witness_is_one_line() {
        let witness = toml::from_str(
            "via = 'init'\nall = [{at = '/uid/real', equals = 0}]\nstatus = 3\n\
             files = [{path = '/x', uid = 0, contains = 'y'}, {path = '/z', exists = false}]",
        );
        assert_eq!(
            witness_line(&witness.unwrap()),
            "via init; /uid/real = 0; file /x of uid 0 contains \"y\"; no file /z; exit status 3"
        );
    }

    #[test]
    fn a_page_shows_what_is_given_and_nothing_empty() {
        let spec = toml::from_str(
            "id = 'x'\ntitle = 'T'\nkind = 'malicious'\nfamily = 'f'\nwhy = 'Because.'\n\
             related = ['a', 'b']\nattacker = 'front'\nstopped-by-path = []\nwitness.via = 'init'\n\
             fixture.bundles.'bob/x'.mode = '0777'\nfixture.bundles.'bob/y' = {}",
        );
        let case = Case {
            scenario: "x".to_owned(),
            name: "c".to_owned(),
            file: "x.toml".into(),
            spec: spec.unwrap(),
        };
        let page = show(&case);
        assert!(page.starts_with("x/c: T\n\nBecause.\n\nkind"), "{page}");
        for line in [
            "attacker          front",
            "stopped by (path) none",
            "related           a; b",
        ] {
            assert!(page.contains(line), "{line}: {page}");
        }
        assert!(
            page.contains("[bundles.\"bob/x\"]\nmode = \"0777\""),
            "{page}"
        );
        assert!(page.contains("[bundles.\"bob/y\"]"), "{page}");
        assert!(
            !page.contains("twin") && !page.contains("config-remove"),
            "{page}"
        );
    }
}
