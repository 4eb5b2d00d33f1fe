//! The deliberate differences between strict mode and the original: each with
//! the request that shows it, and with what makes a generated request one of
//! its kind. `docs/conformance.md` holds the same table.

use sekisho_rules::Policy;
use sekisho_suexec::{Condition, exact};
use sekisho_witness::Report;

use crate::compare::report_differences;
use crate::draft::{Arguments, CallerText, Deviant, Dimension, Directory, Docroot, Draft};
use crate::draft::{LogState, Ordinary, Program};
use crate::request::{Bytes, Content, Request, State, Wrap};
use crate::seen::{Seen, Verdict};
use crate::world::{GROUPS, USERS};

use Condition as C;

/// What a launcher does with the request of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Starts the program.
    Started,
    /// Refuses at this condition.
    Refused(Condition),
}

impl Expected {
    /// As tables show it.
    #[must_use]
    pub fn word(self) -> String {
        match self {
            Self::Started => "started".to_owned(),
            Self::Refused(condition) => format!("{} {}", condition.status(), condition.word()),
        }
    }
}

/// One deliberate difference.
pub struct Difference {
    /// Kebab-case name.
    pub id: &'static str,
    /// What strict mode does instead, and why.
    pub why: &'static str,
    /// What the original and exact mode do with the request.
    pub original: Expected,
    /// What strict mode does with it.
    pub strict: Expected,
    /// Changes an ordinary draft into the request that shows it.
    pub example: fn(&mut Draft),
    kind: Kind,
}

/// What makes a pair of outcomes one of a row's kind.
enum Kind {
    /// Strict mode refuses by one of these rules at this condition, and the
    /// original got further.
    Refuses(&'static [&'static str], &'static [Condition]),
    /// The original refuses at this condition, strict mode got further, and
    /// the request is of that kind.
    Admits(Condition, fn(&Request) -> bool),
    /// Both start; takes out of the reports what the row explains, or leaves
    /// them as they are; true when it took something.
    Reports(fn(&Request, &mut Report, &mut Report) -> bool),
}

/// An ordinary request: alice's program in a directory of hers.
#[must_use]
pub fn ordinary() -> Draft {
    Draft {
        deviates: Vec::new(),
        ordinary: Ordinary {
            target: 0,
            group: 0,
            as_numbers: (false, false),
            is_userdir: false,
            program: 0,
            is_script: false,
            modes: (0o755, 0o755),
            depth: 0,
            arguments: Vec::new(),
            environment: Vec::new(),
            state: State::default(),
            groups: Vec::new(),
        },
        deviant: Deviant {
            caller: 0,
            user: Bytes::default(),
            group: Bytes::default(),
            program: Program::Missing,
            content: Content::Directory,
            modes: (0o755, 0o755),
            owners: [(None, None); 2],
            directory: Directory::Above,
            caller_file: CallerText::Absent,
            arguments: Arguments::Empty,
            log: LogState::NoDirectory,
            wrap: Wrap::Plain,
        },
    }
}

fn with_program(draft: &mut Draft, program: Program) {
    draft.deviates.push(Dimension::Program);
    draft.deviant.program = program;
}

fn with_user(draft: &mut Draft, user: &str) {
    draft.deviates.push(Dimension::User);
    draft.deviant.user = user.into();
}

fn with_group(draft: &mut Draft, group: &str) {
    draft.deviates.push(Dimension::Group);
    draft.deviant.group = group.into();
}

const USER: &[Condition] = &[C::UserIdUnknown, C::UserNameUnknown];
const GROUP: &[Condition] = &[C::GroupIdUnknown, C::GroupNameUnknown];

