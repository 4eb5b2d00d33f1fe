//! Cases that are the same start, or nearly: what lies on the host when the
//! request comes, and the request, compared fact by fact.

use std::collections::{BTreeMap, HashMap};

use sekisho_trial::{Content, PlannedFile};
use serde_json::Value;

use crate::fault::Fault;
use crate::load::Case;
use crate::plan::{Planned, plan};
use crate::request::ResolvedRequest;
use crate::world::World;

/// Everything that a launcher can see of a start: name of the fact to value.
type Facts = BTreeMap<String, String>;

/// Two cases, and the facts in which their starts differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    /// Place of the first in the list of cases.
    pub first: usize,
    /// Place of the second.
    pub second: usize,
    /// Names of what differs; none when they are the same start.
    pub differ: Vec<String>,
}

/// All pairs of cases whose starts differ in at most `most` facts, in the order
/// of the cases. What lies on the host is taken after mistake and acts.
///
/// # Errors
/// The field of a case that cannot be planned.
pub fn alike(world: &World, cases: &[Case], most: usize) -> Result<Vec<Alike>, Fault> {
    let mut words = Words::default();
    let facts = cases
        .iter()
        .map(|case| plan(world, &case.spec).map(|planned| words.of(facts(&planned))))
        .collect::<Result<Vec<_>, _>>()?;
    let mut pairs = Vec::new();
    for (second, of_second) in facts.iter().enumerate() {
        for (first, of_first) in facts[..second].iter().enumerate() {
            let differ = differing(of_first, of_second, most);
            if differ.len() <= most {
                let differ = differ.into_iter().map(|name| words.name(name));
                pairs.push(Alike {
                    first,
                    second,
                    differ: differ.collect(),
                });
            }
        }
    }
    pairs.sort_by_key(|pair| (pair.first, pair.second));
    Ok(pairs)
}

/// Texts as numbers, since most facts are the same in all cases.
#[derive(Default)]
struct Words {
    numbers: HashMap<String, usize>,
}

impl Words {
    /// Facts as numbers, in the order of the names' numbers.
    fn of(&mut self, facts: Facts) -> Vec<(usize, usize)> {
        let mut number = |text: String| {
            let next = self.numbers.len();
            *self.numbers.entry(text).or_insert(next)
        };
        let mut numbered: Vec<_> = facts
            .into_iter()
            .map(|(name, value)| (number(name), number(value)))
            .collect();
        numbered.sort_unstable();
        numbered
    }

    fn name(&self, number: usize) -> String {
        let found = self.numbers.iter().find(|(_, known)| **known == number);
        found.map(|(text, _)| text.clone()).unwrap_or_default()
    }
}

/// Names of facts that only one has, or that have other values: all, or more
/// than `most`.
fn differing(one: &[(usize, usize)], other: &[(usize, usize)], most: usize) -> Vec<usize> {
    let (mut one, mut other) = (one, other);
    let mut differ = Vec::new();
    while differ.len() <= most {
        let (first, second) = match (one.first(), other.first()) {
            (None, None) => break,
            (first, second) => (first.copied(), second.copied()),
        };
        let name = |fact: Option<(usize, usize)>| fact.map_or(usize::MAX, |(name, _)| name);
        let at = name(first).min(name(second));
        if first != second {
            differ.push(at);
        }
        one = &one[usize::from(name(first) == at)..];
        other = &other[usize::from(name(second) == at)..];
    }
    differ
}

fn facts(planned: &Planned) -> Facts {
    let mut facts = Facts::new();
    for file in &planned.prepared.files {
        of_file(&mut facts, file);
    }
    of_request(&mut facts, &planned.request);
    facts
}

fn of_file(facts: &mut Facts, file: &PlannedFile) {
    let PlannedFile {
        path,
        uid,
        gid,
        mode,
        content,
        xattrs,
    } = file;
    let mut add = |what: &str, value: String| {
        facts.insert(format!("{path}{what}"), value);
    };
    add("", format!("{uid}:{gid} {mode:04o} {xattrs:?}"));
    match content {
        Content::Bytes(bytes) => match document(bytes) {
            // One of its values is one fact.
            Some(value) => leaves(&value, String::new(), &mut |at, value| {
                add(&format!("#{at}"), value);
            }),
            None => add("#", format!("{bytes:?}")),
        },
        other => add("#", format!("{other:?}")),
    }
}

/// The JSON document, if these bytes are how we write it: of a text of its own
/// (with a key twice, say) every byte counts.
fn document(bytes: &[u8]) -> Option<Value> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    let written = [
        serde_json::to_vec(&value),
        serde_json::to_vec_pretty(&value),
    ];
    written
        .iter()
        .flatten()
        .any(|text| text == bytes.trim_ascii_end())
        .then_some(value)
}

