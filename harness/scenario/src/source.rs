//! One scenario file while it is read: its base, its cases, its faults.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::de::DeTable;
use toml::{Table, Value};

use crate::check;
use crate::fault::Fault;
use crate::lines::{Lines, line_of};
use crate::load::{Case, Corpus, DEFAULT_CASE, Problem};
use crate::merge::{Swept, combinations, join, merge};
use crate::model::{Kind, Scenario};
use crate::nearest::did_you_mean;
use crate::read;
use crate::twin;
use crate::world::World;

/// One scenario file while it is read.
pub(crate) struct Source {
    path: PathBuf,
    lines: Lines,
    /// Problems told with their line.
    told: Vec<(usize, String)>,
    parts: Vec<Part>,
}

/// One case of it.
struct Part {
    /// Number of its `[[case]]`, from 0.
    number: Option<usize>,
    name: String,
    spec: Option<Scenario>,
    faults: Vec<Fault>,
}

impl Source {
    pub(crate) fn new(path: &Path, text: &str) -> Self {
        let (table, errors) = DeTable::parse_recoverable(text);
        let told = errors.iter().map(|error| {
            let line = error.span().map_or(1, |span| line_of(text, span.start));
            (line, error.message().replace('\n', " "))
        });
        Self {
            path: path.to_owned(),
            lines: Lines::of(text, table.get_ref()),
            told: told.collect(),
            parts: Vec::new(),
        }
    }

    fn tell(&mut self, field: &[&str], message: impl Into<String>) {
        let field: Vec<String> = field.iter().map(|&name| name.to_owned()).collect();
        self.told
            .push((self.lines.of_field(&field), message.into()));
    }

    /// Reads the base and every case. Cases are read only when the base is
    /// right: they would repeat its faults.
    pub(crate) fn read(&mut self, text: &str, world: &World, legitimate: &[Case]) {
        if !self.told.is_empty() {
            return;
        }
        let mut base: Table = match toml::from_str(text) {
            Ok(base) => base,
            Err(error) => return self.tell(&[], error.message()),
        };
        let cases = self.take_cases(base.remove("case"));
        let sweep = self.take_sweep(base.remove("sweep"));
        if let Err(mut faults) = read::scenario(base.clone()) {
            // What is missing may be given by the cases, which are whole.
            let has_cases = cases.iter().any(|(number, ..)| number.is_some());
            faults.retain(|fault| !(has_cases && fault.message.starts_with("missing field")));
            for fault in &faults {
                let line = self.lines.of_field(&fault.field);
                self.told.push((line, fault.message.clone()));
            }
            if !faults.is_empty() {
                return;
            }
        }
        for (number, name, over) in &cases {
            for swept in &sweep {
                let mut table = base.clone();
                merge(&mut table, over);
                merge(&mut table, &swept.over);
                let name = match join(name, &swept.name) {
                    name if name.is_empty() => DEFAULT_CASE.to_owned(),
                    name => name,
                };
                self.add(*number, name, table, world, legitimate);
            }
        }
    }

    fn add(
        &mut self,
        number: Option<usize>,
        name: String,
        mut table: Table,
        world: &World,
        legitimate: &[Case],
    ) {
        if self.parts.iter().any(|part| part.name == name) {
            let number = number.unwrap_or_default().to_string();
            self.tell(
                &["case", &number],
                format!("two cases are named `{name}`: rename one"),
            );
        }
        let begun = twin::begin(&mut table, &name, legitimate);
        let (spec, faults) = match begun
            .map_err(|fault| vec![fault])
            .and_then(|()| read::scenario(table))
        {
            Ok(spec) => {
                let faults = check::case(world, &spec).into_iter();
                let whole = |fault: Fault| Fault {
                    message: fault.to_string(),
                    field: fault.field,
                };
                (Some(spec), faults.map(whole).collect())
            }
            Err(faults) => (None, faults),
        };
        self.parts.push(Part {
            number,
            name,
            spec,
            faults,
        });
    }

    /// Number, name and changes of each `[[case]]`; one without changes when
    /// there is none.
    fn take_cases(&mut self, cases: Option<Value>) -> Vec<(Option<usize>, String, Table)> {
        let list = match cases {
            None => return vec![(None, String::new(), Table::new())],
            Some(Value::Array(list)) => list,
            Some(_) => {
                self.tell(
                    &["case"],
                    "cases are written as `[[case]]`, each with a `name`",
                );
                return Vec::new();
            }
        };
        let mut cases = Vec::new();
        for (number, case) in list.into_iter().enumerate() {
            let index = number.to_string();
            let Value::Table(mut over) = case else {
                self.tell(&["case", &index], "a case is a table: write `[[case]]`");
                continue;
            };
            match over.remove("name") {
                Some(Value::String(name)) if check::is_kebab(&name) => {
                    cases.push((Some(number), name, over));
                }
                _ => self.tell(
                    &["case", &index, "name"],
                    "a case needs a `name` of lower-case letters and digits with single hyphens",
                ),
            }
        }
        cases
    }