/// All of them.
pub static DIFFERENCES: [Difference; 19] = [
    Difference {
        id: "argument-empty",
        why: "an empty word is refused: the original takes an empty USER for uid 0 and passes on the rest",
        original: Expected::Started,
        strict: Expected::Refused(C::ArgumentsUnusable),
        example: |draft| draft.ordinary.arguments.push(Bytes::default()),
        kind: Kind::Refuses(&["argument-empty"], &[C::ArgumentsUnusable]),
    },
    Difference {
        id: "argument-has-control-bytes",
        why: "control bytes are refused: in the original they write lines of their own into the log",
        original: Expected::Started,
        strict: Expected::Refused(C::ArgumentsUnusable),
        example: |draft| draft.ordinary.arguments.push("a\nb".into()),
        kind: Kind::Refuses(&["argument-has-control-bytes"], &[C::ArgumentsUnusable]),
    },
    Difference {
        id: "argument-too-long",
        why: "a word of more than 4096 bytes is refused",
        original: Expected::Started,
        strict: Expected::Refused(C::ArgumentsUnusable),
        example: |draft| draft.ordinary.arguments.push(Bytes(vec![b'x'; 4097])),
        kind: Kind::Refuses(&["argument-too-long"], &[C::ArgumentsUnusable]),
    },
    Difference {
        id: "program-has-dot-dot",
        why: "`..` is refused wherever it is a component; the original looks for `../` at the beginning and `/../` inside",
        original: Expected::Refused(C::NotExecuted),
        strict: Expected::Refused(C::ProgramReferenceUnsafe),
        example: |draft| with_program(draft, Program::Text("sub/..".into())),
        kind: Kind::Refuses(&["init-has-dot-dot"], &[C::ProgramReferenceUnsafe]),
    },
    Difference {
        id: "user-number-wraps",
        why: "a number beyond 32 bits is no user: the original's strtol(3) and cast make it another one's (CVE-2024-40635 is the same fault elsewhere)",
        original: Expected::Started,
        strict: Expected::Refused(C::UserIdUnknown),
        example: |draft| with_user(draft, "{uid+2^32}"),
        kind: Kind::Refuses(&["target-user-unknown", "target-user-inexact"], USER),
    },
    Difference {
        id: "user-number-has-leading-zeros",
        why: "one user has one number: leading zeros are refused",
        original: Expected::Started,
        strict: Expected::Refused(C::UserIdUnknown),
        example: |draft| with_user(draft, "00{uid}"),
        kind: Kind::Refuses(&["target-user-unknown", "target-user-inexact"], USER),
    },
    Difference {
        id: "group-number-inexact",
        why: "the same for groups: numbers that wrap or begin with zeros are refused",
        original: Expected::Started,
        strict: Expected::Refused(C::GroupIdUnknown),
        example: |draft| with_group(draft, "{gid+2^32}"),
        kind: Kind::Refuses(&["target-group-unknown", "target-group-inexact"], GROUP),
    },
    Difference {
        id: "user-name-of-digits",
        why: "a name in the database comes first; the original never looks a text of digits up as a name",
        original: Expected::Refused(C::UserIdUnknown),
        strict: Expected::Refused(C::OwnerDiffers),
        example: |draft| with_user(draft, "10077"),
        kind: Kind::Admits(C::UserIdUnknown, |request| {
            let user = request.word(1);
            let user = user.strip_prefix(b"~").unwrap_or(user);
            let known = USERS.iter().any(|known| known.0.as_bytes() == user);
            exact::is_number(user) && known
        }),
    },
    Difference {
        id: "group-name-of-digits",
        why: "the same for groups",
        original: Expected::Refused(C::GroupIdUnknown),
        strict: Expected::Refused(C::OwnerDiffers),
        example: |draft| with_group(draft, "10077"),
        kind: Kind::Admits(C::GroupIdUnknown, |request| {
            let group = request.word(2);
            let known = GROUPS.iter().any(|known| known.0.as_bytes() == group);
            exact::is_number(group) && known
        }),
    },
    Difference {
        id: "directory-not-readable",
        why: "a descriptor for looking (O_PATH) needs no right to list the directory; the original opens it for reading",
        original: Expected::Refused(C::DirectoryNotOpened),
        strict: Expected::Started,
        example: |draft| {
            draft.deviates.push(Dimension::DirectoryMode);
            draft.deviant.modes.1 = 0o311;
        },
        kind: Kind::Admits(C::DirectoryNotOpened, |_| true),
    },
    Difference {
        id: "docroot-leads-to-root",
        why: "the base is compared by the directories themselves; the original's comparison of texts finds nothing beneath `/`",
        original: Expected::Refused(C::OutsideDocroot),
        strict: Expected::Started,
        example: |draft| {
            draft.deviates.push(Dimension::CallerFile);
            draft.deviant.caller_file = CallerText::Docroot(Docroot::Link("/".to_owned()));
        },
        kind: Kind::Admits(C::OutsideDocroot, |request| {
            let link = Content::Symlink("/".to_owned());
            request.content("/srv/docroot") == Some(&link)
        }),
    },
    Difference {
        id: "program-through-link",
        why: "no link is followed on the way to the program: the original looks at the last component only, and the rest may lead out of the docroot",
        original: Expected::Started,
        strict: Expected::Refused(C::ProgramNotSeen),
        example: |draft| with_program(draft, Program::ThroughLink("/srv/elsewhere".to_owned())),
        kind: Kind::Refuses(&["init-missing"], &[C::ProgramNotSeen]),
    },
    Difference {
        id: "program-not-regular",
        why: "a directory or FIFO is refused as what it is; the original lets the kernel refuse to execute it",
        original: Expected::Refused(C::NotExecuted),
        strict: Expected::Refused(C::ProgramNotSeen),
        example: |draft| with_program(draft, Program::Kind(Content::Directory)),
        kind: Kind::Refuses(&["init-not-regular"], &[C::ProgramNotSeen]),
    },
    Difference {
        id: "group-listed-twice",
        why: "each group is taken on once; initgroups(3) repeats a gid that two entries of the database have",
        original: Expected::Started,
        strict: Expected::Started,
        example: |draft| draft.ordinary.target = 2,
        kind: Kind::Reports(|_, original, ours| {
            let before = original.groups.len();
            original.groups.dedup();
            ours.groups == original.groups && original.groups.len() < before
        }),
    },
    Difference {
        id: "environment-http-proxy",
        why: "HTTP_PROXY is dropped (CVE-2016-5387): Debian's suexec-custom lets it pass with the rest of HTTP_*",
        original: Expected::Started,
        strict: Expected::Started,
        example: |draft| {
            draft
                .ordinary
                .environment
                .push("HTTP_PROXY=http://a".into())
        },
        kind: Kind::Reports(|request, original, ours| {
            environment(request, original, ours, |entry| {
                entry.starts_with(b"HTTP_PROXY=")
            })
        }),
    },
    Difference {
        id: "environment-without-equals",
        why: "an entry without `=` is no variable and is dropped; the original compares beginnings",
        original: Expected::Started,
        strict: Expected::Started,
        example: |draft| draft.ordinary.environment.push("HTTP_X".into()),
        kind: Kind::Reports(|request, original, ours| {
            environment(request, original, ours, |entry| !entry.contains(&b'='))
        }),
    },
    Difference {
        id: "environment-of-more-than-254",
        why: "what may pass does pass: the original drops what comes after 254 variables without a word",
        original: Expected::Started,
        strict: Expected::Started,
        example: |draft| {
            let entry = |number| Bytes(format!("HTTP_{number}=").into_bytes());
            draft.ordinary.environment.extend((0..255).map(entry));
        },
        kind: Kind::Reports(|request, original, ours| {
            environment(request, original, ours, |_| true)
        }),
    },
    Difference {
        id: "script-by-descriptor",
        why: "what was checked is executed, by its descriptor; an interpreter gets `/dev/fd/N` instead of the path, which could lead elsewhere by then (CVE-2007-1741)",
        original: Expected::Started,
        strict: Expected::Started,
        example: |draft| draft.ordinary.is_script = true,
        kind: Kind::Reports(script),
    },
    Difference {
        id: "program-exchanged",
        why: "what runs is what was looked at (CVE-2007-1741): the original looks at a path and executes it later, so that here bob's program runs as alice",
        original: Expected::Started,
        strict: Expected::Started,
        example: |draft| {
            with_program(draft, Program::Exchangeable);
            draft.deviates.push(Dimension::Wrap);
            draft.deviant.wrap = Wrap::Exchanged;
        },
        kind: Kind::Reports(exchanged),
    },
];