/// Every value of a document that holds no other, with its JSON pointer.
fn leaves(value: &Value, at: String, add: &mut impl FnMut(&str, String)) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, field) in fields {
                leaves(field, format!("{at}/{name}"), add);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                leaves(item, format!("{at}/{index}"), add);
            }
        }
        leaf => add(&at, leaf.to_string()),
    }
}

fn of_request(facts: &mut Facts, request: &ResolvedRequest) {
    let ResolvedRequest {
        base,
        target_user,
        target_group,
        bundle,
        init,
        arguments,
        uid,
        gid,
        groups,
        environment,
        descriptors,
        limits,
        umask,
        blocked,
        ignored,
        working_directory,
        terminal,
        between,
    } = request;
    let mut add = |name: &str, value: String| {
        facts.insert(format!("request {name}"), value);
    };
    add("base", base.clone());
    add("target-user", format!("{target_user:?}"));
    add("target-group", format!("{target_group:?}"));
    add("bundle", format!("{bundle:?}"));
    add("init", format!("{init:?}"));
    add("arguments", format!("{arguments:?}"));
    add("caller", format!("{uid}:{gid} {groups:?}"));
    add("environment", format!("{environment:?}"));
    add("descriptors", format!("{descriptors:?}"));
    add("limits", format!("{limits:?}"));
    add("umask", format!("{umask:04o}"));
    add("signals", format!("{blocked:?} {ignored:?}"));
    add("working-directory", working_directory.clone());
    add("terminal", terminal.to_string());
    add("between", format!("{between:?}"));
}

#[cfg(test)]
mod tests {
    use super::alike;
    use crate::load::Corpus;

    const STANDARD: &str = r#"
        kind = "legitimate"
        title = "t"
        family = "legitimate"
        why = "w"
        [witness]
        via = "init"
    "#;

    fn corpus(more: &[(&str, &str)]) -> Corpus {
        let text = |(id, rest): &(&str, &str)| {
            let path = format!("legitimate/{id}.toml");
            (path, format!("id = \"{id}\"\n{STANDARD}{rest}"))
        };
        Corpus::from_files(more.iter().map(text)).unwrap()
    }

    #[test]
    fn the_same_start_in_two_files_is_found() {
        let corpus = corpus(&[
            ("a", ""),
            ("b", "[request]\numask = \"0077\""),
            ("c", "[request]\numask = \"0022\""),
        ]);
        let pairs = alike(&corpus.world, &corpus.cases, 0).unwrap();
        let [pair] = &pairs[..] else {
            panic!("{pairs:?}")
        };
        assert_eq!((pair.first, pair.second), (0, 2));
        assert!(pair.differ.is_empty());
    }

    #[test]
    fn what_nearly_is_the_same_start_is_found_with_what_differs() {
        let corpus = corpus(&[
            ("a", ""),
            (
                "b",
                "[fixture.bundles.\"alice/web\"]\nconfig.process.cwd = \"/tmp\"",
            ),
            (
                "c",
                "[request]\numask = \"0077\"\nworking-directory = \"/tmp\"",
            ),
        ]);
        let pairs = alike(&corpus.world, &corpus.cases, 1).unwrap();
        let [pair] = &pairs[..] else {
            panic!("{pairs:?}")
        };
        assert_eq!((pair.first, pair.second), (0, 1));
        assert_eq!(
            pair.differ,
            ["/srv/containers/alice/web/config.json#/process/cwd"]
        );
    }

    #[test]
    fn acts_that_lead_to_a_legitimate_start_are_the_same_start() {
        let attack = r#"
            id = "x"
            kind = "malicious"
            title = "t"
            family = "f"
            why = "w"
            attacker = "tenant"
            gain = "ids-or-groups"
            technique = "t"
            fix = "f"
            problem = 4
            ownership = "platform"
            twin = "a"
            [[acts]]
            by = "alice"
            files."{bundle}" = { mode = "0700" }
            [witness]
            via = "init"
        "#;
        let files = [
            ("f/x.toml", attack.to_owned()),
            ("legitimate/a.toml", format!("id = \"a\"\n{STANDARD}")),
            (
                "legitimate/b.toml",
                format!("id = \"b\"\n{STANDARD}[fixture.bundles.\"alice/web\"]\nmode = \"0700\""),
            ),
        ];
        let corpus = Corpus::from_files(files).unwrap();
        let pairs = alike(&corpus.world, &corpus.cases, 0).unwrap();
        let of = |index: usize| corpus.cases[index].scenario.as_str();
        let named: Vec<_> = pairs
            .iter()
            .map(|pair| (of(pair.first), of(pair.second)))
            .collect();
        assert_eq!(named, [("x", "b")]);
    }
}