    fn take_sweep(&mut self, sweep: Option<Value>) -> Vec<Swept> {
        let table = match sweep {
            None => Table::new(),
            Some(Value::Table(table)) => table,
            Some(_) => {
                self.tell(
                    &["sweep"],
                    "a sweep is a table: write `[sweep]` and field paths below",
                );
                return Vec::new();
            }
        };
        combinations(&table).unwrap_or_else(|(key, message)| {
            self.tell(&["sweep", &key], format!("`{key}`: {message}"));
            Vec::new()
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn cases(&self) -> impl Iterator<Item = Case> {
        self.parts.iter().filter_map(|part| {
            let spec = part.spec.clone()?;
            Some(Case {
                scenario: spec.id.clone(),
                name: part.name.clone(),
                file: self.path.clone(),
                spec,
            })
        })
    }

    /// File name and directory say id and family.
    pub(crate) fn check_place(&mut self, root: Option<&Path>) {
        let stem = name_of(self.path.file_stem());
        let directory = self.path.parent().filter(|parent| Some(*parent) != root);
        let directory = root
            .and(directory)
            .map(|parent| name_of(parent.file_name()));
        for part in &mut self.parts {
            let Some(spec) = &part.spec else { continue };
            if spec.id != stem {
                let message = format!("the id `{}` differs from the file name `{stem}`", spec.id);
                part.faults.push(Fault::new(message).within("id"));
            }
            let expected = match spec.kind {
                Kind::Legitimate => "legitimate",
                Kind::Malicious => &spec.family,
            };
            if directory
                .as_ref()
                .is_some_and(|directory| directory != expected)
            {
                let message = format!("the file belongs into the directory `{expected}`: move it");
                part.faults.push(Fault::new(message).within("family"));
            }
        }
    }

    /// Ids are unique, and twins are legitimate scenarios of the corpus.
    pub(crate) fn check_neighbours(
        &mut self,
        corpus: &Corpus,
        first: &mut BTreeMap<String, PathBuf>,
    ) {
        for part in &mut self.parts {
            let Some(spec) = &part.spec else { continue };
            let other = first
                .entry(spec.id.clone())
                .or_insert_with(|| self.path.clone());
            if *other != self.path {
                let message = format!("`{}` has the id `{}` too", other.display(), spec.id);
                part.faults.push(Fault::new(message).within("id"));
            }
            let Some(twin) = &spec.twin else { continue };
            let found = corpus
                .cases
                .iter()
                .find(|case| case.scenario == *twin || case.key() == *twin);
            let message = match found {
                Some(case) if case.spec.kind == Kind::Legitimate => continue,
                Some(_) => format!("the twin `{twin}` is not legitimate"),
                None => {
                    let known: Vec<String> = corpus
                        .cases
                        .iter()
                        .filter(|case| case.spec.kind == Kind::Legitimate)
                        .flat_map(|case| [case.scenario.clone(), case.key()])
                        .collect();
                    let near = did_you_mean(twin, known.iter().map(String::as_str));
                    format!("unknown twin `{twin}`{near}")
                }
            };
            part.faults.push(Fault::new(message).within("twin"));
        }
    }

    /// All problems. What is wrong in every case is told once, of the base.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let problem = |line, message| Problem {
            file: self.path.clone(),
            line,
            message,
        };
        let mut problems: Vec<_> = self
            .told
            .iter()
            .map(|(line, message)| problem(*line, message.clone()))
            .collect();
        for part in &self.parts {
            for fault in &part.faults {
                let everywhere = self.parts.iter().all(|other| other.faults.contains(fault));
                problems.push(
                    match everywhere && part.number.is_none_or(|_| self.parts.len() > 1) {
                        true => problem(self.lines.of_field(&fault.field), fault.message.clone()),
                        false => {
                            let message = format!("case `{}`: {}", part.name, fault.message);
                            problem(self.line_in_case(part, &fault.field), message)
                        }
                    },
                );
            }
        }
        problems
    }

    /// The line of the field in the case or in the sweep, else of the case.
    fn line_in_case(&self, part: &Part, field: &[String]) -> usize {
        let path = |start: [String; 2]| [&start[..], field].concat();
        match part.number {
            Some(number) => self
                .lines
                .of_field(&path(["case".to_owned(), number.to_string()])),
            None => {
                let key = field.join(".");
                let swept = ["sweep".to_owned(), key];
                match self.lines.knows(&swept) {
                    true => self.lines.of_field(&swept),
                    false => self.lines.of_field(field),
                }
            }
        }
    }
}

/// Whether a file says that it is a legitimate scenario.
pub(crate) fn is_legitimate(text: &str) -> bool {
    let table: Option<Table> = toml::from_str(text).ok();
    table.is_some_and(|table| table.get("kind").and_then(Value::as_str) == Some("legitimate"))
}

fn name_of(name: Option<&std::ffi::OsStr>) -> String {
    name.unwrap_or_default().to_string_lossy().into_owned()
}