impl Difference {
    /// The request that shows it.
    #[must_use]
    pub fn request(&self) -> Request {
        let mut draft = ordinary();
        (self.example)(&mut draft);
        draft.request()
    }
}

/// Names of the rows that explain what differs between the original and strict
/// mode; `None` when something is left that no row explains.
#[must_use]
pub fn explain(request: &Request, original: &Seen, ours: &Seen) -> Option<Vec<&'static str>> {
    let place = |seen: &Seen| {
        let condition = seen.verdict.condition();
        condition.map_or(usize::MAX, Condition::position)
    };
    let one = |found: Option<&Difference>| found.map(|row| vec![row.id]);
    match (&original.verdict, &ours.verdict) {
        (Verdict::Started(original), Verdict::Started(ours)) => reports(request, original, ours),
        (_, Verdict::Stopped(condition)) if place(ours) < place(original) => {
            one(DIFFERENCES.iter().find(|row| match &row.kind {
                Kind::Refuses(rules, conditions) => {
                    rules.contains(&ours.by.as_str())
                        && conditions.contains(condition)
                        && narrower(row.id, request)
                }
                _ => false,
            }))
        }
        (Verdict::Stopped(condition), _) if place(original) < place(ours) => {
            one(DIFFERENCES.iter().find(|row| match &row.kind {
                Kind::Admits(at, of_kind) => at == condition && of_kind(request),
                _ => false,
            }))
        }
        (Verdict::Stopped(one), Verdict::Stopped(other)) if one == other => Some(Vec::new()),
        _ => None,
    }
}

/// Of rows that the same rules decide, the one that the request is of.
fn narrower(id: &str, request: &Request) -> bool {
    let word = |position| {
        let word = request.word(position);
        word.strip_prefix(b"~").unwrap_or(word).to_vec()
    };
    let is_number = |word: &[u8]| exact::is_number(word);
    let has_zeros = |word: &[u8]| word.is_empty() || word.len() > 1 && word.starts_with(b"0");
    match id {
        "user-number-wraps" => is_number(&word(1)) && !has_zeros(&word(1)),
        "user-number-has-leading-zeros" => is_number(&word(1)) && has_zeros(&word(1)),
        "group-number-inexact" => is_number(request.word(2)),
        "program-through-link" => {
            // Some link is on the way; the last component is not one.
            let first = request.word(3).split(|byte| *byte == b'/').next();
            let is_link = |file: &&crate::request::File| {
                let name = file.path.rsplit('/').next().unwrap_or_default();
                matches!(file.content, Content::Symlink(_)) && Some(name.as_bytes()) == first
            };
            request.files.iter().any(|file| is_link(&file)) && request.word(3).contains(&b'/')
        }
        _ => true,
    }
}

fn reports(request: &Request, original: &Report, ours: &Report) -> Option<Vec<&'static str>> {
    if report_differences(original, ours).is_empty() {
        return Some(Vec::new());
    }
    let (mut original, mut ours) = (original.clone(), ours.clone());
    let mut rows = Vec::new();
    for row in &DIFFERENCES {
        if let Kind::Reports(take) = row.kind
            && take(request, &mut original, &mut ours)
        {
            rows.push(row.id);
        }
    }
    report_differences(&original, &ours)
        .is_empty()
        .then_some(rows)
}

/// Takes the environments out of both reports when each is exactly what its
/// side makes of the request and an entry of this row's kind is what one of
/// them lacks.
fn environment(
    request: &Request,
    original: &mut Report,
    ours: &mut Report,
    of_row: fn(&[u8]) -> bool,
) -> bool {
    let caller: Vec<Vec<u8>> = request
        .environment
        .iter()
        .map(|entry| entry.0.clone())
        .collect();
    let policy = Policy::default();
    let theirs = exact::environment(&caller, &policy.path);
    let passes = |entry: &&Vec<u8>| {
        let end = entry.iter().position(|byte| *byte == b'=');
        let listed = end.is_some_and(|end| policy.passes_environment(&entry[..end]));
        listed && !entry.starts_with(b"PATH=")
    };
    let mut strict = vec![theirs[0].clone()];
    strict.extend(caller.iter().filter(passes).cloned());
    let shown = |entries: &[Vec<u8>]| -> Vec<String> {
        let text = |entry: &Vec<u8>| String::from_utf8_lossy(entry).into_owned();
        entries.iter().map(text).collect()
    };
    // Another row may have taken them already.
    let taken = original.environment.is_empty() && ours.environment.is_empty();
    let as_told = original.environment == shown(&theirs) && ours.environment == shown(&strict);
    if !taken && !as_told {
        return false;
    }
    let beyond = |entry: &&Vec<u8>| !theirs.contains(entry);
    let kept = |entry: &&Vec<u8>| !strict.contains(entry);
    let lost = strict.iter().filter(beyond).count() + theirs.len().saturating_sub(255);
    let found = match of_row(b"A=") {
        // The row of the limit.
        true => lost > 0,
        false => theirs.iter().filter(kept).any(|entry| of_row(entry)),
    };
    if found {
        original.environment.clear();
        ours.environment.clear();
    }
    found
}

/// Puts the path where our interpreter got `/dev/fd/N`, and takes away the
/// descriptor that it reads from.
fn script(request: &Request, original: &mut Report, ours: &mut Report) -> bool {
    let program = String::from_utf8_lossy(request.word(3)).into_owned();
    let at = original.argv.iter().position(|word| *word == program);
    let Some(at) = at else { return false };
    let Some(word) = ours.argv.get_mut(at) else {
        return false;
    };
    let number = word
        .strip_prefix("/dev/fd/")
        .and_then(|number| number.parse::<i32>().ok());
    let Some(number) = number else { return false };
    *word = program;
    ours.descriptors
        .retain(|descriptor| descriptor.number != number);
    true
}

/// The program that runs: at the original bob's, which was renamed to the path
/// that was asked for; at ours the one that was renamed away from there.
fn exchanged(request: &Request, original: &mut Report, ours: &mut Report) -> bool {
    let at = |name: &str| format!("{}/a/{name}/prog", request.directory);
    let found =
        request.wrap == Wrap::Exchanged && original.exe == at("sub") && ours.exe == at("gone");
    if found {
        ours.exe.clone_from(&original.exe);
    }
    found
}

/// The table as `docs/conformance.md` holds it.
#[must_use]
pub fn table() -> String {
    let mut text = String::from(
        "| difference | strict mode, and why | request that shows it | original | strict |\n|---|---|---|---|---|\n",
    );
    for row in &DIFFERENCES {
        text.push_str(&format!(
            "| `{}` | {} | {} | {} | {} |\n",
            row.id,
            row.why,
            described(&row.request()),
            row.original.word(),
            row.strict.word(),
        ));
    }
    text
}

/// What a person needs to know of a request: what is not as in the ordinary
/// one.
fn described(request: &Request) -> String {
    let plain = ordinary().request();
    let mut parts = Vec::new();
    let short = |bytes: &Bytes| {
        let text = format!("{bytes:?}");
        match text.len() > 24 {
            true => format!("`{}…` ({} bytes)", &text[..8], bytes.0.len()),
            false => format!("`{text}`"),
        }
    };
    if request.arguments != plain.arguments {
        let words: Vec<_> = request.arguments.iter().map(short).collect();
        parts.push(words.join(" "));
    }
    if request.wrap == Wrap::Exchanged {
        parts.push("bob renames `a/evil` to `a/sub` before the program is executed".to_owned());
    }
    if request.environment.len() > 3 {
        parts.push(format!(
            "{} variables `HTTP_0=` …",
            request.environment.len()
        ));
    } else {
        parts.extend(
            request
                .environment
                .iter()
                .map(|entry| format!("with {}", short(entry))),
        );
    }
    for file in &request.files {
        if plain.files.contains(file) {
            continue;
        }
        let what = match &file.content {
            Content::Directory => format!("a directory of mode {:04o}", file.mode),
            Content::Probe => "the program".to_owned(),
            Content::Text(bytes) => {
                format!(
                    "holding `{}`",
                    format!("{bytes:?}")
                        .replace("\\x0a", "\\n")
                        .replace("\\x20", " ")
                )
            }
            Content::Symlink(to) => format!("a link to `{to}`"),
            Content::Hardlink(to) => format!("a hard link to `{to}`"),
            Content::Fifo => "a FIFO".to_owned(),
        };
        parts.push(format!("`{}` {what}", file.path));
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_are_unique_and_every_example_differs_from_the_ordinary_request() {
        let ids: BTreeSet<_> = DIFFERENCES.iter().map(|row| row.id).collect();
        assert_eq!(ids.len(), DIFFERENCES.len());
        for row in &DIFFERENCES {
            assert_ne!(row.request(), ordinary().request(), "{}", row.id);
        }
    }

    #[test]
    fn every_rule_that_only_strict_mode_asks_has_a_row() {
        let refusing: BTreeSet<&str> = DIFFERENCES
            .iter()
            .flat_map(|row| match &row.kind {
                Kind::Refuses(rules, _) => rules.to_vec(),
                _ => Vec::new(),
            })
            .collect();
        // These say the same as what the original does, in other words.
        let equal = ["privileges-not-dropped", "init-not-executable"];
        for check in &sekisho_suexec::checks::CHECKS {
            for rule in check.strict {
                let known = refusing.contains(rule.id) || equal.contains(&rule.id);
                assert!(known, "{} has no row", rule.id);
            }
        }
    }

    #[test]
    fn the_documentation_holds_the_table() {
        let text = include_str!("../../../../docs/conformance.md");
        assert!(
            text.contains(&table()),
            "docs/conformance.md must hold this table:\n{}",
            table()
        );
    }
}
